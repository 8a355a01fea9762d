"""DeepLabV3+: DeepLabV3 as an encoder, with a small decoder that sees the fine map of stride 4.

Chen, Zhu, Papandreou, Schroff, Adam: Encoder-decoder with atrous separable convolution for semantic
image segmentation, ECCV 2018, arXiv 1802.02611, figure 2, in the arrangement of
segmentation-models-pytorch and with its state dict keys (``encoder.``, ``decoder.``,
``segmentation_head.``). What is particular to it, beside the paper:

- rates 12, 24, 36 at output stride 16, where the paper has 6, 12, 18;
- every block of a dilated stage dilates, the first too (torchvision's keeps the rate before it);
- one normalisation per separable convolution, at its end; the authors' code has one inside too, and
  ``depthwise_bn=True`` brings it back;
- a separable convolution between ASPP and the enlargement, one after the fusion (the paper: two);
- enlargements align the corners' centres (``align_corners=True``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import nn
from torch.nn import functional

from edgewise.models.arguments import check_choice, check_counts
from edgewise.models.blocks.aspp import ASPP
from edgewise.models.blocks.separable import separable_convolution
from edgewise.models.card import Sizes
from edgewise.models.shapes import check_image

from .resnet import RESNET50, RESNET101, ResNetTrunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = [
    "DeepLabV3Plus",
    "DeepLabV3PlusDecoder",
    "deeplabv3plus_resnet50",
    "deeplabv3plus_resnet101",
]


class DeepLabV3PlusDecoder(nn.Module):
    """ASPP on the coarse map, enlarged and joined with the fine one.

    Parameters
    ----------
    low_channels, high_channels : int
        Of the map of stride 4; of the trunk's last map.
    rates : three int
        Of `ASPP`.
    channels : int, default 256
        Of the result.
    low_projected : int, default 48
        Channels to which the fine map is reduced, so that it does not outweigh the coarse one
        (table 1).
    dropout : float, default 0.5
        Of `ASPP`.
    separable : bool, default True
        Of `ASPP`; the decoder's own convolutions are separable in any case.
    depthwise_bn : bool, default False
        Of `separable_convolution`, everywhere.
    """

    def __init__(
        self,
        low_channels: int,
        high_channels: int,
        rates: Sequence[int],
        *,
        channels: int = 256,
        low_projected: int = 48,
        dropout: float = 0.5,
        separable: bool = True,
        depthwise_bn: bool = False,
    ) -> None:
        super().__init__()
        aspp = ASPP(
            high_channels,
            rates,
            channels=channels,
            dropout=dropout,
            separable=separable,
            depthwise_bn=depthwise_bn,
        )
        after = separable_convolution(channels, channels, depthwise_bn=depthwise_bn)
        project = nn.Conv2d(low_channels, low_projected, 1, bias=False)
        fuse = separable_convolution(channels + low_projected, channels, depthwise_bn=depthwise_bn)
        self.aspp = nn.Sequential(aspp, after, *_normalise(channels))
        self.block1 = nn.Sequential(project, *_normalise(low_projected))
        self.block2 = nn.Sequential(fuse, *_normalise(channels))

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        """Return (N, channels, h / 4, w / 4) of maps of stride 4 and 8 or 16."""
        coarse = _enlarge(self.aspp(high), low.shape[2:])  # (N, 256, h / 4, w / 4)
        fine = self.block1(low)  # (N, 48, h / 4, w / 4)
        return self.block2(torch.cat([coarse, fine], dim=1))


class DeepLabV3Plus(nn.Module):
    """Trunk, decoder and a 1 x 1 classifier, enlarged to the size of the image.

    Parameters
    ----------
    in_channels, classes : int
        Of the image; of the logits.
    output_stride : {16, 8}
        Of the trunk's last map, voxels.
    blocks, width
        Of `ResNetTrunk`.
    rates, channels, depthwise_bn
        Of `DeepLabV3PlusDecoder`.

    Raises
    ------
    ConfigError
        For another output stride.
    """

    spatial_dims = 2

    def __init__(
        self,
        *,
        in_channels: int,
        classes: int,
        output_stride: Literal[8, 16],
        blocks: Sequence[int],
        width: int,
        rates: Sequence[int],
        channels: int,
        depthwise_bn: bool,
    ) -> None:
        super().__init__()
        check_choice("output_stride", output_stride, (8, 16))
        check_counts({"classes": classes})
        self.in_channels, self.classes = in_channels, classes
        self.sizes = Sizes(minimum=output_stride + 1)  # two cells, as in `TrunkAndHead`
        self.encoder = ResNetTrunk(
            blocks,
            in_channels=in_channels,
            width=width,
            replace_stride_with_dilation=(False, output_stride == 8, True),
            first_block_dilation="stage",
        )
        self.decoder = DeepLabV3PlusDecoder(
            self.encoder.channels[0],
            self.encoder.channels[-1],
            rates,
            channels=channels,
            depthwise_bn=depthwise_bn,
        )
        self.segmentation_head = nn.Sequential(nn.Conv2d(channels, classes, 1))

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, classes, h, w)."""
        check_image(image, self, self.sizes)
        low, _, _, high = self.encoder(image)  # strides 4 and output_stride
        scores = self.segmentation_head(self.decoder(low, high))  # (N, classes, h / 4, w / 4)
        return _enlarge(scores, image.shape[2:])


def _normalise(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm2d(channels), nn.ReLU(inplace=True)


def _enlarge(scores: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(scores, size=size, mode="bilinear", align_corners=True)


def deeplabv3plus_resnet50(
    *,
    in_channels: int = 3,
    classes: int = 21,
    output_stride: Literal[8, 16] = 16,
    blocks: Sequence[int] = RESNET50,
    width: int = 64,
    rates: Sequence[int] = (12, 24, 36),
    channels: int = 256,
    depthwise_bn: bool = False,
) -> DeepLabV3Plus:
    """Build DeepLabV3+ on ResNet-50; parameters as for `DeepLabV3Plus`."""
    return DeepLabV3Plus(
        in_channels=in_channels,
        classes=classes,
        output_stride=output_stride,
        blocks=blocks,
        width=width,
        rates=rates,
        channels=channels,
        depthwise_bn=depthwise_bn,
    )


def deeplabv3plus_resnet101(
    *,
    in_channels: int = 3,
    classes: int = 21,
    output_stride: Literal[8, 16] = 16,
    blocks: Sequence[int] = RESNET101,
    width: int = 64,
    rates: Sequence[int] = (12, 24, 36),
    channels: int = 256,
    depthwise_bn: bool = False,
) -> DeepLabV3Plus:
    """Build DeepLabV3+ on ResNet-101; parameters as for `DeepLabV3Plus`."""
    return DeepLabV3Plus(
        in_channels=in_channels,
        classes=classes,
        output_stride=output_stride,
        blocks=blocks,
        width=width,
        rates=rates,
        channels=channels,
        depthwise_bn=depthwise_bn,
    )
