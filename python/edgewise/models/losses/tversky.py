"""Tversky and focal Tversky: Dice with its own price for each of the two kinds of mistake."""

from __future__ import annotations

import torch
from torch import Tensor

from .dice import SMALLEST, masses
from .targets import Activation, Reduction, not_negative, positive, prepare, reduce

__all__ = ["focal_tversky_loss", "tversky_loss"]


def tversky_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    false_positives: float = 0.3,
    false_negatives: float = 0.7,
    batch: bool = False,
    include_background: bool = True,
    smooth: float = 1e-5,
    activation: Activation = "softmax",
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return ``1 - (TP + s) / (TP + a FP + b FN + s)`` per class.

    With ``TP = sum p y``, ``FP = sum p (1 - y)``, ``FN = sum (1 - p) y``; ``a = b = 0.5`` is Dice.

    Parameters
    ----------
    logits : Tensor (N, C, ...)
        Any floating type; computed in float32 (float64 stays).
    labels : Tensor (N, ...) of integers, or (N, C, ...) of masks
        0 to C - 1.
    false_positives, false_negatives : float, default 0.3 and 0.7
        Prices a and b. The more a miss costs, the larger the predicted region. The letters
        change sides between papers and libraries; the words do not.
    batch : bool, default False
        Sums run over the whole batch instead of one sample.
    include_background : bool, default True
        Whether channel 0 counts.
    smooth : float, default 1e-5
        Added to numerator and denominator. A denominator below 1e-8 counts as 1e-8.
    activation : {"softmax", "sigmoid", "none"}
        How logits become probabilities.
    ignore_index : int, optional
        Voxels of this label count nowhere.
    reduction : {"mean", "sum", "none"}
        Over samples and classes; ``"none"`` gives (N, C), or (C,) with `batch`.

    Returns
    -------
    Tensor
        In [0, 1].

    Raises
    ------
    ShapeError, LabelError, ConfigError
        If shapes, labels or options do not fit.

    References
    ----------
    .. [1] S. S. M. Salehi, D. Erdogmus, A. Gholipour, "Tversky loss function for image segmentation
       using 3D fully convolutional deep networks", arXiv:1706.05721, 2017.
    """
    not_negative("false_positives", false_positives)
    not_negative("false_negatives", false_negatives)
    not_negative("smooth", smooth)
    targets = prepare(
        logits,
        labels,
        activation=activation,
        include_background=include_background,
        ignore_index=ignore_index,
    )
    both, predicted, true = masses(targets, batch=batch)
    wrong = false_positives * (predicted - both) + false_negatives * (true - both)
    score = (both + smooth) / (both + wrong + smooth).clamp_min(SMALLEST)
    return reduce(1 - score, reduction)


def focal_tversky_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    gamma: float = 4 / 3,
    false_positives: float = 0.3,
    false_negatives: float = 0.7,
    batch: bool = False,
    include_background: bool = True,
    smooth: float = 1e-5,
    activation: Activation = "softmax",
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return ``tversky ** (1 / gamma)`` per class: with gamma above 1 hard classes pull longer.

    Parameters
    ----------
    logits, labels, false_positives, false_negatives, batch, include_background, smooth
        See `tversky_loss`.
    gamma : float, default 4/3
        1 is `tversky_loss`; the paper tries 1 to 3.
    activation, ignore_index, reduction
        See `tversky_loss`.

    Returns
    -------
    Tensor
        In [0, 1].

    Raises
    ------
    ShapeError, LabelError, ConfigError
        If shapes, labels or options do not fit.

    References
    ----------
    .. [1] N. Abraham, N. M. Khan, "A novel focal Tversky loss function with improved attention
       U-Net for lesion segmentation", arXiv:1810.07842, 2018.
    """
    positive("gamma", gamma)
    losses = tversky_loss(
        logits,
        labels,
        false_positives=false_positives,
        false_negatives=false_negatives,
        batch=batch,
        include_background=include_background,
        smooth=smooth,
        activation=activation,
        ignore_index=ignore_index,
        reduction="none",
    )
    # the slope of a root is infinite at 0, where a perfect class needs none
    floor = torch.finfo(losses.dtype).tiny
    return reduce(losses.clamp_min(floor) ** (1 / gamma), reduction)
