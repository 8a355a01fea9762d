"""Drop-in for ``monai.metrics.hausdorff_distance``: the largest distance, or a percentile."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from edgewise.compat.monai._boundaries import opened, warn_of_empties

from .metric import ReducedMetric, require_axes
from .utils import create_ignore_mask

if TYPE_CHECKING:
    from edgewise.metrics.distance_list import DistanceList, ListPair

__all__ = ["HausdorffDistanceMetric", "compute_hausdorff_distance"]


class HausdorffDistanceMetric(ReducedMetric):
    """Hausdorff distances of batches, see `compute_hausdorff_distance`.

    The metric is called with ``spacing=`` if elements are not of size 1. With `ignore_index` the
    voxels that `create_ignore_mask` leaves out are background in both masks: where they cut a
    structure, it has a boundary, unless `corrected` is set.
    """

    def __init__(
        self,
        include_background: bool = False,
        distance_metric: str = "euclidean",
        percentile: float | None = None,
        directed: bool = False,
        reduction: Any = "mean",
        get_not_nans: bool = False,
        ignore_index: int | None = None,
        *,
        corrected: bool = False,
    ) -> None:
        super().__init__(reduction, get_not_nans, corrected)
        self.include_background = include_background
        self.distance_metric = distance_metric
        self.percentile = percentile
        self.directed = directed
        self.ignore_index = ignore_index

    def _compute_tensor(self, y_pred: torch.Tensor, y: Any = None, **kwargs: Any) -> torch.Tensor:
        require_axes(y_pred, 3)
        mask = create_ignore_mask(y, self.ignore_index)
        if mask is not None and not self.corrected:
            y_pred, y = y_pred * mask, y * mask
        return _distances(
            y_pred,
            y,
            self.include_background,
            self.distance_metric,
            self.percentile,
            self.directed,
            kwargs.get("spacing"),
            self.ignore_index,
            mask == 0 if mask is not None and self.corrected else None,
            corrected=self.corrected,
        )


def compute_hausdorff_distance(
    y_pred: Any,
    y: Any,
    include_background: bool = False,
    distance_metric: str = "euclidean",
    percentile: float | None = None,
    directed: bool = False,
    spacing: Any = None,
    ignore_index: int | None = None,
    *,
    corrected: bool = False,
) -> torch.Tensor:
    """Return the Hausdorff distance of every sample and channel.

    Parameters
    ----------
    y_pred, y : Tensor or array [B, C, spatial...]
        Foreground is 1, everything else is background.
    include_background : bool, default False
        Whether the first of several channels counts.
    distance_metric : {"euclidean", "chessboard", "taxicab"}
        The last two count elements.
    percentile : float, optional
        In [0, 100]: of each direction's distances, of which the larger is taken. None and 0 are
        the maximum.
    directed : bool, default False
        Whether only the distances from `y_pred` to `y` count.
    spacing : number, sequence of numbers, sequence of sequences, optional
        For all, per axis, or per axis of every sample. Default: 1.
    ignore_index : int, optional
        The class whose value is NaN.
    corrected : bool, default False
        Whether a percentile of infinite distances is infinite (MONAI's is NaN, so that a missed
        structure leaves no trace), and the percentile 0 is the smallest distance.

    Returns
    -------
    Tensor of float32 [B, C]
        In units of `spacing`. One mask empty: inf; both: NaN.

    Raises
    ------
    ValueError
        If the shapes differ, there is no such metric or percentile, or the spacing does not fit.
    """
    return _distances(
        y_pred,
        y,
        include_background,
        distance_metric,
        percentile,
        directed,
        spacing,
        ignore_index,
        None,
        corrected=corrected,
    )


def _distances(
    y_pred: Any,
    y: Any,
    include_background: bool,
    distance_metric: str,
    percentile: float | None,
    directed: bool,
    spacing: Any,
    ignore_index: int | None,
    ignored: Any,
    *,
    corrected: bool,
) -> torch.Tensor:
    pairs = opened(
        y_pred,
        y,
        spacing,
        include_background=include_background,
        distance_metric=distance_metric,
        without=ignore_index,
        ignored=ignored,
    )
    first = 0 if include_background else 1
    warn_of_empties(pairs.lists, pairs.shape[1], first, ignore_index, stacklevel=4)
    values = [_hausdorff(one, percentile, directed, corrected) for one in pairs.lists]
    return torch.from_numpy(np.array(values, np.float32).reshape(pairs.shape)).to(pairs.device)


def _hausdorff(pair: ListPair, percentile: float | None, directed: bool, corrected: bool) -> float:
    if pair.are_empty:
        return math.nan
    lists = (pair.pred_to_ref,) if directed else pair
    if not percentile and not (corrected and percentile is not None):
        return math.inf if pair.has_empty else max(one.maximum() for one in lists)
    if not 0 <= percentile <= 100:
        message = f"percentile must lie within 0 and 100, got {percentile}"
        raise ValueError(message)
    if pair.has_empty:
        return math.inf if corrected else math.nan
    return max(_percentile(one, percentile) for one in lists)


def _percentile(distances: DistanceList, percentile: float) -> float:
    """Return the percentile as torch computes it of float32: ranks of a float32 level."""
    cumulated = distances.counts.cumsum()
    n = int(cumulated[-1])
    rank = float(np.float32(percentile / 100)) * (n - 1)
    below = math.floor(rank)
    places = cumulated.searchsorted([below, min(below + 1, n - 1)], side="right")
    low, high = (float(one) for one in distances.distances[places].astype(np.float32))
    share = float(np.float32(rank - below))
    step = float(np.float32(high - low))
    if share < 0.5:
        return low + share * step
    return high + float(np.float32(share - 1.0)) * step
