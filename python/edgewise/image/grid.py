"""Whether two images show the same grid, and bringing one onto the grid of the other."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np

from edgewise.errors import ConfigError

from .array import unit_directions
from .mismatch import mismatch
from .resample import nearest_neighbour

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .array import Image

__all__ = ["GeometryPolicy", "drift", "match_grid"]

GeometryPolicy: TypeAlias = Literal["strict", "resample", "ignore"]

# Headers store float32: honest copies of one grid lie up to 0.01 voxel apart. Below half a voxel
# each voxel still meets its own partner.
_SILENT: Final = 0.05
_FATAL: Final = 0.5


def drift(reference: Image, prediction: Image) -> float:
    """Return how far the corners of the reference's grid move from one affine to the other.

    Without both affines only the spacings are compared, from a shared corner; without both
    spacings the result is 0.

    Parameters
    ----------
    reference, prediction : Image
        Their shapes are not compared.

    Returns
    -------
    float
        The largest distance, in voxels of the reference's smallest spacing.
    """
    first, second = _matrices(reference, prediction)
    return _corner_drift(first, second, reference.shape)


def match_grid(
    reference: Image, prediction: Image, *, policy: GeometryPolicy = "strict"
) -> tuple[Image, float | None, tuple[str, ...]]:
    """Bring the prediction onto the reference's grid, if both show the same place.

    Parameters
    ----------
    reference, prediction : Image
        Trailing axes of length 1 do not count as a difference of shape.
    policy : {"strict", "resample", "ignore"}
        ``"strict"``: up to 0.05 voxel of drift is rounding, up to 0.5 a warning, more an error;
        the same grid in another axis order or direction is reoriented exactly.
        ``"resample"``: where strict fails, nearest neighbour; 0 outside the prediction.
        ``"ignore"``: index by index; only the shapes must agree.

    Returns
    -------
    image : Image
        The prediction with the shape, spacing and affine of the reference.
    drift : float or None
        Voxels between the two grids as they were stored, exact reorientation done; None if the
        shapes differ.
    warnings : tuple of str
        Any of ``geometry_drift``, ``reoriented``, ``no_affine`` (only one side has a place),
        ``resampled``, ``resampled_lost:N`` (N voxels other than 0 lay outside the reference's
        grid), ``geometry_ignored``.

    Raises
    ------
    GeometryError
        ``shape_mismatch`` or ``geometry_mismatch``; the sentence separates shape, spacing, axis
        order, rotation and position.
    ConfigError
        If `policy` is unknown.
    """
    if policy not in ("strict", "resample", "ignore"):
        message = f"geometry must be strict, resample or ignore, got {policy!r}"
        raise ConfigError(message)
    same_shape = _squeezed(reference.shape) == _squeezed(prediction.shape)
    apart = drift(reference, prediction) if same_shape else None
    if policy == "ignore":
        if not same_shape:
            raise mismatch(reference, prediction, apart, shapes=not same_shape)
        return _placed(reference, prediction, prediction.array), apart, ("geometry_ignored",)
    warnings: tuple[str, ...] = ()
    if (reference.affine is None) != (prediction.affine is None):
        warnings = ("no_affine",)
    if apart is not None and apart <= _FATAL:
        if apart > _SILENT:
            warnings = (*warnings, "geometry_drift")
        return _placed(reference, prediction, prediction.array), apart, warnings
    turned = _reoriented(reference, prediction)
    if turned is not None:
        return _placed(reference, prediction, turned[0]), turned[1], ("reoriented",)
    placed = reference.affine is not None and prediction.affine is not None
    if policy == "strict" or not placed or max(reference.ndim, prediction.ndim) > 3:
        raise mismatch(reference, prediction, apart, shapes=not same_shape)
    array, lost = nearest_neighbour(reference, prediction)
    warnings = ("resampled", f"resampled_lost:{lost}") if lost else ("resampled",)
    return _placed(reference, prediction, array), apart, warnings


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    kept = len(shape)
    while kept > 1 and shape[kept - 1] == 1:
        kept -= 1
    return shape[:kept]


def _three(shape: tuple[int, ...]) -> tuple[int, int, int]:
    x, y, z = (*shape, 1, 1, 1)[:3]
    return x, y, z


def _matrices(
    reference: Image, prediction: Image
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both affines, or matrices of the spacings alone when a side has no place."""
    if reference.affine is not None and prediction.affine is not None:
        return reference.affine, prediction.affine
    if "no_spacing" in (*reference.warnings, *prediction.warnings):
        return np.eye(4), np.eye(4)
    return _scales(reference), _scales(prediction)


def _scales(image: Image) -> NDArray[np.float64]:
    x, y, z = (*image.spacing, 1.0, 1.0, 1.0)[:3]
    return np.diag((x, y, z, 1.0))


def _corners(shape: tuple[int, ...]) -> NDArray[np.float64]:
    return np.array(list(itertools.product(*((0.0, n - 1.0) for n in _three(shape)), (1.0,))))


def _corner_drift(
    first: NDArray[np.float64], second: NDArray[np.float64], shape: tuple[int, ...]
) -> float:
    moved = _corners(shape) @ (first - second).T
    smallest = np.linalg.norm(first[:3, :3], axis=0)[: len(shape)].min()
    return float(np.linalg.norm(moved[:, :3], axis=1).max() / smallest)


def _placed(reference: Image, prediction: Image, array: NDArray[Any]) -> Image:
    return replace(
        prediction,
        array=array.reshape(reference.shape),
        spacing=reference.spacing,
        affine=reference.affine,
    )


def _steps(reference: Image, prediction: Image) -> tuple[tuple[int, ...], tuple[bool, ...]] | None:
    """Return the prediction axis along each reference axis, and whether it runs backwards."""
    if reference.affine is None or prediction.affine is None:
        return None
    if max(reference.ndim, prediction.ndim) > 3:
        return None
    steps = np.linalg.solve(unit_directions(reference.affine), unit_directions(prediction.affine))
    order = np.abs(steps).argmax(axis=1)
    if sorted(order) != [0, 1, 2]:
        return None
    backwards = steps[(0, 1, 2), order] < 0
    return tuple(order.tolist()), tuple(backwards.tolist())


def _turned(reference: Image, prediction: Image) -> tuple[NDArray[Any], NDArray[np.float64]] | None:
    """Return array and affine of the prediction in the reference's axis order, if it is another."""
    steps = _steps(reference, prediction)
    if steps is None or steps == ((0, 1, 2), (False, False, False)):
        return None
    order, backwards = steps
    array = prediction.array.reshape(_three(prediction.shape)).transpose(order)
    index = np.zeros((4, 4))  # from the new indices to the stored ones
    index[3, 3] = 1.0
    for new, (old, flip) in enumerate(zip(order, backwards, strict=True)):
        index[old, new] = -1.0 if flip else 1.0
        index[old, 3] = array.shape[new] - 1.0 if flip else 0.0
    assert prediction.affine is not None
    flips = tuple(slice(None, None, -1) if flip else slice(None) for flip in backwards)
    return array[flips], prediction.affine @ index


def _reoriented(reference: Image, prediction: Image) -> tuple[NDArray[Any], float] | None:
    """Return the flipped and permuted array and its drift, if that explains the difference."""
    turned = _turned(reference, prediction)
    if turned is None or turned[0].shape != _three(reference.shape):
        return None
    array, affine = turned
    assert reference.affine is not None
    apart = _corner_drift(reference.affine, affine, reference.shape)
    if apart > _SILENT:
        return None
    fortran = reference.array.flags.f_contiguous
    return np.asarray(array, order="F" if fortran else "C"), apart
