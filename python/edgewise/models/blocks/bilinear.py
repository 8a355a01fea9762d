"""Bilinear upsampling as a transposed convolution.

Long, Shelhamer, Darrell, CVPR 2015 (arXiv 1411.4038), section 3.3: upsampling by a factor s is a
convolution with stride 1/s, and bilinear interpolation one choice of its kernel.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["bilinear_kernel", "bilinear_upsampling"]


def bilinear_kernel(size: int) -> Tensor:
    """Return the kernel of `size` x `size` taps that interpolates linearly along both axes.

    Along one axis tap i weighs ``1 - |i - middle| / f`` with ``f = ceil(size / 2)``: a tent.

    Parameters
    ----------
    size : int
        2 s - s % 2 for upsampling by s.

    Returns
    -------
    Tensor (size, size), float32
        Sums to s squared: each voxel of the small map is spread over s times s voxels.

    Examples
    --------
    >>> bilinear_kernel(4)[0] * 16
    tensor([1., 3., 3., 1.])
    """
    factor = (size + 1) // 2
    middle = (size - 1) / 2
    tent = 1 - (torch.arange(size, dtype=torch.float32) - middle).abs() / factor
    return tent[:, None] * tent[None, :]


def bilinear_upsampling(channels: int, factor: int) -> nn.ConvTranspose2d:
    """Return a transposed convolution that enlarges each channel by `factor`, its weights frozen.

    A map of n voxels becomes one of (n - 1) * factor + size voxels, size = 2 * factor - factor % 2:
    the border is not cropped, so that what lies outside the map counts as zero there.

    Parameters
    ----------
    channels : int
        Of the map; every channel is interpolated by itself, off-diagonal kernels are zero.
    factor : int
        At least 2.

    Returns
    -------
    ConvTranspose2d
        Without bias; the weight takes part in the state dict and asks for no gradient, as in the
        authors' networks, whose learning rate for it is zero.
    """
    size = 2 * factor - factor % 2
    layer = nn.ConvTranspose2d(channels, channels, size, stride=factor, bias=False)
    diagonal = torch.eye(channels)[:, :, None, None]
    layer.weight = nn.Parameter(diagonal * bilinear_kernel(size), requires_grad=False)
    return layer
