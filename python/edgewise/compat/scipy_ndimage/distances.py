"""Drop-in for ``scipy.ndimage.distance_transform_edt`` and ``distance_transform_cdt``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from edgewise.compat.originals import original
from edgewise.voxels import distance_transform
from edgewise.voxels.chamfer import chamfer_transform

from .arguments import foreground, one_per_axis, threads_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["distance_transform_cdt", "distance_transform_edt"]

_EXTREME: Final = 1e100  # beyond it, and below its inverse, squares overflow or vanish


def distance_transform_edt(
    input: Any,
    sampling: Any = None,
    return_distances: Any = True,
    return_indices: Any = False,
    distances: Any = None,
    indices: Any = None,
    *,
    corrected: bool = False,
) -> Any:
    """Return the Euclidean distance of each foreground element to the nearest background element.

    Parameters
    ----------
    input : array, any number of axes
        What is not zero (NaN included) is foreground; a scalar is an array of one element.
    sampling : float or sequence of float, optional
        Distance between neighbours along each axis, in any unit. Default: 1. With values of 0 and
        below SciPy may miss the nearest element; they are left to it, unless `corrected`.
    return_distances, return_indices : bool, default True, False
        What is computed.
    distances : array of float64, optional
        Receives the distances, which are then not returned.
    indices : array of int32, optional
        One axis before those of `input`; receives the indices, which are then not returned.
    corrected : bool, default False
        Without any background: distances inf and indices -1, instead of distances to a background
        element at index (-1, 0, ..., 0), which is not there. The sign of `sampling` does not
        matter, and along an axis of 0 nothing is far.

    Returns
    -------
    array, (distances, indices) or None
        Distances in float64 and the indices of the nearest background element in int32, in C order.

    Raises
    ------
    RuntimeError
        If nothing is to be computed, an output array is given for what is not computed or has
        another shape or type, or the number of samplings is not that of the axes.
    """
    out_distances = distances if isinstance(distances, np.ndarray) else None
    out_indices = indices if isinstance(indices, np.ndarray) else None
    _check_request(out_distances, out_indices, return_distances, return_indices)
    array = np.atleast_1d(np.asarray(input))
    steps = _steps(sampling, array.ndim, signs=corrected)
    _check_array("indices", out_indices, (array.ndim, *array.shape), np.int32)
    _check_array("distances", out_distances, array.shape, np.float64)
    mask = _mask(array)
    full = bool(mask.all())
    # without background SciPy leaves all but the first axis of a given array as they are
    if (
        steps is None
        or (0 in steps and return_indices)
        or (full and out_indices is not None and not corrected)
    ):
        theirs = original("scipy.ndimage:distance_transform_edt", why="samplings such as NaN")
        return theirs(input, sampling, return_distances, return_indices, distances, indices)
    if full and mask.size:
        found = _without_background(mask.shape, steps, corrected=corrected)
    else:
        found = _measured(mask, steps, indices=bool(return_indices))
    return _handed_out(found, (return_distances, return_indices), (out_distances, out_indices))


def _measured(mask: NDArray[np.bool_], steps: list[float], *, indices: bool) -> tuple[Any, Any]:
    """Return distances and indices of a mask with background, or without elements."""
    if mask.size == 0:
        return np.zeros(mask.shape), np.zeros((mask.ndim, *mask.shape), np.int32)
    free = tuple(axis for axis, step in enumerate(steps) if step == 0)
    if free:
        return _flattened(mask, steps, free), None
    threads = threads_for(mask)
    if indices:
        return distance_transform(
            mask, spacing=steps, dtype="float64", return_indices=True, threads=threads
        )
    return distance_transform(mask, spacing=steps, dtype="float64", threads=threads), None


def _without_background(
    shape: tuple[int, ...], steps: list[float], *, corrected: bool
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    nowhere = np.zeros((len(shape), *shape), np.int32)
    if corrected:
        nowhere -= 1
        return np.full(shape, np.inf), nowhere
    nowhere[0] = -1
    squares = np.zeros((1,) * len(shape))
    for axis, (n, step) in enumerate(zip(shape, steps, strict=True)):
        offsets = (np.arange(n, dtype=np.float64) + (axis == 0)) * step
        squares = squares + np.expand_dims(
            offsets * offsets, tuple(one for one in range(len(shape)) if one != axis)
        )
    return np.sqrt(squares), nowhere


def _flattened(
    mask: NDArray[np.bool_], steps: list[float], free: tuple[int, ...]
) -> NDArray[np.float64]:
    """Return the distances if nothing is far along some axes."""
    kept = [step for step in steps if step != 0]
    if not kept:
        return np.zeros(mask.shape)
    flat = np.ascontiguousarray(mask.all(axis=free))
    near = distance_transform(flat, spacing=kept, dtype="float64", threads=threads_for(flat))
    return np.broadcast_to(np.expand_dims(near, free), mask.shape).astype(np.float64)


def distance_transform_cdt(
    input: Any,
    metric: Any = "chessboard",
    return_distances: Any = True,
    return_indices: Any = False,
    distances: Any = None,
    indices: Any = None,
) -> Any:
    """Return how many steps each foreground element is away from the nearest background element.

    Parameters
    ----------
    input : array, any number of axes but not none
        What is not zero (NaN included) is foreground.
    metric : {"chessboard", "taxicab", "cityblock", "manhattan"} or array, default "chessboard"
        A step goes to any neighbour, or (the other three are the same) to one across a face. An
        array, 3 along each axis of `input`, says which neighbours a step goes to.
    return_distances, return_indices, distances, indices
        As `distance_transform_edt`, with distances in int32.

    Returns
    -------
    array, (distances, indices) or None
        Distances and indices in int32; -1 and the element's own index without any background. SciPy
        computes indices, and structures other than those of the named metrics.

    Raises
    ------
    RuntimeError
        If nothing is to be computed, or an output array is given for what is not computed.
    ValueError
        If there is no such metric, `metric` does not fit `input` (SciPy reads or writes beyond it,
        or takes the process down), or an output array has another shape or type.
    TypeError
        If `input` has no axes.
    """
    out_distances = distances if isinstance(distances, np.ndarray) else None
    out_indices = indices if isinstance(indices, np.ndarray) else None
    _check_request(out_distances, out_indices, return_distances, return_indices)
    array = np.asarray(input)
    name = _metric(metric, array.ndim)
    _check_array("distances", out_distances, array.shape, np.int32, ValueError)
    if array.ndim == 0:
        message = "input has no axes"
        raise TypeError(message)
    _check_array("indices", out_indices, (array.ndim, *array.shape), np.int32, ValueError)
    if not name or return_indices or array.size == 0:
        theirs = original("scipy.ndimage:distance_transform_cdt", why="indices and other metrics")
        return theirs(input, metric, return_distances, return_indices, distances, indices)
    steps = chamfer_transform(_mask(array), metric=name)
    return _handed_out((steps, None), (True, False), (out_distances, None))


def _metric(metric: Any, ndim: int) -> Literal["chessboard", "taxicab", ""]:
    """Return which of the two metrics it is; empty for another structure."""
    if isinstance(metric, str):
        if metric == "chessboard":
            return "chessboard"
        if metric in ("taxicab", "cityblock", "manhattan"):
            return "taxicab"
        message = f"metric must be chessboard, taxicab, cityblock or manhattan, got {metric!r}"
        raise ValueError(message)
    structure = np.asarray(metric)
    if structure.shape != (3,) * ndim:
        message = f"metric must be 3 along each of {ndim} axes, got shape {structure.shape}"
        raise ValueError(message)
    return ""


def _check_request(
    out_distances: Any, out_indices: Any, return_distances: Any, return_indices: Any
) -> None:
    if not return_distances and not return_indices:
        message = "neither distances nor indices are asked for"
        raise RuntimeError(message)
    for name, out, asked in (
        ("distances", out_distances, return_distances),
        ("indices", out_indices, return_indices),
    ):
        if out is not None and not asked:
            message = f"an array for the {name} is given, and return_{name} is false"
            raise RuntimeError(message)


def _check_array(
    name: str,
    out: Any,
    shape: tuple[int, ...],
    dtype: type[Any],
    error: type[Exception] = RuntimeError,
) -> None:
    if out is None:
        return
    if out.shape != shape:
        message = f"the array for the {name} has shape {out.shape} instead of {shape}"
        raise error(message)
    if out.dtype.type is not dtype:
        message = f"the array for the {name} has type {out.dtype} instead of {np.dtype(dtype)}"
        raise error(message)


def _mask(array: NDArray[Any]) -> NDArray[np.bool_]:
    """Return what is true, of numbers and of anything else."""
    return foreground(array if array.dtype.kind in "buifc" else np.where(array, True, False))


def _steps(sampling: Any, ndim: int, *, signs: bool) -> list[float] | None:
    """Return one positive step per axis; None for what SciPy has to make sense of.

    With `signs` negative ones are made positive, and 0 stays.
    """
    if sampling is None:
        return [1.0] * ndim
    values = np.asarray(one_per_axis(sampling, ndim), dtype=np.float64)
    if signs:
        values = np.abs(values)
    plain = (values > 1 / _EXTREME) & (values < _EXTREME)
    if values.ndim != 1 or not (plain | (signs & (values == 0))).all():
        return None
    return [float(value) for value in values]


def _handed_out(found: tuple[Any, Any], asked: tuple[Any, Any], outputs: tuple[Any, Any]) -> Any:
    """Write into the arrays that were given, and return the rest of what was asked for."""
    rest = []
    for value, wanted, output in zip(found, asked, outputs, strict=True):
        if not wanted:
            continue
        if output is None:
            rest.append(value)
        else:
            np.copyto(output, value)
    if len(rest) == 2:
        return tuple(rest)
    return rest[0] if rest else None
