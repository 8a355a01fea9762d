"""What padding does to a network's answer: which voxels saw it, and how much it changes them.

Zeros outside the image are an invention like any other. A voxel of the answer whose receptive
field reaches over the border, in any layer, depends on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from edgewise.errors import ConfigError, ShapeError

from .dependence import dependence
from .reach import Reach
from .running import Runner
from .tracing import input_tensor_shape, trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from .dependence import Dependence

__all__ = ["Padding", "border_flags", "padding_influence", "run_with_padding"]

Padding = Literal["zeros", "reflect", "replicate"]
_MODES: Final = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate"}


def padding_influence(
    model: Any,  # noqa: ANN401
    shape: Sequence[int],
    *,
    channels: int | None = None,
) -> NDArray[np.bool_]:
    """Return which voxels of the answer depend on padding.

    Parameters
    ----------
    model : torch.nn.Module
        Takes one tensor (N, C, ...); seen in evaluation mode.
    shape : sequence of int
        Spatial shape of the image.
    channels : int, optional
        Of the image. Default: ``model.in_channels``, or those of the first convolution.

    Returns
    -------
    bool array
        Spatial shape of the answer. True where any layer on the way looked beyond the end of its
        input: padded convolutions and pooling, explicit padding of any mode, the edge that linear
        interpolation repeats. Operations over a whole axis, which carry the border everywhere, are
        left out.

    Raises
    ------
    ShapeError
        If the network does not take this shape.
    ConfigError
        If ``torch.export`` cannot follow the network.

    Examples
    --------
    >>> from torch import nn
    >>> padding_influence(nn.Conv1d(1, 1, 3, padding=1), (5,))
    array([ True, False, False, False,  True])
    """
    links = dependence(model, input_tensor_shape(model, shape, channels))
    seen = np.zeros((1,) * links.axes, dtype=np.bool_)
    for axis, (low, high) in enumerate(border_flags(links)):
        seen = seen | np.expand_dims(low | high, [a for a in range(links.axes) if a != axis])
    return seen


def border_flags(links: Dependence) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Return which output positions depend on padding at the beginning and the end of an axis.

    Parameters
    ----------
    links : Dependence
        Of the network, at the size in question.

    Returns
    -------
    list of (bool array, bool array)
        Per axis: beginning and end, one value per output position.
    """
    everything = [Reach.of(0, links.output.size(axis)) for axis in range(links.axes)]
    return [(found.low, found.high) for found in links.follow(everything, within=True)]


def run_with_padding(model: Any, image: Tensor, *, padding: Padding) -> Tensor:  # noqa: ANN401
    """Return a network's answer with another padding in every convolution.

    Parameters
    ----------
    model : torch.nn.Module
        Takes one tensor; run in evaluation mode, its weights as they are.
    image : Tensor (N, C, ...)
        On the model's device.
    padding : {"zeros", "reflect", "replicate"}
        In place of the zeros of convolutions and of explicit zero padding. Pooling keeps its own.

    Returns
    -------
    Tensor
        The main output.

    Raises
    ------
    ConfigError
        For another word.
    ShapeError
        If a map is too small to be reflected.
    """
    if padding not in _MODES:
        message = f"padding {padding!r}: choose one of {', '.join(_MODES)}"
        raise ConfigError(message)
    runner = _Padded(trace(model, tuple(image.shape)), _MODES[padding])
    with torch.no_grad():
        return runner.answer(image)


class _Padded(Runner):
    """The network with explicit padding in front of each convolution."""

    def __init__(self, program: Any, mode: str) -> None:  # noqa: ANN401
        super().__init__(program)
        self.mode = mode

    def operate(self, node: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
        """Pad, then convolve without padding."""
        name = getattr(node.target, "__name__", "").partition(".")[0]
        if name in ("pad", "constant_pad_nd") and self._is_zero_padding(args):
            return self._pad(args[0], list(args[1]))
        if name not in ("conv1d", "conv2d", "conv3d", "convolution"):
            return node.target(*args, **kwargs)
        names = [argument.name for argument in node.target._schema.arguments]
        given = dict(zip(names, args, strict=False))
        if given.get("transposed"):
            return node.target(*args, **kwargs)
        amounts = self._amounts(given, given["weight"].shape[2:])
        padded = self._pad(given["input"], amounts)
        count = len(amounts) // 2
        convolve = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[count]
        stride, dilation = given.get("stride", 1), given.get("dilation", 1)
        bias, groups = given.get("bias"), given.get("groups", 1)
        return convolve(padded, given["weight"], bias, stride, 0, dilation, groups)

    @staticmethod
    def _is_zero_padding(args: tuple[Any, ...]) -> bool:
        return (len(args) < 3 or args[2] in ("constant", 0)) and not any(args[3:])

    @staticmethod
    def _amounts(given: dict[str, Any], kernel: Sequence[int]) -> list[int]:
        """Return the padding in the order of ``F.pad``: last axis first, before and after."""
        padding = given.get("padding", 0)
        count = len(kernel)
        amounts: list[int] = []
        for q in reversed(range(count)):
            if padding == "same":
                rate = given.get("dilation", [1])
                total = (rate[q] if len(rate) > 1 else rate[0]) * (kernel[q] - 1)
                amounts += [total // 2, total - total // 2]
            elif padding in ("valid", 0):
                amounts += [0, 0]
            else:
                amounts += [padding[q] if len(padding) > 1 else padding[0]] * 2
        return amounts

    def _pad(self, image: Tensor, amounts: list[int]) -> Tensor:
        if not any(amounts):
            return image
        try:
            return F.pad(image, amounts, mode=self.mode)
        except RuntimeError as error:
            shown = " x ".join(str(n) for n in image.shape[2:])
            message = f"a map of {shown} voxels is too small for {self.mode} padding by "
            message += f"{max(amounts)}; use a larger image"
            raise ShapeError(message) from error
