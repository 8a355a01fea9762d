"""VGG16 without its classifier: the trunk of the first fully convolutional networks.

Simonyan, Zisserman, ICLR 2015 (arXiv 1409.1556), table 1, column D: thirteen 3 x 3 convolutions in
five stages, each followed by a 2 x 2 max pooling. State dict keys are torchvision's
(``features.0.weight`` ...), so that its ImageNet file loads into the trunk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from torch import nn

from edgewise.models.arguments import check_counts, check_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["VGG16_CONVOLUTIONS", "VGG16_WIDTHS", "VGGTrunk"]

VGG16_WIDTHS: Final = (64, 128, 256, 512, 512)
VGG16_CONVOLUTIONS: Final = (2, 2, 3, 3, 3)


class VGGTrunk(nn.Module):
    """Stages of 3 x 3 convolutions with ReLU and max pooling; returns every pooled map.

    Pooling rounds up, as Caffe's does: cell i of a map of stride s always covers voxels s * i to
    s * (i + 1) - 1, and the last cell may hang over the border. On sizes divisible by 32 this is
    torchvision's VGG16.

    Parameters
    ----------
    widths : sequence of int, default 64, 128, 256, 512, 512
        Channels of each stage.
    convolutions : sequence of int, default 2, 2, 3, 3, 3
        Convolutions in each stage.
    in_channels : int, default 3
        Of the image.
    first_padding : int, default 1
        Zeros around the image in the first convolution; 1 keeps its size.

    Attributes
    ----------
    channels : tuple of int
        Channels of each stage.
    droppable_keys : tuple of str
        Prefixes in published files that belong to the classifier.
    """

    droppable_keys = ("classifier.",)

    def __init__(
        self,
        *,
        widths: Sequence[int] = VGG16_WIDTHS,
        convolutions: Sequence[int] = VGG16_CONVOLUTIONS,
        in_channels: int = 3,
        first_padding: int = 1,
    ) -> None:
        super().__init__()
        check_counts({"in_channels": in_channels})
        check_rows({"widths": widths, "convolutions": convolutions}, length=5)
        self.channels = tuple(widths)
        layers: list[nn.Module] = []
        padding, before = first_padding, in_channels
        for width, count in zip(widths, convolutions, strict=True):
            for _ in range(count):
                layers += [nn.Conv2d(before, width, 3, padding=padding), nn.ReLU(inplace=True)]
                padding, before = 1, width
            layers.append(nn.MaxPool2d(2, stride=2, ceil_mode=True))
        self.features = nn.Sequential(*layers)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return pool1, pool2, ...: maps of stride 2, 4, ..."""
        pooled = []
        for layer in self.features:
            image = layer(image)
            if isinstance(layer, nn.MaxPool2d):
                pooled.append(image)
        return tuple(pooled)
