"""The two networks of nnU-Net: plain and with a residual encoder, any stages, kernels and strides.

Isensee et al., "nnU-Net: a self-configuring method for deep learning-based biomedical image
segmentation", Nature Methods 18, 2021; the residual encoder: Isensee et al., "nnU-Net Revisited",
MICCAI 2024, arXiv 2404.09556. Layers and their names are those of the package
dynamic-network-architectures, so that nnU-Net's checkpoints fit; each layer is stored once (real
checkpoints hold copies, which `edgewise.models.plans` drops).

Not here: bottleneck blocks, squeeze-and-excitation, stochastic depth, the residual decoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm, prod
from typing import Any, ClassVar, Final, Literal, TypeAlias

import torch
from torch import Tensor, nn

from edgewise.errors import ConfigError, ShapeError
from edgewise.models.card import Sizes
from edgewise.models.shapes import check_image
from edgewise.models.weights.copies import without_copies

__all__ = ["NnUNet", "nnunet_plain", "nnunet_resenc"]

PerStage: TypeAlias = int | Sequence[int]
PerStageAndAxis: TypeAlias = int | Sequence[int | Sequence[int]]
Norm: TypeAlias = Literal["instance", "batch", "none"]
Activation: TypeAlias = Literal["leaky_relu", "relu"]
_Sizes: TypeAlias = tuple[int, ...]

_CONV: Final = {2: nn.Conv2d, 3: nn.Conv3d}
_UP: Final = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
_POOL: Final = {2: nn.AvgPool2d, 3: nn.AvgPool3d}
_DROPOUT: Final = {2: nn.Dropout2d, 3: nn.Dropout3d}
_NORM: Final = {
    "instance": {2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d},
    "batch": {2: nn.BatchNorm2d, 3: nn.BatchNorm3d},
}
_WEIGHTED: Final[Any] = (*_CONV.values(), *_UP.values())
_INIT_SLOPE: Final = 0.01  # of the Kaiming initialisation, whatever the activation
_FEATURES: Final = (32, 64, 128, 256, 320, 320)  # 32 * 2^s, at most 320 in 3-D


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layers:
    """What all convolutions of a network share."""

    spatial_dims: int
    conv_bias: bool
    norm: Norm
    norm_eps: float
    norm_affine: bool
    dropout: float
    activation: Activation
    negative_slope: float

    def __post_init__(self) -> None:
        _one_of("spatial_dims", self.spatial_dims, tuple(_CONV))
        _one_of("norm", self.norm, (*_NORM, "none"))
        _one_of("activation", self.activation, ("leaky_relu", "relu"))
        if not 0 <= self.dropout < 1:
            message = f"dropout must be a probability below 1, got {self.dropout!r}"
            raise ConfigError(message)

    def convolution(
        self, inputs: int, outputs: int, kernel: _Sizes, stride: _Sizes, *, bias: bool
    ) -> nn.Module:
        padding = tuple((k - 1) // 2 for k in kernel)
        return _CONV[self.spatial_dims](inputs, outputs, kernel, stride, padding, bias=bias)

    def normalisation(self, channels: int) -> nn.Module:
        module = _NORM[self.norm][self.spatial_dims]
        return module(channels, eps=self.norm_eps, affine=self.norm_affine)

    def nonlinearity(self) -> nn.Module:
        if self.activation == "relu":
            return nn.ReLU(inplace=True)
        return nn.LeakyReLU(self.negative_slope, inplace=True)

    def ones(self) -> _Sizes:
        return (1,) * self.spatial_dims


class _ConvBlock(nn.Module):
    """Convolution, dropout, normalisation, nonlinearity; the last three only if wanted."""

    def __init__(
        self,
        layers: _Layers,
        inputs: int,
        outputs: int,
        kernel: _Sizes,
        stride: _Sizes,
        *,
        bias: bool,
        dropout: bool = True,
        nonlinearity: bool = True,
    ) -> None:
        super().__init__()
        self.conv = layers.convolution(inputs, outputs, kernel, stride, bias=bias)
        if dropout and layers.dropout > 0:
            self.dropout = _DROPOUT[layers.spatial_dims](layers.dropout, inplace=True)
        if layers.norm != "none":
            self.norm = layers.normalisation(outputs)
        if nonlinearity:
            self.nonlin = layers.nonlinearity()

    def forward(self, features: Tensor) -> Tensor:
        for step in self.children():
            features = step(features)
        return features


class _ConvStack(nn.Module):
    """`count` convolutions one after the other; the first one carries the stride."""

    def __init__(
        self,
        layers: _Layers,
        inputs: int,
        outputs: int,
        count: int,
        kernel: _Sizes,
        stride: _Sizes,
    ) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            *(
                _ConvBlock(
                    layers,
                    inputs if index == 0 else outputs,
                    outputs,
                    kernel,
                    stride if index == 0 else layers.ones(),
                    bias=layers.conv_bias,
                )
                for index in range(count)
            )
        )

    def forward(self, features: Tensor) -> Tensor:
        return self.convs(features)


class _MeanPool(nn.Module):
    """Mean of every block of voxels, in single precision at least: torch has no other on CPUs."""

    def __init__(self, spatial_dims: int, stride: _Sizes) -> None:
        super().__init__()
        self.pool = _POOL[spatial_dims](stride, stride)

    def forward(self, features: Tensor) -> Tensor:
        precise = torch.promote_types(features.dtype, torch.float32)
        return self.pool(features.to(precise)).to(features.dtype)


class _ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut (ResNet-D): nonlinearity after the sum.

    The shortcut averages where the block strides and projects by a 1x1 convolution, without bias,
    where the channels change.
    """

    def __init__(
        self, layers: _Layers, inputs: int, outputs: int, kernel: _Sizes, stride: _Sizes
    ) -> None:
        super().__init__()
        bias = layers.conv_bias
        self.conv1 = _ConvBlock(layers, inputs, outputs, kernel, stride, bias=bias)
        self.conv2 = _ConvBlock(
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
        return self.nonlin2(self.conv2(self.conv1(features)) + self.skip(features))


def _projection(layers: _Layers, inputs: int, outputs: int) -> _ConvBlock:
    one = layers.ones()
    return _ConvBlock(
        layers, inputs, outputs, one, one, bias=False, dropout=False, nonlinearity=False
    )


class _ResidualStage(nn.Module):
    """`count` residual blocks; the first one carries the stride."""

    def __init__(
        self,
        layers: _Layers,
        inputs: int,
        outputs: int,
        count: int,
        kernel: _Sizes,
        stride: _Sizes,
    ) -> None:
        super().__init__()
        later = (
            _ResidualBlock(layers, outputs, outputs, kernel, layers.ones()) for _ in range(1, count)
        )
        self.blocks = nn.Sequential(_ResidualBlock(layers, inputs, outputs, kernel, stride), *later)

    def forward(self, features: Tensor) -> Tensor:
        return self.blocks(features)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Stages from the image downwards: features, kernels, strides and how many of what."""

    features: _Sizes
    kernels: tuple[_Sizes, ...]
    strides: tuple[_Sizes, ...]
    encoder_counts: _Sizes
    decoder_counts: _Sizes


class _PlainEncoder(nn.Module):
    """Stages of strided convolutions; returns the features of every stage, finest first."""

    def __init__(self, layers: _Layers, plan: _Plan, in_channels: int) -> None:
        super().__init__()
        inputs = (in_channels, *plan.features)
        stages = zip(inputs, plan.features, plan.encoder_counts, plan.kernels, plan.strides)  # noqa: B905
        self.stages = nn.Sequential(*(nn.Sequential(_ConvStack(layers, *s)) for s in stages))

    def forward(self, image: Tensor) -> list[Tensor]:
        skips = []
        for stage in self.stages:
            image = stage(image)  # (N, features[s], ...) / strides so far
            skips.append(image)
        return skips


class _ResidualEncoder(nn.Module):
    """A stem of one convolution, then stages of residual blocks."""

    def __init__(self, layers: _Layers, plan: _Plan, in_channels: int) -> None:
        super().__init__()
        first = plan.features[0]
        self.stem = _ConvStack(layers, in_channels, first, 1, plan.kernels[0], layers.ones())
        inputs = (first, *plan.features)
        stages = zip(inputs, plan.features, plan.encoder_counts, plan.kernels, plan.strides)  # noqa: B905
        self.stages = nn.Sequential(*(_ResidualStage(layers, *s) for s in stages))

    def forward(self, image: Tensor) -> list[Tensor]:
        image = self.stem(image)  # (N, features[0], ...)
        skips = []
        for stage in self.stages:
            image = stage(image)  # (N, features[s], ...) / strides so far
            skips.append(image)
        return skips


class _Decoder(nn.Module):
    """From the deepest stage upwards: transposed convolution, (up, skip) together, convolutions.

    Entry 0 of each list is the deepest. A segmentation layer stands at every stage, used or not,
    so that the same weights load with and without deep supervision.
    """

    def __init__(self, layers: _Layers, plan: _Plan, classes: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList()
        self.transpconvs = nn.ModuleList()
        self.seg_layers = nn.ModuleList()
        one, dims = layers.ones(), layers.spatial_dims
        for stage, count in zip(
            reversed(range(len(plan.features) - 1)), plan.decoder_counts, strict=True
        ):
            below, here = plan.features[stage + 1], plan.features[stage]
            stride = plan.strides[stage + 1]
            self.transpconvs.append(_UP[dims](below, here, stride, stride, bias=layers.conv_bias))
            self.stages.append(_ConvStack(layers, 2 * here, here, count, plan.kernels[stage], one))
            self.seg_layers.append(layers.convolution(here, classes, one, one, bias=True))

    def forward(self, skips: list[Tensor], *, every_stage: bool) -> list[Tensor]:
        features, outputs = skips[-1], []
        for index, stage in enumerate(self.stages):
            up = self.transpconvs[index](features)
            features = stage(torch.cat((up, skips[-(index + 2)]), dim=1))
            if every_stage or index == len(self.stages) - 1:
                outputs.append(self.seg_layers[index](features))
        return outputs[::-1]  # finest first


class NnUNet(nn.Module):
    """An encoder, the decoder and their initialisation; see `nnunet_plain`, `nnunet_resenc`.

    Attributes
    ----------
    spatial_dims, in_channels, classes : int
        As built.
    deep_supervision : bool
        Whether forward returns the logits of every decoder stage; can be set at any time.
    total_stride : tuple of int
        Per axis: every image axis must be a multiple of it.
    sizes : Sizes
        Sizes that fit on every axis alike.
    """

    layouts: ClassVar = {"nnunet": without_copies}

    def __init__(
        self,
        encoder: nn.Module,
        layers: _Layers,
        plan: _Plan,
        *,
        in_channels: int,
        classes: int,
        deep_supervision: bool,
    ) -> None:
        super().__init__()
        self.spatial_dims = layers.spatial_dims
        self.in_channels = in_channels
        self.classes = classes
        self.deep_supervision = deep_supervision
        self.total_stride = tuple(prod(axis) for axis in zip(*plan.strides, strict=True))
        self.encoder = encoder
        self.decoder = _Decoder(layers, plan, classes)
        self._one_voxel_fits = layers.norm != "instance"
        step = lcm(*self.total_stride)
        alone = not self._one_voxel_fits and set(self.total_stride) == {step}
        self.sizes = Sizes(2 * step if alone else step, step)
        self.apply(_kaiming)

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return logits (N, classes, ...), or one per decoder stage, finest first.

        Parameters
        ----------
        image : Tensor (N, in_channels, ...)
            Every axis a multiple of its `total_stride`.

        Returns
        -------
        Tensor, or tuple of Tensor while `deep_supervision` is True
            The first has the size of the image, each further one that of the next stage.

        Raises
        ------
        ShapeError
            If the image does not fit; says to which size to pad it.
        """
        check_image(image, self)
        self._check_sizes(tuple(image.shape[2:]))
        outputs = self.decoder(self.encoder(image), every_stage=self.deep_supervision)
        return tuple(outputs) if self.deep_supervision else outputs[0]

    def _check_sizes(self, sizes: _Sizes) -> None:
        if any(not isinstance(n, int) for n in sizes):
            return  # exporting with free sizes: a comparison would become part of the graph
        deepest = [-(-n // step) for n, step in zip(sizes, self.total_stride, strict=True)]
        if prod(deepest) == 1 and not self._one_voxel_fits:
            deepest[-1] = 2  # a single voxel has no deviation to normalise by
        fitting = tuple(n * step for n, step in zip(deepest, self.total_stride, strict=True))
        if sizes != fitting:
            message = (
                f"{type(self).__name__} takes axes that are multiples of "
                f"{_product(self.total_stride)} voxels, not {_product(sizes)}; "
                f"pad the image to {_product(fitting)} (sliding_window does it)"
            )
            raise ShapeError(message)


def _product(sizes: _Sizes) -> str:
    return " x ".join(str(n) for n in sizes)


def _kaiming(module: Any) -> None:  # noqa: ANN401
    if isinstance(module, _WEIGHTED):
        nn.init.kaiming_normal_(module.weight, a=_INIT_SLOPE)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _silence_residual(module: Any) -> None:  # noqa: ANN401
    """Let every block begin as its shortcut."""
    if isinstance(module, _ResidualBlock):
        nn.init.zeros_(module.conv2.norm.weight)
        nn.init.zeros_(module.conv2.norm.bias)


def nnunet_plain(
    *,
    in_channels: int = 1,
    classes: int = 2,
    spatial_dims: int = 3,
    features_per_stage: Sequence[int] = _FEATURES,
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
    layers = _Layers(
        spatial_dims=spatial_dims, conv_bias=conv_bias, norm=norm, norm_eps=norm_eps,
        norm_affine=norm_affine, dropout=dropout, activation=activation,
        negative_slope=negative_slope,
    )  # fmt: skip
    plan = _plan(
        spatial_dims, features_per_stage, kernel_sizes, strides,
        ("n_conv_per_stage", n_conv_per_stage), n_conv_per_stage_decoder,
    )  # fmt: skip
    return NnUNet(
        _PlainEncoder(layers, plan, in_channels), layers, plan,
        in_channels=in_channels, classes=classes, deep_supervision=deep_supervision,
    )  # fmt: skip


def nnunet_resenc(
    *,
    in_channels: int = 1,
    classes: int = 2,
    spatial_dims: int = 3,
    features_per_stage: Sequence[int] = _FEATURES,
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
    layers = _Layers(
        spatial_dims=spatial_dims, conv_bias=conv_bias, norm=norm, norm_eps=norm_eps,
        norm_affine=norm_affine, dropout=dropout, activation=activation,
        negative_slope=negative_slope,
    )  # fmt: skip
    plan = _plan(
        spatial_dims, features_per_stage, kernel_sizes, strides,
        ("n_blocks_per_stage", n_blocks_per_stage), n_conv_per_stage_decoder,
    )  # fmt: skip
    network = NnUNet(
        _ResidualEncoder(layers, plan, in_channels), layers, plan,
        in_channels=in_channels, classes=classes, deep_supervision=deep_supervision,
    )  # fmt: skip
    if norm != "none" and norm_affine:
        network.apply(_silence_residual)
    return network


def _plan(
    dims: int,
    features: Sequence[int],
    kernels: PerStageAndAxis,
    strides: PerStageAndAxis,
    encoder: tuple[str, PerStage],
    decoder: PerStage,
) -> _Plan:
    stages = len(features)
    if stages < 2:
        message = f"features_per_stage must have at least two stages, got {tuple(features)}"
        raise ConfigError(message)
    if isinstance(strides, int):
        strides = (1, *(strides,) * (stages - 1))
    return _Plan(
        _counts("features_per_stage", features, stages),
        _per_axis("kernel_sizes", kernels, stages, dims),
        _per_axis("strides", strides, stages, dims),
        _counts(*encoder, stages),
        _counts("n_conv_per_stage_decoder", decoder, stages - 1),
    )


def _counts(name: str, values: PerStage, stages: int) -> _Sizes:
    spread = (values,) * stages if isinstance(values, int) else tuple(values)
    if len(spread) != stages or not all(isinstance(v, int) and v > 0 for v in spread):
        message = f"{name} must be one positive integer or {stages} of them, got {values!r}"
        raise ConfigError(message)
    return spread


def _per_axis(name: str, values: PerStageAndAxis, stages: int, dims: int) -> tuple[_Sizes, ...]:
    spread = (values,) * stages if isinstance(values, int) else tuple(values)
    if len(spread) != stages:
        message = f"{name} must be one value per stage ({stages}), got {values!r}"
        raise ConfigError(message)
    return tuple(_counts(f"{name}, entry {i},", value, dims) for i, value in enumerate(spread))


def _one_of(name: str, value: Any, known: tuple[Any, ...]) -> None:  # noqa: ANN401
    if value not in known:
        message = f"{name} must be one of {', '.join(str(k) for k in known)}, got {value!r}"
        raise ConfigError(message)
