"""Drop-in for ``monai.metrics.surface_dice``: the share of boundaries within a tolerance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from edgewise.compat.monai._boundaries import lists_of, prepared_spacing, warn_of_empties
from edgewise.compat.monai._tensors import as_array, ones_of, rows_of
from edgewise.compat.originals import original

from .metric import ReducedMetric
from .utils import create_ignore_mask, ignore_background

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgewise.metrics.distance_list import DistanceList, ListPair

__all__ = ["SurfaceDiceMetric", "compute_surface_dice"]


class SurfaceDiceMetric(ReducedMetric):
    """Surface Dice of batches, see `compute_surface_dice`.

    The metric is called with ``spacing=`` if elements are not of size 1.
    """

    def __init__(
        self,
        class_thresholds: list[float],
        include_background: bool = False,
        distance_metric: str = "euclidean",
        reduction: Any = "mean",
        get_not_nans: bool = False,
        use_subvoxels: bool = False,
        ignore_index: int | None = None,
        *,
        corrected: bool = False,
    ) -> None:
        super().__init__(reduction, get_not_nans, corrected)
        self.class_thresholds = class_thresholds
        self.include_background = include_background
        self.distance_metric = distance_metric
        self.use_subvoxels = use_subvoxels
        self.ignore_index = ignore_index

    def _compute_tensor(self, y_pred: torch.Tensor, y: Any = None, **kwargs: Any) -> torch.Tensor:
        return compute_surface_dice(
            y_pred,
            y,
            self.class_thresholds,
            include_background=self.include_background,
            distance_metric=self.distance_metric,
            spacing=kwargs.get("spacing"),
            use_subvoxels=self.use_subvoxels,
            ignore_index=self.ignore_index,
            corrected=self.corrected,
        )


def compute_surface_dice(
    y_pred: torch.Tensor,
    y: torch.Tensor,
    class_thresholds: list[float],
    include_background: bool = False,
    distance_metric: str = "euclidean",
    spacing: Any = None,
    use_subvoxels: bool = False,
    ignore_index: int | None = None,
    *,
    corrected: bool = False,
) -> torch.Tensor:
    """Return the share of both boundaries that lies within a tolerance of the other.

    Parameters
    ----------
    y_pred, y : Tensor [B, C, H, W] or [B, C, H, W, D]
        Foreground is 1, everything else is background.
    class_thresholds : list of float
        Tolerance of every class that counts, in units of `spacing`.
    include_background : bool, default False
        Whether the first of several channels counts.
    distance_metric : {"euclidean", "chessboard", "taxicab"}
        The last two count elements.
    spacing : number, sequence of numbers, sequence of sequences, optional
        For all, per axis, or per axis of every sample. Default: 1.
    use_subvoxels : bool, default False
        Whether boundaries are surface elements with lengths or areas; else boundary elements count
        1. Needs a spacing per axis, or none.
    ignore_index : int, optional
        Voxels left out as in `create_ignore_mask`: background in both masks.
    corrected : bool, default False
        Whether voxels that are left out make no boundary; not with `use_subvoxels`.

    Returns
    -------
    Tensor of float32 [B, C]
        One mask empty: 0; both: NaN.

    Raises
    ------
    ValueError
        If these are no such tensors, or tolerances, metric or spacing do not fit.
    TypeError
        If `use_subvoxels` is given a single number as spacing.
    """
    mask = create_ignore_mask(y, ignore_index)
    ignored = None
    if mask is not None and corrected and not use_subvoxels:
        ignored = as_array(mask[:, 0] == 0)
    elif mask is not None:
        y_pred, y = y_pred * mask, y * mask
    if not include_background:
        y_pred, y = ignore_background(y_pred, y)
    _check(y_pred, y, class_thresholds)
    samples, channels = y.shape[:2]
    spacings = prepared_spacing(spacing, samples, y.ndim - 2)
    if use_subvoxels and not all(_is_positive(one) for one in spacings):
        theirs = original(
            "monai.metrics.surface_dice:compute_surface_dice", why="spacings that are not positive"
        )
        found: torch.Tensor = theirs(
            y_pred, y, class_thresholds, True, distance_metric, spacing, use_subvoxels
        )
        return found
    reference, prediction = (rows_of(ones_of(one)) for one in (y, y_pred))
    if use_subvoxels and any(isinstance(one, (int, float)) for one in spacings):
        if reference.any() or prediction.any():
            message = f"use_subvoxels needs one spacing per axis, got {spacing}"
            raise TypeError(message)
        spacings = [None] * samples
    lists = lists_of(
        reference, prediction, spacings, distance_metric, subvoxels=use_subvoxels, ignored=ignored
    )
    warn_of_empties(lists, channels, 0 if include_background else 1, ignore_index)
    limits = np.array(class_thresholds, np.float32)
    values = [_share(one, limits[row % channels]) for row, one in enumerate(lists)]
    return torch.tensor(values, dtype=torch.float32).reshape(samples, channels).to(y_pred.device)


def _check(y_pred: Any, y: Any, class_thresholds: Sequence[float]) -> None:
    if not isinstance(y_pred, torch.Tensor) or not isinstance(y, torch.Tensor):
        message = f"tensors are needed, got {type(y_pred).__name__} and {type(y).__name__}"
        raise ValueError(message)
    if y_pred.ndim not in (4, 5) or y_pred.shape != y.shape:
        message = (
            "[B, C, H, W] or [B, C, H, W, D] is needed twice, got "
            f"{tuple(y_pred.shape)} and {tuple(y.shape)}"
        )
        raise ValueError(message)
    if len(class_thresholds) != y.shape[1]:
        message = f"{y.shape[1]} classes need a tolerance each, got {class_thresholds}"
        raise ValueError(message)
    limits = np.asarray(class_thresholds)
    if not np.isfinite(limits).all() or (limits < 0).any():
        message = f"class_thresholds must be finite and not negative, got {class_thresholds}"
        raise ValueError(message)


def _is_positive(spacing: Any) -> bool:
    return spacing is None or bool(np.all(np.asarray(spacing) > 0))


def _share(pair: ListPair, limit: np.float32) -> float:
    """Return the share of weight within the limit; MONAI compares float32."""
    if pair.has_empty:
        return float("nan") if pair.are_empty else 0.0
    return sum(_within(one, limit) for one in pair) / sum(one.total for one in pair)


def _within(distances: DistanceList, limit: np.float32) -> float:
    return float(distances.weights[distances.distances.astype(np.float32) <= limit].sum())
