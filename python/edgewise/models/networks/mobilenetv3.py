"""MobileNetV3-Large without its classifier, dilated; and LR-ASPP, the head made for it.

Howard et al.: Searching for MobileNetV3, ICCV 2019, arXiv 1905.02244. Trunk: table 1, whose last
stage dilates by 2 instead of halving the resolution (section 6.4), so that the last map has stride
16. Head: figure 10. State dict keys are those of torchvision's segmentation networks
(``backbone.0.0.weight``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from torch import nn
from torch.nn import functional

from edgewise.models.arguments import check_counts
from edgewise.models.card import Sizes
from edgewise.models.shapes import check_image

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["LRASPP", "MobileNetV3Trunk", "lraspp_mobilenet_v3_large"]


class _Row(NamedTuple):
    """A row of table 1: "bneck", k x k; exp size; #out; SE; NL; s; and the dilation."""

    kernel: int
    expanded: int
    out: int
    squeeze: Literal["SE", ""]
    nonlinearity: type[nn.Module]
    stride: int = 1
    dilation: int = 1


_RE, _HS = nn.ReLU, nn.Hardswish
_STEM: Final = 16
_TABLE: Final = (
    _Row(3, 16, 16, "", _RE),
    _Row(3, 64, 24, "", _RE, 2),
    _Row(3, 72, 24, "", _RE),
    _Row(5, 72, 40, "SE", _RE, 2),
    _Row(5, 120, 40, "SE", _RE),
    _Row(5, 120, 40, "SE", _RE),
    _Row(3, 240, 80, "", _HS, 2),
    _Row(3, 200, 80, "", _HS),
    _Row(3, 184, 80, "", _HS),
    _Row(3, 184, 80, "", _HS),
    _Row(3, 480, 112, "SE", _HS),
    _Row(3, 672, 112, "SE", _HS),
    _Row(5, 672, 160, "SE", _HS, 1, 2),  # stride 2 in the classifier
    _Row(5, 960, 160, "SE", _HS, 1, 2),
    _Row(5, 960, 160, "SE", _HS, 1, 2),
)
_TAPS: Final = (0, 2, 4, 7, 13, 16)  # layers that halve the resolution, or would; and the last


class MobileNetV3Trunk(nn.Sequential):
    """Stem, fifteen inverted residuals and a 1 x 1 convolution; returns six of their maps.

    Parameters
    ----------
    in_channels : int, default 3
        Of the image.

    Attributes
    ----------
    channels : tuple of int
        Of the maps: 16, 24, 40, 80, 160, 960, at strides 2, 4, 8, 16, 16, 16.
    output_stride : int
        Stride of the last map: 16 voxels.
    """

    output_stride = 16

    def __init__(self, *, in_channels: int = 3) -> None:
        check_counts({"in_channels": in_channels})
        layers = [_normalised(in_channels, _STEM, 3, stride=2, nonlinearity=_HS)]
        before = _STEM
        for row in _TABLE:
            layers.append(_InvertedResidual(before, row))
            before = row.out
        layers.append(_normalised(before, 6 * before, 1, nonlinearity=_HS))
        super().__init__(*layers)
        widths = (_STEM, *(row.out for row in _TABLE), 6 * before)
        self.channels = tuple(widths[tap] for tap in _TAPS)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
                if module.bias is not None:  # of the squeezes
                    nn.init.zeros_(module.bias)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the six maps, finest first."""
        maps = []
        for index, layer in enumerate(self):
            image = layer(image)
            if index in _TAPS:
                maps.append(image)
        return tuple(maps)


class _InvertedResidual(nn.Module):
    """Expand, convolve channel by channel, squeeze and excite, project (section 5.3, figure 4)."""

    def __init__(self, in_channels: int, row: _Row) -> None:
        super().__init__()
        wide, act = row.expanded, row.nonlinearity
        steps: list[nn.Module] = []
        if wide != in_channels:
            steps.append(_normalised(in_channels, wide, 1, nonlinearity=act))
        steps.append(
            _normalised(
                wide,
                wide,
                row.kernel,
                stride=row.stride,
                dilation=row.dilation,
                groups=wide,
                nonlinearity=act,
            )
        )
        if row.squeeze == "SE":
            steps.append(_SqueezeExcitation(wide))
        steps.append(_normalised(wide, row.out, 1, nonlinearity=None))
        self.block = nn.Sequential(*steps)
        self.residual = row.stride == 1 and in_channels == row.out

    def forward(self, image: Tensor) -> Tensor:
        made = self.block(image)
        return image + made if self.residual else made


class _SqueezeExcitation(nn.Module):
    """Each channel times a factor from the mean of all, through a quarter as many values."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = _multiple_of_8(channels // 4)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)
        self.activation = nn.ReLU(inplace=True)
        self.scale_activation = nn.Hardsigmoid()

    def forward(self, image: Tensor) -> Tensor:
        scale = self.activation(self.fc1(self.avgpool(image)))  # (N, channels / 4, 1, 1)
        return image * self.scale_activation(self.fc2(scale))


class LRASPP(nn.Module):
    """Lite reduced ASPP: the last map gated by its own mean, plus scores of a finer map.

    Parameters
    ----------
    in_channels, classes : int, default 3, 21
        Of the image; of the logits.
    channels : int, default 128
        Of the head.
    """

    spatial_dims = 2
    sizes = Sizes(minimum=MobileNetV3Trunk.output_stride + 1)

    def __init__(self, *, in_channels: int = 3, classes: int = 21, channels: int = 128) -> None:
        super().__init__()
        check_counts({"classes": classes, "channels": channels})
        self.in_channels, self.classes = in_channels, classes
        self.backbone = MobileNetV3Trunk(in_channels=in_channels)
        self.classifier = _LRASPPHead(
            self.backbone.channels[2], self.backbone.channels[-1], classes, channels
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, classes, h, w)."""
        check_image(image, self, self.sizes)
        maps = self.backbone(image)
        return _enlarge(self.classifier(maps[2], maps[-1]), image.shape[2:])


class _LRASPPHead(nn.Module):
    def __init__(self, low: int, high: int, classes: int, channels: int) -> None:
        super().__init__()
        self.cbr = nn.Sequential(
            nn.Conv2d(high, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        )
        self.scale = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(high, channels, 1, bias=False), nn.Sigmoid()
        )
        self.low_classifier = nn.Conv2d(low, classes, 1)
        self.high_classifier = nn.Conv2d(channels, classes, 1)

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        gated = self.cbr(high) * self.scale(high)  # (N, channels, h / 16, w / 16)
        enlarged = _enlarge(gated, low.shape[2:])  # (N, channels, h / 8, w / 8)
        return self.low_classifier(low) + self.high_classifier(enlarged)


def lraspp_mobilenet_v3_large(
    *, in_channels: int = 3, classes: int = 21, channels: int = 128
) -> LRASPP:
    """Build `LRASPP` on MobileNetV3-Large."""
    return LRASPP(in_channels=in_channels, classes=classes, channels=channels)


def _normalised(
    before: int,
    after: int,
    kernel: int,
    *,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    nonlinearity: type[nn.Module] | None,
) -> nn.Sequential:
    convolution = nn.Conv2d(
        before,
        after,
        kernel,
        stride=stride,
        padding=dilation * (kernel // 2),
        dilation=dilation,
        groups=groups,
        bias=False,
    )
    # the paper trains with a decay of .99 (momentum .01 here) and epsilon 1e-3
    norm = nn.BatchNorm2d(after, eps=1e-3, momentum=0.01)
    end = [] if nonlinearity is None else [nonlinearity(inplace=True)]
    return nn.Sequential(convolution, norm, *end)


def _multiple_of_8(channels: int) -> int:
    """Round to a multiple of 8, up when rounding down would lose more than a tenth."""
    rounded = max(8, (channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def _enlarge(scores: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(scores, size=size, mode="bilinear", align_corners=False)
