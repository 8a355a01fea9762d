"""How many components the library reckons with, which decides about the type of its result."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from edgewise._arguments import AnyArray

__all__ = ["result_type"]

_CHUNK: Final = 1 << 20  # voxels that stay in the cache
_SHARE: Final = {4: 2, 6: 2, 8: 4, 18: 4, 26: 8}  # of a block's voxels one begins a component
_TYPES: Final = (np.uint16, np.uint32, np.uint64)


def result_type(labels: AnyArray, connectivity: int, out_dtype: Any) -> np.dtype[Any]:
    """Return the type of the components of an array in C order.

    Raises
    ------
    ValueError
        If `out_dtype` is no unsigned type of 16, 32 or 64 bit, or could be too small.
    TypeError
        If `out_dtype` is no type.
    """
    if out_dtype is None:
        largest = _most(labels, connectivity, np.iinfo(np.uint16).max)
        dtype: np.dtype[Any] = np.dtype(next(t for t in _TYPES if largest < np.iinfo(t).max))
        return dtype
    wanted: np.dtype[Any] = np.dtype(out_dtype)
    if wanted not in _TYPES:
        message = f"out_dtype must be uint16, uint32 or uint64, got {wanted}"
        raise ValueError(message)
    limit = np.iinfo(wanted).max
    if _most(labels, connectivity, int(limit) + 1) > limit:
        message = f"out_dtype {wanted} could be too small for the components; take a larger type"
        raise ValueError(message)
    return wanted


def _most(labels: AnyArray, connectivity: int, enough: int) -> int:
    """Return how many components there could be; at least `enough` says no more than that."""
    if labels.dtype == np.bool_:
        shape = (*labels.shape, 1, 1)[:3]
        voxels: int = math.prod(n + n % 2 for n in shape)
        return min(int(labels.size), voxels // _SHARE[connectivity] + 1)
    size = int(labels.size)
    return size if size < enough else _runs(labels, enough)


def _runs(labels: AnyArray, enough: int) -> int:
    """Return the number of stretches of one label along the last axis, counting until enough."""
    rows = labels.reshape(-1, labels.shape[-1])
    step = max(1, _CHUNK // rows.shape[1])
    found = 0
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        after = part[:, 1:]
        begins = np.not_equal(after, part[:, :-1])
        begins &= after != 0
        found += int(np.count_nonzero(part[:, 0])) + int(np.count_nonzero(begins))
        if found >= enough:
            return found
    return found
