"""ResNet-50 and ResNet-101 without their classifier: the trunk of FCN and DeepLab.

He, Zhang, Ren, Sun, CVPR 2016 (arXiv 1512.03385), table 1, columns "50-layer" and "101-layer",
with the stride in the 3 x 3 convolution of a bottleneck rather than in its first 1 x 1 convolution;
state dict keys are torchvision's. A stage can trade its stride for dilation, which keeps the
resolution (Yu, Koltun, Funkhouser, CVPR 2017, arXiv 1705.09914; DeepLabV3, section 3.1).
TransUNet's ResNet, with group normalisation and standardised weights, is another network and lives
in its own file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from torch import nn

from edgewise.models.arguments import check_choice, check_counts, check_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["RESNET50", "RESNET101", "Bottleneck", "ResNetTrunk"]

RESNET50: Final = (3, 4, 6, 3)
RESNET101: Final = (3, 4, 23, 3)


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3, 1 x 1 beside a shortcut (figure 5, right).

    Parameters
    ----------
    in_channels : int
        Of the image.
    width : int
        Channels of the 3 x 3 convolution; the result has four times as many.
    stride, dilation : int
        Of the 3 x 3 convolution.
    """

    expansion: Final = 4

    def __init__(self, in_channels: int, width: int, *, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        out = width * self.expansion
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(
            width, width, 3, stride=stride, padding=dilation, dilation=dilation, bias=False
        )
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride != 1 or in_channels != out:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out, 1, stride=stride, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, image: Tensor) -> Tensor:
        """Return relu(residual + shortcut), (N, 4 * width, h / stride, w / stride)."""
        shortcut = image if self.downsample is None else self.downsample(image)
        residual = self.relu(self.bn1(self.conv1(image)))
        residual = self.relu(self.bn2(self.conv2(residual)))
        residual = self.bn3(self.conv3(residual))
        return self.relu(residual + shortcut)


class ResNetTrunk(nn.Module):
    """Stem and four stages of bottlenecks; returns what each stage makes.

    Parameters
    ----------
    blocks : sequence of 4 int
        Bottlenecks per stage: `RESNET50` or `RESNET101` for the published networks.
    in_channels : int, default 3
        Of the image.
    width : int, default 64
        Channels of the stem; the stages make 4, 8, 16 and 32 times as many.
    replace_stride_with_dilation : 3 bool, default all False
        Whether stages 2, 3 and 4 dilate instead of halving the resolution. The dilation doubles
        with each stage that does.
    first_block_dilation : {"previous", "stage"}, default "previous"
        Dilation of the first bottleneck of a dilated stage: that of the stage before it
        (torchvision), or that of the stage itself (segmentation-models-pytorch).

    Attributes
    ----------
    channels : tuple of 4 int
        Channels of each stage.
    output_stride : int
        Stride of the last stage, voxels.
    droppable_keys : tuple of str
        Prefixes in published files that belong to the classifier.
    """

    droppable_keys = ("fc.",)

    def __init__(
        self,
        blocks: Sequence[int] = RESNET50,
        *,
        in_channels: int = 3,
        width: int = 64,
        replace_stride_with_dilation: Sequence[bool] = (False, False, False),
        first_block_dilation: Literal["previous", "stage"] = "previous",
    ) -> None:
        super().__init__()
        check_counts({"in_channels": in_channels, "width": width})
        check_rows({"blocks": blocks}, length=4)
        check_choice("first_block_dilation", first_block_dilation, ("previous", "stage"))
        self.conv1 = nn.Conv2d(in_channels, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.channels = tuple(Bottleneck.expansion * width * 2**stage for stage in range(4))
        self.output_stride = 4
        dilation, before = 1, width
        for stage, dilate in enumerate((False, *replace_stride_with_dilation)):
            stride = 1 if stage == 0 or dilate else 2
            previous, dilation = dilation, dilation * 2 if dilate else dilation
            first = previous if first_block_dilation == "previous" else dilation
            rates = (first, *[dilation] * (blocks[stage] - 1))
            made = _stage(before, width * 2**stage, stride=stride, rates=rates)
            self.add_module(f"layer{stage + 1}", made)
            before = self.channels[stage]
            self.output_stride *= stride
        _initialise(self)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the four stages' maps, finest first."""
        image = self.maxpool(self.relu(self.bn1(self.conv1(image))))  # (N, width, h / 4, w / 4)
        first = self.layer1(image)  # (N, 256, h / 4, w / 4)
        second = self.layer2(first)  # (N, 512, h / 8, w / 8)
        third = self.layer3(second)  # (N, 1024, h / 16, w / 16), or dilated
        fourth = self.layer4(third)  # (N, 2048, h / 32, w / 32), or dilated
        return first, second, third, fourth


def _stage(in_channels: int, width: int, *, stride: int, rates: Sequence[int]) -> nn.Sequential:
    blocks = []
    for dilation in rates:
        blocks.append(Bottleneck(in_channels, width, stride=stride, dilation=dilation))
        in_channels, stride = width * Bottleneck.expansion, 1
    return nn.Sequential(*blocks)


def _initialise(trunk: nn.Module) -> None:
    for module in trunk.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
