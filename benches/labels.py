"""Many labels: counts with Dice, and all distances of all labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgewise.racing import Contender, optional
from edgewise.racing import pair_calls as calls
from edgewise.racing.mask_peers import floor_read
from edgewise.racing.pair_peers import ours as measured

from . import volumes
from .contest import OURS, Field, Race, Settings, Table, ours
from .volumes import ISO, Array

_COUNT = 117
_BLOCK = 1 << 18
_TOLERANCE = 2.0

Measure = Callable[[Any, Array, Array, tuple[float, ...], float, int], tuple[float, ...]]


def _dice(histogram: Array) -> Array:
    sizes = histogram.sum(axis=0) + histogram.sum(axis=1)
    return 2 * np.diag(histogram)[1:] / sizes[1:]


def _bincount(a: Array, b: Array, n: int) -> Array:
    """Recipe: one index of both labels, in the type that NumPy counts."""
    joint = a.ravel().astype(np.intp) * n + b.ravel()
    return _dice(np.bincount(joint, minlength=n * n).reshape(n, n))


def _blocked(a: Array, b: Array, n: int) -> Array:
    """Recipe: the same in 16 bits, a block at a time."""
    a, b = a.ravel(), b.ravel()
    histogram = np.zeros(n * n, np.int64)
    for start in range(0, a.size, _BLOCK):
        joint = a[start : start + _BLOCK].astype(np.uint16)
        joint *= np.uint16(n)
        joint += b[start : start + _BLOCK]
        histogram += np.bincount(joint, minlength=n * n)
    return _dice(histogram.reshape(n, n))


def _mask_loop(a: Array, b: Array, n: int) -> list[float]:
    """Recipe in the manner of nnU-Net: four counts of two masks, label after label."""
    found = []
    for label in range(1, n):
        r, p = a == label, b == label
        tp, fp, fn, _ = (
            np.sum(r & p), np.sum(~r & p), np.sum(r & ~p), np.sum(~r & ~p)
        )  # fmt: skip
        found.append(2 * tp / (2 * tp + fp + fn))
    return found


def _dice_contenders(a: Array, b: Array, settings: Settings) -> list[Contender]:
    n = _COUNT + 1
    labels = range(1, n)

    def call() -> list[float]:
        return measured(a, b, ["dice"], labels=labels, spacing=ISO, threads=settings.threads)

    def itk(name: str, library: Any) -> Contender:
        def overlap() -> list[float]:
            run = library.LabelOverlapMeasuresImageFilter()
            run.SetNumberOfThreads(settings.threads)
            run.Execute(library.GetImageFromArray(b), library.GetImageFromArray(a))
            return [run.GetDiceCoefficient(label) for label in labels]

        return Contender(name, overlap, like=OURS)

    def deepmind(name: str, library: Any) -> Contender:
        dice = library.compute_dice_coefficient
        return Contender(name, lambda: [dice(a == k, b == k) for k in labels], like=OURS)

    def recipe(what: str, count: Callable[[Array, Array, int], Any]) -> Contender:
        return optional(
            "numpy", what, lambda name, _: Contender(name, lambda: count(a, b, n), like=OURS)
        )

    return [
        ours(call),
        recipe(" blocked uint16 bincount recipe", _blocked),
        recipe(" int64 bincount recipe", _bincount),
        optional("SimpleITK", " LabelOverlapMeasures", itk),
        optional("surface_distance", " Dice, label by label", deepmind),
        recipe(" masks of each label, as nnU-Net", _mask_loop),
        floor_read(a, b),
    ]


def _counts(size: str) -> Callable[[Settings], Field]:
    def field(settings: Settings) -> Field:
        a, b = volumes.organs(volumes.shape_of(size, quick=settings.quick))
        return Field(a.shape, _dice_contenders(a, b, settings), ISO)

    return field


def _random(settings: Settings) -> Field:
    shape = volumes.shape_of("m", quick=settings.quick)
    rng = np.random.default_rng(7)
    a, b = (rng.integers(0, _COUNT + 1, shape, dtype=np.uint8) for _ in range(2))
    quick = [
        one
        for one in _dice_contenders(a, b, settings)
        if "label by label" not in one.name and "nnU-Net" not in one.name
    ]
    return Field(shape, quick, ISO)


def _distances(settings: Settings) -> Field:
    a, b = volumes.organs(volumes.shape_of("m", quick=settings.quick))
    labels = [k for k in range(1, _COUNT + 1) if (a == k).any() and (b == k).any()]
    threads = settings.threads

    def own(names: list[str]) -> Callable[[], list[float]]:
        return lambda: measured(a, b, names, labels=labels, spacing=ISO, threads=threads)

    face = ["hd", "hd95", "assd", f"nsd_grid@{_TOLERANCE}"]
    deepmind = [
        f"{name}:deepmind"
        for name in ("hd", "hd95", "asd_ref_to_pred", "asd_pred_to_ref", f"nsd@{_TOLERANCE}")
    ]

    def loop(measure: Measure, what: str, like: str, *, crop: bool) -> Contender:
        module = "edt" if measure is calls.edt_recipe else "surface_distance"
        return optional(
            module,
            what,
            lambda name, library: Contender(
                name,
                lambda: _label_by_label(measure, library, a, b, labels, threads, crop=crop),
                like=like,
                rtol=1e-5,
            ),
        )

    surfels = "edgewise :deepmind"
    runners = [
        ours(own(face)),
        ours(own(deepmind), surfels),
        loop(calls.surface_distance, ", label by label", surfels, crop=False),
        loop(calls.surface_distance, ", label by label in crops", surfels, crop=True),
        loop(calls.edt_recipe, " recipe, label by label in crops", OURS, crop=True),
        floor_read(a, b),
    ]
    return Field(a.shape, runners, ISO)


def _label_by_label(
    measure: Measure,
    library: Any,
    a: Array,
    b: Array,
    labels: list[int],
    threads: int,
    *,
    crop: bool,
) -> list[float]:
    boxes = _boxes(a, b) if crop else {}
    found: list[float] = []
    for k in labels:
        box = boxes.get(k, ...)
        r, p = (np.ascontiguousarray(m[box] == k) for m in (a, b))
        found += measure(library, r, p, ISO, _TOLERANCE, threads)
    return found


def _boxes(a: Array, b: Array) -> dict[int, tuple[slice, ...]]:
    """Box of every label in either map, one voxel wider, by SciPy."""
    from scipy.ndimage import find_objects

    found: dict[int, tuple[slice, ...]] = {}
    for k, pair in enumerate(zip(find_objects(a), find_objects(b), strict=True), 1):
        boxes = [box for box in pair if box is not None]
        if boxes:
            found[k] = tuple(
                slice(max(0, min(s.start for s in axis) - 1), max(s.stop for s in axis) + 1)
                for axis in zip(*boxes, strict=True)
            )
    return found


TABLE = Table(
    "labels",
    "117 labels",
    (
        Race("dice-m", "counts and Dice, organs m", _counts("m"), main=True),
        Race("dice-xl", "counts and Dice, organs xl", _counts("xl"), main=True),
        Race("dice-random", "counts and Dice, random labels m", _random),
        Race("distances-m", "HD, HD95, ASSD, NSD, organs m", _distances, main=True),
    ),
)
