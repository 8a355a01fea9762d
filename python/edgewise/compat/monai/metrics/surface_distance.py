"""Drop-in for ``monai.metrics.surface_distance``: the mean distance of boundaries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from edgewise.compat.monai._boundaries import opened, warn_of_empties

from .metric import ReducedMetric, require_axes
from .utils import create_ignore_mask

if TYPE_CHECKING:
    from edgewise.metrics.distance_list import ListPair

__all__ = ["SurfaceDistanceMetric", "compute_average_surface_distance"]


class SurfaceDistanceMetric(ReducedMetric):
    """Mean distances of batches, see `compute_average_surface_distance`.

    The metric is called with ``spacing=`` if elements are not of size 1. With `ignore_index` the
    voxels that `create_ignore_mask` leaves out are background in both masks: where they cut a
    structure, it has a boundary, unless `corrected` is set.
    """

    def __init__(
        self,
        include_background: bool = False,
        symmetric: bool = False,
        distance_metric: str = "euclidean",
        reduction: Any = "mean",
        get_not_nans: bool = False,
        ignore_index: int | None = None,
        *,
        corrected: bool = False,
    ) -> None:
        super().__init__(reduction, get_not_nans, corrected)
        self.include_background = include_background
        self.symmetric = symmetric
        self.distance_metric = distance_metric
        self.ignore_index = ignore_index

    def _compute_tensor(self, y_pred: torch.Tensor, y: Any = None, **kwargs: Any) -> torch.Tensor:
        require_axes(y_pred, 3)
        mask = create_ignore_mask(y, self.ignore_index)
        if mask is not None and not self.corrected:
            y_pred, y = y_pred * mask, y * mask
        return _means(
            y_pred,
            y,
            self.include_background,
            self.symmetric,
            self.distance_metric,
            kwargs.get("spacing"),
            self.ignore_index,
            mask == 0 if mask is not None and self.corrected else None,
        )


def compute_average_surface_distance(
    y_pred: Any,
    y: Any,
    include_background: bool = False,
    symmetric: bool = False,
    distance_metric: str = "euclidean",
    spacing: Any = None,
    ignore_index: int | None = None,
) -> torch.Tensor:
    """Return the mean distance of the boundary elements of every sample and channel.

    Parameters
    ----------
    y_pred, y : Tensor or array [B, C, spatial...]
        Foreground is 1, everything else is background.
    include_background : bool, default False
        Whether the first of several channels counts.
    symmetric : bool, default False
        Whether the distances of both directions count, together; else those from `y_pred` to `y`.
    distance_metric : {"euclidean", "chessboard", "taxicab"}
        The last two count elements.
    spacing : number, sequence of numbers, sequence of sequences, optional
        For all, per axis, or per axis of every sample. Default: 1.
    ignore_index : int, optional
        The class whose empty masks are not warned of.

    Returns
    -------
    Tensor of float32 [B, C]
        In units of `spacing`. One mask empty: inf; both: NaN.

    Raises
    ------
    ValueError
        If the shapes differ, there is no such metric, or the spacing does not fit.
    """
    return _means(
        y_pred, y, include_background, symmetric, distance_metric, spacing, ignore_index, None
    )


def _means(
    y_pred: Any,
    y: Any,
    include_background: bool,
    symmetric: bool,
    distance_metric: str,
    spacing: Any,
    ignore_index: int | None,
    ignored: Any,
) -> torch.Tensor:
    pairs = opened(
        y_pred,
        y,
        spacing,
        include_background=include_background,
        distance_metric=distance_metric,
        ignored=ignored,
    )
    first = 0 if include_background else 1
    warn_of_empties(pairs.lists, pairs.shape[1], first, ignore_index, stacklevel=4)
    values = np.array([_mean(one, symmetric=symmetric) for one in pairs.lists], np.float32)
    return torch.from_numpy(values.reshape(pairs.shape)).to(pairs.device)


def _mean(pair: ListPair, *, symmetric: bool) -> float:
    if pair.has_empty:
        return math.nan if pair.are_empty else math.inf
    return pair.pooled_mean() if symmetric else pair.pred_to_ref.mean()
