"""Sums over the voxels of every channel: what both hold, what each holds.

Masks of 0 and 1 are counted, in blocks that stay in the cache. Anything else (probabilities,
tensors that need a gradient, other devices) is summed by torch, in the type that torch sums in.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any, Final, NamedTuple

import numpy as np
import torch

from edgewise._arguments import as_threads
from edgewise.metrics.batches import count_batch

from ._tensors import plain

__all__ = ["Sums", "dice_sums", "mask_sums", "overlap_sums", "volumes"]

_BLOCK: Final = 1 << 17  # elements of both masks that fit into a second-level cache
_MANY: Final = 1 << 21  # elements from which on more threads are worth starting
_WHOLE: Final = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
_COUNTED: Final = (*_WHOLE, torch.float16, torch.bfloat16, torch.float32, torch.float64)
_HALVES: Final = {torch.float16: 0x3C00, torch.bfloat16: 0x3F80}  # the bits of 1

_Rows = Any  # array [channels, voxels]


class Sums(NamedTuple):
    """Sums per batch and channel.

    Attributes
    ----------
    both : Tensor
        Of the products.
    y, y_pred : Tensor
        Of each tensor.
    """

    both: torch.Tensor
    y: torch.Tensor
    y_pred: torch.Tensor


def overlap_sums(y_pred: torch.Tensor, y: torch.Tensor) -> Sums:
    """Return the sums over all axes from the third on of [B, C, spatial...] of one shape."""
    sums = mask_sums(y_pred, y)
    if sums is not None:
        return sums
    axes = list(range(2, y_pred.ndim))
    return Sums(
        torch.sum(y * y_pred, dim=axes), torch.sum(y, dim=axes), torch.sum(y_pred, dim=axes)
    )


def volumes(y_pred: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the sums of each, of `y` first; torch adds floats as fast as they are read."""
    if y.is_floating_point() and y_pred.is_floating_point():
        axes = list(range(2, y.ndim))
        return torch.sum(y, dim=axes), torch.sum(y_pred, dim=axes)
    return overlap_sums(y_pred, y)[1:]


def mask_sums(y_pred: torch.Tensor, y: torch.Tensor) -> Sums | None:
    """Return the sums of masks of one shape; None if these are no masks that can be counted."""
    counts = _counted(y_pred, y, nonzero=False)
    if counts is None:
        return None
    both, of_y, of_pred = counts.unbind(-1)
    common = torch.promote_types(y.dtype, y_pred.dtype)
    return Sums(
        both.to(_summed(common)), of_y.to(_summed(y.dtype)), of_pred.to(_summed(y_pred.dtype))
    )


def dice_sums(y_pred: torch.Tensor, y: torch.Tensor) -> Sums:
    """Return the same with all of `y_pred` that is not 0 taken as 1; shapes may broadcast."""
    counts = _counted(y_pred, y, nonzero=True)
    if counts is not None:
        both, of_y, of_pred = counts.unbind(-1)
        return Sums(both.to(_summed(y.dtype)), of_y.to(_summed(y.dtype)), of_pred)
    found = y_pred.bool()
    of_y, of_pred = (one.sum(dim=list(range(2, one.ndim))) for one in (y, found))
    if y.shape != found.shape and not (of_y > 0).any():
        return Sums(torch.zeros_like(of_y), of_y, of_pred)
    both = torch.where(found, y, torch.zeros((), dtype=y.dtype, device=y.device))
    return Sums(both.sum(dim=list(range(2, both.ndim))), of_y, of_pred)


def _summed(dtype: torch.dtype) -> torch.dtype:
    """Return the type in which torch sums."""
    return torch.int64 if dtype in _WHOLE else dtype


def _counted(y_pred: torch.Tensor, y: torch.Tensor, *, nonzero: bool) -> torch.Tensor | None:
    """Return int64 [B, C, 3] of the counts; None if these are no masks that can be counted."""
    if y.shape != y_pred.shape or y.ndim < 3 or not y.numel():
        return None
    if not (_is_plain(y_pred) and _is_plain(y)):
        return None
    batches, channels = y.shape[:2]
    arrays = [_bits(plain(one).detach()) for one in (y, y_pred)]
    jobs = [(b, *job) for b in range(batches) for job in _jobs(*arrays)]
    ones = _one(y.dtype), _one(y_pred.dtype)

    def count(job: tuple[int, slice, slice]) -> np.ndarray[Any, Any] | None:
        b, rows, columns = job
        first, second = (_block(one[b], rows, columns) for one in arrays)
        return _count(first, second, ones, nonzero=nonzero)

    counts = np.zeros((batches, channels, 3), np.int64)
    threads = min(as_threads("auto"), len(jobs)) if y.numel() >= _MANY else 1
    with ThreadPoolExecutor(threads) if threads > 1 else nullcontext() as pool:
        found = map(count, jobs) if pool is None else pool.map(count, jobs)
        for (b, rows, _), one in zip(jobs, found, strict=True):
            if one is None:  # most often the first block says so
                return None
            counts[b, rows] += one
    return torch.from_numpy(counts)


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether numpy can read the tensor, and no gradient goes through it."""
    return (
        tensor.device.type == "cpu"
        and tensor.dtype in _COUNTED
        and tensor.layout == torch.strided
        and not (tensor.requires_grad and torch.is_grad_enabled())
    )


def _bits(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return the tensor as an array; numpy compares halves fast by their bits only."""
    array: np.ndarray[Any, Any]
    array = (tensor.view(torch.int16) if tensor.dtype in _HALVES else tensor).numpy()
    return array


def _one(dtype: torch.dtype) -> Any:
    """Return what 1 is in `_bits`; None for truth values, which need no comparison."""
    return None if dtype == torch.bool else _HALVES.get(dtype, 1)


def _jobs(*arrays: np.ndarray[Any, Any]) -> list[tuple[slice, slice]]:
    """Return blocks of channels and of their voxels for one sample."""
    channels = arrays[0].shape[1]
    voxels = int(np.prod(arrays[0].shape[2:]))
    if not all(one[0].flags.c_contiguous for one in arrays):
        return [(slice(0, channels), slice(0, voxels))]
    if voxels <= _BLOCK:
        step = max(1, _BLOCK // voxels)
        return [(slice(c, c + step), slice(0, voxels)) for c in range(0, channels, step)]
    return [
        (slice(c, c + 1), slice(s, s + _BLOCK))
        for c in range(channels)
        for s in range(0, voxels, _BLOCK)
    ]


def _block(sample: np.ndarray[Any, Any], rows: slice, columns: slice) -> np.ndarray[Any, Any]:
    """Return a block of a sample; one that is not in C order stays as it is, whole."""
    if not sample.flags.c_contiguous:
        return sample
    return sample.reshape(len(sample), -1)[rows, columns]


def _count(
    y: _Rows, y_pred: _Rows, ones: tuple[Any, Any], *, nonzero: bool
) -> np.ndarray[Any, Any] | None:
    one, one_pred = ones
    first = _mask(y, one)
    second = y_pred != 0 if nonzero and one_pred is not None else _mask(y_pred, one_pred)
    if nonzero and one_pred not in (None, 1):  # the bits of a half: -0 is 0
        second = (y_pred & 0x7FFF) != 0
    if first is None or second is None:
        return None
    first, second = (np.ascontiguousarray(mask).reshape(len(mask), -1) for mask in (first, second))
    return count_batch(first, second, threads=1)


def _mask(values: _Rows, one: Any) -> np.ndarray[Any, Any] | None:
    """Return where the values are 1; None if there are others than 0 and 1."""
    if one is None:
        array: np.ndarray[Any, Any] = values
        return array
    ones: np.ndarray[Any, Any] = values == one
    others = values != 0
    return ones if np.count_nonzero(others) == np.count_nonzero(ones) else None
