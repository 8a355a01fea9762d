"""``torchmetrics.functional.segmentation.mean_iou``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewise.compat.torchmetrics.arguments import check_flag, check_word
from edgewise.compat.torchmetrics.overlap import overlap
from edgewise.compat.torchmetrics.ratio import ratio

if TYPE_CHECKING:
    from torch import Tensor

    from edgewise.compat.torchmetrics.arguments import InputFormat

__all__ = ["mean_iou"]


def mean_iou(
    preds: Tensor,
    target: Tensor,
    num_classes: int | None = None,
    include_background: bool = True,
    per_class: bool = False,
    input_format: InputFormat = "one-hot",
) -> Tensor:
    """Return the intersection over union of every sample.

    Parameters
    ----------
    preds, target, include_background, input_format
        As in `dice_score`.
    num_classes : int, optional
        Needed for class numbers. Default: the length of the axis of classes.
    per_class : bool, default False
        Whether classes are kept apart.

    Returns
    -------
    Tensor
        float32 ``[N]``, the mean of the classes that occur in either mask, NaN if none does; or
        ``[N, C]`` with `per_class`, -1 for classes that occur in neither.

    Raises
    ------
    ValueError
        For unknown words and wrong types of options, and if `num_classes` is needed.
    RuntimeError
        If shapes do not go together or a class is out of range.
    """
    _mean_iou_validate_args(num_classes, include_background, per_class, input_format)
    both, union = _mean_iou_update(preds, target, num_classes, include_background, input_format)
    scores = _mean_iou_compute(both, union, zero_division="nan")
    if per_class:
        return scores.nan_to_num(-1.0)
    return scores.nansum(dim=-1) / (union > 0).sum(dim=-1)


def _mean_iou_validate_args(
    num_classes: int | None,
    include_background: bool,
    per_class: bool,
    input_format: InputFormat = "one-hot",
) -> None:
    if input_format == "index" and num_classes is None:
        message = 'num_classes is missing, which input_format="index" needs'
        raise ValueError(message)
    if num_classes is not None and num_classes <= 0:
        message = f"num_classes must be positive, got {num_classes!r}"
        raise ValueError(message)
    check_flag("include_background", include_background)
    check_flag("per_class", per_class)
    check_word("input_format", input_format)


def _mean_iou_update(
    preds: Tensor,
    target: Tensor,
    num_classes: int | None = None,
    include_background: bool = False,
    input_format: InputFormat = "one-hot",
) -> tuple[Tensor, Tensor]:
    """Return the elements in both masks and those in either, ``[N, C]``."""
    if input_format != "one-hot":
        preds, target = _with_samples(preds), _with_samples(target)
    found = overlap(
        preds,
        target,
        num_classes,
        input_format,
        include_background=include_background,
        bitwise=True,
    )
    return found.both, found.target + found.preds - found.both


def _with_samples(tensor: Tensor) -> Tensor:
    """Return a line or an image as a batch of one."""
    if tensor.dim() == 1:
        return tensor[None, None]
    return tensor[None] if tensor.dim() == 2 else tensor


def _mean_iou_compute(intersection: Tensor, union: Tensor, zero_division: float | str) -> Tensor:
    """Return the ratios; `zero_division` where the union is empty, NaN if it is a word."""
    undefined = None if isinstance(zero_division, str) else zero_division
    return ratio(intersection, union, undefined=undefined)
