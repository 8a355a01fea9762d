"""Convolutions of nnU-Net's networks: what all of them share, one block, and a row of blocks.

A block is convolution, dropout, normalisation, leaky ReLU, in this order (Isensee et al. 2021).
Paddings keep the size: ``(k - 1) / 2`` voxels on each side, less where the stride divides it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from torch import nn

from edgewise.models.arguments import check_amount, check_choice, check_probability
from edgewise.models.blocks.normalization import normalization

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Activation", "ConvBlock", "ConvStack", "Layers", "Norm", "PerAxis"]

Norm: TypeAlias = Literal["instance", "batch", "none"]
Activation: TypeAlias = Literal["leaky_relu", "relu"]
PerAxis: TypeAlias = tuple[int, ...]  # a kernel, a stride

_CONV: Final = {2: nn.Conv2d, 3: nn.Conv3d}
_DROPOUT: Final = {2: nn.Dropout2d, 3: nn.Dropout3d}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
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
        check_choice("spatial_dims", self.spatial_dims, _CONV)
        check_choice("norm", self.norm, get_args(Norm))
        check_choice("activation", self.activation, get_args(Activation))
        check_probability("dropout", self.dropout)
        check_amount("norm_eps", self.norm_eps)
        check_amount("negative_slope", self.negative_slope)

    def convolution(
        self, inputs: int, outputs: int, kernel: PerAxis, stride: PerAxis, *, bias: bool
    ) -> nn.Module:
        """Return a convolution that keeps the size but for its stride."""
        padding = tuple((k - 1) // 2 for k in kernel)
        return _CONV[self.spatial_dims](inputs, outputs, kernel, stride, padding, bias=bias)

    def normalisation(self, channels: int) -> Any:  # noqa: ANN401
        """Return the layer after a convolution; one without effect for "none"."""
        return normalization(
            self.norm,
            channels,
            dims=self.spatial_dims,
            eps=self.norm_eps,
            affine=self.norm_affine,
        )

    def nonlinearity(self) -> nn.Module:
        """Return the activation, which overwrites its input."""
        if self.activation == "relu":
            return nn.ReLU(inplace=True)
        return nn.LeakyReLU(self.negative_slope, inplace=True)

    def ones(self) -> PerAxis:
        """Return 1 for each axis: a kernel or a stride without effect."""
        return (1,) * self.spatial_dims


class ConvBlock(nn.Module):
    """Convolution, dropout, normalisation, nonlinearity; the last three only if wanted."""

    def __init__(
        self,
        layers: Layers,
        inputs: int,
        outputs: int,
        kernel: PerAxis,
        stride: PerAxis,
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
        """Return (N, outputs, ...) / stride."""
        for step in self.children():
            features = step(features)
        return features


class ConvStack(nn.Module):
    """`count` convolutions one after the other; the first one carries the stride."""

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
        self.convs = nn.Sequential(
            *(
                ConvBlock(
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
        """Return (N, outputs, ...) / stride."""
        return self.convs(features)
