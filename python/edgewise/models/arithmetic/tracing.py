"""A network as the list of its tensor operations with all shapes, without computing anything.

``torch.export`` runs the network once on fake tensors. In-place writes are rewritten as values and
layers stay whole (a convolution is one operation), so that each operation can be asked how its
output depends on its inputs. Which values the weights have does not matter; they may be on the
meta device. Sizes are those of the given shape.
"""

from __future__ import annotations

import contextlib
import logging
import operator
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import torch
from torch.utils import _pytree as pytree

from edgewise.errors import ConfigError, ShapeError
from edgewise.models.outputs import main_output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Call", "Program", "evaluating", "fake_run", "input_tensor_shape", "trace"]


@dataclass(frozen=True, slots=True)
class Call:
    """One tensor operation.

    Attributes
    ----------
    name : str
        Unique in the program.
    operation : str
        ATen name without overload, such as ``"conv2d"``; ``"getitem"`` picks one of several
        results.
    arguments : dict
        By the names of the operation's schema; tensors are given by the name of their call.
    shapes : tuple of tuple of int
        Of each result; most operations have one.
    dtype : torch.dtype
        Of the first result.
    elementwise : bool
        Whether PyTorch declares it to be element-wise.
    """

    name: str
    operation: str
    arguments: dict[str, Any]
    shapes: tuple[tuple[int, ...], ...]
    dtype: Any
    elementwise: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the first result."""
        return self.shapes[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A traced network.

    Attributes
    ----------
    image : str
        Name of the input.
    image_shape : tuple of int
        (N, C, ...).
    output : str
        Name of the call that makes the main output.
    calls : tuple of Call
        In order; weights and constants are names without a call.
    shapes : dict
        Shape of each weight and constant by name.
    exported : torch.export.ExportedProgram
        What it was read from.
    """

    image: str
    image_shape: tuple[int, ...]
    output: str
    calls: tuple[Call, ...]
    shapes: dict[str, tuple[int, ...]]
    exported: Any


@dataclass(frozen=True, slots=True)
class Ref:
    """A tensor among the arguments of a call."""

    name: str


@contextlib.contextmanager
def evaluating(model: Any) -> Iterator[None]:  # noqa: ANN401
    """Put a network into evaluation mode, and each part back as it was."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def trace(model: Any, shape: Sequence[int]) -> Program:  # noqa: ANN401
    """Return the operations of a network for an image of `shape`.

    Parameters
    ----------
    model : torch.nn.Module
        Takes one tensor. Traced in evaluation mode; its own mode comes back.
    shape : sequence of int
        (N, C, ...).

    Returns
    -------
    Program
        For the main output, see `main_output`.

    Raises
    ------
    ShapeError
        If the network does not take this shape.
    ConfigError
        If ``torch.export`` cannot follow it.
    """
    with evaluating(model), torch.no_grad(), _quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks of the tracer about itself
        try:
            image = _fake_image(model, shape)
            exported = torch.export.export(model, (image,), strict=False)
            if not all(map(_is_plain, exported.graph.nodes)):
                exported = exported.run_decompositions({})  # twice the time of tracing
        except Exception as error:  # the tracer raises many unrelated types
            fake_run(model, shape)  # a wrong size is said in the network's own words
            message = f"torch.export cannot follow {type(model).__name__}: {_first_line(error)}; "
            message += "make its forward free of conditions on values, or pass tile= and halo="
            raise ConfigError(message) from error
    return _read(exported, tuple(int(n) for n in shape))


def fake_run(model: Any, shape: Sequence[int]) -> tuple[int, ...]:  # noqa: ANN401
    """Return the shape of the main output for an image of `shape`, without computing it.

    Parameters
    ----------
    model : torch.nn.Module
        Takes one tensor; run in evaluation mode.
    shape : sequence of int
        (N, C, ...).

    Returns
    -------
    tuple of int
        (N, classes, ...).

    Raises
    ------
    ShapeError
        If the network does not take this shape, with its message.
    """
    from torch._subclasses import FakeTensorMode

    image = _fake_image(model, shape, mode := FakeTensorMode(allow_non_fake_inputs=True))
    try:
        with evaluating(model), torch.no_grad(), _quiet(), mode:
            return tuple(int(n) for n in main_output(model(image)).shape)
    except ShapeError:
        raise
    except (RuntimeError, ValueError, AssertionError, IndexError, TypeError) as error:
        shown = " x ".join(str(n) for n in shape)
        message = f"{type(model).__name__} does not take an image of {shown}: {_first_line(error)}"
        raise ShapeError(message) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch from logging a traceback for every size that does not fit: it is raised, too."""
    logger = logging.getLogger("torch._subclasses.fake_tensor")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def input_tensor_shape(
    model: Any,  # noqa: ANN401
    spatial: Sequence[int],
    channels: int | None,
) -> tuple[int, ...]:
    """Return (1, channels, *spatial); channels are asked of the network if not given.

    Raises
    ------
    ConfigError
        If the network has neither ``in_channels`` nor a convolution.
    """
    if channels is None:
        channels = getattr(model, "in_channels", None)
    if channels is None:
        convolutions = (m for m in model.modules() if isinstance(m, _CONVOLUTIONS))
        channels = next((m.in_channels for m in convolutions), None)
    if channels is None:
        message = f"how many channels {type(model).__name__} takes is not known: pass channels="
        raise ConfigError(message)
    return (1, int(channels), *(int(n) for n in spatial))


def spatial_dims(model: Any) -> int:  # noqa: ANN401
    """Return the number of spatial axes: ``spatial_dims``, or those of the first convolution.

    Raises
    ------
    ConfigError
        If the network has neither.
    """
    known = getattr(model, "spatial_dims", None)
    if known is None:
        convolutions = (m for m in model.modules() if isinstance(m, _CONVOLUTIONS))
        known = next((len(m.kernel_size) for m in convolutions), None)
    if known is None:
        message = f"how many axes {type(model).__name__} takes is not known: pass one size per axis"
        raise ConfigError(message)
    return int(known)


_CONVOLUTIONS: Final = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
_PLAIN: Final = frozenset(
    (*(f"{name}{n}d" for n in (1, 2, 3) for name in (
        "conv", "conv_transpose", "max_pool", "avg_pool", "adaptive_avg_pool", "max_unpool",
        "upsample_nearest", "_upsample_nearest_exact")),
     *(f"max_pool{n}d_with_indices" for n in (1, 2, 3)),
     "upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d", "upsample_bicubic2d",
     "batch_norm", "instance_norm", "group_norm", "dropout", "relu", "leaky_relu", "sigmoid",
     "gelu", "silu", "add", "mul", "sub", "cat", "slice", "pad", "softmax", "log_softmax")
)  # fmt: skip


def _fake_image(model: Any, shape: Sequence[int], mode: Any = None) -> Any:  # noqa: ANN401
    from torch._subclasses import FakeTensorMode

    floating = (p for p in model.parameters() if p.is_floating_point())
    like = next(floating, torch.empty(0))
    with mode or FakeTensorMode(allow_non_fake_inputs=True):
        return torch.empty(tuple(shape), dtype=like.dtype, device=like.device)


def _is_plain(node: Any) -> bool:  # noqa: ANN401
    """Whether an operation writes to nothing and needs no rewriting into simpler ones."""
    if node.op != "call_function" or node.target is operator.getitem:
        return True
    return getattr(node.target, "__name__", "").partition(".")[0] in _PLAIN


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _read(exported: Any, shape: tuple[int, ...]) -> Program:  # noqa: ANN401
    signature = exported.graph_signature
    calls, constants = [], {}
    output: tuple[str, ...] = ()
    for node in exported.graph_module.graph.nodes:
        if node.op == "call_function":
            calls.append(_call(node))
        elif node.op == "placeholder" and node.name not in signature.user_inputs:
            constants[node.name] = tuple(getattr(node.meta.get("val"), "shape", ()))
        elif node.op == "output":
            output = tuple(signature.user_outputs)
    names = pytree.tree_unflatten(list(output), exported.call_spec.out_spec)
    return Program(
        image=signature.user_inputs[0],
        image_shape=shape,
        output=str(main_output(names)),
        calls=tuple(calls),
        shapes=constants,
        exported=exported,
    )


def _call(node: Any) -> Call:  # noqa: ANN401
    values = node.meta.get("val")  # checks of sizes have none
    results = list(values) if isinstance(values, tuple | list) else [values]
    shapes = tuple(tuple(int(n) for n in getattr(value, "shape", ())) for value in results)
    if node.target is operator.getitem:
        arguments = {"source": Ref(node.args[0].name), "index": int(node.args[1])}
        return Call(node.name, "getitem", arguments, shapes, _dtype(results), elementwise=False)
    arguments = {}
    schema = getattr(node.target, "_schema", None)
    for place, argument in enumerate(schema.arguments if schema else ()):
        value = argument.default_value if argument.has_default_value() else None
        value = (
            node.args[place] if place < len(node.args) else node.kwargs.get(argument.name, value)
        )
        arguments[argument.name] = _plain(value)
    if schema is None:
        arguments = {str(i): _plain(value) for i, value in enumerate(node.args)}
    tags = getattr(node.target, "tags", ())
    operation = getattr(node.target, "__name__", str(node.target)).partition(".")[0]
    elementwise = torch.Tag.pointwise in tags
    return Call(node.name, operation, arguments, shapes, _dtype(results), elementwise)


def _dtype(results: list[Any]) -> Any:  # noqa: ANN401
    return getattr(results[0], "dtype", None) if results else None


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, torch.fx.Node):
        return Ref(value.name)
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value
