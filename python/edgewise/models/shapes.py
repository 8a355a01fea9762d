"""Whether a network can take an image, said in one sentence before the first layer.

A layer deep inside would complain about two tensors that the caller has never seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgewise.errors import ShapeError

if TYPE_CHECKING:
    from .card import Sizes

__all__ = ["check_image"]


def check_image(image: Any, network: Any, sizes: Sizes | None = None) -> None:  # noqa: ANN401
    """Raise unless `image` is a batch that `network` takes.

    Parameters
    ----------
    image : Tensor (N, C, ...)
        As given to ``forward``.
    network : torch.nn.Module
        With ``spatial_dims`` and ``in_channels``.
    sizes : Sizes, optional
        What every spatial axis must be. Default: anything.

    Raises
    ------
    ShapeError
        With the sizes that would fit.
    """
    name, axes = type(network).__name__, network.spatial_dims
    if image.ndim != axes + 2:
        shape = tuple(image.shape)
        message = f"{name} takes (batch, channels, {axes} axes), not an image of shape {shape}"
        raise ShapeError(message)
    if image.shape[1] != network.in_channels:
        message = f"{name} was built for {network.in_channels} channels, the image has "
        message += f"{image.shape[1]}; in_channels= of create_model sets it"
        raise ShapeError(message)
    # while exporting with free sizes a comparison would become a condition on the exported graph
    if sizes is None or any(not isinstance(n, int) for n in image.shape[2:]):
        return
    spatial = tuple(image.shape[2:])
    if not all(sizes.admit(n) for n in spatial):
        fits = " x ".join(" or ".join(str(k) for k in sizes.nearest(n)) for n in spatial)
        shown = " x ".join(str(n) for n in spatial)
        message = f"{name} takes axes of {sizes} voxels, not {shown}; nearest: {fits} "
        message += "(pad or crop the image; sliding_window does it)"
        raise ShapeError(message)
