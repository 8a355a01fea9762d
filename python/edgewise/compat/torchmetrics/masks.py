"""The masks of a batch: one per sample and class, from masks, from scores or from class numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from edgewise._extras import require

from .arguments import check_shapes, classes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from .arguments import InputFormat

__all__ = ["Masks", "masks_of"]

torch = require("torch", extra="torch")

_LITTLE: Final = 1 << 12  # scores that torch looks through as fast
_BLOCK: Final = 1 << 16  # scores of one class at a time: they stay in the cache
_BYTE: Final = 256


class Masks(NamedTuple):
    """Masks of N samples and C classes, written in one of two ways.

    Attributes
    ----------
    values : Tensor
        ``[N, C, ...]``, an integer or bool per mask; or ``[N, ...]``, the number of a class.
    classes : int, optional
        Number of classes of class numbers; None: `values` has an axis of classes.
    """

    values: Tensor
    classes: int | None = None

    @property
    def ndim(self) -> int:
        """Number of axes with the axis of classes."""
        return int(self.values.dim()) + (self.classes is not None)

    def spread(self, *, background: bool) -> Tensor:
        """Return the values with an axis of classes; without class 0 unless `background`.

        As in torchmetrics a single class stays.
        """
        values = self.values
        if self.classes is not None:
            numbers = torch.arange(self.classes, device=values.device, dtype=values.dtype)
            values = values.unsqueeze(1) == numbers.view(-1, *[1] * (values.dim() - 1))
        return values[:, 1:] if not background and values.shape[1] > 1 else values


def masks_of(
    preds: Tensor, target: Tensor, num_classes: int | None, input_format: InputFormat
) -> tuple[Masks, Masks]:
    """Return the masks of both sides.

    Parameters
    ----------
    preds, target : Tensor
        Of a side with an axis of classes: integers are masks, floating numbers are scores of
        which the largest is the class. Of a side without: class numbers, int64.
    num_classes : int, optional
        Default: the length of the axis of classes.
    input_format : {"one-hot", "index", "mixed"}
        Both sides have an axis of classes, neither has, one has.

    Raises
    ------
    RuntimeError
        If the shapes do not go together or a class is not below `num_classes`.
    ValueError
        If `num_classes` is missing, or there is no axis besides samples and classes.
    """
    check_shapes(preds, target, input_format)
    if input_format == "index" and num_classes is None:
        message = "num_classes is missing, and class numbers do not tell it"
        raise ValueError(message)
    spread_first = input_format == "one-hot" or preds.dim() > target.dim()
    spread_second = input_format == "one-hot" or preds.dim() < target.dim()
    if num_classes is None:
        num_classes = classes_of(preds if spread_first else target, None)
    first = _side(preds, num_classes, spread=spread_first)
    second = _side(target, num_classes, spread=spread_second)
    if first.ndim < 3:
        message = f"preds and target need an axis besides samples and classes, got {preds.dim()}"
        raise ValueError(message)
    return first, second


def _side(tensor: Tensor, num_classes: int, *, spread: bool) -> Masks:
    if tensor.requires_grad:
        tensor = tensor.detach()
    if not spread:
        return Masks(_class_numbers(tensor, num_classes), num_classes)
    if not torch.is_floating_point(tensor):
        return Masks(tensor)
    return Masks(_chosen(tensor, num_classes), num_classes)


def _class_numbers(tensor: Tensor, num_classes: int) -> Tensor:
    """Return the tensor if it holds numbers of classes."""
    if not isinstance(num_classes, int) or isinstance(num_classes, bool):
        message = f"num_classes must be an integer, got {num_classes!r}"
        raise TypeError(message)
    if tensor.dtype != torch.int64:
        message = f"class numbers must be int64, got {tensor.dtype}"
        raise RuntimeError(message)
    highest = _highest(tensor)
    if highest >= num_classes:
        message = f"class numbers must be 0 to {num_classes - 1}, found others"
        raise RuntimeError(message)
    return tensor


def _highest(numbers: Tensor) -> int:
    """Return the largest number; a negative one counts as very large."""
    if not numbers.numel():
        return -1
    if numbers.device.type == "cpu":  # as unsigned numbers the negative ones are the largest
        return int(numbers.numpy().view(np.uint64).max())
    low, high = (int(bound) for bound in torch.aminmax(numbers))
    return high if low >= 0 else 2**64 + low


def _chosen(scores: Tensor, num_classes: int) -> Tensor:
    """Return the class with the largest score: the first of equals, or the first NaN."""
    classes = scores.shape[1] if scores.dim() > 1 else 0
    plain = scores.device.type == "cpu" and scores.is_contiguous() and 1 < classes <= _BYTE
    if not plain or scores.numel() < _LITTLE:
        return _class_numbers(scores.argmax(dim=1), num_classes)
    if scores.dtype not in (torch.float32, torch.float64):
        scores = scores.float()
    array = scores.numpy().reshape(len(scores), classes, -1)
    found = np.zeros((len(array), array.shape[2]), np.uint8)
    for sample, row in zip(array, found, strict=True):
        for start in range(0, row.size, _BLOCK):
            _choose(sample[:, start : start + _BLOCK], row[start : start + _BLOCK])
    shape = (len(scores), *scores.shape[2:])
    numbers = torch.from_numpy(found).reshape(shape)
    if classes > num_classes:
        return _class_numbers(numbers.long(), num_classes)
    return numbers


def _choose(scores: NDArray[np.floating], chosen: NDArray[np.uint8]) -> None:
    """Write the class with the largest score, `scores` having one row per class."""
    best = scores[0].copy()
    better = np.empty(best.shape, np.bool_)
    for number in range(1, len(scores)):
        np.greater(scores[number], best, out=better)
        np.maximum(best, scores[number], out=best)  # a NaN stays
        np.maximum(chosen, better.view(np.uint8) * np.uint8(number), out=chosen)
    if np.isnan(best.max()):
        chosen[:] = torch.from_numpy(np.ascontiguousarray(scores)).argmax(dim=0).numpy()
