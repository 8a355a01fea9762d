"""The main job: a folder of pairs of compressed files with five labels, read and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

import edgewise
from edgewise import Image
from edgewise.racing import Contender, optional
from edgewise.racing import pair_calls as calls

from . import volumes
from .contest import OURS, Field, Race, Settings, Table, ours
from .volumes import Array

_LABELS = (1, 2, 3, 4, 5)
_TOLERANCE = 2.0
_SPACING = (1.0, 1.0, 1.5)  # of the files: x, y, z, as edgewise and nibabel read them
_DICE = "edgewise dice"
_DEEPMIND = "edgewise :deepmind"
_FOUR = ["dice", "hd", "hd95", "assd", f"nsd_grid@{_TOLERANCE}"]
_SURFELS = [
    f"{name}:deepmind"
    for name in ("hd", "hd95", "asd_ref_to_pred", "asd_pred_to_ref", f"nsd@{_TOLERANCE}")
]

Files = list[tuple[Path, Path]]


def _written(shape: tuple[int, ...], cases: int) -> tuple[Path, Path, Files]:
    """The two folders, written once."""
    root = volumes.folder() / f"pairs-{cases}-{'x'.join(map(str, shape))}"
    sides = root / "reference", root / "prediction"
    files = [(sides[0] / f"case_{k}.nii.gz", sides[1] / f"case_{k}.nii.gz") for k in range(cases)]
    for side in sides:
        side.mkdir(parents=True, exist_ok=True)
    affine = np.diag([*_SPACING, 1.0])
    for k, pair in enumerate(files):
        if not all(path.exists() for path in pair):
            for path, labels in zip(pair, _case(shape, k), strict=True):
                edgewise.write(path, Image(labels, affine=affine))
    return *sides, files


def _case(shape: tuple[int, ...], seed: int) -> tuple[Array, Array]:
    """Five organs in a row, and the same a little off."""
    rng = np.random.default_rng(seed)
    maps = np.zeros((2, *shape), np.uint8)
    size = np.array(shape)
    for label in _LABELS:
        center = size * (0.14 + 0.18 * (label - 1), *rng.uniform(0.35, 0.65, 2))
        radii = size * (0.08, *rng.uniform(0.12, 0.25, 2))
        for k, labels in enumerate(maps):
            middle, extent = center + k * rng.normal(0, 1, 3), radii * (1 + k * 0.02 * rng.normal())
            axes = np.ogrid[tuple(map(slice, shape))]
            inside = sum(
                ((axis - c) / r) ** 2 for axis, c, r in zip(axes, middle, extent, strict=True)
            )
            labels[inside <= 1] = label
    return maps[0], maps[1]


@dataclass(frozen=True, slots=True)
class _Folders:
    """The data set, and how each library goes through it."""

    reference: Path
    prediction: Path
    files: Files
    threads: int

    def evaluate(self, metrics: list[str]) -> list[float]:
        """Measure all cases with our command's function; by case, label, metric."""
        run = edgewise.evaluate(
            self.reference,
            self.prediction,
            metrics=metrics,
            labels=list(_LABELS),
            workers=self.threads,
        )
        order = {path.name.split(".")[0]: k for k, (path, _) in enumerate(self.files)}
        ids = list(run.metrics)[-len(metrics) :]
        rows = [row for row in run.values.rows() if row["metric"] in ids]
        rows.sort(key=lambda row: (order[row["case"]], row["label"], ids.index(row["metric"])))
        return [row["value"] for row in rows]

    def masks(self) -> Iterator[tuple[Array, Array]]:
        """Yield the masks of every label, read by nibabel."""
        nibabel = import_module("nibabel")
        for pair in self.files:
            r, p = (np.ascontiguousarray(nibabel.load(path).dataobj) for path in pair)
            for label in _LABELS:
                yield r == label, p == label

    def edt(self, library: Any) -> list[float]:
        found: list[float] = []
        for r, p in self.masks():
            found.append(_dice(r, p))
            found += calls.edt_recipe(library, r, p, _SPACING, _TOLERANCE, self.threads)
        return found

    def deepmind(self, library: Any) -> list[float]:
        found: list[float] = []
        for r, p in self.masks():
            found += calls.surface_distance(library, r, p, _SPACING, _TOLERANCE, self.threads)
        return found

    def itk(self, library: Any) -> list[float]:
        found = []
        for pair in self.files:
            r, p = (library.ReadImage(str(path)) for path in pair)
            run = library.LabelOverlapMeasuresImageFilter()
            run.SetNumberOfThreads(self.threads)
            run.Execute(p, r)
            found += [run.GetDiceCoefficient(label) for label in _LABELS]
        return found

    def mask_loop(self, _: Any) -> list[float]:
        return [_four_counts(r, p) for r, p in self.masks()]

    def read(self) -> int:
        return sum(len(path.read_bytes()) for pair in self.files for path in pair)


def _field(settings: Settings) -> Field:
    shape, cases = ((64, 64, 48), 3) if settings.quick else ((256, 256, 128), 20)
    all_of = _Folders(*_written(shape, cases), settings.threads)

    def contender(
        module: str, what: str, call: Callable[[Any], list[float]], like: str
    ) -> Contender:
        rtol = 1e-5 if module == "edt" else 1e-9
        return optional(
            module,
            what,
            lambda name, library: Contender(name, lambda: call(library), like=like, rtol=rtol),
        )

    runners = [
        ours(lambda: all_of.evaluate(_FOUR)),
        ours(lambda: all_of.evaluate(_SURFELS), _DEEPMIND),
        ours(lambda: all_of.evaluate(["dice"]), _DICE),
        contender("edt", " joint box recipe, nibabel", all_of.edt, OURS),
        contender("surface_distance", ", nibabel", all_of.deepmind, _DEEPMIND),
        contender("SimpleITK", " read and LabelOverlapMeasures", all_of.itk, _DICE),
        contender("nibabel", " and masks of each label, as nnU-Net", all_of.mask_loop, _DICE),
        Contender("floor: read the bytes", all_of.read, kind="floor"),
    ]
    return Field((cases, *shape), runners)


def _dice(r: Array, p: Array) -> float:
    return 2 * np.count_nonzero(r & p) / (np.count_nonzero(r) + np.count_nonzero(p))


def _four_counts(r: Array, p: Array) -> float:
    tp, fp, fn, _ = (np.sum(r & p), np.sum(~r & p), np.sum(r & ~p), np.sum(~r & ~p))
    return float(2 * tp / (2 * tp + fp + fn))


TABLE = Table(
    "folders",
    "Folders of compressed files",
    (Race("folder-20", "folder of pairs .nii.gz, 5 labels, read and measured", _field, main=True),),
)
