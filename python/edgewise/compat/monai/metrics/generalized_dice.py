"""Drop-in for ``monai.metrics.generalized_dice``: Dice with weights of classes."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from edgewise.compat.monai._options import REDUCTIONS, WEIGHTS, chosen
from edgewise.compat.monai._sums import exact_sums, overlap_sums

from .metric import CumulativeIterationMetric, require_axes
from .utils import create_ignore_mask, do_metric_reduction

__all__ = ["GeneralizedDiceScore", "compute_generalized_dice"]


class GeneralizedDiceScore(CumulativeIterationMetric):
    """Generalised Dice of batches, see `compute_generalized_dice`.

    With the reductions "mean", "sum", "mean_channel" and "sum_channel" numerators and denominators
    are summed over the classes before they are divided.
    """

    def __init__(
        self,
        include_background: bool = True,
        reduction: Any = "mean",
        weight_type: Any = "square",
        ignore_index: int | None = None,
        epsilon: float = 1e-8,
        *,
        corrected: bool = False,
    ) -> None:
        super().__init__()
        self.include_background = include_background
        self.reduction = chosen(reduction, REDUCTIONS)
        self.weight_type = chosen(weight_type, WEIGHTS)
        self.ignore_index = ignore_index
        self.epsilon = float(epsilon)
        self.corrected = corrected
        self.sum_over_classes = self.reduction in ("sum", "mean", "mean_channel", "sum_channel")

    def _compute_tensor(self, y_pred: torch.Tensor, y: Any = None, **kwargs: Any) -> torch.Tensor:
        return compute_generalized_dice(
            y_pred,
            y,
            include_background=self.include_background,
            weight_type=self.weight_type,
            sum_over_classes=self.sum_over_classes,
            ignore_index=self.ignore_index,
            epsilon=self.epsilon,
            **kwargs,
        )

    def aggregate(self, reduction: Any = None) -> torch.Tensor:
        """Reduce all values as the metric's own `reduction` says; the argument does nothing."""
        if reduction is not None:
            message = "reduction has no effect here: give it to GeneralizedDiceScore"
            warnings.warn(message, FutureWarning, stacklevel=2)
        data = self._buffered()
        return do_metric_reduction(data, self.reduction, corrected=self.corrected)[0]


def compute_generalized_dice(
    y_pred: torch.Tensor,
    y: torch.Tensor,
    include_background: bool = True,
    weight_type: Any = "square",
    sum_over_classes: bool = False,
    ignore_index: int | None = None,
    epsilon: float = 1e-8,
) -> torch.Tensor:
    """Return the generalised Dice coefficient of every sample and class.

    Parameters
    ----------
    y_pred, y : Tensor [B, C, spatial...]
    include_background : bool, default True
        Whether the first channel counts.
    weight_type : {"square", "simple", "uniform"}
        Weight of a class: 1 / volume^2, 1 / volume, 1; a class without volume has the largest
        weight of the others.
    sum_over_classes : bool, default False
        Whether there is one value for all classes.
    ignore_index : int, optional
        A channel that is left out with its voxels, or as in `create_ignore_mask`.
    epsilon : float
        Has no effect.

    Returns
    -------
    Tensor [B, classes that count] or [B, 1]
        1 for classes that are empty in both.

    Raises
    ------
    ValueError
        If the shapes differ, there are fewer than three axes, or no such weights.
    """
    require_axes(y_pred, 3)
    if y.shape != y_pred.shape:
        message = f"y_pred has shape {tuple(y_pred.shape)}, y {tuple(y.shape)}"
        raise ValueError(message)
    mask = create_ignore_mask(y, ignore_index)
    if mask is not None:
        y_pred, y = y_pred * mask, y * mask
    first = 0 if include_background else 1
    channels = [c for c in range(first, y.shape[1]) if c != ignore_index]
    if not channels:
        return torch.zeros(y_pred.shape[0], 1, device=y_pred.device)
    sums = None
    if len(channels) == y.shape[1] - first:  # nothing needs to be copied
        sums = exact_sums(y_pred[:, first:], y[:, first:])
    both, of_y, of_pred = sums or overlap_sums(y_pred[:, channels], y[:, channels])
    weights = _weights(of_y.float(), chosen(weight_type, WEIGHTS))
    above, below = both * weights, (of_y + of_pred) * weights
    if sum_over_classes:
        above, below = above.sum(dim=1, keepdim=True), below.sum(dim=1, keepdim=True)
        return torch.where(below == 0, 1.0, 2.0 * above / below)
    nothing = ((of_pred * weights) == 0).to(below.dtype)
    return torch.where(below == 0, nothing, 2.0 * above / below)


def _weights(volumes: torch.Tensor, weight_type: str) -> torch.Tensor:
    if weight_type == "uniform":
        return torch.ones_like(volumes)
    weights = torch.reciprocal(volumes if weight_type == "simple" else volumes * volumes)
    empty = torch.isinf(weights)
    largest = torch.where(empty, 0.0, weights).amax(dim=1, keepdim=True)
    return torch.where(empty, torch.where(largest > 0, largest, 1.0), weights)
