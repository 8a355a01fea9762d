"""DeepLabV3: a dilated trunk, atrous spatial pyramid pooling, and a classifier.

Chen, Papandreou, Schroff, Adam: Rethinking atrous convolution for semantic image segmentation,
arXiv 1706.05587, figure 5, in torchvision's arrangement and with its state dict keys. With ResNet,
stages 3 and 4 dilate by 2 and 4 and the last map has stride 8, hence the rates 12, 24, 36: the
paper's 6, 12, 18 belong to stride 16 and double at 8. With MobileNetV3 torchvision keeps 12, 24, 36
at stride 16.

The paper's multi-grid (rates 1, 2, 4 within the last stage) is not part of torchvision's networks,
and neither is it here. DeepLabV3+ and its decoder: `deeplabv3plus`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from edgewise.models.arguments import check_counts
from edgewise.models.blocks.aspp import ASPP

from .fcn import fcn_head
from .mobilenetv3 import MobileNetV3Trunk
from .resnet import RESNET50, RESNET101, ResNetTrunk
from .trunk_and_head import TrunkAndHead

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "deeplab_head",
    "deeplabv3_mobilenet_v3_large",
    "deeplabv3_resnet50",
    "deeplabv3_resnet101",
]


def deeplab_head(
    in_channels: int, classes: int, *, rates: Sequence[int] = (12, 24, 36), channels: int = 256
) -> nn.Sequential:
    """Return ASPP, a 3 x 3 convolution and the 1 x 1 classifier.

    Parameters
    ----------
    in_channels : int
        Of the trunk's last map.
    classes : int
        Channels of the scores.
    rates : three int
        Of `ASPP`.
    channels : int, default 256
        In between.
    """
    check_counts({"classes": classes})
    return nn.Sequential(
        ASPP(in_channels, rates, channels=channels),
        nn.Conv2d(channels, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels, classes, 1),
    )


def deeplabv3_resnet50(
    *,
    in_channels: int = 3,
    classes: int = 21,
    aux_loss: bool = False,
    blocks: Sequence[int] = RESNET50,
    width: int = 64,
    rates: Sequence[int] = (12, 24, 36),
    channels: int = 256,
) -> TrunkAndHead:
    """Build DeepLabV3 on ResNet-50 at output stride 8.

    Parameters
    ----------
    in_channels, classes : int
        Of the image; of the logits.
    aux_loss : bool, default False
        Whether an FCN head on stage 3 returns auxiliary logits.
    blocks, width
        Of `ResNetTrunk`.
    rates, channels
        Of `deeplab_head`.
    """
    trunk = ResNetTrunk(
        blocks,
        in_channels=in_channels,
        width=width,
        replace_stride_with_dilation=(False, True, True),
    )
    return TrunkAndHead(
        backbone=trunk,
        classifier=deeplab_head(trunk.channels[-1], classes, rates=rates, channels=channels),
        aux_classifier=fcn_head(trunk.channels[-2], classes) if aux_loss else None,
        in_channels=in_channels,
        classes=classes,
    )


def deeplabv3_resnet101(
    *,
    in_channels: int = 3,
    classes: int = 21,
    aux_loss: bool = False,
    blocks: Sequence[int] = RESNET101,
    width: int = 64,
    rates: Sequence[int] = (12, 24, 36),
    channels: int = 256,
) -> TrunkAndHead:
    """Build DeepLabV3 on ResNet-101; parameters as for `deeplabv3_resnet50`."""
    return deeplabv3_resnet50(
        in_channels=in_channels,
        classes=classes,
        aux_loss=aux_loss,
        blocks=blocks,
        width=width,
        rates=rates,
        channels=channels,
    )


def deeplabv3_mobilenet_v3_large(
    *,
    in_channels: int = 3,
    classes: int = 21,
    aux_loss: bool = False,
    rates: Sequence[int] = (12, 24, 36),
    channels: int = 256,
) -> TrunkAndHead:
    """Build DeepLabV3 on MobileNetV3-Large at output stride 16.

    Parameters
    ----------
    in_channels, classes : int
        Of the image; of the logits.
    aux_loss : bool, default False
        Whether an FCN head on the map of stride 8 returns auxiliary logits.
    rates, channels
        Of `deeplab_head`.
    """
    trunk = MobileNetV3Trunk(in_channels=in_channels)
    stride8 = 2
    return TrunkAndHead(
        backbone=trunk,
        classifier=deeplab_head(trunk.channels[-1], classes, rates=rates, channels=channels),
        aux_classifier=fcn_head(trunk.channels[stride8], classes) if aux_loss else None,
        aux_map=stride8,
        in_channels=in_channels,
        classes=classes,
    )
