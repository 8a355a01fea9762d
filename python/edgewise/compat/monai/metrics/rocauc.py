"""Drop-in for ``monai.metrics.rocauc``: the area under the ROC curve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise.compat.monai._curves import averaged, groups_of

from .averaged import AveragedMetric

if TYPE_CHECKING:
    import torch

__all__ = ["ROCAUCMetric", "compute_roc_auc"]


class ROCAUCMetric(AveragedMetric):
    """Area under the ROC curve of all batches together, see `compute_roc_auc`."""

    @staticmethod
    def measure(y_pred: torch.Tensor, y: torch.Tensor, average: Any) -> Any:
        """Return `compute_roc_auc`."""
        return compute_roc_auc(y_pred, y, average)


def compute_roc_auc(y_pred: torch.Tensor, y: torch.Tensor, average: Any = "macro") -> Any:
    """Return the area under the ROC curve: how often a positive has the larger value; ties half.

    Parameters
    ----------
    y_pred : Tensor [B] or [B, classes]
    y : Tensor of 0 and 1, one shape
    average : {"macro", "weighted", "micro", "none"}
        As in `averaged`.

    Returns
    -------
    float, numpy number, or list of them with "none"
        NaN, with a warning, where labels are all the same or others than 0 and 1.

    Raises
    ------
    ValueError
        If the shapes do not fit or there is no such average.
    AssertionError
        If vectors have different lengths.
    """
    return averaged(y_pred, y, average, _area)


def _area(y_pred: torch.Tensor, y: torch.Tensor) -> Any:
    groups = groups_of(y_pred, y, descending=False)
    if groups is None:
        return math.nan
    positives, negatives, kind = groups
    below = negatives.cumsum()
    parts = positives * (below - negatives / 2)
    pairs = int(below[-1]) * int(positives.sum())
    tied = positives + negatives > 1
    if not tied.any():
        return float(parts.sum()) / pairs
    # from the first tie on, MONAI adds in the type of the labels
    first = int(np.argmax(tied))
    steps = np.concatenate([[parts[:first].sum()], parts[first:]]).astype(kind)
    count = kind.type(below[-1])
    return np.add.accumulate(steps)[-1] / (count * (len(y) - count))
