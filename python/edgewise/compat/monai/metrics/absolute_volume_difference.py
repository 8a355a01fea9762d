"""Drop-in for ``monai.metrics.absolute_volume_difference``: how many voxels more or fewer."""

from __future__ import annotations

from typing import Any

import torch

from edgewise.compat.monai._sums import volumes

from .metric import ReducedMetric, require_axes
from .utils import ignore_background

__all__ = ["AbsoluteVolumeDifferenceMetric", "compute_absolute_volume_difference"]


class AbsoluteVolumeDifferenceMetric(ReducedMetric):
    """Difference of the volumes of batches, see `compute_absolute_volume_difference`."""

    def __init__(
        self,
        include_background: bool = True,
        reduction: Any = "mean",
        get_not_nans: bool = False,
        ignore_empty: bool = True,
        *,
        corrected: bool = False,
    ) -> None:
        super().__init__(reduction, get_not_nans, corrected)
        self.include_background = include_background
        self.ignore_empty = ignore_empty

    def _compute_tensor(self, y_pred: torch.Tensor, y: Any = None, **kwargs: Any) -> torch.Tensor:
        return compute_absolute_volume_difference(
            y_pred, y, self.include_background, self.ignore_empty, **kwargs
        )


def compute_absolute_volume_difference(
    y_pred: torch.Tensor,
    y: torch.Tensor,
    include_background: bool = True,
    ignore_empty: bool = True,
) -> torch.Tensor:
    """Return the difference of the numbers of voxels of every channel, without sign.

    Parameters
    ----------
    y_pred, y : Tensor [B, C, spatial...]
    include_background : bool, default True
        Whether the first of several channels counts.
    ignore_empty : bool, default True
        Whether a channel that is empty in `y` is NaN.

    Returns
    -------
    Tensor [B, C]
        In voxels.

    Raises
    ------
    ValueError
        If the shapes differ, or there are fewer than three axes.
    """
    require_axes(y_pred, 3)
    if not include_background:
        y_pred, y = ignore_background(y_pred, y)
    if y.shape != y_pred.shape:
        message = f"y_pred has shape {tuple(y_pred.shape)}, y {tuple(y.shape)}"
        raise ValueError(message)
    of_y, of_pred = volumes(y_pred, y)
    difference = torch.abs(of_pred - of_y)
    if not ignore_empty:
        return difference
    return torch.where(of_y > 0, difference, torch.tensor(float("nan"), device=y.device))
