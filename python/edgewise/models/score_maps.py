"""Coarse class maps back on the voxels they speak of.

A cell of a fully convolutional network's answer belongs to the centre of what it saw: voxel
``start + jump * i`` for cell i, `jump` the product of strides. Stretching the map over the whole
image instead would move cells by up to half a receptive field at the border.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import torch

from edgewise.errors import ConfigError, ShapeError
from edgewise.models.arguments import check_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["locate", "upsample_scores"]


def upsample_scores(
    scores: Tensor, size: Sequence[int], *, jump: float = 4, start: float = 15.5
) -> Tensor:
    """Return class scores at every voxel: linear between the centres of cells, constant outside.

    Parameters
    ----------
    scores : Tensor (N, C, ...)
        One to three spatial axes.
    size : sequence of int
        Voxels of the image along each of them.
    jump : float, default 4
        Voxels between the centres of neighbouring cells.
    start : float, default 15.5
        Index of the voxel (from 0) at the centre of the first cell. Both defaults are LeNet's.

    Returns
    -------
    Tensor (N, C, *size)
        Of the dtype of `scores`.

    Raises
    ------
    ShapeError
        If `size` has not one number per spatial axis of `scores`, or `scores` are not
        floating-point numbers for one cell or more.
    ConfigError
        If `jump` is not positive, `start` not finite, or `size` holds no sizes.

    Examples
    --------
    >>> import torch
    >>> upsample_scores(torch.tensor([[[0.0, 4.0]]]), [8], jump=4, start=1.5)
    tensor([[[0.0000, 0.0000, 0.5000, 1.5000, 2.5000, 3.5000, 4.0000, 4.0000]]])
    """
    _check(scores, "upsample_scores", least_axes=3)
    _check_grid(jump, start)
    check_rows({"size": tuple(size) if isinstance(size, torch.Size) else size})
    if len(size) != scores.ndim - 2:
        message = f"size {tuple(size)} needs one number per spatial axis of scores of shape "
        message += f"{tuple(scores.shape)}"
        raise ShapeError(message)
    for axis, n in enumerate(size, start=2):
        scores = _along(scores, axis, n, jump, start)
    return scores


def _along(scores: Tensor, axis: int, n: int, jump: float, start: float) -> Tensor:
    cells = scores.shape[axis]
    place = (torch.arange(n, dtype=torch.float64, device=scores.device) - start) / jump
    place = place.clamp(0, cells - 1)
    low = place.floor().long()
    high = (low + 1).clamp(max=cells - 1)
    shape = [1] * scores.ndim
    shape[axis] = n
    weight = (place - low).to(scores.dtype).reshape(shape)
    return torch.lerp(scores.index_select(axis, low), scores.index_select(axis, high), weight)


def locate(
    scores: Tensor, *, jump: float = 4, start: float = 15.5, sharpness: float | None = 1.0
) -> Tensor:
    """Return where each map of scores is highest, in voxels of the image.

    Parameters
    ----------
    scores : Tensor (N, ...)
        One map per item, for example ``network.logits(image)[:, digit]``.
    jump, start : float
        As for `upsample_scores`.
    sharpness : float or None, default 1
        The mean position under ``softmax(sharpness * scores)``, which is finer than a cell;
        None: the centre of the highest cell.

    Returns
    -------
    Tensor (N, axes)
        Positions, voxels, float.

    Raises
    ------
    ShapeError
        If `scores` have no spatial axis, no cell, or are not floating-point numbers.
    ConfigError
        If `jump` or `sharpness` is not positive and finite, or `start` not finite.
    """
    _check(scores, "locate", least_axes=2)
    _check_grid(jump, start)
    if sharpness is not None and not 0 < sharpness < inf:
        message = f"sharpness must be positive and finite, or None, not {sharpness!r}"
        raise ConfigError(message)
    flat = scores.flatten(1).float()
    grids = torch.meshgrid(
        *[start + jump * torch.arange(n, device=scores.device) for n in scores.shape[1:]],
        indexing="ij",
    )
    places = torch.stack([g.flatten() for g in grids], dim=1).float()  # (cells, axes)
    if sharpness is None:
        return places[flat.argmax(1)]
    return torch.softmax(sharpness * flat, dim=1) @ places


def _check(scores: Any, name: str, *, least_axes: int) -> None:  # noqa: ANN401
    if not isinstance(scores, torch.Tensor) or not scores.is_floating_point():
        kind = scores.dtype if isinstance(scores, torch.Tensor) else type(scores).__name__
        message = f"{name} takes scores as a tensor of floating-point numbers, not {kind}"
        raise ShapeError(message)
    if scores.ndim < least_axes or 0 in scores.shape[least_axes - 1 :]:
        message = f"{name} takes scores with one cell or more along one axis or more, not of shape "
        message += f"{tuple(scores.shape)}"
        raise ShapeError(message)


def _check_grid(jump: float, start: float) -> None:
    if not 0 < jump < inf:
        message = f"jump must be positive and finite, not {jump!r}"
        raise ConfigError(message)
    if not -inf < start < inf:
        message = f"start must be finite, not {start!r}"
        raise ConfigError(message)
