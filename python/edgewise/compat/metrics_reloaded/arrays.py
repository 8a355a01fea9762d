"""Arrays as callers give them: which of them are masks, and what numpy's sums return of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ONES_IN_FLOAT32", "as_plain", "sum_of_ones"]

ONES_IN_FLOAT32: Final = 1 << 24  # so many ones a float32 sum counts without rounding

_CHUNK: Final = 1 << 14  # values that stay in the cache while they are looked at twice


def as_plain(values: Any) -> NDArray[np.bool_] | None:
    """Return an array of zeros and ones as a contiguous mask, copied only if it must be.

    None if there is anything else in it, or the values are no plain array of numbers.
    """
    if type(values) not in (np.ndarray, np.memmap) or not values.size or not values.ndim:
        return None
    array: NDArray[Any] = np.asarray(values)
    kind, width = array.dtype.kind, array.itemsize
    if kind not in "biuf" or (kind == "f" and width not in (4, 8)):
        return None
    if not array.flags.forc:
        array = np.ascontiguousarray(array)
    if kind == "b":
        return array
    if width > 1:
        return _compared(array)
    return array.view(np.bool_) if array.view(np.uint8).max() <= 1 else None


def _compared(array: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Return where a contiguous array is 1; None if it holds anything but 0 and 1."""
    order: Literal["C", "F"] = "C" if array.flags.c_contiguous else "F"
    mask: NDArray[np.bool_] = np.empty(array.shape, np.bool_, order=order)
    flat, ones = array.ravel(order="K"), mask.ravel(order="K")
    zeros = np.empty(min(_CHUNK, flat.size), np.bool_)
    for start in range(0, flat.size, _CHUNK):
        chunk, one = flat[start : start + _CHUNK], ones[start : start + _CHUNK]
        zero = zeros[: chunk.size]
        np.equal(chunk, 1, out=one)
        np.equal(chunk, 0, out=zero)
        if np.count_nonzero(one) + np.count_nonzero(zero) != chunk.size:
            return None
    return mask


def sum_of_ones(count: int, dtype: np.dtype[Any]) -> Any | None:
    """Return what ``np.sum`` gives for an array of this type with so many ones.

    None where that depends on the order of the sum.
    """
    kind = dtype.kind
    if kind in "bi":
        return np.int64(count)
    if kind == "u":
        return np.uint64(count)
    if kind == "f" and dtype.itemsize == 8:
        return np.float64(count)
    if kind == "f" and dtype.itemsize == 4 and count <= ONES_IN_FLOAT32:
        return np.float32(count)
    return None
