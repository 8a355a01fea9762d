"""What SciPy's functions accept as input, output array, axes, origin and one value per axis."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise._arguments import as_threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "TYPES",
    "check_output",
    "deliver",
    "foreground",
    "in_c_order",
    "is_centred",
    "is_every_axis",
    "one_per_axis",
    "threads_for",
]

TYPES: Final = frozenset("?bBhHiIlLqQfd")  # what SciPy's morphology reads and writes
_LITTLE: Final = 1 << 15  # voxels that are not worth a second thread
_LARGE: Final = 1 << 20  # voxels whose change of memory order is worth a loop


def threads_for(array: NDArray[Any]) -> int:
    """Return the number of threads for an array: 1 for small ones."""
    return 1 if array.size < _LITTLE else as_threads("auto")


def foreground(array: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where numbers are not zero (NaN is not), in C order."""
    return in_c_order(array if array.dtype.kind == "b" else array != 0)


def in_c_order(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask in C order, which SciPy's results have; copied only if it must be."""
    if mask.flags.c_contiguous or mask.ndim != 3 or mask.size < _LARGE:
        return np.ascontiguousarray(mask)
    copy = np.empty(mask.shape, mask.dtype)
    for middle in range(mask.shape[1]):  # the other two axes at a time stay within the caches
        copy[:, middle] = mask[:, middle]
    return copy


def one_per_axis(value: Any, ndim: int) -> list[Any]:
    """Return one value per axis; a string is a single value.

    Raises
    ------
    RuntimeError
        If there are not as many values as axes.
    """
    if isinstance(value, str) or not np.iterable(value):
        return [value] * ndim
    values = list(value)
    if len(values) != ndim:
        message = f"one value per axis is needed ({ndim}), got {len(values)}"
        raise RuntimeError(message)
    return values


def is_centred(origin: Any, ndim: int) -> bool:
    """Return whether an origin is 0 along every axis; RuntimeError for another number of axes."""
    values = one_per_axis(origin, ndim)
    return all(isinstance(one, (int, np.integer)) and one == 0 for one in values)


def is_every_axis(axes: Any, ndim: int) -> bool:
    """Return whether axes name every axis of an array; False also for what are no axes."""
    if axes is None:
        return True
    try:
        named: Sequence[int] = [operator.index(axis) for axis in np.atleast_1d(axes)]
    except TypeError:
        return False
    return sorted(axis % ndim if -ndim <= axis < ndim else ndim for axis in named) == list(
        range(ndim)
    )


def check_output(output: Any, shape: tuple[int, ...]) -> None:
    """Check an output array; anything but an array is ignored, as SciPy does.

    Raises
    ------
    TypeError
        If it is complex.
    RuntimeError
        If it has another shape.
    """
    if not isinstance(output, np.ndarray):
        return
    if output.dtype.kind == "c":
        message = "output is complex, and the result is true or false"
        raise TypeError(message)
    if output.shape != shape:
        message = f"output has shape {output.shape}, input {shape}"
        raise RuntimeError(message)


def deliver(result: NDArray[Any], output: Any, source: NDArray[Any]) -> NDArray[Any]:
    """Return a result, or the output array with the result in it."""
    if not isinstance(output, np.ndarray):
        return result
    np.copyto(output, result, casting="unsafe")
    return output if np.may_share_memory(source, output) else np.asarray(output)
