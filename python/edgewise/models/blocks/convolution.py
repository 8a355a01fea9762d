"""Strided and dilated convolutions for any number of axes, with the size of their output.

The separable convolution is in `separable`, what dilation does to a kernel in `dilation`.

n voxels along an axis, kernel k, stride s, dilation d; the padding here is ``d (k - 1) / 2`` on
each side, so that stride 1 keeps the size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from torch import nn

from edgewise.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["DilatedStack", "convolution"]

_CONVOLUTIONS: Final = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


def convolution(
    before: int,
    after: int,
    *,
    dims: int,
    kernel: int = 3,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    bias: bool = True,
) -> Any:  # noqa: ANN401
    """Build a convolution that pads evenly. Output size: ``ceil(n / s)``.

    Parameters
    ----------
    before, after : int
        Channels in and out.
    dims : {1, 2, 3}
        Spatial axes.
    kernel : int, default 3
        Odd.
    stride, dilation, groups, bias
        As in ``torch.nn.Conv2d``.

    Returns
    -------
    torch.nn.Module
        ``Conv1d``, ``Conv2d`` or ``Conv3d``.

    Raises
    ------
    ConfigError
        For an even kernel, which has no middle, or another number of axes.
    """
    if kernel % 2 == 0:
        message = f"kernel must be odd to pad evenly, got {kernel}"
        raise ConfigError(message)
    if dims not in _CONVOLUTIONS:
        message = f"dims must be 1, 2 or 3, got {dims}"
        raise ConfigError(message)
    return _CONVOLUTIONS[dims](
        before,
        after,
        kernel,
        stride=stride,
        padding=dilation * (kernel - 1) // 2,
        dilation=dilation,
        groups=groups,
        bias=bias,
    )


class DilatedStack(nn.Module):
    """Dilated convolutions one after another, each with ReLU. Output size: n.

    Yu and Koltun, "Multi-scale context aggregation by dilated convolutions", ICLR 2016, arXiv
    1511.07122. A kernel covers ``d (k - 1) + 1`` voxels. Equal rates leave holes (gridding): with
    2, 2, 2 only even offsets count. Rates such as 1, 2, 3 or 1, 2, 5 leave none (Wang et al.,
    "Understanding convolution for semantic segmentation", WACV 2018, arXiv 1702.08502, hybrid
    dilated convolution); `touched_offsets` in `dilation` says which.

    Parameters
    ----------
    channels : int
        In, out and between.
    dims : {1, 2, 3}
        Spatial axes.
    rates : sequence of int, default (1, 2, 3)
        Dilation of each convolution.
    kernel : int, default 3
        Odd.
    """

    def __init__(
        self, channels: int, *, dims: int, rates: Sequence[int] = (1, 2, 3), kernel: int = 3
    ) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            convolution(channels, channels, dims=dims, kernel=kernel, dilation=rate)
            for rate in rates
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return a map of the same shape (N, C, ...)."""
        for one in self.convolutions:
            image = nn.functional.relu(one(image))
        return image
