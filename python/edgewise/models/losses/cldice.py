"""Soft centreline Dice: how much of each centreline lies in the other segmentation.

Shit, Paetzold, Sekuboyina, Ezhov, Unger, Zhylka, Pluim, Bauer, Menze, "clDice - a novel
topology-preserving loss function for tubular structure segmentation", arXiv:2003.07311, 2021.
`edgewise.metrics.cldice` is the measure, on thinned masks.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from edgewise.errors import ConfigError, ShapeError

from .targets import Activation, Reduction, prepare, reduce, single_precision

__all__ = ["cldice_loss", "soft_skeleton"]

_POOLS = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


def soft_skeleton(image: Tensor, *, iterations: int = 3) -> Tensor:
    """Return a centreline of probabilities that gradients pass through.

    What an opening takes away is skeleton, after 0, 1, ... `iterations` erosions. An erosion is the
    least of three voxels along each axis (the cross of 2 ndim + 1 voxels), a dilation the largest
    of 3^ndim. Outside of the image there is nothing to compare with.

    Parameters
    ----------
    image : Tensor (N, C, ...)
        Values in [0, 1]; one to three spatial axes.
    iterations : int, default 3
        At least half of the largest diameter, in voxels; what is thicker is left out.

    Returns
    -------
    Tensor (N, C, ...)
        In [0, 1].

    Raises
    ------
    ShapeError
        If there are no spatial axes, or more than three.
    ConfigError
        If `iterations` is negative.

    Examples
    --------
    >>> bar = torch.zeros(1, 1, 5, 6)
    >>> bar[..., 1:4, 1:5] = 1
    >>> soft_skeleton(bar)[0, 0].int().tolist()[2]
    [0, 0, 1, 1, 0, 0]
    """
    if image.ndim - 2 not in _POOLS:
        message = "image must be (batch, channels, one to three axes), "
        message += f"got shape {tuple(image.shape)}"
        raise ShapeError(message)
    if iterations < 0:
        message = f"iterations must not be negative, got {iterations}"
        raise ConfigError(message)
    image = single_precision(image)
    eroded = _eroded(image)
    skeleton = F.relu(image - _dilated(eroded))
    for _ in range(iterations):
        image, eroded = eroded, _eroded(eroded)
        more = F.relu(image - _dilated(eroded))
        skeleton = skeleton + F.relu(more - skeleton * more)  # probability of one or the other
    return skeleton


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
        Added to ``T_p + T_s``.
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
    precision = ((of_p * y).sum(axes) + smooth) / (of_p.sum(axes) + smooth)
    sensitivity = ((of_y * p).sum(axes) + smooth) / (of_y.sum(axes) + smooth)
    mean = 2 * precision * sensitivity / (precision + sensitivity + smooth_mean)
    return reduce(1 - mean, reduction)


def _eroded(image: Tensor) -> Tensor:
    axes = image.ndim - 2
    pool = _POOLS[axes]
    least = image
    for axis in range(axes):
        size = [3 if k == axis else 1 for k in range(axes)]
        padding = [1 if k == axis else 0 for k in range(axes)]
        least = torch.minimum(least, -pool(-image, size, 1, padding))
    return least


def _dilated(image: Tensor) -> Tensor:
    return _POOLS[image.ndim - 2](image, 3, 1, 1)
