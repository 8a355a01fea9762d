"""Soft skeleton: thinning by erosions and openings that gradients pass through.

Shit et al., "clDice - a novel topology-preserving loss function for tubular structure
segmentation", arXiv:2003.07311, 2021, algorithm 1. `edgewise.voxels.skeleton` thins masks.
"""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from edgewise.errors import ConfigError, ShapeError

from .targets import single_precision

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["soft_skeleton"]


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
        If `iterations` is negative, or no integer.

    Examples
    --------
    >>> bar = torch.zeros(1, 1, 5, 6)
    >>> bar[..., 1:4, 1:5] = 1
    >>> soft_skeleton(bar)[0, 0].int().tolist()[2]
    [0, 0, 1, 1, 0, 0]
    """
    if not 3 <= image.ndim <= 5:
        message = "image must be (batch, channels, one to three axes), "
        message += f"got shape {tuple(image.shape)}"
        raise ShapeError(message)
    if not isinstance(iterations, Integral) or iterations < 0:
        message = f"iterations must not be negative, and an integer, got {iterations!r}"
        raise ConfigError(message)
    image = single_precision(image)
    eroded = _eroded(image)
    skeleton = F.relu(image - _dilated(eroded))
    for _ in range(iterations):
        image, eroded = eroded, _eroded(eroded)
        more = F.relu(image - _dilated(eroded))
        skeleton = skeleton + F.relu(more - skeleton * more)  # probability of one or the other
    return skeleton


def _eroded(image: Tensor) -> Tensor:
    return torch.as_tensor(_Extreme.apply(image, tuple(range(2, image.ndim)), Tensor.clamp_max_))


def _dilated(image: Tensor) -> Tensor:
    for axis in range(2, image.ndim):
        image = torch.as_tensor(_Extreme.apply(image, (axis,), Tensor.clamp_min_))
    return image


class _Extreme(torch.autograd.Function):
    """The least or largest of each voxel and its neighbours along some axes.

    Pooling does the same; on a CPU this is several times as fast and keeps two tensors only. Of
    equal voxels the one in the middle gets the gradient, then the one before it, first axis first.
    """

    @staticmethod
    def forward(ctx: Any, image: Tensor, axes: Sequence[int], extreme: Any) -> Tensor:  # noqa: ANN401
        found = image.clone()
        for axis in axes:
            for here, there in _pairs(image.shape[axis]):
                part = found.narrow(axis, *here)
                extreme(part, image.narrow(axis, *there))
        ctx.save_for_backward(image, found)
        ctx.axes = axes
        return found

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401
        image, found = ctx.saved_tensors
        chosen = image == found
        result = slope.where(chosen, 0.0)
        left = ~chosen
        for axis in ctx.axes:
            for here, there in _pairs(image.shape[axis]):
                open_ = left.narrow(axis, *here)
                chosen = (image.narrow(axis, *there) == found.narrow(axis, *here)) & open_
                result.narrow(axis, *there).add_(slope.narrow(axis, *here).where(chosen, 0.0))
                open_ &= ~chosen
        return result, None, None


def _pairs(size: int) -> tuple[tuple[tuple[int, int], tuple[int, int]], ...]:
    """Return (start, length) of voxels and of their neighbours: before, then after."""
    first, last = (0, size - 1), (1, size - 1)
    return (last, first), (first, last)
