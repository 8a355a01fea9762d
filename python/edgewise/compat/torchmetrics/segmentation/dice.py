"""``torchmetrics.segmentation.dice``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgewise._extras import require
from edgewise.compat.torchmetrics.functional.segmentation.dice import (
    _dice_score_compute,
    _dice_score_update,
    _dice_score_validate_args,
    warn_of_micro,
)
from edgewise.compat.torchmetrics.metric import Metric

if TYPE_CHECKING:
    from torch import Tensor

    from edgewise.compat.torchmetrics.arguments import InputFormat
    from edgewise.compat.torchmetrics.functional.segmentation.dice import Average, Level

__all__ = ["DiceScore"]

torch = require("torch", extra="torch")


class DiceScore(Metric):
    """Mean Dice coefficient of many samples, or the one of all their counts.

    Parameters
    ----------
    num_classes, include_background, average, aggregation_level, input_format
        As in `dice_score`.
    **kwargs
        Options of `Metric`.
    """

    plot_lower_bound = 0.0
    plot_upper_bound = 1.0

    numerator: list[Tensor]
    denominator: list[Tensor]
    support: list[Tensor]

    def __init__(
        self,
        num_classes: int,
        include_background: bool = True,
        average: Average = "macro",
        aggregation_level: Level = "samplewise",
        input_format: InputFormat = "one-hot",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        warn_of_micro(average, "DiceScore")
        _dice_score_validate_args(
            num_classes, include_background, average, input_format, aggregation_level
        )
        self.num_classes = num_classes
        self.include_background = include_background
        self.average = average
        self.aggregation_level = aggregation_level
        self.input_format = input_format
        for name in ("numerator", "denominator", "support"):
            self.add_state(name, [], dist_reduce_fx="cat")

    def _add(self, preds: Tensor, target: Tensor) -> None:
        found = _dice_score_update(
            preds, target, self.num_classes, self.include_background, self.input_format
        )
        for state, batch in zip(self.metric_state.values(), found, strict=True):
            state.append(batch)

    def _result(self) -> Tensor:
        if not self.numerator:
            message = "no samples were given"
            raise ValueError(message)
        support = torch.cat(self.support) if self.average == "weighted" else None
        counts = torch.cat(self.numerator), torch.cat(self.denominator)
        found = _dice_score_compute(*counts, self.average, self.aggregation_level, support)
        return found.nanmean(dim=0)
