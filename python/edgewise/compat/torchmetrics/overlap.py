"""How many elements the masks of a batch hold and share: what every ratio here is made of."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from edgewise._arguments import as_threads
from edgewise._extras import require
from edgewise.metrics.batches import count_batch
from edgewise.metrics.joint import joint_histogram

from .masks import masks_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from .arguments import InputFormat
    from .masks import Masks

__all__ = ["Overlap", "as_mask", "overlap"]

torch = require("torch", extra="torch")

# elements that torch sums as fast, by type: all but bool are converted first
_LITTLE: Final = {torch.bool: 1 << 12, torch.uint8: 1 << 17, torch.int8: 1 << 17}
_LITTLE_WIDE: Final = 1 << 19
_LITTLE_IMAGE: Final = 1 << 14  # elements of a sample that are not worth a call of their own
_BLOCK: Final = 1 << 15  # values at a time: they stay in the cache
_LITTLE_PIECE: Final = 1 << 15  # elements that are not worth a second thread


class Overlap(NamedTuple):
    """Sums over the elements of each sample and class, int64 ``[N, C]``."""

    both: Tensor
    target: Tensor
    preds: Tensor


def overlap(
    preds: Tensor,
    target: Tensor,
    num_classes: int | None,
    input_format: InputFormat,
    *,
    include_background: bool,
    bitwise: bool = False,
) -> Overlap:
    """Sum the masks of a batch, and what they share.

    Parameters
    ----------
    preds, target, num_classes, input_format
        As in `masks_of`.
    include_background : bool
        Whether class 0 is kept.
    bitwise : bool, default False
        Of integers other than 0 and 1: whether the shared part is ``preds & target`` instead of
        their product.
    """
    first, second = masks_of(preds, target, num_classes, input_format)
    numbered = first.classes is not None and first.classes == second.classes
    if numbered and _on_cpu(first.values, second.values):
        return _of_numbers(first, second, include_background=include_background)
    one = first.spread(background=include_background)
    other = second.spread(background=include_background)
    if one.shape == other.shape and _on_cpu(one, other) and _are_many(one, other):
        masks = as_mask(other), as_mask(one)
        if masks[0] is not None and masks[1] is not None:
            return _of_masks(masks[0], masks[1])
    axes = list(range(2, other.dim()))
    both = (operator.and_ if bitwise else operator.mul)(one, other)
    return Overlap(*(torch.sum(values, dim=axes) for values in (both, other, one)))


def _on_cpu(*tensors: Tensor) -> bool:
    return all(tensor.device.type == "cpu" for tensor in tensors)


def _are_many(*sides: Tensor) -> bool:
    return all(side.numel() >= _LITTLE.get(side.dtype, _LITTLE_WIDE) for side in sides)


def as_mask(values: Tensor) -> NDArray[np.bool_] | None:
    """Return a mask; None if the values are not all 0 and 1."""
    if values.dtype == torch.bool:
        return np.asarray(values.numpy())
    if values.dtype.is_complex:
        return None
    array = values.numpy()
    order = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
    flat = array.transpose(order).reshape(-1)  # in the order of the memory
    unsigned = flat.view(flat.dtype.str.replace("i", "u"))
    mask = np.empty(flat.size, np.bool_)
    for start in range(0, flat.size, _BLOCK):
        part = unsigned[start : start + _BLOCK]
        if int(part.max()) > 1:
            return None
        np.not_equal(part, 0, out=mask[start : start + _BLOCK])
    shape = [array.shape[axis] for axis in order]
    return mask.reshape(shape).transpose(np.argsort(order))


def _of_masks(target: NDArray[np.bool_], preds: NDArray[np.bool_]) -> Overlap:
    samples, classes = target.shape[:2]
    flat = (samples * classes, -1)
    counts = count_batch(target.reshape(flat), preds.reshape(flat))
    table = torch.from_numpy(counts.reshape(samples, classes, 3))
    return Overlap(*(table[..., k].contiguous() for k in range(3)))


def _of_numbers(first: Masks, second: Masks, *, include_background: bool) -> Overlap:
    """Count class numbers; nothing of the size of all masks is made."""
    classes = second.classes or 0
    samples = len(second.values)
    flat = (samples, -1) if samples else (0, 0)
    rows = second.values.numpy().reshape(flat)
    columns = first.values.numpy().reshape(flat)
    if rows.shape[1] < _LITTLE_IMAGE:
        counts = _counted_at_once(rows, columns, classes)
    else:
        counts = _counted_one_by_one(rows, columns, classes)
    if not include_background and classes > 1:
        counts = counts[:, :, 1:]
    return Overlap(*(torch.from_numpy(np.ascontiguousarray(count)) for count in counts))


def _counted_at_once(
    rows: NDArray[np.integer], columns: NDArray[np.integer], classes: int
) -> NDArray[np.int64]:
    samples = len(rows)
    offsets = np.arange(samples)[:, np.newaxis] * classes
    target, preds = rows + offsets, columns + offsets
    found = [
        np.bincount(numbers.ravel(), minlength=samples * classes)
        for numbers in (target[target == preds], target, preds)
    ]
    return np.stack(found).reshape(3, samples, classes)


def _counted_one_by_one(
    rows: NDArray[np.integer], columns: NDArray[np.integer], classes: int
) -> NDArray[np.int64]:
    counts = np.zeros((3, len(rows), classes), np.int64)
    threads = 1 if rows.shape[1] < _LITTLE_PIECE else as_threads("auto")
    for sample, (row, column) in enumerate(zip(rows, columns, strict=True)):
        table = joint_histogram(row, column, None, threads)
        for number, n in table.rows.items():
            counts[0, sample, number] = table.joint.get((number, number), 0)
            counts[1, sample, number] = n
        for number, n in table.columns.items():
            counts[2, sample, number] = n
    return counts
