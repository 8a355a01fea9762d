"""Hausdorff loss by distance transforms: wrong voxels count by how far they are from a border.

Karimi and Salcudean, "Reducing the Hausdorff distance in medical image segmentation with
convolutional neural networks", arXiv:1904.10030, 2019 (its first variant). The distances are
constants of a step: they carry no gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .boundary import batch_level_sets, fitting_maps
from .targets import Activation, Reduction, positive, prepare, voxel_mean

if TYPE_CHECKING:
    from edgewise._arguments import Spacing

__all__ = ["hausdorff_loss"]


def hausdorff_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    alpha: float = 2.0,
    maps: Tensor | None = None,
    spacing: Spacing = None,
    activation: Activation = "softmax",
    include_background: bool = False,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return the mean of ``(p - y)^2 * (d_p^alpha + d_y^alpha)``.

    ``d_y`` is the distance of each voxel to the other side of the border of the true class, ``d_p``
    that of the predicted class (p > 0.5); 0 everywhere if a class is empty or fills the image.

    Parameters
    ----------
    logits : Tensor (N, C, ...)
        Any floating type; computed in float32 (float64 stays).
    labels : Tensor (N, ...) of integers, or (N, C, ...) of masks
        0 to C - 1.
    alpha : float, default 2
        How much far mistakes outweigh near ones.
    maps : Tensor (N, C, ...), optional
        `boundary_map` of each case with ``inner_zero=False``, made by a data worker: spares
        half of the distance transforms. Must be in the unit of `spacing`.
    spacing : float or sequence of float, optional
        Distance between neighbouring voxels along each spatial axis, in mm. Default: 1.
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
        In the unit of `spacing` to the power of `alpha`; 0 if the prediction is sure and right.

    Raises
    ------
    ShapeError, LabelError, SpacingError, ConfigError
        If shapes, labels or options do not fit.

    Notes
    -----
    Large at first: give it a small weight beside a region loss. Two distance transforms per
    sample and class run on the CPU in every step.

    Examples
    --------
    >>> labels = torch.tensor([[0, 0, 1, 1]])
    >>> predicted = torch.tensor([[[1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]])
    >>> round(hausdorff_loss(predicted, labels, activation="none").item(), 4)  # (1 + 1) / 4
    0.5
    """
    positive("alpha", alpha)
    targets = prepare(
        logits,
        labels,
        activation=activation,
        include_background=include_background,
        ignore_index=ignore_index,
    )
    p = targets.probabilities
    y = targets.truth.to(p.dtype)
    chosen = p.detach() > 0.5
    if maps is None:
        both = batch_level_sets(torch.cat([chosen, y > 0.5]), spacing=spacing)
        of_p, of_y = both.chunk(2)
    else:
        of_p = batch_level_sets(chosen, spacing=spacing)
        of_y = fitting_maps(maps, logits, channels=p.shape[1])
    distances = of_p.abs() ** alpha + of_y.to(of_p).abs() ** alpha
    return voxel_mean((p - y) ** 2 * distances.to(p), targets.valid, reduction)
