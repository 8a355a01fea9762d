"""Whether a network can take an image, said in one sentence before the first layer.

A layer deep inside would complain about two tensors that the caller has never seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from edgewise.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .card import Sizes

__all__ = ["check_bottom", "check_image"]


def check_image(image: Any, network: Any, sizes: Sizes | None = None) -> None:  # noqa: ANN401
    """Raise unless `image` is a batch that `network` takes.

    Parameters
    ----------
    image : Tensor (N, C, ...)
        As given to ``forward``.
    network : torch.nn.Module
        With ``spatial_dims`` and ``in_channels``.
    sizes : Sizes, optional
        What every spatial axis must be. Default: anything from one voxel on.

    Raises
    ------
    ShapeError
        With the sizes that would fit, or what makes the numbers fit.
    """
    name, axes = type(network).__name__, network.spatial_dims
    if not isinstance(image, torch.Tensor):
        message = f"{name} takes a torch tensor, not {type(image).__name__}; torch.as_tensor makes "
        message += "one of an array"
        raise ShapeError(message)
    if image.ndim != axes + 2:
        shape = tuple(image.shape)
        message = f"{name} takes (batch, channels, {axes} axes), not an image of shape {shape}"
        raise ShapeError(message)
    if image.shape[1] != network.in_channels:
        message = f"{name} was built for {network.in_channels} channels, the image has "
        message += f"{image.shape[1]}; in_channels= of create_model sets it"
        raise ShapeError(message)
    _check_values(image, network)
    # while exporting with free sizes a comparison would become a condition on the exported graph
    if all(isinstance(n, int) for n in image.shape[2:]):
        _check_axes(name, tuple(image.shape[2:]), sizes)
    if isinstance(image.shape[0], int) and image.shape[0] == 0:
        message = f"{name} takes one image or more, this batch of shape {tuple(image.shape)} is "
        message += "empty"
        raise ShapeError(message)


def check_bottom(image: Any, network: Any, strides: Sequence[int], norm: str) -> None:  # noqa: ANN401
    """Raise if normalisation meets a single voxel, whose variance says nothing.

    Parameters
    ----------
    image : Tensor (N, C, ...)
        That has passed `check_image`.
    network : torch.nn.Module
        Names itself in the message; in training, "batch" normalises by the batch at hand.
    strides : sequence of int
        Of the coarsest map, along each axis, in a network that keeps sizes.
    norm : str
        A name of `edgewise.models.blocks.normalization`.

    Raises
    ------
    ShapeError
        With "instance" if the coarsest map is one voxel, with "batch" in training if it is one
        voxel of one image.
    """
    shape = image.shape
    if not all(isinstance(n, int) for n in shape):
        return
    if any(n > stride for n, stride in zip(shape[2:], strides, strict=True)):
        return
    alone = norm == "instance" or (norm == "batch" and network.training and shape[0] == 1)
    if alone:
        message = (
            f"{type(network).__name__} cannot normalise (norm={norm!r}) the one voxel left of "
        )
        message += f"{_product(tuple(shape[2:]))}; take an image twice as long along some axis"
        message += ", or a batch of two" if norm == "batch" else ""
        raise ShapeError(message)


def _check_values(image: Any, network: Any) -> None:  # noqa: ANN401
    """Raise for integers, for another device, and for another precision without autocast."""
    name = type(network).__name__
    if not image.dtype.is_floating_point:
        message = f"{name} takes floating-point numbers, not {image.dtype}; image.float() converts "
        message += "them"
        raise ShapeError(message)
    weight = next(network.parameters(), None)
    if weight is None or not weight.is_floating_point():
        return
    if image.device != weight.device:
        message = f"{name} is on {weight.device} and the image on {image.device}; "
        message += "image.to(device) or network.to(device) brings them together"
        raise ShapeError(message)
    if image.dtype != weight.dtype and not torch.is_autocast_enabled(image.device.type):
        message = f"{name} holds {weight.dtype} and the image {image.dtype}; "
        message += "image.to(dtype) or network.to(dtype) makes them alike"
        raise ShapeError(message)


def _check_axes(name: str, spatial: tuple[int, ...], sizes: Sizes | None) -> None:
    if sizes is None:
        if min(spatial) < 1:
            message = f"{name} takes axes of at least 1 voxel, not {_product(spatial)}"
            raise ShapeError(message)
        return
    if not all(sizes.admit(n) for n in spatial):
        fits = " x ".join(" or ".join(str(k) for k in sizes.nearest(n)) for n in spatial)
        message = f"{name} takes axes of {sizes} voxels, not {_product(spatial)}; nearest: {fits} "
        message += "(pad or crop the image; sliding_window does it)"
        raise ShapeError(message)


def _product(sizes: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in sizes)
