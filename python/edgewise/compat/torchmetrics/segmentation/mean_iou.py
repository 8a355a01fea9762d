"""``torchmetrics.segmentation.mean_iou``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgewise._extras import require
from edgewise.compat.torchmetrics.arguments import classes_of
from edgewise.compat.torchmetrics.functional.segmentation.mean_iou import (
    _mean_iou_compute,
    _mean_iou_update,
    _mean_iou_validate_args,
)
from edgewise.compat.torchmetrics.metric import Metric

if TYPE_CHECKING:
    from torch import Tensor

    from edgewise.compat.torchmetrics.arguments import InputFormat

__all__ = ["MeanIoU"]

torch = require("torch", extra="torch")


class MeanIoU(Metric):
    """Mean intersection over union of many samples and the classes that occur in them.

    Parameters
    ----------
    num_classes, include_background, per_class, input_format
        As in `mean_iou`.
    **kwargs
        Options of `Metric`.
    """

    plot_lower_bound = 0.0
    plot_upper_bound = 1.0

    score: Tensor
    num_batches: Tensor

    def __init__(
        self,
        num_classes: int | None = None,
        include_background: bool = True,
        per_class: bool = False,
        input_format: InputFormat = "one-hot",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _mean_iou_validate_args(num_classes, include_background, per_class, input_format)
        self.num_classes = num_classes
        self.include_background = include_background
        self.per_class = per_class
        self.input_format = input_format
        self._is_initialized = num_classes is not None
        kept = 1 if num_classes is None else num_classes if include_background else num_classes - 1
        self.add_state("score", torch.zeros(kept if per_class else 1), dist_reduce_fx="sum")
        self.add_state("num_batches", torch.zeros(kept), dist_reduce_fx="sum")

    def _add(self, preds: Tensor, target: Tensor) -> None:
        if not self._is_initialized:
            self._know_classes(preds, target)
        both, union = _mean_iou_update(
            preds, target, self.num_classes, self.include_background, self.input_format
        )
        scores = _mean_iou_compute(both, union, zero_division=0.0)
        occurs = union > 0
        if self.per_class:
            self.score += (scores * occurs).sum(dim=0)
            self.num_batches += occurs.sum(dim=0)
        else:
            self.score += (scores * occurs).sum()
            self.num_batches += occurs.sum()

    def _know_classes(self, preds: Tensor, target: Tensor) -> None:
        """Take the number of classes from the first batch."""
        if self.input_format == "mixed" and abs(preds.dim() - target.dim()) != 1:
            message = "with input_format='mixed' one side has an axis of classes, the other has not"
            raise ValueError(message)
        spread = self.input_format == "one-hot" or preds.dim() > target.dim()
        self.num_classes = classes_of(preds if spread else target, None)
        kept = self.num_classes if self.include_background else self.num_classes - 1
        like = {"device": self.device}
        score = torch.zeros(kept, dtype=self.dtype, **like)
        self.add_state("score", score, dist_reduce_fx="sum")
        count = torch.zeros(kept, dtype=torch.int32, **like)
        self.add_state("num_batches", count, dist_reduce_fx="sum")
        self._is_initialized = True

    def _result(self) -> Tensor:
        scores = self.score / self.num_batches
        return scores.nan_to_num(-1.0) if self.per_class else scores.nanmean()
