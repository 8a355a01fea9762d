"""nnU-Net with a residual encoder.

Isensee, Wald, Ulrich, Baumgartner, Roy, Maier-Hein, Jaeger: nnU-Net Revisited, MICCAI 2024, arXiv
2404.09556. Layers and their names are those of ResidualEncoderUNet in
dynamic-network-architectures.

Not here: bottleneck blocks, squeeze-and-excitation, stochastic depth, a stem of its own width, the
residual decoder.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor, nn

from edgewise.models.arguments import check_counts

from .layers import ConvBlock, ConvStack, Layers
from .network import NnUNet
from .stages import FEATURES, read_stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .layers import Activation, Norm, PerAxis
    from .stages import PerStage, PerStageAndAxis, Stages

__all__ = ["ResidualBlock", "ResidualEncoder", "nnunet_resenc"]

_POOL: Final = {2: nn.AvgPool2d, 3: nn.AvgPool3d}


class _MeanPool(nn.Module):
    """Mean of every block of voxels, in single precision at least: torch has no other on CPUs."""

    def __init__(self, spatial_dims: int, stride: PerAxis) -> None:
        super().__init__()
        self.pool = _POOL[spatial_dims](stride, stride)

    def forward(self, features: Tensor) -> Tensor:
        precise = torch.promote_types(features.dtype, torch.float32)
        return self.pool(features.to(precise)).to(features.dtype)


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut (ResNet-D): nonlinearity after the sum.

    The shortcut averages where the block strides and projects by a 1x1 convolution, without bias,
    where the channels change.
    """

    def __init__(
        self, layers: Layers, inputs: int, outputs: int, kernel: PerAxis, stride: PerAxis
    ) -> None:
        super().__init__()
        bias = layers.conv_bias
        self.conv1 = ConvBlock(layers, inputs, outputs, kernel, stride, bias=bias)
        self.conv2 = ConvBlock(
            layers, outputs, outputs, kernel, layers.ones(),
            bias=bias, dropout=False, nonlinearity=False,
        )  # fmt: skip
        shortcut: list[nn.Module] = []
        if prod(stride) > 1:
            shortcut.append(_MeanPool(layers.spatial_dims, stride))
        if inputs != outputs:
            shortcut.append(_projection(layers, inputs, outputs))
        self.skip = nn.Sequential(*shortcut)
        self.nonlin2 = layers.nonlinearity()

    def forward(self, features: Tensor) -> Tensor:
        """Return (N, outputs, ...) / stride."""
        return self.nonlin2(self.conv2(self.conv1(features)) + self.skip(features))


def _projection(layers: Layers, inputs: int, outputs: int) -> ConvBlock:
    one = layers.ones()
    return ConvBlock(
        layers, inputs, outputs, one, one, bias=False, dropout=False, nonlinearity=False
    )


class _ResidualStage(nn.Module):
    """`count` residual blocks; the first one carries the stride."""

    def __init__(
        self,
        layers: Layers,
        inputs: int,
        outputs: int,
        count: int,
        kernel: PerAxis,
        stride: PerAxis,
    ) -> None:
        super().__init__()
        later = (
            ResidualBlock(layers, outputs, outputs, kernel, layers.ones()) for _ in range(1, count)
        )
        self.blocks = nn.Sequential(ResidualBlock(layers, inputs, outputs, kernel, stride), *later)

    def forward(self, features: Tensor) -> Tensor:
        return self.blocks(features)


class ResidualEncoder(nn.Module):
    """A stem of one convolution, then stages of residual blocks."""

    def __init__(self, layers: Layers, plan: Stages, in_channels: int) -> None:
        super().__init__()
        check_counts({"in_channels": in_channels})
        first = plan.features[0]
        self.stem = ConvStack(layers, in_channels, first, 1, plan.kernels[0], layers.ones())
        inputs = (first, *plan.features)
        stages = zip(inputs, plan.features, plan.encoder_counts, plan.kernels, plan.strides)  # noqa: B905
        self.stages = nn.Sequential(*(_ResidualStage(layers, *s) for s in stages))

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the features of every stage, finest first."""
        image = self.stem(image)  # (N, features[0], ...)
        skips = []
        for stage in self.stages:
            image = stage(image)  # (N, features[s], ...) / strides so far
            skips.append(image)
        return skips


def _silence_residual(module: Any) -> None:  # noqa: ANN401
    """Let every block begin as its shortcut."""
    if isinstance(module, ResidualBlock):
        nn.init.zeros_(module.conv2.norm.weight)
        nn.init.zeros_(module.conv2.norm.bias)


def nnunet_resenc(
    *,
    in_channels: int = 1,
    classes: int = 2,
    spatial_dims: int = 3,
    features_per_stage: Sequence[int] = FEATURES,
    kernel_sizes: PerStageAndAxis = 3,
    strides: PerStageAndAxis = 2,
    n_blocks_per_stage: PerStage = (1, 3, 4, 6, 6, 6),
    n_conv_per_stage_decoder: PerStage = 1,
    conv_bias: bool = True,
    norm: Norm = "instance",
    norm_eps: float = 1e-5,
    norm_affine: bool = True,
    dropout: float = 0.0,
    activation: Activation = "leaky_relu",
    negative_slope: float = 0.01,
    deep_supervision: bool = False,
) -> NnUNet:
    """Build nnU-Net's network with a residual encoder, ResidualEncoderUNet.

    Parameters
    ----------
    in_channels, classes, spatial_dims, features_per_stage, kernel_sizes, strides
        As in `nnunet_plain`. A stem of ``features_per_stage[0]`` channels comes first.
    n_blocks_per_stage : int or one per stage, default (1, 3, 4, 6, 6, 6)
        Residual blocks of the encoder, two convolutions each.
    n_conv_per_stage_decoder : int or one per decoder stage, deepest first, default 1
        Convolutions of the decoder.
    conv_bias, norm, norm_eps, norm_affine, activation, negative_slope, deep_supervision
        As in `nnunet_plain`.
    dropout : float, default 0
        After the first convolution of a block and after those of the decoder.

    Returns
    -------
    NnUNet
        102,349,770 parameters with the defaults. Kaiming-normal weights, biases 0, and 0 for the
        last normalisation of each block: a block begins as its shortcut.

    Raises
    ------
    ConfigError
        If the sizes contradict one another.
    """
    layers = Layers(
        spatial_dims=spatial_dims, conv_bias=conv_bias, norm=norm, norm_eps=norm_eps,
        norm_affine=norm_affine, dropout=dropout, activation=activation,
        negative_slope=negative_slope,
    )  # fmt: skip
    plan = read_stages(
        spatial_dims, features_per_stage, kernel_sizes, strides,
        ("n_blocks_per_stage", n_blocks_per_stage), n_conv_per_stage_decoder,
    )  # fmt: skip
    network = NnUNet(
        ResidualEncoder(layers, plan, in_channels), layers, plan,
        in_channels=in_channels, classes=classes, deep_supervision=deep_supervision,
    )  # fmt: skip
    if norm != "none" and norm_affine:
        network.apply(_silence_residual)
    return network
