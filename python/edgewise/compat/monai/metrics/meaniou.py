"""Drop-in for ``monai.metrics.meaniou``: intersection over union."""

from __future__ import annotations

from typing import Any

import torch

from edgewise.compat.monai._sums import overlap_sums

from .metric import ReducedMetric, require_axes
from .utils import create_ignore_mask, ignore_background

__all__ = ["MeanIoU", "compute_iou", "without_ignored"]


class MeanIoU(ReducedMetric):
    """Intersection over union of batches, see `compute_iou`."""

    def __init__(
        self,
        include_background: bool = True,
        reduction: Any = "mean",
        get_not_nans: bool = False,
        ignore_empty: bool = True,
        ignore_index: int | None = None,
        *,
        corrected: bool = False,
    ) -> None:
        super().__init__(reduction, get_not_nans, corrected)
        self.include_background = include_background
        self.ignore_empty = ignore_empty
        self.ignore_index = ignore_index

    def _compute_tensor(self, y_pred: torch.Tensor, y: Any = None, **kwargs: Any) -> torch.Tensor:
        require_axes(y_pred, 3)
        return compute_iou(
            y_pred, y, self.include_background, self.ignore_empty, self.ignore_index, **kwargs
        )


def compute_iou(
    y_pred: torch.Tensor,
    y: torch.Tensor,
    include_background: bool = True,
    ignore_empty: bool = True,
    ignore_index: int | None = None,
) -> torch.Tensor:
    """Return the intersection over union of every channel.

    Parameters
    ----------
    y_pred, y : Tensor [B, C, spatial...]
        Masks; other values are summed as they are.
    include_background : bool, default True
        Whether the first of several channels counts.
    ignore_empty : bool, default True
        Whether a channel that is empty in `y` is NaN; else two empty channels are 1.
    ignore_index : int, optional
        A channel that is taken as empty, or as in `create_ignore_mask`.

    Returns
    -------
    Tensor [B, C]

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    y_pred, y, mask = without_ignored(y_pred, y, include_background, ignore_index)
    if mask is not None:
        mask = mask.expand_as(y_pred) if mask.shape != y_pred.shape else mask
        y_pred, y = y_pred * mask, y * mask
    sums = overlap_sums(y_pred, y)
    union = sums.y + sums.y_pred - sums.both
    if ignore_empty:
        nothing = torch.tensor(float("nan"), device=union.device)
        return torch.where(sums.y > 0, sums.both / union, nothing)
    return torch.where(union > 0, sums.both / union, torch.tensor(1.0, device=union.device))


def without_ignored(
    y_pred: torch.Tensor, y: torch.Tensor, include_background: bool, ignore_index: int | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Return both without background and with the ignored channel empty, or the mask of voxels.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    whole = y
    if not include_background:
        y_pred, y = ignore_background(y_pred, y)
    if y.shape != y_pred.shape:
        message = f"y_pred has shape {tuple(y_pred.shape)}, y {tuple(y.shape)}"
        raise ValueError(message)
    if ignore_index is None:
        return y_pred, y, None
    first = 0 if include_background else 1
    if not 0 <= ignore_index < y_pred.shape[1] + first:
        return y_pred, y, create_ignore_mask(whole, ignore_index)
    channel = ignore_index - first
    if channel >= 0:
        y_pred, y = y_pred.clone(), y.clone()
        y_pred[:, channel] = 0
        y[:, channel] = 0
    return y_pred, y, None
