"""Segmentations as integers: readers of nnU-Net return single precision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.io.labels import zero_or_one

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["as_whole_numbers"]

_BLOCK: Final = 1 << 16  # values at a time: they stay in the cache


def as_whole_numbers(array: NDArray[Any]) -> NDArray[Any] | None:
    """Return the values as integers, contiguous; None if one is no whole number below 2^31.

    Parameters
    ----------
    array : array
        Any type and memory order; not changed.
    """
    if not array.flags.forc or not array.dtype.isnative:
        array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
    if array.dtype.kind == "b":
        return zero_or_one(array)
    if array.dtype.kind in "iu":
        return array
    if array.dtype.kind != "f":
        return None
    order: Any = "C" if array.flags.c_contiguous else "F"
    flat = array.ravel(order="K")
    for narrow in (np.uint8, np.int32):
        found = _cast(flat, narrow)
        if found is not None:
            return found.reshape(array.shape, order=order)
    return None


def _cast(flat: NDArray[Any], dtype: Any) -> NDArray[Any] | None:
    found = np.empty(flat.size, dtype)
    with np.errstate(invalid="ignore"):
        for start in range(0, flat.size, _BLOCK):
            part, into = flat[start : start + _BLOCK], found[start : start + _BLOCK]
            np.copyto(into, part, casting="unsafe")
            if not np.array_equal(into, part):
                return None
    return found
