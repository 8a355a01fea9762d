"""Sums over the voxels of every channel: what both hold, what each holds.

Masks are counted, or summed as floats, in blocks that stay in the cache. Anything else
(probabilities, tensors that need a gradient, other devices) is summed by torch, in the type that
torch sums in.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np
import torch

from edgewise._arguments import as_threads
from edgewise.metrics.batches import count_batch

from ._tensors import plain

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Sums",
    "dice_sums",
    "exact_sums",
    "mask_sums",
    "overlap_sums",
    "volumes",
]

_BLOCK: Final = 1 << 17  # elements of both masks that fit into a second-level cache
_FEW: Final = 1024  # elements that tell masks from probabilities, most often
_LONG: Final = 1 << 13  # elements from which on products are summed row by row
_MANY: Final = 1 << 21  # elements from which on more threads are worth starting
_WHOLE: Final = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
_COUNTED: Final = (*_WHOLE, torch.float16, torch.bfloat16, torch.float32, torch.float64)
_HALVES: Final = {torch.float16: 0x3C00, torch.bfloat16: 0x3F80}  # the bits of 1

_FLOATS: Final = (torch.float32, torch.float64)

_Rows = Any  # array [channels, voxels]
_Job: TypeAlias = tuple[int, slice, slice]  # sample, channels, voxels


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
    return exact_sums(y_pred, y) or _torch_sums(y_pred, y)


def exact_sums(y_pred: torch.Tensor, y: torch.Tensor) -> Sums | None:
    """Return the same of masks; None of what must be summed in torch's order."""
    return _whole_sums(y_pred, y) if y.dtype in _FLOATS else mask_sums(y_pred, y)


def _torch_sums(y_pred: torch.Tensor, y: torch.Tensor) -> Sums:
    """Return the same as torch sums it, with its gradient."""
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


def _whole_sums(y_pred: torch.Tensor, y: torch.Tensor) -> Sums | None:
    """Return the sums of float tensors whose sums are whole numbers, as those of masks are.

    Such sums are exact in any order. None for all others, whose sums depend on it.
    """
    fit = y_pred.dtype == y.dtype and _can_count(y_pred, y)
    if not fit or not all(one[0].is_contiguous() for one in (y_pred, y)):
        return mask_sums(y_pred, y)
    tensors = [plain(one).detach() for one in (y, y_pred)]
    for one in tensors:  # probabilities show at once
        start = one[0].flatten()[:_FEW]
        if not torch.equal(start, start.floor()):
            return None

    def count(job: _Job) -> np.ndarray[Any, Any] | None:
        b, channels, columns = job
        first, second = (one[b].flatten(1)[channels, columns] for one in tensors)
        found: np.ndarray[Any, Any]
        if first.shape[1] < _LONG:
            parts = [(first * second).sum(1), first.sum(1), second.sum(1)]
            found = torch.stack(parts, dim=1).numpy()
        else:  # row by row, which stays in the cache; nothing is written
            rows = zip(first, second, strict=True)
            found = np.array(
                [[torch.dot(a, c).item(), a.sum().item(), c.sum().item()] for a, c in rows]
            )
        return found if (found == np.floor(found)).all() else None

    jobs = _jobs(*y.shape[:2], voxels=y[0, 0].numel(), block=8 * _BLOCK)
    sums = _in_blocks(count, jobs, y)
    return None if sums is None else Sums(*sums.to(y.dtype).unbind(-1))


def _counted(y_pred: torch.Tensor, y: torch.Tensor, *, nonzero: bool) -> torch.Tensor | None:
    """Return int64 [B, C, 3] of the counts; None if these are no masks that can be counted."""
    if not _can_count(y_pred, y):
        return None
    arrays = [_bits(plain(one).detach()) for one in (y, y_pred)]
    ones = _one(y.dtype), _one(y_pred.dtype)

    def count(job: _Job) -> np.ndarray[Any, Any] | None:
        b, rows, columns = job
        first, second = (_block(one[b], rows, columns) for one in arrays)
        return _count(first, second, ones, nonzero=nonzero)

    if all(one[0].flags.c_contiguous for one in arrays):
        jobs = _jobs(*y.shape[:2], voxels=y[0, 0].numel(), block=_BLOCK)
    else:
        jobs = [(b, slice(None), slice(None)) for b in range(len(y))]
    counts = _in_blocks(count, jobs, y)
    return None if counts is None else counts.long()


def _can_count(y_pred: torch.Tensor, y: torch.Tensor) -> bool:
    """Whether both are batches of one shape that numpy can read."""
    fit = y.shape == y_pred.shape and y.ndim >= 3 and y.numel() > 0
    return fit and _is_plain(y_pred) and _is_plain(y)


def _in_blocks(
    count: Callable[[_Job], np.ndarray[Any, Any] | None], jobs: list[_Job], like: torch.Tensor
) -> torch.Tensor | None:
    """Return float64 [B, C, 3], the sums of what is counted in blocks; None if one is None."""
    counts = np.zeros((*like.shape[:2], 3))
    threads = min(as_threads("auto"), len(jobs)) if like.numel() >= _MANY else 1
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


def _jobs(samples: int, channels: int, *, voxels: int, block: int) -> list[_Job]:
    """Return blocks: a sample, some of its channels, some of their voxels."""
    if voxels <= block:
        step = max(1, block // voxels)
        parts = [(slice(c, c + step), slice(0, voxels)) for c in range(0, channels, step)]
    else:
        parts = [
            (slice(c, c + 1), slice(s, s + block))
            for c in range(channels)
            for s in range(0, voxels, block)
        ]
    return [(b, *part) for b in range(samples) for part in parts]


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
