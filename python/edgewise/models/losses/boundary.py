"""Boundary loss: probability times signed distance to the true border.

Kervadec, Bouchtiba, Desrosiers, Granger, Dolz, Ben Ayed, "Boundary loss for highly unbalanced
segmentation", arXiv:1812.07032, 2019. Its least value is not that of a good segmentation everywhere
in training: it needs a region loss beside it, and a weight that grows (`boundary_weight`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from edgewise.errors import ConfigError, ShapeError

from .level_sets import level_sets
from .targets import Activation, Reduction, check_tensor, prepare, voxel_mean

if TYPE_CHECKING:
    from edgewise._arguments import Spacing

__all__ = ["batch_level_sets", "boundary_loss", "boundary_weight", "fitting_maps"]


def boundary_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    maps: Tensor | None = None,
    spacing: Spacing = None,
    inner_zero: bool = False,
    activation: Activation = "softmax",
    include_background: bool = False,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return the mean of ``p_c * phi_c``, phi being `boundary_map`: negative inside class c.

    Parameters
    ----------
    logits : Tensor (N, C, ...)
        Any floating type; computed in float32 (float64 stays).
    labels : Tensor (N, ...) of integers, or (N, C, ...) of masks
        0 to C - 1.
    maps : Tensor (N, C, ...), optional
        `boundary_map` of each case, made by a data worker; `spacing` and `inner_zero` then play
        no part. Default: computed here, on the CPU.
    spacing : float or sequence of float, optional
        Distance between neighbouring voxels along each spatial axis, in mm. Default: 1.
    inner_zero : bool, default False
        See `boundary_map`.
    activation : {"softmax", "sigmoid", "none"}
        How logits become probabilities.
    include_background : bool, default False
        Whether channel 0 counts.
    ignore_index : int, optional
        Voxels of this label count nowhere and belong to no class.
    reduction : {"mean", "sum", "none"}
        Over samples and classes, of the means over voxels; ``"none"`` gives (N, C).

    Returns
    -------
    Tensor
        In the unit of `spacing`, any sign; a class that is absent or fills the image gives 0.

    Raises
    ------
    ShapeError, LabelError, SpacingError, ConfigError
        If shapes, labels or options do not fit.

    Examples
    --------
    >>> labels = torch.tensor([[0, 0, 1, 1, 1]])
    >>> perfect = torch.stack([labels == 0, labels == 1], 1).float()  # class 1 holds -1, -2, -3
    >>> round(boundary_loss(perfect, labels, activation="none").item(), 4)
    -1.2
    """
    targets = prepare(
        logits,
        labels,
        activation=activation,
        include_background=include_background,
        ignore_index=ignore_index,
    )
    p = targets.probabilities
    if maps is None:
        phi = batch_level_sets(targets.truth, spacing=spacing, inner_zero=inner_zero)
    else:
        phi = fitting_maps(maps, logits, channels=p.shape[1])
    return voxel_mean(p * phi.to(p), targets.valid, reduction)


def boundary_weight(
    epoch: int, *, start: float = 0.01, step: float = 0.01, stop: float = 1.0
) -> float:
    """Return the weight of a boundary loss in an epoch: `start`, growing by `step`, to `stop`.

    The region loss beside it gets 1 minus this (the paper's "rebalance"), or stays at 1.

    Parameters
    ----------
    epoch : int
        From 0.
    start, step, stop : float, default 0.01, 0.01, 1
        Of the paper.

    Returns
    -------
    float

    Raises
    ------
    ConfigError
        If `epoch` is negative.

    Examples
    --------
    >>> [round(boundary_weight(epoch), 2) for epoch in (0, 1, 50, 200)]
    [0.01, 0.02, 0.51, 1.0]
    """
    if epoch < 0:
        message = f"epoch must not be negative, got {epoch}"
        raise ConfigError(message)
    return min(start + step * epoch, stop)


def batch_level_sets(masks: Tensor, *, spacing: Spacing = None, inner_zero: bool = False) -> Tensor:
    """Return `boundary_map` of masks (N, C, ...) as float32 on their device, without a gradient."""
    with torch.no_grad():
        chosen = masks if masks.dtype == torch.bool else masks > 0.5
        flat = chosen.flatten(0, 1).contiguous().cpu().numpy()  # (N * C, ...)
        found = torch.from_numpy(level_sets(flat, spacing=spacing, inner_zero=inner_zero))
        return found.view(masks.shape).to(masks.device)


def fitting_maps(maps: Tensor, logits: Tensor, *, channels: int) -> Tensor:
    """Return the last `channels` of maps that fit the logits, without a gradient."""
    check_tensor("maps", maps)
    if maps.shape != logits.shape:
        message = f"maps must have the shape of the logits {tuple(logits.shape)}, "
        message += f"got {tuple(maps.shape)}"
        raise ShapeError(message)
    return maps.detach()[:, -channels:]
