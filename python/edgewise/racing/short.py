"""The short race of `edgewise bench`: what a user does with one pair, beside what is installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from edgewise import io, simulate
from edgewise.errors import InputError
from edgewise.evaluation.case import open_pair
from edgewise.evaluation.config import Config

from .contender import Contender, optional
from .count_peers import dice_contenders
from .mask_peers import component_contenders, floor_read, transform_contenders
from .pair_peers import PEERS, pair_contenders

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Operation", "ShortPair", "operations", "pair_of_files", "phantom_pair"]

_OURS: Final = "edgewise"
_KNOWN: Final = ("SimpleITK", "edt", "medpy", "monai", "scipy", "skimage", "surface_distance")

Operation: TypeAlias = tuple[str, Callable[[], list[Contender]]]


@dataclass(frozen=True, slots=True, eq=False)
class ShortPair:
    """Two label maps on one grid.

    Attributes
    ----------
    reference, prediction : integer arrays, C order
        The maps.
    spacing : tuple of float
        Array axis order, mm.
    labels : tuple of int
        Those that are in both.
    files : tuple of str
        Where they were read from; empty for a phantom.
    """

    reference: NDArray[Any]
    prediction: NDArray[Any]
    spacing: tuple[float, ...]
    labels: tuple[int, ...]
    files: tuple[str, ...] = ()


def phantom_pair(side: int) -> ShortPair:
    """Return an organ of two lobes, and a prediction that is a little off and has a satellite.

    Examples
    --------
    >>> pair = phantom_pair(48)
    >>> pair.reference.shape, pair.labels
    ((48, 48, 48), (1,))
    """
    shape = (side,) * 3

    def blob(center: Sequence[float], radii: Sequence[float]) -> NDArray[np.bool_]:
        return simulate.ellipsoid(
            shape, radii=[r * side for r in radii], center=[c * side for c in center]
        ).mask

    reference = blob((0.48, 0.5, 0.52), (0.25, 0.22, 0.28)) | blob((0.4, 0.6, 0.4), (0.15,) * 3)
    prediction = blob((0.48, 0.5, 0.525), (0.25, 0.225, 0.27)) | blob((0.4, 0.61, 0.4), (0.15,) * 3)
    prediction |= blob((0.15, 0.15, 0.2), (0.03,) * 3)
    return ShortPair(reference.view(np.uint8), prediction.view(np.uint8), (1.0,) * 3, (1,))


def pair_of_files(reference: str, prediction: str) -> ShortPair:
    """Read two files as label maps on one grid.

    Raises
    ------
    ReadError, LabelError, GeometryError
        With the reason.
    InputError
        If no label is in both: there is nothing to measure.
    """
    pair = open_pair(Path(reference), Path(prediction), Config.create())
    maps = [np.ascontiguousarray(one.array) for one in (pair.reference, pair.prediction)]
    held = [set(np.unique(one).tolist()) - {0} for one in maps]
    labels = tuple(sorted(held[0] & held[1]))
    if not labels:
        message = f"no label is in both {reference} and {prediction}: there is nothing to measure"
        raise InputError(message, code="no_common_label")
    return ShortPair(maps[0], maps[1], pair.reference.spacing, labels, (reference, prediction))


def operations(pair: ShortPair, *, tolerance: float, threads: int) -> list[Operation]:
    """Return what is raced: a name, and a function that makes the contenders.

    Parameters
    ----------
    pair : ShortPair
        The input.
    tolerance : float
        Of the NSD, mm.
    threads : int
        For every library that can be told.

    Returns
    -------
    list of (str, callable)
        Reading the files if there are any; counts with Dice; the distance transform and the
        components of the first label; the distances of all labels.
    """
    a, b = pair.reference, pair.prediction
    mask = a == pair.labels[0]
    found: list[Operation] = []
    if pair.files:
        found.append(("read both files", lambda: _reading(pair.files)))
    found.append(
        (
            "counts and Dice",
            lambda: dice_contenders(
                a, b, labels=pair.labels, spacing=pair.spacing, threads=threads
            ),
        )
    )
    if not mask.all():
        found.append(
            (
                "distance transform",
                lambda: transform_contenders(mask, spacing=pair.spacing, threads=threads),
            )
        )
    if mask.ndim == 3:
        found.append(
            (
                "components",
                lambda: component_contenders(mask, connectivity=3, threads=threads),
            )
        )
    peers = [peer for peer in PEERS if peer.module in _KNOWN]
    found.append(
        (
            "HD, HD95, ASSD, NSD",
            lambda: [
                *pair_contenders(
                    a,
                    b,
                    spacing=pair.spacing,
                    tolerance=tolerance,
                    threads=threads,
                    labels=pair.labels,
                    peers=peers,
                ),
                floor_read(a, b),
            ],
        )
    )
    return found


def _reading(files: Sequence[str]) -> list[Contender]:
    """Return who reads the files; compared is how many voxels are not 0."""

    def own() -> list[int]:
        return [int(np.count_nonzero(io.as_labels(io.read(name)).array)) for name in files]

    def itk(name: str, library: Any) -> Contender:  # noqa: ANN401
        def call() -> list[int]:
            images = [library.ReadImage(file) for file in files]  # a view does not keep its image
            return [int(np.count_nonzero(library.GetArrayViewFromImage(i))) for i in images]

        return Contender(name, call, like=_OURS)

    def nibabel(name: str, library: Any) -> Contender:  # noqa: ANN401
        def call() -> list[int]:
            return [int(np.count_nonzero(library.load(file).dataobj)) for file in files]

        return Contender(name, call, like=_OURS)

    found = [Contender(_OURS, own, kind="ours"), optional("SimpleITK", " ReadImage", itk)]
    if all(name.endswith((".nii", ".nii.gz")) for name in files):
        found.append(optional("nibabel", "", nibabel))
    floor = Contender(
        "floor: read the bytes", lambda: [Path(name).read_bytes() for name in files], kind="floor"
    )
    return [*found, floor]
