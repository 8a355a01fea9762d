"""The receptive field as the gradient shows it: an independent check that runs the network.

The operations of the network run once in float64 with every weight a positive constant, biases
gone, element-wise functions skipped, products turned into sums and max pooling into average
pooling: then nothing cancels and nothing is closed, and the gradient of one output voxel is not
zero exactly where the image counts. (With a maximum it would flow to one voxel of each window
only.) Costs one forward and one backward pass. Attention and other products of maps are not
replaced by anything and may hide dependences.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import torch
import torch.nn.functional as F  # noqa: N812

from edgewise.errors import ConfigError

from .local_rules import pool_sizes
from .running import Runner
from .tracing import trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["GradientCheck"]

_NORMS: Final = frozenset(("instance_norm", "group_norm", "native_group_norm"))
_POINTWISE_NORMS: Final = frozenset(
    ("batch_norm", "_native_batch_norm_legit_no_training", "native_batch_norm", "layer_norm",
     "native_layer_norm", "softmax", "log_softmax", "_softmax", "_log_softmax", "dropout",
     "feature_dropout", "alpha_dropout", "prelu", "_prelu_kernel")
)  # fmt: skip


class GradientCheck:
    """The network made linear, run once; then any output voxel can be asked for.

    Parameters
    ----------
    model : torch.nn.Module
        Takes one tensor. Its weights are not read, so it may be on the meta device.
    input_shape : sequence of int
        (N, C, ...). What lies beyond the image is not seen: ask for voxels far enough inside.

    Raises
    ------
    ShapeError
        If the network does not take this shape.
    ConfigError
        If ``torch.export`` cannot follow the network.
    """

    def __init__(self, model: Any, input_shape: Sequence[int]) -> None:  # noqa: ANN401
        runner = _Skeleton(trace(model, input_shape))
        self._image = torch.ones(tuple(input_shape), dtype=torch.float64, requires_grad=True)
        self._output = runner.answer(self._image)

    def mask(self, cell: Sequence[int]) -> Tensor:
        """Return which voxels of the image an output voxel depends on.

        Parameters
        ----------
        cell : sequence of int
            Index of the output voxel along the spatial axes.

        Returns
        -------
        bool Tensor
            Of the image's spatial shape. Holes that dilated convolutions leave are False.

        Raises
        ------
        ConfigError
            If there is no such output voxel.
        """
        spatial = tuple(self._output.shape[2:])
        inside = (0 <= k < n for k, n in zip(cell, spatial, strict=False))
        if len(cell) != len(spatial) or not all(inside):
            message = f"cell {tuple(cell)} is not in an output of shape {spatial}"
            raise ConfigError(message)
        score = self._output[(0, slice(None), *cell)].sum()
        (gradient,) = torch.autograd.grad(score, self._image, retain_graph=True)
        return gradient[0].abs().sum(dim=0) > 0

    def box(self, cell: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """Return first and last image index that an output voxel depends on.

        Parameters
        ----------
        cell : sequence of int
            Index of the output voxel along the spatial axes.

        Returns
        -------
        tuple of (int, int)
            Inclusive, per axis.

        Raises
        ------
        ConfigError
            If the output voxel depends on nothing, or there is no such voxel.
        """
        seen = self.mask(cell)
        if not seen.any():
            message = f"the output voxel {tuple(cell)} depends on no voxel of the image"
            raise ConfigError(message)
        ends = []
        for axis in range(seen.ndim):
            others = [other for other in range(seen.ndim) if other != axis]
            line = (seen.any(dim=others) if others else seen).nonzero().flatten()
            ends.append((int(line[0]), int(line[-1])))
        return tuple(ends)


class _Skeleton(Runner):
    """The network with positive constants, and only linear operations."""

    def weight(self, value: Tensor, kind: str) -> Tensor:
        """Replace a weight by a constant that keeps magnitudes, a buffer by zeros."""
        if kind == "buffer" or not value.is_floating_point():
            dtype = torch.float64 if value.is_floating_point() else value.dtype
            return torch.zeros(value.shape, dtype=dtype)
        inputs = math.prod(value.shape[1:]) if value.ndim > 1 else 1
        return torch.full(value.shape, 1 / max(inputs, 1), dtype=torch.float64)

    def operate(self, node: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
        """Run one operation, or what stands for it."""
        name = getattr(node.target, "__name__", "").partition(".")[0]
        if node.name not in self.dependent:
            return _in_float64(node.target(*args, **_on_cpu(kwargs)))
        if name.startswith("max_pool"):
            pooled = _averages(node, args)
            return (pooled, torch.zeros_like(pooled)) if "indices" in name else pooled
        if name.startswith("max_unpool"):
            return _spread(node, args[0])
        if name in _NORMS or name in _POINTWISE_NORMS:
            return _norm(name, args[0])
        tags = getattr(node.target, "tags", ())
        if torch.Tag.pointwise in tags or name in ("_to_copy", "copy"):
            return self._sum(node, node.args[1:2] if name == "copy" else node.args)
        return node.target(*args, **_on_cpu(kwargs))

    def _sum(self, node: Any, sources: tuple[Any, ...]) -> Tensor:  # noqa: ANN401
        """Return the sum of the maps that an element-wise operation combines."""
        total = torch.zeros(tuple(node.meta["val"].shape), dtype=torch.float64)
        for source in sources:
            if getattr(source, "name", "") in self.dependent:
                total = total + self.env[source].double()
        return total


def _norm(name: str, image: Tensor) -> Any:  # noqa: ANN401
    """Return what stands for a normalisation: the values, with their mean if it is over space."""
    if name in _NORMS:
        image = image + image.mean(tuple(range(2, image.ndim)), keepdim=True)
    return (image,) * 3 if "native" in name else image


def _averages(node: Any, args: tuple[Any, ...]) -> Tensor:  # noqa: ANN401
    """Return the means over the windows of a maximum, dilation and hanging windows included."""
    image = args[0]
    kernel, stride, padding, dilation = pool_sizes(_named(node.target, args), image.ndim)
    count = len(kernel)
    values = node.meta["val"]
    shape = (values[0] if isinstance(values, tuple | list) else values).shape[-count:]
    pads: list[int] = []
    for q in reversed(range(count)):
        covered = (int(shape[q]) - 1) * stride[q] + dilation[q] * (kernel[q] - 1) + 1
        pads += [padding[q], covered - image.shape[q - count] - padding[q]]
    weight = torch.full((image.shape[1], 1, *kernel), 1 / math.prod(kernel), dtype=torch.float64)
    convolve = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[count]
    padded = F.pad(image, pads)
    return convolve(padded, weight, stride=stride, dilation=dilation, groups=image.shape[1])


def _spread(node: Any, image: Tensor) -> Tensor:  # noqa: ANN401
    """Return what unpooling may reach: every position of a pooling window gets the value."""
    pool = node.args[1].args[0]
    kernel, stride, padding, _ = pool_sizes(_named(pool.target, pool.args), image.ndim)
    count = len(kernel)
    weight = torch.ones((image.shape[1], 1, *kernel), dtype=torch.float64)
    transposed = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}[count]
    result = transposed(image, weight, stride=stride, padding=padding, groups=image.shape[1])
    pads: list[int] = []
    for q in reversed(range(count)):
        pads += [0, int(node.meta["val"].shape[q - count]) - result.shape[q - count]]
    return F.pad(result, pads)


def _named(target: Any, args: Any) -> dict[str, Any]:  # noqa: ANN401
    names = (argument.name for argument in target._schema.arguments)
    return {
        name: list(value) if isinstance(value, tuple | list) else value
        for name, value in zip(names, args, strict=False)
    }


def _on_cpu(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {k: torch.device("cpu") if k == "device" else v for k, v in kwargs.items()}


def _in_float64(value: Any) -> Any:  # noqa: ANN401
    floating = isinstance(value, torch.Tensor) and value.is_floating_point()
    return value.double() if floating else value
