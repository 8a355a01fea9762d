"""A data set of twelve small cases with four planted faults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from edgewise import io
from edgewise.image import Image

from .phantoms import ball, ellipsoid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["DEMO_LABELS", "DemoDataset", "write_demo"]

DEMO_LABELS: Final[Mapping[int, str]] = {1: "liver", 2: "tumour"}

_CASES: Final = 12
_SHAPE: Final = (40, 36, 28)
_SPACING: Final = (1.5, 1.5, 2.0)
_FAULTS: Final = {  # case number to what is wrong and the code it must be reported with
    3: "missing_prediction",
    5: "empty_prediction",
    8: "geometry_mismatch",
    11: "truncated",
}
_NO_TUMOUR: Final = (2, 9)  # references without a tumour: a row of state both_empty


@dataclass(frozen=True, slots=True)
class DemoDataset:
    """Where the data set lies, and what is wrong with it.

    Attributes
    ----------
    reference, prediction : Path
        The two folders.
    faults : mapping of str to str
        Case to the code with which it must be reported; ``empty_prediction`` is a warning, the
        others fail.
    """

    reference: Path
    prediction: Path
    faults: Mapping[str, str]


def write_demo(directory: str | Path, *, seed: int = 0) -> DemoDataset:
    """Write twelve pairs of label maps with livers and tumours, four of them with a fault.

    Parameters
    ----------
    directory : path
        Gets the folders ``reference`` and ``prediction``; files of the same name are replaced.
    seed : int, default 0
        Of positions and errors.

    Returns
    -------
    DemoDataset
        One prediction is missing, one empty, one shifted by 30 mm, one cut in the middle of its
        file.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    root = Path(directory)
    folders = root / "reference", root / "prediction"
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    affine = np.diag([*_SPACING, 1.0])
    affine[:3, 3] = (-60.0, -54.0, 100.0)
    faults = {f"case_{number}": code for number, code in _FAULTS.items()}
    for number in range(1, _CASES + 1):
        name = f"case_{number}"
        reference, prediction = _label_maps(rng, has_tumour=number not in _NO_TUMOUR)
        io.write(folders[0] / f"{name}.nii.gz", Image(reference, affine=affine))
        path = folders[1] / f"{name}.nii.gz"
        path.unlink(missing_ok=True)
        _write_prediction(path, prediction, affine, faults.get(name, ""))
    return DemoDataset(*folders, faults)


def _label_maps(
    rng: np.random.Generator, *, has_tumour: bool
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return a liver with a tumour, and an imperfect copy."""
    middle = np.array(_SHAPE) * _SPACING / 2 + rng.uniform(-3, 3, 3)
    radii = rng.uniform([18, 15, 14], [23, 20, 20])
    spot = middle + rng.uniform(-5, 5, 3)
    radius = rng.uniform(5, 8)
    maps = []
    for error in (0.0, 1.0):
        organ = ellipsoid(
            _SHAPE,
            radii=list(radii * (1 + error * rng.uniform(-0.05, 0.05))),
            center=list(middle + error * rng.uniform(-1.5, 1.5, 3)),
            spacing=_SPACING,
        )
        lesion = ball(
            _SHAPE,
            radius=radius * (1 + error * rng.uniform(-0.2, 0.1)),
            center=list(spot + error * rng.uniform(-2, 2, 3)),
            spacing=_SPACING,
        )
        labels = organ.mask.astype(np.uint8)
        if has_tumour:
            labels[lesion.mask] = 2
        maps.append(labels)
    return maps[0], maps[1]


def _write_prediction(
    path: Path, labels: NDArray[np.uint8], affine: NDArray[np.float64], fault: str
) -> None:
    if fault == "missing_prediction":
        return
    if fault == "empty_prediction":
        labels = np.zeros_like(labels)
    if fault == "geometry_mismatch":
        affine = affine.copy()
        affine[2, 3] += 30.0
    io.write(path, Image(labels, affine=affine))
    if fault == "truncated":
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
