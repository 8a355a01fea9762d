"""nnU-Net's plain network: strided convolutions down, transposed ones up.

Isensee, Jaeger, Kohl, Petersen, Maier-Hein: nnU-Net: a self-configuring method for deep
learning-based biomedical image segmentation, Nature Methods 18, 2021. Layers and their names are
those of PlainConvUNet in dynamic-network-architectures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from edgewise.models.arguments import check_counts

from .layers import ConvStack, Layers
from .network import NnUNet
from .stages import FEATURES, read_stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .layers import Activation, Norm
    from .stages import PerStage, PerStageAndAxis, Stages

__all__ = ["PlainEncoder", "nnunet_plain"]


class PlainEncoder(nn.Module):
    """Stages of strided convolutions; returns the features of every stage, finest first."""

    def __init__(self, layers: Layers, plan: Stages, in_channels: int) -> None:
        super().__init__()
        check_counts({"in_channels": in_channels})
        inputs = (in_channels, *plan.features)
        stages = zip(inputs, plan.features, plan.encoder_counts, plan.kernels, plan.strides)  # noqa: B905
        self.stages = nn.Sequential(*(nn.Sequential(ConvStack(layers, *s)) for s in stages))

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the features of every stage, finest first."""
        skips = []
        for stage in self.stages:
            image = stage(image)  # (N, features[s], ...) / strides so far
            skips.append(image)
        return skips


def nnunet_plain(
    *,
    in_channels: int = 1,
    classes: int = 2,
    spatial_dims: int = 3,
    features_per_stage: Sequence[int] = FEATURES,
    kernel_sizes: PerStageAndAxis = 3,
    strides: PerStageAndAxis = 2,
    n_conv_per_stage: PerStage = 2,
    n_conv_per_stage_decoder: PerStage = 2,
    conv_bias: bool = True,
    norm: Norm = "instance",
    norm_eps: float = 1e-5,
    norm_affine: bool = True,
    dropout: float = 0.0,
    activation: Activation = "leaky_relu",
    negative_slope: float = 0.01,
    deep_supervision: bool = False,
) -> NnUNet:
    """Build nnU-Net's plain network, PlainConvUNet.

    Parameters
    ----------
    in_channels, classes : int, default 1 and 2
        Channels of the image and of the logits; classes include background, regions do not.
    spatial_dims : int, default 3
        2 or 3.
    features_per_stage : sequence of int, default (32, 64, 128, 256, 320, 320)
        Channels of each stage, from the image downwards; their number is the number of stages.
        nnU-Net doubles from 32 up to 320 in 3-D and up to 512 in 2-D.
    kernel_sizes : int, or one value or one tuple per stage, default 3
        Odd sizes keep the size of the image.
    strides : int, or one value or one tuple per stage, default 2
        An integer holds for every stage but the first, which keeps the resolution. Given per
        stage, the first entry belongs to the first stage.
    n_conv_per_stage : int or one per stage, default 2
        Convolutions of the encoder.
    n_conv_per_stage_decoder : int or one per decoder stage, deepest first, default 2
        Convolutions of the decoder.
    conv_bias : bool, default True
        Whether convolutions and transposed convolutions have a bias; segmentation layers always do.
    norm : {"instance", "batch", "none"}, default "instance"
    norm_eps : float, default 1e-5
    norm_affine : bool, default True
        Whether the normalisation has a scale and a shift per channel.
    dropout : float, default 0
        Probability of dropping a channel after each convolution.
    activation : {"leaky_relu", "relu"}, default "leaky_relu"
    negative_slope : float, default 0.01
        Of the leaky ReLU.
    deep_supervision : bool, default False
        Whether forward returns the logits of every decoder stage, finest first. Can be set on the
        network at any time; the weights are the same.

    Returns
    -------
    NnUNet
        31,195,594 parameters with the defaults. Kaiming-normal weights, biases 0.

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
        ("n_conv_per_stage", n_conv_per_stage), n_conv_per_stage_decoder,
    )  # fmt: skip
    return NnUNet(
        PlainEncoder(layers, plan, in_channels), layers, plan,
        in_channels=in_channels, classes=classes, deep_supervision=deep_supervision,
    )  # fmt: skip
