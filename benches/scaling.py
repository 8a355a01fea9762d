"""How the cost grows: `python -m benches scaling`.

Voxels from 64^3 to 640^3 (distance transform, distances of a pair, joint histogram, components),
and labels from 1 to 200 in a volume of one size. Only edgewise is measured; one thread.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import edgewise
from edgewise.racing import Contender, machine, race, set_threads
from edgewise.racing.pair_peers import ours as measured

from . import volumes
from .volumes import ISO, Array, Shape

SIDES = (64, 96, 128, 192, 256, 384, 512, 640)
LABELS = (1, 2, 5, 10, 20, 50, 100, 150, 200)
_QUICK_SIDES, _QUICK_LABELS = (32, 64, 96), (1, 10, 100)
_FOUR = ["hd", "hd95", "assd", "nsd_grid@2"]

Point = dict[str, float]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benches scaling",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run?")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="an .svg (needs matplotlib)")
    parser.add_argument("--from", type=Path, dest="stored", metavar="FILE",
                        help="draw this JSON file, measure nothing")  # fmt: skip
    options = parser.parse_args(arguments)
    document = json.loads(options.stored.read_text()) if options.stored else _measure(options)
    if options.json:
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    if options.plot:
        from .plot import draw

        draw(document, options.plot)
    if not options.json and not options.plot:
        print(json.dumps(document, indent=1))
    return 0


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    set_threads(options.threads)
    voxels: dict[str, list[Point]] = {}
    for side in _QUICK_SIDES if options.quick else SIDES:
        for name, call in _by_voxels((side,) * 3, options.threads).items():
            point = {"voxels": float(side**3), **_time(f"{name} {side}^3", call, options)}
            voxels.setdefault(name, []).append(point)
    labels: dict[str, list[Point]] = {}
    shape = volumes.shape_of("m", quick=options.quick)
    for count in _QUICK_LABELS if options.quick else LABELS:
        for name, call in _by_labels(shape, count, options.threads).items():
            point = {"labels": float(count), **_time(f"{name} {count} labels", call, options)}
            labels.setdefault(name, []).append(point)
    return {
        "schema": "edgewise.scaling/1",
        "machine": machine(),
        "threads": options.threads,
        "rounds": options.rounds,
        "voxels": voxels,
        "labels": labels,
        "labels_shape": list(shape),
    }


def _time(name: str, call: Callable[[], object], options: argparse.Namespace) -> Point:
    (outcome,) = race([Contender(name, call, kind="floor")], rounds=options.rounds)
    if outcome.status != "ok":
        message = f"{name}: {outcome.detail}"
        raise RuntimeError(message)
    print(f"{name}  {outcome.median:.3g} ms", file=sys.stderr, flush=True)
    return {"ms": outcome.median, "cpu_ms": min(outcome.cpu)}


def _by_voxels(shape: Shape, threads: int) -> dict[str, Callable[[], object]]:
    reference, prediction = _blobs(shape)
    outside = ~reference
    speckled = reference ^ volumes.coin(shape, density=0.01)
    maps = _blocks(shape, 100)
    one = {"labels": [1], "spacing": ISO, "threads": threads}
    return {
        "distance transform, inside": lambda: edgewise.distance_transform(
            reference, threads=threads
        ),
        "distance transform, outside": lambda: edgewise.distance_transform(
            outside, threads=threads
        ),
        "HD, HD95, ASSD, NSD": lambda: measured(reference, prediction, _FOUR, **one),
        "joint histogram, 100 labels": lambda: measured(*maps, ["dice"], **one),
        "components, 26 neighbours": lambda: edgewise.connected_components(
            speckled, connectivity=3, threads=threads
        ),
    }


def _by_labels(shape: Shape, count: int, threads: int) -> dict[str, Callable[[], object]]:
    maps = _blocks(shape, count)
    how = {"labels": list(range(1, count + 1)), "spacing": ISO, "threads": threads}
    return {
        "counts and Dice": lambda: measured(*maps, ["dice"], **how),
        "HD, HD95, ASSD, NSD": lambda: measured(*maps, _FOUR, **how),
    }


def _blobs(shape: Shape) -> Array:
    """A ball with waves on it, and a copy with other waves: the same form at every size."""
    z, y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    field = np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)
    waves = np.sin(9 * z)[:, None, None] * np.sin(7 * y)[:, None] * np.cos(8 * x)
    field += 0.05 * waves
    reference = field < 0.6
    field -= 0.02 * waves
    return np.stack([reference, field < 0.59])


def _blocks(shape: Shape, count: int) -> tuple[Array, Array]:
    """So many blocks in a regular grid, and the same moved by a voxel: labels fill the volume."""
    per_axis = int(np.ceil(count ** (1 / 3)))
    index = [np.arange(n) * per_axis // n for n in shape]
    inside = [(np.arange(n) * per_axis * 8 // n) % 8 > 0 for n in shape]
    z, y, x = (i.astype(np.int32) for i in index)
    labels = (z[:, None, None] * per_axis + y[:, None]) * per_axis + x + 1
    labels[labels > count] = 0
    labels *= inside[0][:, None, None] & inside[1][:, None] & inside[2]
    labels = labels.astype(np.uint8)
    return labels, np.roll(labels, 1, axis=2)
