"""From a coarse map to a fine one, by a whole factor: each way, with the size of its output.

n voxels along an axis, factor f. Where output voxel i takes its value is in input coordinates. The
transposed convolution that begins as linear interpolation is in `bilinear`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch.nn.functional as F  # noqa: N812
from torch import nn

from edgewise.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "LinearUpsampling",
    "NearestUpsampling",
    "PoolingWithPlaces",
    "Unpooling",
    "overlap_counts",
    "transposed_convolution",
]

_TRANSPOSED: Final = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
_POOL: Final = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
_UNPOOL: Final = {1: F.max_unpool1d, 2: F.max_unpool2d, 3: F.max_unpool3d}
_LINEAR: Final = {3: "linear", 4: "bilinear", 5: "trilinear"}  # by the rank of (N, C, ...)


class NearestUpsampling(nn.Module):
    """Repeats voxels. Output size: ``f n``; voxel i takes ``floor((i + 0.5) / f)``.

    PyTorch's "nearest-exact". Its older "nearest" takes ``floor(i / f)``, the same for whole
    factors upwards, half a voxel off when shrinking.

    Parameters
    ----------
    factor : int
        f.
    """

    def __init__(self, factor: int = 2) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, image: Tensor) -> Tensor:
        """Return (N, C, f n, ...) of (N, C, n, ...)."""
        return F.interpolate(image, scale_factor=self.factor, mode="nearest-exact")


class LinearUpsampling(nn.Module):
    """Interpolates linearly along each axis. Output size: ``f n``.

    Voxel i takes its value at ``(i + 0.5) / f - 0.5``, not below 0: voxels are areas, the image's
    outline stays. With `corners` at ``i (n - 1) / (f n - 1)``: the outermost voxels' centres stay,
    and where a voxel lies depends on the size of the image, so that tiles do not fit together.

    Parameters
    ----------
    factor : int
        f.
    corners : bool, default False
        PyTorch's ``align_corners``.
    """

    def __init__(self, factor: int = 2, *, corners: bool = False) -> None:
        super().__init__()
        self.factor, self.corners = factor, corners

    def forward(self, image: Tensor) -> Tensor:
        """Return (N, C, f n, ...) of (N, C, n, ...)."""
        mode = _LINEAR[image.ndim]
        return F.interpolate(image, scale_factor=self.factor, mode=mode, align_corners=self.corners)


class PoolingWithPlaces(nn.Module):
    """Max pooling that remembers where each maximum was. Output size: ``floor(n / f)``.

    Parameters
    ----------
    factor : int
        Side and stride of the windows.
    """

    def __init__(self, factor: int = 2) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, tuple[int, ...]]:
        """Return the maxima, their places in each channel's plane, and the size of `image`."""
        pool = _POOL[image.ndim - 2]
        pooled, places = pool(image, self.factor, return_indices=True)
        return pooled, places, tuple(image.shape[2:])


class Unpooling(nn.Module):
    """Puts values back to where their maxima were, zeros elsewhere. Output size: as named.

    Zeiler and Fergus 2014; Badrinarayanan et al., SegNet, 2017, arXiv 1511.00561. Without the size
    from before pooling an odd axis would come back one voxel short, and places, which count along
    each channel's plane, would be wrong or refused. CUDA has no deterministic kernel for it.

    Parameters
    ----------
    factor : int
        That of the `PoolingWithPlaces`.
    """

    def __init__(self, factor: int = 2) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, image: Tensor, places: Tensor, size: tuple[int, ...]) -> Tensor:
        """Return (N, C, *size) of (N, C, ...) with `places` and `size` from the pooling."""
        unpool = _UNPOOL[image.ndim - 2]
        return unpool(image, places, self.factor, output_size=list(size))


def transposed_convolution(
    before: int, after: int, *, dims: int, factor: int = 2, bias: bool = True
) -> Any:  # noqa: ANN401
    """Build a transposed convolution with kernel = stride = f. Output size: ``f n``.

    Every output voxel comes from one input voxel, so nothing overlaps and no checkerboard appears.

    Parameters
    ----------
    before, after : int
        Channels in and out.
    dims : {1, 2, 3}
        Spatial axes.
    factor : int, default 2
        f.
    bias : bool, default True
        Add a number per channel.

    Returns
    -------
    torch.nn.Module
        ``ConvTranspose1d``, ``ConvTranspose2d`` or ``ConvTranspose3d``.

    Raises
    ------
    ConfigError
        For another number of axes.
    """
    _check(dims, factor)
    return _TRANSPOSED[dims](before, after, factor, stride=factor, bias=bias)


def overlap_counts(*, kernel: int, stride: int) -> tuple[int, ...]:
    """Return how many input voxels each output voxel of a transposed convolution comes from.

    Parameters
    ----------
    kernel, stride : int
        k and s.

    Returns
    -------
    tuple of int
        For s output voxels in a row, far from the border. Equal if s divides k; otherwise the
        output shows a checkerboard (Odena, Dumoulin and Olah, Distill 2016).

    Examples
    --------
    >>> overlap_counts(kernel=3, stride=2), overlap_counts(kernel=4, stride=2)
    ((2, 1), (2, 2))
    """
    return tuple(len(range(phase, kernel, stride)) for phase in range(stride))


def _check(dims: int, factor: int) -> None:
    if dims not in _TRANSPOSED:
        message = f"dims must be 1, 2 or 3, got {dims}"
        raise ConfigError(message)
    if factor < 1:
        message = f"factor must be at least 1, got {factor}"
        raise ConfigError(message)
