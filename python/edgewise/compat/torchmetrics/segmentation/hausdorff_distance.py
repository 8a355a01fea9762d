"""``torchmetrics.segmentation.hausdorff_distance``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgewise._extras import require
from edgewise.compat.torchmetrics.functional.segmentation.hausdorff_distance import (
    _hausdorff_distance_validate_args,
    hausdorff_distance,
)
from edgewise.compat.torchmetrics.metric import Metric

if TYPE_CHECKING:
    from torch import Tensor

    from edgewise.compat.torchmetrics.arguments import InputFormat
    from edgewise.compat.torchmetrics.functional.segmentation.hausdorff_distance import (
        DistanceMetric,
    )

__all__ = ["HausdorffDistance"]

torch = require("torch", extra="torch")


class HausdorffDistance(Metric):
    """Mean Hausdorff distance of many pairs of masks.

    Parameters
    ----------
    num_classes, include_background, distance_metric, spacing, directed, input_format
        As in `hausdorff_distance`.
    corrected : bool, default False
        As in `hausdorff_distance`; pairs of empty masks then do not count.
    **kwargs
        Options of `Metric`.
    """

    is_differentiable = True
    higher_is_better = False
    plot_lower_bound = 0.0

    score: Tensor
    total: Tensor

    def __init__(
        self,
        num_classes: int,
        include_background: bool = False,
        distance_metric: DistanceMetric = "euclidean",
        spacing: Tensor | list[float] | None = None,
        directed: bool = False,
        input_format: InputFormat = "one-hot",
        *,
        corrected: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _hausdorff_distance_validate_args(
            num_classes, include_background, distance_metric, spacing, directed, input_format
        )
        self.num_classes = num_classes
        self.include_background = include_background
        self.distance_metric = distance_metric
        self.spacing = spacing
        self.directed = directed
        self.input_format = input_format
        self.corrected = corrected
        self.add_state("score", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("total", torch.tensor(0), dist_reduce_fx="sum")

    def _add(self, preds: Tensor, target: Tensor) -> None:
        found = hausdorff_distance(
            preds,
            target,
            self.num_classes,
            include_background=self.include_background,
            distance_metric=self.distance_metric,
            spacing=self.spacing,
            directed=self.directed,
            input_format=self.input_format,
            corrected=self.corrected,
        )
        if self.corrected:
            found = found[~found.isnan()]
        self.score += found.sum()
        self.total += found.numel()

    def _result(self) -> Tensor:
        return self.score / self.total
