"""Cross-entropy of one class per voxel, and of independent yes-or-no channels.

Definitions as in torch; what is added: an ignored label never divides by zero, weights per voxel
(Ronneberger 2015), labels that are checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from edgewise.errors import ConfigError, ShapeError

from .targets import (
    Reduction,
    check_labels,
    check_tensor,
    one_of,
    prepare,
    reduce,
    single_precision,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["binary_cross_entropy", "class_weight_tensor", "cross_entropy"]

_NEVER = -100  # a label that the check refuses


def cross_entropy(
    logits: Tensor,
    labels: Tensor,
    *,
    class_weights: Sequence[float] | Tensor | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    voxel_weights: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return the cross-entropy ``-log softmax(logits)[label]``.

    Parameters
    ----------
    logits : Tensor (N, C, ...)
        Any floating type; computed in float32 (float64 stays).
    labels : Tensor (N, ...) of integers
        0 to C - 1.
    class_weights : sequence of C floats, optional
        Factor of the voxels of each class. The mean then divides by the sum of the factors of
        all voxels, as torch does. Default: 1.
    label_smoothing : float, default 0
        Share of each voxel's target that is spread evenly over all classes, in [0, 1].
    ignore_index : int, optional
        Voxels of this label count nowhere.
    voxel_weights : Tensor (N, ...), optional
        Factor of each voxel, such as `touching_cell_weights`. The mean does not divide by them.
    reduction : {"mean", "sum", "none"}
        Over voxels; ``"none"`` gives (N, ...), 0 where ignored. The mean of nothing is 0.

    Returns
    -------
    Tensor
        In [0, inf).

    Raises
    ------
    ShapeError
        If shapes differ.
    LabelError
        If a label is no class.
    ConfigError
        If an option is out of range, or there is one channel only (`binary_cross_entropy`).

    Examples
    --------
    >>> logits = torch.zeros(1, 4, 2, 2)
    >>> round(cross_entropy(logits, torch.zeros(1, 2, 2, dtype=torch.long)).item(), 4)  # log 4
    1.3863
    """
    one_of("reduction", reduction, Reduction)
    check_labels(logits, labels, ignore_index=ignore_index)
    if logits.shape[1] == 1 or labels.shape == logits.shape:
        message = "cross_entropy takes a label map and at least two classes; "
        message += "binary_cross_entropy takes masks and single channels"
        raise ConfigError(message)
    if not 0 <= label_smoothing <= 1:
        message = f"label_smoothing must lie in [0, 1], got {label_smoothing}"
        raise ConfigError(message)
    logits = single_precision(logits)
    labels = labels.long()
    weights = class_weight_tensor(class_weights, logits)
    losses = F.cross_entropy(
        logits,
        labels,
        weight=weights,
        ignore_index=_NEVER if ignore_index is None else ignore_index,
        label_smoothing=label_smoothing,
        reduction="none",
    )  # (N, ...)
    if voxel_weights is not None:
        losses = losses * _fitting(voxel_weights, losses)
    if reduction != "mean" or (weights is None and ignore_index is None):
        return reduce(losses, reduction)
    valid = torch.ones_like(labels, dtype=torch.bool)
    if ignore_index is not None:
        valid = labels != ignore_index
    counts = valid if weights is None else weights[labels.where(valid, 0)].where(valid, 0.0)
    total = counts.sum()
    return losses.sum() / total.where(total > 0, 1)


def binary_cross_entropy(
    logits: Tensor,
    labels: Tensor,
    *,
    include_background: bool = True,
    ignore_index: int | None = None,
    voxel_weights: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return the cross-entropy of every channel on its own, ``sigmoid(logits)`` being its chance.

    For regions that overlap (nnU-Net's region-based training) and for networks of one channel.

    Parameters
    ----------
    logits : Tensor (N, C, ...)
        Any floating type; computed in float32 (float64 stays).
    labels : Tensor (N, C, ...) or (N, ...)
        Masks of 0 and 1, one per channel (floating ones may lie between), or a label map.
    include_background : bool, default True
        Whether channel 0 counts. With regions it is one of them.
    ignore_index : int, optional
        Elements of this value count nowhere.
    voxel_weights : Tensor (N, ...), optional
        Factor of each voxel. The mean does not divide by them.
    reduction : {"mean", "sum", "none"}
        Over all elements that count; ``"none"`` gives (N, C, ...). The mean of nothing is 0.

    Returns
    -------
    Tensor
        In [0, inf).

    Raises
    ------
    ShapeError, LabelError, ConfigError
        If shapes, labels or options do not fit.

    Notes
    -----
    With an ignored label nnU-Net divides the sum over all channels by the number of voxels, so its
    value is C times this one.

    Examples
    --------
    >>> masks = torch.zeros(1, 2, 3, 3)
    >>> round(binary_cross_entropy(torch.zeros(1, 2, 3, 3), masks).item(), 4)  # log 2
    0.6931
    """
    one_of("reduction", reduction, Reduction)
    targets = prepare(
        logits,
        labels,
        activation="sigmoid",
        include_background=include_background,
        ignore_index=ignore_index,
    )
    logits = targets.logits
    losses = F.binary_cross_entropy_with_logits(
        logits, targets.truth.to(logits.dtype), reduction="none"
    )
    if voxel_weights is not None:
        losses = losses * _fitting(voxel_weights, losses[:, 0]).unsqueeze(1)
    if targets.valid is None:
        return reduce(losses, reduction)
    losses = losses.where(targets.valid, 0.0)
    if reduction != "mean":
        return reduce(losses, reduction)
    return losses.sum() / targets.valid.expand_as(losses).sum().clamp_min(1)


def class_weight_tensor(weights: Sequence[float] | Tensor | None, logits: Tensor) -> Tensor | None:
    """Return one weight per class beside `logits`, or None."""
    if weights is None:
        return None
    try:
        found = torch.as_tensor(weights, dtype=logits.dtype, device=logits.device)
    except (TypeError, ValueError) as error:
        message = f"class_weights must be numbers, got {weights!r}"
        raise ConfigError(message) from error
    if found.shape != logits.shape[1:2]:
        message = f"class_weights must have one value per class ({logits.shape[1]}), "
        message += f"got shape {tuple(found.shape)}"
        raise ShapeError(message)
    if not ((found >= 0) & found.isfinite()).all():
        message = f"class_weights must be finite and not negative, got {found.tolist()}"
        raise ConfigError(message)
    return found


def _fitting(voxel_weights: Tensor, losses: Tensor) -> Tensor:
    check_tensor("voxel_weights", voxel_weights)
    if voxel_weights.shape != losses.shape:
        message = f"voxel_weights must have shape {tuple(losses.shape)}, "
        message += f"got {tuple(voxel_weights.shape)}"
        raise ShapeError(message)
    return voxel_weights.to(losses)
