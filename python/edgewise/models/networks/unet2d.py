"""U-Net: a contracting and an expanding path joined at every resolution.

Ronneberger, Fischer, Brox: U-Net: Convolutional networks for biomedical image segmentation, MICCAI
2015, arXiv 1505.04597, figure 1. `unet2d_valid` is the figure: no padding, 572 x 572 in, 388 x 388
out. `unet2d` pads every convolution so that an image of 2^depth k voxels keeps its size.

An axis loses ``12 * 2^depth - 8`` voxels without padding (184 at depth 4), and has to be -4 modulo
2^depth so that every pooling meets an even size. The voxels that one output voxel sees span 188 or
204 along an axis at depth 4, depending on where it lies in the pooling grid.

The paper gives no order for the concatenation; here the skip comes first, and weights of networks
that put it last load with ``layout="up_first"``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import torch
from torch import nn

from edgewise.models.arguments import check_choice, check_counts, check_probability
from edgewise.models.blocks.cropping import crop_to_centre
from edgewise.models.blocks.normalization import normalization
from edgewise.models.networks.unet_sizes import sizes_of
from edgewise.models.shapes import check_bottom, check_image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

__all__ = ["UNet2d", "unet2d", "unet2d_valid"]

Norm = Literal["none", "batch", "instance"]


class UNet2d(nn.Module):
    """The network of figure 1.

    Parameters
    ----------
    in_channels, classes : int
        Of the image, and of the answer.
    base : int
        Channels at full resolution; each level down has twice as many.
    depth : int
        Number of poolings.
    padding : {"same", "valid"}
        Whether convolutions pad with zeros, or lose a voxel at each side.
    norm : {"none", "batch", "instance"}
        After each convolution; the paper has none.
    dropout : float
        Probability at the end of the contracting path. The paper drops there, at a rate it does not
        give.

    Raises
    ------
    ConfigError
        For an unknown `padding` or `norm`, or a number that is none of a network.
    """

    spatial_dims = 2

    def __init__(
        self,
        *,
        in_channels: int,
        classes: int,
        base: int,
        depth: int,
        padding: Literal["same", "valid"],
        norm: Norm,
        dropout: float,
    ) -> None:
        super().__init__()
        check_counts({"in_channels": in_channels, "classes": classes, "base": base, "depth": depth})
        check_probability("dropout", dropout)
        check_choice("padding", padding, ("same", "valid"))
        check_choice("norm", norm, get_args(Norm))
        self.in_channels, self.classes = in_channels, classes
        self._padding, self._norm, self._coarsest = padding, norm, (2**depth,) * 2
        self.sizes = sizes_of(depth, padding)
        # tiles of a valid network that begin at multiples answer as the whole image does
        self.tile_stride = 2**depth if padding == "valid" and norm != "instance" else None
        width = [base * 2**level for level in range(depth + 1)]  # 64 ... 1024
        self.contracting = nn.ModuleList(
            _two_convolutions(before, after, padding, norm)
            for before, after in zip([in_channels, *width], width, strict=False)
        )
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(dropout)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(width[level + 1], width[level], 2, 2)
            for level in reversed(range(depth))
        )
        self.expanding = nn.ModuleList(
            _two_convolutions(2 * width[level], width[level], padding, norm)
            for level in reversed(range(depth))
        )
        self.head = nn.Conv2d(base, classes, 1)
        self.apply(_initialise)

    @property
    def layouts(self) -> Mapping[str, Callable[[dict[str, Tensor]], dict[str, Tensor]]]:
        """Other orders of weights that `load_weights` understands by name."""
        return {"up_first": _skip_first}

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, classes, H', W') of (N, C, H, W)."""
        check_image(image, self, self.sizes)
        if self._padding == "same":  # a valid network has more than one voxel left in any case
            check_bottom(image, self, self._coarsest, self._norm)
        skips: list[Tensor] = []
        for stage in self.contracting:
            if skips:
                image = self.pool(image)
            image = stage(image)  # (N, base 2^level, h, w)
            skips.append(image)
        image = self.dropout(skips.pop())
        for up, stage in zip(self.up, self.expanding, strict=True):
            image = up(image)  # half the channels, twice the size
            image = stage(torch.cat([crop_to_centre(skips.pop(), image), image], dim=1))
        return self.head(image)


def _two_convolutions(before: int, after: int, padding: str, norm: str) -> nn.Sequential:
    pad = 1 if padding == "same" else 0
    layers: list[nn.Module] = []
    for channels in (before, after):
        layers += [
            nn.Conv2d(channels, after, 3, padding=pad),
            normalization(norm, after, dims=2),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)


def _initialise(layer: nn.Module) -> None:
    """Draw weights with variance 2 / fan-in (section 3 of the paper); biases are zero."""
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.ConvTranspose2d):  # one input voxel reaches each output voxel
        nn.init.normal_(layer.weight, std=(2 / layer.in_channels) ** 0.5)
        nn.init.zeros_(layer.bias)


def _skip_first(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Exchange the halves of the input of each expanding stage's first convolution."""
    swapped = dict(state)
    for key, value in state.items():
        if key.startswith("expanding.") and key.endswith(".0.weight"):
            up, skip = value.chunk(2, dim=1)
            swapped[key] = torch.cat([skip, up], dim=1)
    return swapped


def unet2d(
    *,
    in_channels: int = 1,
    classes: int = 2,
    base: int = 64,
    depth: int = 4,
    norm: Norm = "none",
    dropout: float = 0.0,
) -> UNet2d:
    """Build `UNet2d` with padding: sizes that are multiples of 2^depth are kept."""
    return UNet2d(
        in_channels=in_channels,
        classes=classes,
        base=base,
        depth=depth,
        padding="same",
        norm=norm,
        dropout=dropout,
    )


def unet2d_valid(
    *,
    in_channels: int = 1,
    classes: int = 2,
    base: int = 64,
    depth: int = 4,
    norm: Norm = "none",
    dropout: float = 0.0,
) -> UNet2d:
    """Build `UNet2d` as published: no padding, 572 x 572 in, 388 x 388 out."""
    return UNet2d(
        in_channels=in_channels,
        classes=classes,
        base=base,
        depth=depth,
        padding="valid",
        norm=norm,
        dropout=dropout,
    )
