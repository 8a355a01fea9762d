"""Drop-in for ``monai.metrics.average_precision``: the mean precision at every positive."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise.compat.monai._curves import averaged, groups_of

from .averaged import AveragedMetric

if TYPE_CHECKING:
    import torch

__all__ = ["AveragePrecisionMetric", "compute_average_precision"]


class AveragePrecisionMetric(AveragedMetric):
    """Average precision of all batches together, see `compute_average_precision`."""

    @staticmethod
    def measure(y_pred: torch.Tensor, y: torch.Tensor, average: Any) -> Any:
        """Return `compute_average_precision`."""
        return compute_average_precision(y_pred, y, average)


def compute_average_precision(y_pred: torch.Tensor, y: torch.Tensor, average: Any = "macro") -> Any:
    """Return the average precision: precision at each value, weighted with the positives there.

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
    return averaged(y_pred, y, average, _precision)


def _precision(y_pred: torch.Tensor, y: torch.Tensor) -> Any:
    groups = groups_of(y_pred, y, descending=True)
    if groups is None:
        return math.nan
    positives, negatives, kind = groups
    found = positives.cumsum().astype(kind)
    seen = (positives + negatives).cumsum()
    # in the type of the labels, one after the other, as MONAI adds
    parts = positives.astype(kind) * found / seen.astype(kind)
    return np.add.accumulate(parts)[-1] / found[-1]
