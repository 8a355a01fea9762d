"""An array with a place in the world.

World coordinates are RAS millimetres: x grows to the patient's right, y to the front, z upwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.errors import GeometryError, SpacingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Image", "unit_directions"]

_LETTERS: Final = (("L", "R"), ("P", "A"), ("I", "S"))
_SINGULAR: Final = 1e-6  # of unit vectors: the axes lie in one plane


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Image:
    """An array and where its voxels lie.

    Parameters
    ----------
    array : array
        Any dtype; the file's axes and their order.
    spacing : float or sequence of float, optional
        One value per array axis, or one for all, in mm. Default: what the affine says; without
        one 1 on every axis and the warning ``no_spacing``.
    affine : (4, 4) array, optional
        From array index to RAS mm, for the first three axes. Default None: not known.
    path : path, optional
        Where it was read from.
    warnings : sequence of str
        Codes of what is odd about it.

    Raises
    ------
    SpacingError
        If the spacing is not finite and positive, or not one value per axis.
    GeometryError
        With code ``bad_affine`` if the affine is not a finite 4x4 matrix of independent axes.

    Examples
    --------
    >>> import numpy as np
    >>> image = Image(np.zeros((4, 5, 6), np.uint8), affine=np.diag([-1, -1, 2, 1]))
    >>> image.spacing, image.orientation
    ((1.0, 1.0, 2.0), 'LPS')
    """

    array: NDArray[Any]
    spacing: tuple[float, ...]
    affine: NDArray[np.float64] | None
    path: Path | None
    warnings: tuple[str, ...]

    def __init__(
        self,
        array: NDArray[Any],
        spacing: float | Sequence[float] | None = None,
        affine: NDArray[Any] | None = None,
        path: str | Path | None = None,
        warnings: Sequence[str] = (),
    ) -> None:
        array = np.asarray(array)
        codes = tuple(warnings)
        if affine is not None:
            affine = _checked_affine(affine)
        if spacing is None and affine is None and "no_spacing" not in codes:
            codes = (*codes, "no_spacing")
        object.__setattr__(self, "array", array)
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "spacing", _checked_spacing(spacing, affine, array.ndim))
        object.__setattr__(self, "path", None if path is None else Path(path))
        object.__setattr__(self, "warnings", codes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of voxels along each axis."""
        return self.array.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.array.ndim

    @property
    def origin(self) -> tuple[float, float, float] | None:
        """Place of voxel 0 in RAS mm; None without an affine."""
        if self.affine is None:
            return None
        x, y, z = (float(v) for v in self.affine[:3, 3])
        return x, y, z

    @property
    def direction(self) -> NDArray[np.float64] | None:
        """Unit vectors of the first three axes in RAS, one per column; None without an affine."""
        return None if self.affine is None else unit_directions(self.affine)

    @property
    def orientation(self) -> str:
        """Where each axis points to, such as ``"RAS"``; empty without an affine."""
        return "" if self.affine is None else _letters(self.affine, self.ndim)


def _checked_affine(affine: NDArray[Any]) -> NDArray[np.float64]:
    matrix = np.array(affine, dtype=np.float64)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        message = f"affine must be a finite 4x4 matrix, got {matrix.tolist()}"
        raise GeometryError(message, code="bad_affine")
    if abs(np.linalg.det(unit_directions(matrix))) < _SINGULAR:
        message = f"affine must have three independent axes, got {matrix.tolist()}"
        raise GeometryError(message, code="bad_affine")
    return matrix


def _checked_spacing(
    spacing: float | Sequence[float] | None, affine: NDArray[np.float64] | None, ndim: int
) -> tuple[float, ...]:
    if spacing is None:
        norms: list[float] = []
        if affine is not None:
            norms = np.linalg.norm(affine[:3, :3], axis=0).tolist()
        spacing = [*norms, *[1.0] * ndim][:ndim]
    values = [float(v) for v in np.atleast_1d(np.asarray(spacing, dtype=np.float64))]
    if len(values) == 1:
        values *= ndim
    if len(values) != ndim or not all(0 < v < np.inf for v in values):
        message = f"spacing must be {ndim} finite positive values, one per axis, got {values}"
        raise SpacingError(message)
    return tuple(values)


def unit_directions(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the unit vectors of an affine's axes, one per column; a column of zeros stays."""
    norms = np.linalg.norm(affine[:3, :3], axis=0)
    return np.asarray(affine[:3, :3] / np.where(norms > 0, norms, 1.0))


def _letters(affine: NDArray[np.float64], ndim: int) -> str:
    """Name the world axis nearest to each array axis, each world axis once (nibabel's rule)."""
    left, _, right = np.linalg.svd(unit_directions(affine))
    closest = left @ right  # the rotation nearest to the directions: shear does not decide
    letters = ""
    free = [0, 1, 2]
    for axis in range(min(ndim, 3)):
        world = max(free, key=lambda row: abs(closest[row, axis]))
        free.remove(world)
        letters += _LETTERS[world][int(closest[world, axis] > 0)]
    return letters
