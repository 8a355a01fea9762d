"""Focal loss: cross-entropy that fades where the network is already right.

Lin, Goyal, Girshick, He, Dollar, "Focal loss for dense object detection", arXiv:1708.02002, 2017:
``FL = -alpha_t (1 - p_t)^gamma log p_t``, with ``p_t`` the probability of what is true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from edgewise.errors import ConfigError, LabelError

from .entropy import class_weight_tensor
from .targets import Reduction, not_negative, one_of, prepare, reduce

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["focal_loss"]

_LEAST = -1e30  # of a logarithm

FocalActivation: TypeAlias = Literal["softmax", "sigmoid"]


def focal_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    gamma: float = 2.0,
    alpha: float | None = None,
    class_weights: Sequence[float] | Tensor | None = None,
    activation: FocalActivation = "softmax",
    over_classes: bool = False,
    include_background: bool = True,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return the focal loss, of one class per voxel or of every channel on its own.

    Parameters
    ----------
    logits : Tensor (N, C, ...)
        Any floating type; computed in float32 (float64 stays).
    labels : Tensor (N, ...) of integers, or (N, C, ...) of masks of 0 and 1
        0 to C - 1.
    gamma : float, default 2
        0 is cross-entropy; the larger, the less easy voxels count.
    alpha : float, optional
        Factor of the true side; ``1 - alpha`` is that of the other. Softmax: of all classes but
        0, and of class 0. Default: 1 for both.
    class_weights : sequence of C floats, optional
        Factor of each class, beside `alpha`. The mean does not divide by them.
    activation : {"softmax", "sigmoid"}, default "softmax"
        ``"softmax"``: ``(1 - p_y)^gamma`` times the cross-entropy, one value per voxel.
        ``"sigmoid"``: a binary problem in every channel, as in the paper.
    over_classes : bool, default False
        Softmax: divide the mean by the number of channels too, as MONAI does. Sigmoid
        always averages over channels.
    include_background : bool, default True
        Whether the term of channel 0 counts.
    ignore_index : int, optional
        Voxels of this label count nowhere.
    reduction : {"mean", "sum", "none"}
        Over voxels (and channels); ``"none"`` gives (N, C, ...), 0 where ignored. The mean of
        nothing is 0.

    Returns
    -------
    Tensor
        In [0, inf).

    Raises
    ------
    ShapeError, LabelError, ConfigError
        If shapes, labels or options do not fit.

    Examples
    --------
    >>> logits, labels = torch.zeros(1, 2, 2, 2), torch.ones(1, 2, 2, dtype=torch.long)
    >>> round(focal_loss(logits, labels).item(), 4)  # (1 / 2)^2 log 2
    0.1733
    """
    one_of("activation", activation, FocalActivation)
    one_of("reduction", reduction, Reduction)
    not_negative("gamma", gamma)
    targets = prepare(logits, labels, activation=activation, ignore_index=ignore_index)
    logits, truth = targets.logits, _sides(targets.truth).to(targets.logits.dtype)
    weights = class_weight_tensor(class_weights, logits)
    weights = logits.new_ones(logits.shape[1]) if weights is None else weights
    factors = _factors(truth, alpha, weights, activation)
    if activation == "softmax":
        # a class that is masked out has a logarithm of minus infinity, which times 0 is NaN
        log_p = torch.log_softmax(logits, 1).clamp_min(_LEAST)  # (N, C, ...)
        losses = -_faded(log_p, gamma) * log_p * truth
    else:
        # p of the true side is the sigmoid of the logit, or of minus the logit
        log_p = F.logsigmoid(logits * (2 * truth - 1))
        losses = -_faded(log_p, gamma) * log_p
    losses = losses * factors
    if targets.valid is not None:
        losses = losses.where(targets.valid, 0.0)
    if not include_background and losses.shape[1] > 1:
        losses = losses[:, 1:]
    if reduction != "mean":
        return reduce(losses, reduction)
    per_voxel = 1 if activation == "softmax" and not over_classes else losses.shape[1]
    return losses.sum() / _counted(losses, targets.valid, per_voxel)


def _sides(truth: Tensor) -> Tensor:
    """Return truth (N, C, ...) as bool; the formula knows right and wrong, and no shares."""
    if truth.dtype == torch.bool:
        return truth
    chosen = truth > 0.5
    if truth.is_meta or torch.compiler.is_compiling():
        return chosen
    if not torch.equal(chosen.to(truth.dtype), truth):
        message = "focal_loss takes masks of 0 and 1, found values between; labels > 0.5 rounds"
        raise LabelError(message)
    return chosen


def _faded(log_p: Tensor, gamma: float) -> Tensor:
    """Return ``(1 - p)^gamma``, without the infinite slope at p = 1."""
    rest = -torch.expm1(log_p)
    return rest.clamp_min(torch.finfo(rest.dtype).tiny) ** gamma


def _factors(
    truth: Tensor, alpha: float | None, class_weights: Tensor, activation: FocalActivation
) -> Tensor:
    """Return what each term is multiplied by, in a shape that broadcasts with (N, C, ...)."""
    factors = class_weights.view(1, -1, *[1] * (truth.ndim - 2))
    if alpha is None:
        return factors
    if not 0 <= alpha <= 1:
        message = f"alpha must lie in [0, 1], got {alpha}"
        raise ConfigError(message)
    if activation == "sigmoid":
        return factors * (alpha * truth + (1 - alpha) * (1 - truth))
    sides = torch.full_like(factors, alpha)
    sides[:, 0] = 1 - alpha
    return factors * sides


def _counted(losses: Tensor, valid: Tensor | None, per_voxel: int) -> Tensor | int:
    if valid is None:
        return losses[:, 0].numel() * per_voxel
    if valid.shape[1] == 1:
        return (valid.sum() * per_voxel).clamp_min(1)
    voxels = valid[:, -losses.shape[1] :].sum()  # masks with elements that are ignored
    return (voxels * per_voxel / losses.shape[1]).clamp_min(1)
