"""``torchmetrics.functional.segmentation.generalized_dice``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from edgewise._extras import require
from edgewise.compat.torchmetrics.arguments import check_flag, check_num_classes, check_word
from edgewise.compat.torchmetrics.overlap import overlap
from edgewise.compat.torchmetrics.ratio import ratio

if TYPE_CHECKING:
    from torch import Tensor

    from edgewise.compat.torchmetrics.arguments import InputFormat

__all__ = ["generalized_dice_score"]

torch = require("torch", extra="torch")

Weights: TypeAlias = Literal["square", "simple", "linear"]

_WEIGHTS: Final = ("square", "simple", "linear")


def generalized_dice_score(
    preds: Tensor,
    target: Tensor,
    num_classes: int,
    include_background: bool = True,
    per_class: bool = False,
    weight_type: Weights = "square",
    input_format: InputFormat = "one-hot",
    *,
    corrected: bool = False,
) -> Tensor:
    """Return the Dice coefficient with classes weighted by the inverse of their size.

    Parameters
    ----------
    preds, target, num_classes, include_background, input_format
        As in `dice_score`.
    per_class : bool, default False
        Whether classes are kept apart.
    weight_type : {"square", "simple", "linear"}, default "square"
        1 over the square of the target's size, 1 over its size, 1. A class that a sample's target
        lacks gets the largest weight that some class has in the batch, 0 if that one has none.
    corrected : bool, default False
        Takes the largest weight of the class itself. The other way it is class
        ``(n * C + c) // N`` that gives its weight to class c of sample n.

    Returns
    -------
    Tensor
        float32 ``[N]``, or ``[N, C]`` with `per_class`; 0 where nothing is weighed.

    Raises
    ------
    ValueError
        For unknown words and wrong types of options.
    RuntimeError
        If shapes do not go together or a class is out of range.
    """
    _generalized_dice_validate_args(
        num_classes, include_background, per_class, weight_type, input_format
    )
    numerator, denominator = _generalized_dice_update(
        preds,
        target,
        num_classes,
        include_background,
        weight_type,
        input_format,
        corrected=corrected,
    )
    return _generalized_dice_compute(numerator, denominator, per_class)


def _generalized_dice_validate_args(
    num_classes: int,
    include_background: bool,
    per_class: bool,
    weight_type: Weights,
    input_format: InputFormat,
) -> None:
    check_num_classes(num_classes)
    check_flag("include_background", include_background)
    check_flag("per_class", per_class)
    check_word("weight_type", weight_type, _WEIGHTS)
    check_word("input_format", input_format)


def _generalized_dice_update(
    preds: Tensor,
    target: Tensor,
    num_classes: int,
    include_background: bool,
    weight_type: Weights = "square",
    input_format: InputFormat = "one-hot",
    *,
    corrected: bool = False,
) -> tuple[Tensor, Tensor]:
    """Return the weighted shared elements, twice, and the weighted elements of both."""
    found = overlap(preds, target, num_classes, input_format, include_background=include_background)
    check_word("weight_type", weight_type, _WEIGHTS)
    weights = _weights(found.target, weight_type, corrected=corrected)
    return 2.0 * found.both * weights, (found.target + found.preds) * weights


def _weights(sizes: Tensor, weight_type: Weights, *, corrected: bool) -> Tensor:
    if weight_type == "linear":
        weights = torch.ones_like(sizes)
    else:
        weights = 1.0 / (sizes**2 if weight_type == "square" else sizes)
    absent = torch.isinf(weights)
    weights = torch.where(absent, torch.zeros_like(weights), weights)
    largest = weights.max(dim=0).values.expand_as(weights)
    if not corrected:  # listed class by class, and read sample by sample
        largest = largest.T.reshape(largest.shape)
    return torch.where(absent, largest, weights)


def _generalized_dice_compute(
    numerator: Tensor, denominator: Tensor, per_class: bool = True
) -> Tensor:
    """Return the ratios, over all classes together unless `per_class`."""
    if not per_class:
        numerator, denominator = numerator.sum(dim=1), denominator.sum(dim=1)
    return ratio(numerator, denominator, undefined=0.0)
