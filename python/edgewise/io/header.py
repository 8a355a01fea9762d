"""What a file says about its array before any voxel is read, and the checks all formats share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.errors import ReadError
from edgewise.image import Image
from edgewise.image.array import unit_directions

from .integrity import admit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = [
    "Header",
    "Options",
    "as_image",
    "describe_grid",
    "lps_affine",
    "normal",
    "plane_spacing",
    "rescaled",
]

_LARGEST_SPACING: Final = 1000.0  # mm; larger is a wrong unit
_ANISOTROPIC: Final = 10.0
_SHEARED: Final = 1e-3
_SAME_SPACING: Final = 1e-6
_SINGULAR: Final = 1e-6  # as in Image


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """A file's array without its voxels.

    Attributes
    ----------
    path : Path
        The file.
    format : str
        Such as ``"NIfTI-1"``.
    shape : tuple of int
        Of the array that `read` returns.
    dtype : dtype
        As stored, before scaling.
    spacing : tuple of float
        One value per axis, in mm.
    affine : (4, 4) array or None
        From array index to RAS mm; None when the file states none.
    warnings : tuple of str
        Codes, those that only the voxels show excepted.
    """

    path: Path
    format: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    spacing: tuple[float, ...]
    affine: NDArray[np.float64] | None
    warnings: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of the stored array."""
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller of `read` decides.

    Attributes
    ----------
    spacing : tuple of float, optional
        Replaces what the file says: one value per axis, or one for all.
    max_bytes : int
        Larger arrays are refused.
    volume : int, optional
        Which one of a series to take; a file with one volume has no choice to make.
    """

    spacing: tuple[float, ...] | None
    max_bytes: int
    volume: int | None


def describe_grid(
    path: Path,
    format: str,
    *,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    spacing: Sequence[float] | None,
    affine: NDArray[np.float64] | None,
    warnings: Sequence[str] = (),
    options: Options,
) -> Header:
    """Return the header of a volume, checked.

    Parameters
    ----------
    path, format, dtype, affine, warnings
        As in `Header`.
    shape : tuple of int
        As stored; axes beyond the third must have length 1 unless `options` chooses a volume.
    spacing : sequence of float, optional
        Of the stored axes. None: unknown, flagged ``no_spacing``.
    options : Options
        Of the caller.

    Raises
    ------
    ReadError
        ``4d_input``, ``bad_header``, ``bad_spacing``, ``too_large``.
    """
    if min(shape, default=0) < 1:
        message = f"{path}: has shape {shape}, every axis must be at least 1; export it again"
        raise ReadError(message, code="bad_header")
    admit(path, math.prod(shape) * dtype.itemsize, options.max_bytes)
    kept = shape[: _kept_axes(path, shape, options)]
    codes = [*warnings]
    if spacing is not None:
        spacing = spacing[: len(kept)]
    if options.spacing is not None:
        wanted = _per_axis(path, options.spacing, len(kept))
        if spacing is not None and not _close(spacing, wanted):
            codes.append("spacing_overridden")
        affine = None if affine is None else rescaled(affine, wanted)
        spacing = wanted
    if spacing is None:
        codes.append("no_spacing")
        spacing = (1.0,) * len(kept)
    codes += _checked(path, spacing, affine, kept)
    values = tuple(float(s) for s in spacing)
    return Header(path, format, kept, dtype, values, affine, tuple(dict.fromkeys(codes)))


def _kept_axes(path: Path, shape: tuple[int, ...], options: Options) -> int:
    extra = shape[3:]
    volumes = math.prod(extra)
    if volumes > 1 and options.volume is None:
        message = (
            f"{path}: has shape {'x'.join(map(str, shape))}, a series of {volumes} volumes; "
            "choose one with volume=k (--volume k), or save one label map"
        )
        raise ReadError(message, code="4d_input")
    if volumes > 1 and options.volume is not None and not 0 <= options.volume < volumes:
        message = (
            f"{path}: has {volumes} volumes and no number {options.volume}; "
            f"choose from 0 to {volumes - 1}"
        )
        raise ReadError(message, code="4d_input")
    return min(len(shape), 3)


def normal(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the unit vector across a slice whose first two columns are its steps."""
    across = np.cross(steps[:3, 0], steps[:3, 1])
    return np.asarray(across / max(float(np.linalg.norm(across)), np.finfo(float).tiny))


def plane_spacing(
    path: Path,
    shape: tuple[int, ...],
    stated: tuple[float, ...] | None,
    options: Options,
) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Return the spacing of a file without a place in the world, and warnings.

    Parameters
    ----------
    path : Path
        For messages.
    shape : tuple of int
        Of the array.
    stated : tuple of float, optional
        What the file says.
    options : Options
        Its spacing replaces the file's.

    Raises
    ------
    ReadError
        ``bad_spacing``.
    """
    codes: list[str] = []
    spacing = stated
    if options.spacing is not None:
        spacing = _per_axis(path, options.spacing, len(shape))
        if stated is not None and not _close(stated, spacing):
            codes.append("spacing_overridden")
    if spacing is None:
        return (1.0,) * len(shape), ("no_spacing",)
    spacing = _per_axis(path, spacing, len(shape))
    return spacing, (*codes, *_checked(path, spacing, None, shape))


def rescaled(affine: NDArray[np.float64], spacing: Sequence[float]) -> NDArray[np.float64]:
    """Return the affine with columns of another length: the caller's spacing replaces its own."""
    count = min(len(spacing), 3)
    norms = np.linalg.norm(affine[:3, :count], axis=0)
    scaled = affine.copy()
    scaled[:3, :count] *= np.array(spacing[:count]) / np.where(norms > 0, norms, 1.0)
    return scaled


def _close(first: Sequence[float], second: Sequence[float]) -> bool:
    if len(first) != len(second):
        return False
    return bool(np.allclose(first, second, rtol=_SAME_SPACING, atol=0))


def _per_axis(path: Path, spacing: tuple[float, ...], ndim: int) -> tuple[float, ...]:
    if len(spacing) == 1:
        spacing *= ndim
    if len(spacing) != ndim:
        message = f"{path}: has {ndim} axes, spacing has {len(spacing)} values; give one per axis"
        raise ReadError(message, code="bad_spacing")
    return spacing


def _checked(
    path: Path,
    spacing: Sequence[float],
    affine: NDArray[np.float64] | None,
    shape: tuple[int, ...],
) -> list[str]:
    if not all(0 < s <= _LARGEST_SPACING for s in spacing):
        values = ", ".join(f"{s:g}" for s in spacing)
        message = (
            f"{path}: spacing ({values}) must be above 0 and at most 1000 mm; "
            "correct the header, or give the spacing (--spacing)"
        )
        raise ReadError(message, code="bad_spacing")
    codes = []
    if affine is not None:
        if not np.isfinite(affine).all():
            message = f"{path}: its affine holds NaN or inf; correct the header"
            raise ReadError(message, code="bad_header")
        axes = affine[:3, : min(len(shape), 3)]
        norms = np.linalg.norm(axes, axis=0)
        if norms.min() == 0:
            message = f"{path}: its affine has an axis of length 0; correct the header"
            raise ReadError(message, code="bad_spacing")
        if abs(np.linalg.det(unit_directions(affine))) < _SINGULAR:
            message = f"{path}: the axes of its affine lie in one plane; correct the header"
            raise ReadError(message, code="bad_header")
        cosines = axes / norms
        off_diagonal = cosines.T @ cosines - np.eye(axes.shape[1])
        if np.abs(off_diagonal).max() > _SHEARED:
            codes.append("sheared")
    extended = [s for s, n in zip(spacing, shape, strict=True) if n > 1]
    if extended and max(extended) / min(extended) > _ANISOTROPIC:
        codes.append("very_anisotropic")
    return codes


def as_image(header: Header, array: NDArray[Any], options: Options, *codes: str) -> Image:
    """Return the array, one volume of it if there are several, with the header's grid."""
    if array.ndim > 3:
        # the axes beyond the third, first one fastest, count the volumes
        array = array.reshape((*array.shape[:3], -1), order="F")[..., options.volume or 0]
    warnings = tuple(dict.fromkeys((*header.warnings, *codes)))
    return Image(array, header.spacing, header.affine, header.path, warnings)


def lps_affine(
    directions: NDArray[np.float64], origin: NDArray[np.float64], *, flips: tuple[int, int, int]
) -> NDArray[np.float64]:
    """Return an affine to RAS for 1 to 3 axes.

    Parameters
    ----------
    directions : (n, n) array
        Step of one voxel along each axis, one per column, in the file's world.
    origin : (n,) array
        Place of voxel 0.
    flips : tuple of int
        -1 for each world axis of the file that runs against RAS.

    Returns
    -------
    (4, 4) array
        Axes that are missing point along the remaining world axes.
    """
    ndim = len(origin)
    affine = np.eye(4)
    affine[:ndim, :ndim] = directions
    affine[:ndim, 3] = origin
    affine[:3] *= np.array(flips, dtype=np.float64)[:, None]
    return affine
