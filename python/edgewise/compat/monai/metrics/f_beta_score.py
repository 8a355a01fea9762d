"""Drop-in for ``monai.metrics.f_beta_score``: precision and recall in one number."""

from __future__ import annotations

from typing import Any

import torch

from .confusion_matrix import four_counts
from .metric import CumulativeIterationMetric, require_axes
from .utils import do_metric_reduction, ignore_background

__all__ = ["FBetaScore", "compute_f_beta_score", "get_f_beta_score"]


class FBetaScore(CumulativeIterationMetric):
    """F-beta of batches: counts are reduced, then the ratio is made.

    Parameters
    ----------
    beta : float, default 1
        Weight of recall.
    include_background, reduction, get_not_nans
        As in `ConfusionMatrixMetric`.
    corrected : bool, default False
        Whether a mean of nothing is NaN, and truth values are counted as 0 and 1.
    """

    def __init__(
        self,
        beta: float = 1.0,
        include_background: bool = True,
        reduction: Any = "mean",
        get_not_nans: bool = False,
        *,
        corrected: bool = False,
    ) -> None:
        super().__init__()
        self.beta = beta
        self.include_background = include_background
        self.reduction = reduction
        self.get_not_nans = get_not_nans
        self.corrected = corrected

    def _compute_tensor(self, y_pred: torch.Tensor, y: Any = None, **kwargs: Any) -> torch.Tensor:
        require_axes(y_pred, 2)
        return get_f_beta_score(
            y_pred, y, self.include_background, corrected=self.corrected, **kwargs
        )

    def aggregate(
        self,
        compute_sample: bool = False,
        reduction: Any = None,
    ) -> list[Any]:
        """Return a list of the one value, or of the pair of it and how many were not NaN."""
        counts, not_nans = do_metric_reduction(
            self._buffered(), reduction or self.reduction, corrected=self.corrected
        )
        value = compute_f_beta_score(counts, self.beta)
        return [(value, not_nans)] if self.get_not_nans else [value]


def get_f_beta_score(
    y_pred: torch.Tensor,
    y: torch.Tensor,
    include_background: bool = True,
    *,
    corrected: bool = False,
) -> torch.Tensor:
    """Return the four counts of `get_confusion_matrix`; voxels must lie in one piece."""
    if not include_background:
        y_pred, y = ignore_background(y_pred, y)
    if y.shape != y_pred.shape:
        message = f"y_pred has shape {tuple(y_pred.shape)}, y {tuple(y.shape)}"
        raise ValueError(message)
    batches, channels = y_pred.shape[:2]
    y_pred, y = (one.view(batches, channels, -1) for one in (y_pred, y))
    return four_counts(y_pred, y, None, corrected=corrected)


def compute_f_beta_score(confusion_matrix: torch.Tensor, beta: float) -> torch.Tensor:
    """Return F-beta of counts [..., 4]; NaN where there is neither a positive nor a found one."""
    counts = confusion_matrix.unsqueeze(0) if confusion_matrix.ndim == 1 else confusion_matrix
    if counts.shape[-1] != 4:
        message = f"the last axis needs 4 items, got {counts.shape[-1]}"
        raise ValueError(message)
    tp, fp, _, fn = counts.unbind(-1)
    above = (1.0 + beta**2) * tp
    below = above + beta**2 * fn + fp
    return torch.where(below != 0, above / below, torch.tensor(float("nan"), device=tp.device))
