"""``torchmetrics.segmentation.generalized_dice``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgewise._extras import require
from edgewise.compat.torchmetrics.functional.segmentation.generalized_dice import (
    _generalized_dice_compute,
    _generalized_dice_update,
    _generalized_dice_validate_args,
)
from edgewise.compat.torchmetrics.metric import Metric

if TYPE_CHECKING:
    from torch import Tensor

    from edgewise.compat.torchmetrics.arguments import InputFormat
    from edgewise.compat.torchmetrics.functional.segmentation.generalized_dice import Weights

__all__ = ["GeneralizedDiceScore"]

torch = require("torch", extra="torch")


class GeneralizedDiceScore(Metric):
    """Mean generalized Dice coefficient of many samples.

    Parameters
    ----------
    num_classes, include_background, per_class, weight_type, input_format, corrected
        As in `generalized_dice_score`.
    **kwargs
        Options of `Metric`.
    """

    plot_lower_bound = 0.0
    plot_upper_bound = 1.0

    score: Tensor
    samples: Tensor

    def __init__(
        self,
        num_classes: int,
        include_background: bool = True,
        per_class: bool = False,
        weight_type: Weights = "square",
        input_format: InputFormat = "one-hot",
        *,
        corrected: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _generalized_dice_validate_args(
            num_classes, include_background, per_class, weight_type, input_format
        )
        self.num_classes = num_classes
        self.include_background = include_background
        self.per_class = per_class
        self.weight_type = weight_type
        self.input_format = input_format
        self.corrected = corrected
        kept = num_classes if include_background else num_classes - 1
        self.add_state("score", torch.zeros(kept if per_class else 1), dist_reduce_fx="sum")
        self.add_state("samples", torch.zeros(1), dist_reduce_fx="sum")

    def _add(self, preds: Tensor, target: Tensor) -> None:
        numerator, denominator = _generalized_dice_update(
            preds,
            target,
            self.num_classes,
            self.include_background,
            self.weight_type,
            self.input_format,
            corrected=self.corrected,
        )
        scores = _generalized_dice_compute(numerator, denominator, self.per_class)
        self.score += scores.sum(dim=0)
        self.samples += preds.shape[0]

    def _result(self) -> Tensor:
        return self.score / self.samples
