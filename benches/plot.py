"""The scaling curves as one small SVG: two panels, logarithmic axes, text kept as text."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000")  # told apart by all eyes
_MARKERS = ("o", "s", "^", "D", "v")


def draw(document: dict[str, Any], path: Path) -> None:
    """Write the figure; the same document gives the same file."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "edgewise", "font.size": 9})
    from matplotlib import pyplot as plt
    from matplotlib import ticker

    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4.4), layout="constrained")
    for k, (name, points) in enumerate(document["voxels"].items()):
        x = [p["voxels"] for p in points]
        y = [p["ms"] * 1e6 / p["voxels"] for p in points]
        left.plot(x, y, color=_COLOURS[k], marker=_MARKERS[k], markersize=4, label=name)
    sides = [round(p["voxels"] ** (1 / 3)) for p in next(iter(document["voxels"].values()))]
    left.set_xscale("log")
    left.set_yscale("log")
    left.set_xticks([side**3 for side in sides], [f"{side}³" for side in sides])
    left.minorticks_off()
    left.set_xlabel("voxels")
    left.set_ylabel("ns per voxel")
    for k, (name, points) in enumerate(document["labels"].items()):
        x, y = ([p[key] for p in points] for key in ("labels", "ms"))
        # the colours of the same work on the left
        right.plot(x, y, color=_COLOURS[3 - k], marker=_MARKERS[3 - k], markersize=4, label=name)
    counts = [int(p["labels"]) for p in next(iter(document["labels"].values()))]
    right.set_xscale("log")
    right.set_yscale("log")
    # a number only where there is room before the next one
    free = [after > 1.4 * count for count, after in pairwise(counts)] + [True]
    words = [str(count) if room else "" for count, room in zip(counts, free, strict=True)]
    right.set_xticks(counts, words)
    right.minorticks_off()
    shape = " x ".join(map(str, document["labels_shape"]))
    right.set_xlabel(f"labels in {shape} voxels")
    right.set_ylabel("ms")
    for axes in (left, right):
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.legend(
            frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncol=2
        )
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)
