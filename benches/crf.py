"""The fully connected CRF beside pydensecrf2: `python -m benches crf`.

Lattice, normalisation and five iterations, from probabilities and image to probabilities, as a user
calls either; median wall time of calls in turn. Probabilities of all voxels must agree to 1e-4
before any time is printed. pydensecrf2 has one thread. `--page docs/crf.md` puts the table there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from edgewise.methods import dense_crf
from edgewise.racing import Contender, machine, race, set_threads

from .results import Marks, add_results

_MARKS = Marks("crf")

Pair = tuple[Any, Any]  # probabilities (labels, ...), image (channels, ...) of uint8


@dataclass(frozen=True, slots=True)
class Workload:
    """One input; sigmas are the defaults but for these."""

    shape: tuple[int, ...]
    labels: int
    channels: int
    sigma_bilateral: float
    sigma_intensity: float

    @property
    def title(self) -> str:
        """What the table calls it."""
        size = " x ".join(map(str, self.shape))
        return f"{size}, {self.labels} labels, {self.channels} channel{'s'[: self.channels > 1]}"


WORKLOADS = (
    Workload((480, 640), 21, 3, 80.0, 13.0),
    Workload((256, 256), 4, 3, 80.0, 13.0),
    Workload((64, 128, 128), 2, 1, 10.0, 20.0),
)


def scene(work: Workload) -> Pair:
    """Smooth regions with a colour each, uncertain at their borders; noise in both."""
    shape = work.shape
    rng = np.random.default_rng(0)
    axes = np.meshgrid(*(np.linspace(0, 1, n) for n in shape), indexing="ij")
    waves = np.zeros((work.labels, *shape))
    for wave in waves:
        for _ in range(4):
            turns = rng.normal(0, 9, len(shape))
            phase = sum(t * axis for t, axis in zip(turns, axes, strict=True))
            wave += np.sin(phase + rng.uniform(0, 7))
    truth = waves.argmax(axis=0)
    colours = rng.uniform(30, 220, (work.channels, work.labels))
    image = colours[:, truth] + rng.normal(0, 6, (work.channels, *shape))
    logits = waves + rng.normal(0, 1, waves.shape)
    weights = np.exp(logits - logits.max(axis=0))
    probabilities = (weights / weights.sum(axis=0)).astype(np.float32)
    return probabilities, np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _ours(work: Workload, pair: Pair, threads: int) -> Contender:
    probabilities, image = pair

    def call() -> Any:
        return dense_crf(
            probabilities,
            image,
            sigma_bilateral=work.sigma_bilateral,
            sigma_intensity=work.sigma_intensity,
            threads=threads,
        )

    return Contender("edgewise", call, kind="ours")


def _theirs(work: Workload, pair: Pair) -> Contender:
    from pydensecrf import densecrf, utils

    probabilities, image = pair
    labels, *shape = probabilities.shape
    last = np.ascontiguousarray(np.moveaxis(image, 0, -1))

    def plane() -> Any:
        field = densecrf.DenseCRF2D(shape[1], shape[0], labels)
        field.setUnaryEnergy(np.ascontiguousarray(utils.unary_from_softmax(probabilities)))
        field.addPairwiseGaussian(sxy=3, compat=3)
        field.addPairwiseBilateral(
            sxy=work.sigma_bilateral, srgb=work.sigma_intensity, rgbim=last, compat=10
        )
        return np.array(field.inference(5)).reshape(probabilities.shape)

    def volume() -> Any:
        field = densecrf.DenseCRF(image[0].size, labels)
        field.setUnaryEnergy(np.ascontiguousarray(utils.unary_from_softmax(probabilities)))
        axes = len(shape)
        field.addPairwiseEnergy(utils.create_pairwise_gaussian((3,) * axes, shape), compat=3)
        alike = utils.create_pairwise_bilateral(
            (work.sigma_bilateral,) * axes, (work.sigma_intensity,) * len(image), last, chdim=axes
        )
        field.addPairwiseEnergy(alike, compat=10)
        return np.array(field.inference(5)).reshape(probabilities.shape)

    call: Callable[[], Any] = plane if len(shape) == 2 and len(image) == 3 else volume
    return Contender(f"pydensecrf2 {version('pydensecrf2')}", call, like="edgewise", rtol=1e-4)


def main(arguments: list[str]) -> int:
    """Time both and print a table."""
    parser = argparse.ArgumentParser(
        prog="python -m benches crf",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], metavar="N")
    parser.add_argument("--rounds", type=int, default=7, metavar="N")
    parser.add_argument("--limit", type=float, default=60.0, metavar="S")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run?")
    add_results(parser)
    options = parser.parse_args(arguments)
    if options.page:
        _MARKS.check(options.page, parser)
    set_threads(1)
    rows = []
    for full in WORKLOADS:
        work = replace(full, shape=tuple(n // 4 for n in full.shape)) if options.quick else full
        pair = scene(work)
        rows += [_row(work, pair, threads, options) for threads in options.threads]
    return _MARKS.deliver({"machine": machine(), "rows": rows}, markdown(rows), options)


def _row(work: Workload, pair: Pair, threads: int, options: argparse.Namespace) -> dict[str, Any]:
    row: dict[str, Any] = {"what": work.title, "threads": threads}
    contenders = [_ours(work, pair, threads)]
    try:
        contenders.append(_theirs(work, pair))
    except ImportError as error:
        print(f"skipped  pydensecrf2: {error}", file=sys.stderr)
    print(f"timing {work.title}, {threads} thread(s) ...", file=sys.stderr)
    outcomes = race(contenders, rounds=options.rounds, limit=options.limit)
    for word, outcome in zip(("ours", "theirs"), outcomes, strict=False):
        if outcome.status != "ok":
            row["problem"] = f"{outcome.name}: {outcome.status} {outcome.detail}"
        else:
            row[word] = outcome.median
            row[f"{word} name"] = outcome.name
    return row


def markdown(rows: list[dict[str, Any]]) -> str:
    """The table as Markdown; a row whose values differ shows no times."""
    names = sorted({row["theirs name"] for row in rows if "theirs name" in row})
    peer = names[0] if names else "pydensecrf2"
    lines = [
        f"| input | threads | {peer} ms | edgewise ms | times faster |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        cells = [row["what"], str(row["threads"])]
        if "problem" in row:
            cells += [row["problem"], "", ""]
        elif "theirs" in row:
            ratio = row["theirs"] / row["ours"]
            cells += [f"{row['theirs']:.3g}", f"{row['ours']:.3g}", f"{ratio:.2f}"]
        else:
            cells += ["not installed", f"{row['ours']:.3g}", ""]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
