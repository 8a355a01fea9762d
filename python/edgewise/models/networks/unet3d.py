"""3D U-Net.

Cicek, Abdulkadir, Lienkamp, Brox, Ronneberger: 3D U-Net: Learning dense volumetric segmentation
from sparse annotation, MICCAI 2016, arXiv 1606.06650, figure 2. Against the 2D network: batch
normalisation before each ReLU, channels doubled before pooling rather than after, up-convolutions
that keep their channels, one level less. `unet3d_valid` is the figure: no padding, 132 x 132 x 116
in, 44 x 44 x 28 out; `unet3d` pads, and keeps sizes that are multiples of 2^depth.

The paper counts 19,069,955 parameters; that is this network without the 4,672 scales and shifts of
its batch normalisation, with biases in the convolutions and none in the up-convolutions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import torch
from torch import nn

from edgewise.models.arguments import check_choice, check_counts
from edgewise.models.blocks.cropping import crop_to_centre
from edgewise.models.blocks.normalization import normalization
from edgewise.models.networks.unet_sizes import sizes_of
from edgewise.models.shapes import check_bottom, check_image

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["UNet3d", "unet3d", "unet3d_valid"]

Norm = Literal["none", "batch", "instance"]


class UNet3d(nn.Module):
    """The network of figure 2.

    Parameters
    ----------
    in_channels, classes : int
        Of the volume, and of the answer.
    base : int
        Channels after the first convolution; its level ends with twice as many.
    depth : int
        Number of poolings.
    padding : {"same", "valid"}
        Whether convolutions pad with zeros, or lose a voxel at each side.
    norm : {"none", "batch", "instance"}
        Before each ReLU; the paper has batch normalisation.

    Raises
    ------
    ConfigError
        For an unknown `padding` or `norm`, or a number that is none of a network.
    """

    spatial_dims = 3

    def __init__(
        self,
        *,
        in_channels: int,
        classes: int,
        base: int,
        depth: int,
        padding: Literal["same", "valid"],
        norm: Norm,
    ) -> None:
        super().__init__()
        check_counts({"in_channels": in_channels, "classes": classes, "base": base, "depth": depth})
        check_choice("padding", padding, ("same", "valid"))
        check_choice("norm", norm, get_args(Norm))
        self.in_channels, self.classes = in_channels, classes
        self._padding, self._norm, self._coarsest = padding, norm, (2**depth,) * 3
        self.sizes = sizes_of(depth, padding)
        # tiles of a valid network that begin at multiples answer as the whole image does
        self.tile_stride = 2**depth if padding == "valid" and norm != "instance" else None
        width = [base * 2**level for level in range(depth + 2)]  # 32, 64 ... 512
        self.contracting = nn.ModuleList(
            _two_convolutions(
                in_channels if level == 0 else width[level],
                width[level],
                width[level + 1],
                padding,
                norm,
            )
            for level in range(depth + 1)
        )
        self.pool = nn.MaxPool3d(2)
        levels = range(depth, 0, -1)
        self.up = nn.ModuleList(
            nn.ConvTranspose3d(width[level + 1], width[level + 1], 2, 2, bias=False)
            for level in levels
        )
        self.expanding = nn.ModuleList(
            _two_convolutions(
                width[level] + width[level + 1], width[level], width[level], padding, norm
            )
            for level in levels
        )
        self.head = nn.Conv3d(width[1], classes, 1)
        self.apply(_initialise)

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, classes, D', H', W') of (N, C, D, H, W)."""
        check_image(image, self, self.sizes)
        if self._padding == "same":  # a valid network has more than one voxel left in any case
            check_bottom(image, self, self._coarsest, self._norm)
        skips: list[Tensor] = []
        for stage in self.contracting:
            if skips:
                image = self.pool(image)
            image = stage(image)  # (N, base 2^(level + 1), d, h, w)
            skips.append(image)
        image = skips.pop()
        for up, stage in zip(self.up, self.expanding, strict=True):
            image = up(image)  # twice the size, as many channels
            image = stage(torch.cat([crop_to_centre(skips.pop(), image), image], dim=1))
        return self.head(image)


def _two_convolutions(
    before: int, between: int, after: int, padding: str, norm: str
) -> nn.Sequential:
    pad = 1 if padding == "same" else 0
    layers: list[nn.Module] = []
    for source, target in ((before, between), (between, after)):
        layers += [
            nn.Conv3d(source, target, 3, padding=pad),
            normalization(norm, target, dims=3),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)


def _initialise(layer: nn.Module) -> None:
    """Draw weights with variance 2 / fan-in, as in the 2D network; biases are zero."""
    if isinstance(layer, nn.Conv3d):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.ConvTranspose3d):  # one input voxel reaches each output voxel
        nn.init.normal_(layer.weight, std=(2 / layer.in_channels) ** 0.5)


def unet3d(
    *,
    in_channels: int = 3,
    classes: int = 3,
    base: int = 32,
    depth: int = 3,
    norm: Norm = "batch",
) -> UNet3d:
    """Build `UNet3d` with padding: sizes that are multiples of 2^depth are kept."""
    return UNet3d(
        in_channels=in_channels,
        classes=classes,
        base=base,
        depth=depth,
        padding="same",
        norm=norm,
    )


def unet3d_valid(
    *,
    in_channels: int = 3,
    classes: int = 3,
    base: int = 32,
    depth: int = 3,
    norm: Norm = "batch",
) -> UNet3d:
    """Build `UNet3d` as published: no padding, 132 x 132 x 116 in, 44 x 44 x 28 out."""
    return UNet3d(
        in_channels=in_channels,
        classes=classes,
        base=base,
        depth=depth,
        padding="valid",
        norm=norm,
    )
