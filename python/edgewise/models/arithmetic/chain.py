"""Receptive field of a plain chain of layers, by the forward recursion; without torch.

Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks", Distill
2019, equations 1 to 5. Right for one layer after the other. Not for skip connections (take the
union) nor for transposed convolutions (their width depends on the position): `receptive_field`
answers for those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ChainField", "Layer", "chain_field"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A convolution or a pooling layer along one axis.

    Attributes
    ----------
    kernel, stride, padding, dilation : int
        As in `conv_output_size`.
    """

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainField:
    """What output voxel i of a chain sees: `width` voxels around ``start + i * stride``.

    Attributes
    ----------
    width : int
        Voxels of the input.
    start : float
        Centre of what output voxel 0 sees, as an input index.
    stride : int
        Input voxels from one output voxel to the next.
    """

    width: int
    start: float
    stride: int


def chain_field(layers: Iterable[Layer]) -> ChainField:
    """Return the receptive field of layers that follow each other.

    Parameters
    ----------
    layers : iterable of Layer
        First layer first. Element-wise layers need not be named.

    Returns
    -------
    ChainField
        Along one axis.

    Examples
    --------
    LeNet: 5, pool 2, 5, pool 2, 5.

    >>> conv, pool = Layer(kernel=5), Layer(kernel=2, stride=2)
    >>> chain_field([conv, pool, conv, pool, conv])
    ChainField(width=32, start=15.5, stride=4)
    """
    width, start, stride = 1, 0.0, 1
    for layer in layers:
        grown = (layer.kernel - 1) * layer.dilation
        width += grown * stride
        start += (grown / 2 - layer.padding) * stride
        stride *= layer.stride
    return ChainField(width=width, start=start, stride=stride)
