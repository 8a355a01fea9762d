"""Soft Dice in four conventions, and generalised Dice.

With ``I = sum p y``, ``P = sum p``, ``G = sum y`` per class: Dice is ``2 I / (P + G)`` with
probabilities in place of a mask. What authors do differently (squares, sums over the batch, the
background, smoothing, the sign) are options; a preset is a named set of them.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor

from .dice_conventions import dice_convention
from .targets import Activation, Reduction, Targets, not_negative, one_of, prepare, reduce

__all__ = ["SMALLEST", "dice_loss", "generalised_dice_loss", "masses"]

Weighting: TypeAlias = Literal["square", "simple", "uniform"]

SMALLEST = 1e-8  # of a denominator, as nnU-Net clips it


def dice_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    preset: str = "monai",
    squared: bool | None = None,
    jaccard: bool | None = None,
    batch: bool | None = None,
    include_background: bool | None = None,
    smooth_numerator: float | None = None,
    smooth_denominator: float | None = None,
    negative: bool | None = None,
    activation: Activation = "softmax",
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return 1 minus the soft Dice, ``1 - (2 I + s) / (P + G + s)``.

    Parameters
    ----------
    logits : Tensor (N, C, ...)
        Any floating type; computed in float32 (float64 stays).
    labels : Tensor (N, ...) of integers, or (N, C, ...) of masks
        0 to C - 1.
    preset : {"monai", "nnunet", "transunet", "vnet"}, default "monai"
        Names a `DiceConvention`; the options below change single points of it.
    squared, jaccard, batch, include_background, negative : bool, optional
        See `DiceConvention`.
    smooth_numerator, smooth_denominator : float, optional
        See `DiceConvention`. A denominator below 1e-8 counts as 1e-8.
    activation : {"softmax", "sigmoid", "none"}
        ``"sigmoid"`` for regions that overlap, ``"none"`` for probabilities.
    ignore_index : int, optional
        Voxels of this label count nowhere.
    reduction : {"mean", "sum", "none"}
        Over samples and classes; ``"none"`` gives (N, C), or (C,) with `batch`.

    Returns
    -------
    Tensor
        In [0, 1], with `negative` in [-1, 0].

    Raises
    ------
    ShapeError, LabelError, ConfigError
        If shapes, labels or options do not fit.

    Notes
    -----
    Where a class is absent from the sums the loss is close to 1 whatever is predicted, unless
    nothing is: ``batch=True`` makes that rare.

    References
    ----------
    .. [1] F. Milletari, N. Navab, S.-A. Ahmadi, "V-Net", arXiv:1606.04797, 2016 (``"vnet"``).
    .. [2] F. Isensee et al., "nnU-Net", Nature Methods 18, 2021 (``"nnunet"``).
    .. [3] J. Chen et al., "TransUNet", arXiv:2102.04306, 2021 (``"transunet"``).

    Examples
    --------
    >>> labels = torch.tensor([[[0, 1], [1, 1]]])
    >>> logits = 50.0 * torch.stack([labels == 0, labels == 1], 1)  # sure and right
    >>> round(dice_loss(logits, labels).item(), 4)
    0.0
    """
    convention = dice_convention(
        preset,
        squared=squared,
        jaccard=jaccard,
        batch=batch,
        include_background=include_background,
        smooth_numerator=smooth_numerator,
        smooth_denominator=smooth_denominator,
        negative=negative,
    )
    not_negative("smooth_numerator", convention.smooth_numerator)
    not_negative("smooth_denominator", convention.smooth_denominator)
    targets = prepare(
        logits,
        labels,
        activation=activation,
        include_background=convention.include_background,
        ignore_index=ignore_index,
    )
    both, predicted, true = masses(targets, squared=convention.squared, batch=convention.batch)
    union = 2 * (predicted + true - both) if convention.jaccard else predicted + true
    numerator = 2 * both + convention.smooth_numerator
    score = numerator / (union + convention.smooth_denominator).clamp_min(SMALLEST)
    return reduce(-score if convention.negative else 1 - score, reduction)


def generalised_dice_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    weighting: Weighting = "square",
    batch: bool = False,
    include_background: bool = True,
    smooth_numerator: float = 1e-5,
    smooth_denominator: float = 1e-5,
    activation: Activation = "softmax",
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return 1 minus the generalised Dice, ``1 - 2 sum_c w_c I_c / sum_c w_c (P_c + G_c)``.

    All classes share one fraction, small ones weighted up by the inverse of their true volume.

    Parameters
    ----------
    logits : Tensor (N, C, ...)
        Any floating type; computed in float32 (float64 stays).
    labels : Tensor (N, ...) of integers, or (N, C, ...) of masks
        0 to C - 1.
    weighting : {"square", "simple", "uniform"}, default "square"
        ``w = 1 / G^2``, ``1 / G`` or 1. A class without a true voxel gets the largest weight of
        the classes that have one: of its sample, with `batch` of the batch; if there is no such
        class the loss is 0.
    batch : bool, default False
        Sums run over the whole batch instead of one sample.
    include_background : bool, default True
        Whether channel 0 counts.
    smooth_numerator, smooth_denominator : float, default 1e-5
        Added to numerator and denominator.
    activation : {"softmax", "sigmoid", "none"}
        How logits become probabilities.
    ignore_index : int, optional
        Voxels of this label count nowhere.
    reduction : {"mean", "sum", "none"}
        Over samples; ``"none"`` gives (N,), or a scalar with `batch`.

    Returns
    -------
    Tensor
        In [0, 1].

    Raises
    ------
    ShapeError, LabelError, ConfigError
        If shapes, labels or options do not fit.

    Notes
    -----
    The smoothing is not scaled with the weights, as in MONAI: with ``"square"`` the loss and its
    gradient fade where even the smallest class has more than some 1e4 voxels. ``"simple"`` or a
    smoothing of 0 avoids that.

    References
    ----------
    .. [1] C. H. Sudre et al., "Generalised Dice overlap as a deep learning loss function for highly
       unbalanced segmentations", arXiv:1707.03237, 2017.
    """
    one_of("weighting", weighting, Weighting)
    not_negative("smooth_numerator", smooth_numerator)
    not_negative("smooth_denominator", smooth_denominator)
    targets = prepare(
        logits,
        labels,
        activation=activation,
        include_background=include_background,
        ignore_index=ignore_index,
    )
    both, predicted, true = masses(targets, batch=batch)  # (N, C) or (C,)
    weights = _class_weights(true, weighting)
    numerator = 2 * (weights * both).sum(-1) + smooth_numerator
    denominator = (weights * (predicted + true)).sum(-1) + smooth_denominator
    return reduce(1 - numerator / denominator.clamp_min(SMALLEST), reduction)


def masses(
    targets: Targets, *, squared: bool = False, batch: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Return ``sum p y``, ``sum p``, ``sum y`` over space, with `batch` over samples too.

    With `squared` the latter two sum squares.
    """
    axes = (*(() if not batch else (0,)), *range(2, targets.logits.ndim))
    p, y = targets.probabilities, targets.truth
    soft = y.is_floating_point()
    both = (p * y).sum(axes)
    predicted = (p * p).sum(axes) if squared else p.sum(axes)
    true = (y * y).sum(axes) if squared and soft else y.sum(axes, dtype=p.dtype)
    return both, predicted, true


def _class_weights(true: Tensor, weighting: Weighting) -> Tensor:
    if weighting == "uniform":
        return torch.ones_like(true)
    absent = true == 0
    present = true.where(~absent, 1.0)
    weights = 1 / (present * present if weighting == "square" else present)
    weights = weights.where(~absent, 0.0)
    return weights.where(~absent, weights.amax(-1, keepdim=True))
