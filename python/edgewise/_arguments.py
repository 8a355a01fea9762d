"""Checks of array arguments: what is a mask, a label map, a spacing, a number of threads.

Nothing is cast silently, shapes are never broadcast, arrays contiguous in C or Fortran order are
never copied.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ConfigError, LabelError, ShapeError, SpacingError

__all__ = [
    "AnyArray",
    "Spacing",
    "Threads",
    "as_connectivity",
    "as_label_map",
    "as_mask",
    "as_same_order",
    "as_spacing",
    "as_threads",
    "check_same_shape",
    "threads_for",
]

AnyArray: TypeAlias = NDArray[Any]
Spacing: TypeAlias = float | Sequence[float] | NDArray[Any] | None
Threads: TypeAlias = int | Literal["auto"]

_LARGEST_EXACT: Final = 2.0**53  # beyond it float64 skips integers
_LITTLE: Final = 1 << 15  # voxels that are not worth a second thread


def as_array(values: ArrayLike, name: str) -> AnyArray:
    """Return `values` as an array with at least one axis and no axis of length 0, not copied."""
    array = values if type(values) is np.ndarray else np.asarray(_imported(values))
    if array.dtype.kind not in "buif":
        message = f"{name} must hold numbers or booleans, got dtype {array.dtype}"
        raise TypeError(message)
    if array.ndim == 0:
        message = f"{name} must have at least one axis, got a scalar"
        raise ShapeError(message)
    if array.size == 0:
        message = f"{name} has an axis of length 0: shape {array.shape}"
        raise ShapeError(message)
    return array


def _imported(values: Any) -> Any:  # noqa: ANN401
    """Return what the DLPack protocol gives, nothing copied; else the values as they are."""
    if isinstance(values, np.ndarray) or not hasattr(values, "__dlpack__"):
        return values
    try:
        return np.from_dlpack(values)
    except (BufferError, RuntimeError):
        # read-only, on another device, part of a gradient: __array__ knows a way or says why not
        if not hasattr(values, "__array__"):
            raise
        return values


def _contiguous(array: AnyArray) -> AnyArray:
    """Return the array itself when it is contiguous in either order and native, else a copy."""
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if array.flags.forc:  # contiguous in either order
        return array
    return np.ascontiguousarray(array)


def _first_offender(array: AnyArray, bad: NDArray[np.bool_]) -> tuple[Any, tuple[int, ...]]:
    index = np.unravel_index(int(np.argmax(bad)), array.shape)
    return array[index].item(), tuple(int(i) for i in index)


def _is_plain_mask(values: object) -> TypeGuard[AnyArray]:
    """Whether there is nothing to check or change: what most callers give, told fast."""
    return (
        type(values) is np.ndarray
        and values.dtype.kind == "b"
        and values.flags.forc  # contiguous in either order
        and values.ndim > 0
        and values.size > 0
    )


def as_mask(values: ArrayLike, name: str = "mask") -> AnyArray:
    """Return a mask as a contiguous bool or uint8 array of 0 and 1, copied only if it must be.

    Raises
    ------
    LabelError
        If any value is neither 0 nor 1; names the first.
    """
    if _is_plain_mask(values):
        return values
    array = _contiguous(as_array(values, name))
    if array.dtype.kind == "b":
        return array
    # uint8 needs no temporary: anything above 1 shows in the maximum
    if array.dtype != np.uint8 or int(array.max()) > 1:
        bad = (array != 0) & (array != 1)
        if bad.any():
            value, index = _first_offender(array, bad)
            message = (
                f"{name} must hold only 0 and 1, found {value} at index {index}; "
                f"compare it first ({name} == label, or {name} >= threshold)"
            )
            raise LabelError(message)
    return array if array.dtype == np.uint8 else array.astype(np.uint8, order="K")


def as_label_map(
    values: ArrayLike, name: str = "labels", *, allow_negative_labels: bool = False
) -> AnyArray:
    """Return a label map as a contiguous bool or integer array, copied only if it must be.

    Floating values are accepted if all are integral, finite and below 2^53.

    Raises
    ------
    LabelError
        If a value is negative (unless allowed), fractional or not finite; names the first.
    """
    array = _contiguous(as_array(values, name))
    if array.dtype.kind == "f":
        bad = ~(np.isfinite(array) & (np.abs(array) < _LARGEST_EXACT) & (array == np.rint(array)))
        if bad.any():
            value, index = _first_offender(array, bad)
            remedy = "threshold a probability map first"
            if np.isfinite(value) and abs(value) >= _LARGEST_EXACT:
                remedy = "from 2^53 on floating values skip integers, use an integer type"
            message = f"{name} must hold whole numbers, found {value} at index {index}; {remedy}"
            raise LabelError(message)
        array = array.astype(np.int64, order="K")
    if array.dtype.kind == "i" and not allow_negative_labels and int(array.min()) < 0:
        value, index = _first_offender(array, array < 0)
        message = (
            f"{name} holds the negative label {value} at index {index}; "
            "allow_negative_labels=True accepts it"
        )
        raise LabelError(message)
    return array


def as_same_order(reference: AnyArray, prediction: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Return both arrays in one memory order; the prediction is copied when they differ."""
    if reference.flags.c_contiguous and prediction.flags.c_contiguous:
        return reference, prediction
    if reference.flags.f_contiguous and prediction.flags.f_contiguous:
        return reference, prediction
    order: Literal["C", "F"] = "C" if reference.flags.c_contiguous else "F"
    return reference, np.asarray(prediction, order=order)


def check_same_shape(reference: AnyArray, prediction: AnyArray) -> None:
    """Raise ShapeError unless both shapes are equal; nothing is ever broadcast."""
    if reference.shape != prediction.shape:
        message = f"reference has shape {reference.shape}, prediction {prediction.shape}"
        raise ShapeError(message)


def as_spacing(spacing: Spacing, ndim: int) -> tuple[float, ...]:
    """Return one spacing per array axis; None is 1 everywhere, a number the same everywhere.

    Raises
    ------
    SpacingError
        If there is not one value per axis, or one is not finite and positive.
    """
    if spacing is None:
        return (1.0,) * ndim
    values = np.asarray(spacing, dtype=np.float64)
    if values.ndim == 0:
        values = np.full(ndim, float(values))
    if values.shape != (ndim,):
        message = f"spacing must have one value per axis ({ndim}), got {values.tolist()}"
        raise SpacingError(message)
    if not (np.isfinite(values) & (values > 0)).all():
        message = f"spacing must be finite and positive, got {values.tolist()}"
        raise SpacingError(message)
    return tuple(float(v) for v in values)


def as_connectivity(connectivity: int | None, ndim: int) -> int:
    """Return the neighbourhood as 1..ndim; None is ndim, the full neighbourhood."""
    if connectivity is None:
        return ndim
    whole = hasattr(connectivity, "__index__") and not isinstance(connectivity, bool)
    if not whole or not 1 <= connectivity <= ndim:
        message = f"connectivity must be 1 to {ndim} (1 = face neighbours), got {connectivity!r}"
        raise ConfigError(message)
    return int(connectivity)


def as_threads(threads: Threads) -> int:
    """Return a number of threads; "auto" is EDGEWISE_NUM_THREADS or the usable cores."""
    if threads == "auto":
        named = os.environ.get("EDGEWISE_NUM_THREADS", "")
        if named:
            return as_threads(_positive(named, "EDGEWISE_NUM_THREADS"))
        if hasattr(os, "sched_getaffinity"):
            return max(1, len(os.sched_getaffinity(0)))
        return os.cpu_count() or 1
    return _positive(threads, "threads")


def threads_for(voxels: int) -> int:
    """Return the threads for two masks of so many voxels that nobody gave a number for.

    What the machine may use is asked only where threads pay: it costs more than a small pair.
    """
    return 1 if voxels < _LITTLE else as_threads("auto")


def _positive(value: object, name: str) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if number < 1:
        message = f"{name} must be a whole number of at least 1 or 'auto', got {value!r}"
        raise ConfigError(message)
    return number
