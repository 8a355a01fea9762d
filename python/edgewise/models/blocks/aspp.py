"""Atrous spatial pyramid pooling: one map seen at several rates, and as a whole.

Chen, Papandreou, Schroff, Adam, arXiv 1706.05587, section 3.3 and figure 5: a 1 x 1 convolution,
3 x 3 convolutions at three rates, and the mean of the whole map, concatenated and mixed by a 1 x 1
convolution. DeepLabV3+ uses the same block with separable convolutions. State dict keys are
torchvision's and, for the separable form, those of segmentation-models-pytorch, which extend them.

Output size: that of the input. The block sees the whole map, so no halo makes tiles exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from edgewise.errors import ShapeError
from edgewise.models.arguments import check_counts, check_rows

from .separable import separable_convolution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["ASPP", "ImagePooling"]


class ImagePooling(nn.Sequential):
    """Mean of the map, 1 x 1 convolution, normalisation, ReLU, spread over the map again.

    Parameters
    ----------
    in_channels, channels : int
        Before and after.
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(in_channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return (N, channels, h, w), constant over space.

        Raises
        ------
        ShapeError
            If a batch of one is to be normalised by its own statistics: there is one value per
            channel, whose variance says nothing.
        """
        if self[2].training and image.shape[0] == 1:
            message = "ASPP averages the image to one value per channel, which batch normalisation "
            message += "cannot train on with batch_size 1; take 2 images or more, or put the "
            message += "network (or its normalisation) into eval mode"
            raise ShapeError(message)
        size = image.shape[2:]
        for layer in self:
            image = layer(image)  # (N, channels, 1, 1) from the first on
        # what interpolating a single value gives, with align_corners or without
        return image.expand(-1, -1, *size)


class ASPP(nn.Module):
    """The block of figure 5.

    Parameters
    ----------
    in_channels : int
        Of the trunk's last map.
    rates : sequence of int
        Dilation of the 3 x 3 convolutions. The paper has 6, 12, 18 at output stride 16 and doubles
        them at 8.
    channels : int, default 256
        Of each branch and of the result.
    dropout : float, default 0.5
        Probability after the mixing.
    separable, depthwise_bn : bool, default False
        `separable_convolution` instead of full ones, and its option.
    """

    def __init__(
        self,
        in_channels: int,
        rates: Sequence[int],
        *,
        channels: int = 256,
        dropout: float = 0.5,
        separable: bool = False,
        depthwise_bn: bool = False,
    ) -> None:
        super().__init__()
        check_counts({"channels": channels})
        check_rows({"rates": rates})

        def atrous(rate: int) -> nn.Module:
            if separable:
                return separable_convolution(
                    in_channels, channels, rate=rate, depthwise_bn=depthwise_bn
                )
            return nn.Conv2d(in_channels, channels, 3, padding=rate, dilation=rate, bias=False)

        pointwise = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.convs = nn.ModuleList([_normalised(pointwise, channels)])
        self.convs.extend(_normalised(atrous(rate), channels) for rate in rates)
        self.convs.append(ImagePooling(in_channels, channels))
        mixing = nn.Conv2d(len(self.convs) * channels, channels, 1, bias=False)
        self.project = nn.Sequential(*_normalised(mixing, channels), nn.Dropout(dropout))

    def forward(self, image: Tensor) -> Tensor:
        """Return (N, channels, h, w) of (N, in_channels, h, w)."""
        seen = [branch(image) for branch in self.convs]  # five times (N, channels, h, w)
        return self.project(torch.cat(seen, dim=1))


def _normalised(convolution: nn.Module, channels: int) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))
