"""Soft centreline Dice: how much of each centreline lies in the other segmentation.

Shit, Paetzold, Sekuboyina, Ezhov, Unger, Zhylka, Pluim, Bauer, Menze, "clDice - a novel
topology-preserving loss function for tubular structure segmentation", arXiv:2003.07311, 2021.
`edgewise.metrics.cldice` is the measure, on thinned masks.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .dice import SMALLEST
from .skeletons import soft_skeleton
from .targets import Activation, Reduction, not_negative, prepare, reduce

__all__ = ["cldice_loss"]


def cldice_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    iterations: int = 3,
    smooth: float = 1.0,
    smooth_mean: float = 1e-4,
    pool_classes: bool = False,
    activation: Activation = "softmax",
    include_background: bool = False,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return ``1 - 2 T_p T_s / (T_p + T_s)`` of topology precision and sensitivity.

    ``T_p`` is the part of the predicted centreline within the true class, ``T_s`` the part of the
    true centreline within the predicted one.

    Parameters
    ----------
    logits : Tensor (N, C, ...)
        Any floating type; computed in float32 (float64 stays).
    labels : Tensor (N, ...) of integers, or (N, C, ...) of masks
        0 to C - 1.
    iterations : int, default 3
        See `soft_skeleton`; memory and time grow with it.
    smooth : float, default 1
        Added to numerator and denominator of both parts.
    smooth_mean : float, default 1e-4
        Added to ``T_p + T_s``. A denominator below 1e-8 counts as 1e-8.
    pool_classes : bool, default False
        Sum over the classes of a sample before dividing, as MONAI does.
    activation : {"softmax", "sigmoid", "none"}
        How logits become probabilities.
    include_background : bool, default False
        Whether channel 0 counts; its centreline rarely means anything.
    ignore_index : int, optional
        Voxels of this label are empty in both.
    reduction : {"mean", "sum", "none"}
        Over samples and classes; ``"none"`` gives (N, C), or (N,) with `pool_classes`.

    Returns
    -------
    Tensor
        In [0, 1], up to the smoothing.

    Raises
    ------
    ShapeError, LabelError, ConfigError
        If shapes, labels or options do not fit.
    """
    not_negative("smooth", smooth)
    not_negative("smooth_mean", smooth_mean)
    targets = prepare(
        logits,
        labels,
        activation=activation,
        include_background=include_background,
        ignore_index=ignore_index,
    )
    p = targets.probabilities
    y = targets.truth.to(p.dtype)
    axes = tuple(range(1 if pool_classes else 2, p.ndim))
    of_p = soft_skeleton(p, iterations=iterations)
    with torch.no_grad():
        of_y = soft_skeleton(y, iterations=iterations)
    precision = ((of_p * y).sum(axes) + smooth) / (of_p.sum(axes) + smooth).clamp_min(SMALLEST)
    sensitivity = ((of_y * p).sum(axes) + smooth) / (of_y.sum(axes) + smooth).clamp_min(SMALLEST)
    total = (precision + sensitivity + smooth_mean).clamp_min(SMALLEST)
    return reduce(1 - 2 * precision * sensitivity / total, reduction)
