"""``torchmetrics.functional.segmentation.dice``."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from edgewise._extras import require
from edgewise.compat.torchmetrics.arguments import check_flag, check_num_classes, check_word
from edgewise.compat.torchmetrics.overlap import overlap
from edgewise.compat.torchmetrics.ratio import ratio

if TYPE_CHECKING:
    from torch import Tensor

    from edgewise.compat.torchmetrics.arguments import InputFormat

__all__ = ["dice_score"]

torch = require("torch", extra="torch")

Average: TypeAlias = Literal["micro", "macro", "weighted", "none"] | None
Level: TypeAlias = Literal["samplewise", "global"]

_AVERAGES: Final = ("micro", "macro", "weighted", "none", None)
_LEVELS: Final = ("samplewise", "global")


def dice_score(
    preds: Tensor,
    target: Tensor,
    num_classes: int,
    include_background: bool = True,
    average: Average = "macro",
    input_format: InputFormat = "one-hot",
    aggregation_level: Level = "samplewise",
) -> Tensor:
    """Return the Dice coefficient of every sample.

    Parameters
    ----------
    preds, target : Tensor
        Masks ``[N, C, ...]`` (integers or bool; of floating numbers the largest is the class), or
        class numbers ``[N, ...]`` (int64).
    num_classes : int
        Number of classes.
    include_background : bool, default True
        Whether class 0 counts.
    average : {"macro", "micro", "weighted", "none", None}, default "macro"
        Mean over the classes that occur; of their counts; weighted by the target's size; none.
    input_format : {"one-hot", "index", "mixed"}, default "one-hot"
        Both sides are masks, both are class numbers, or one of each.
    aggregation_level : {"samplewise", "global"}, default "samplewise"
        Per sample, or one value of all samples' counts.

    Returns
    -------
    Tensor
        float32 ``[N]``, with ``average="none"`` ``[N, C]``; N is 1 for ``"global"``. NaN where
        both masks are empty.

    Raises
    ------
    ValueError
        For unknown words and wrong types of options.
    RuntimeError
        If shapes do not go together or a class is out of range.
    """
    warn_of_micro(average, "dice_score")
    _dice_score_validate_args(
        num_classes, include_background, average, input_format, aggregation_level
    )
    numerator, denominator, support = _dice_score_update(
        preds, target, num_classes, include_background, input_format
    )
    return _dice_score_compute(numerator, denominator, average, aggregation_level, support)


def warn_of_micro(average: object, name: str) -> None:
    """Warn as torchmetrics does, once per machine, when micro averages are asked for."""
    if average == "micro" and int(os.environ.get("LOCAL_RANK", "0")) == 0:
        message = f"{name} averages over classes (macro) unless told otherwise; here micro is used"
        warnings.warn(message, UserWarning, stacklevel=3)


def _dice_score_validate_args(
    num_classes: int,
    include_background: bool,
    average: Average = "micro",
    input_format: InputFormat = "one-hot",
    aggregation_level: Level = "samplewise",
) -> None:
    check_num_classes(num_classes)
    check_flag("include_background", include_background)
    check_word("average", average, _AVERAGES)
    check_word("input_format", input_format)
    check_word("aggregation_level", aggregation_level, _LEVELS)


def _dice_score_update(
    preds: Tensor,
    target: Tensor,
    num_classes: int,
    include_background: bool,
    input_format: InputFormat = "one-hot",
) -> tuple[Tensor, Tensor, Tensor]:
    """Return twice the shared elements, the elements of both, and those of the target."""
    found = overlap(preds, target, num_classes, input_format, include_background=include_background)
    return 2 * found.both, found.preds + found.target, found.target


def _dice_score_compute(
    numerator: Tensor,
    denominator: Tensor,
    average: Average = "micro",
    aggregation_level: Level = "samplewise",
    support: Tensor | None = None,
) -> Tensor:
    """Return the ratios of counts ``[N, C]``, averaged."""
    if aggregation_level == "global":
        numerator, denominator = (n.sum(dim=0, keepdim=True) for n in (numerator, denominator))
        support = None if support is None else support.sum(dim=0)
    if average == "micro":
        return ratio(numerator.sum(dim=-1), denominator.sum(dim=-1))
    dice = ratio(numerator, denominator)
    if average == "macro":
        return torch.nanmean(dice, dim=-1)
    if average != "weighted":
        check_word("average", average, _AVERAGES)
        return dice
    if not isinstance(support, torch.Tensor):
        message = f"weighted averages need the support as a tensor, got {type(support).__name__}"
        raise ValueError(message)
    weights = ratio(support, support.sum(dim=-1, keepdim=True))
    nothing = dice.isnan().all(dim=-1)
    mean = torch.nansum(dice * weights, dim=-1)
    mean[nothing] = torch.nan
    return mean
