"""The network on one batch of tiles: its mode, device and precision, and the mirrored runs.

The network is found as it was afterwards, whatever happened in between.
"""

from __future__ import annotations

import itertools
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import TYPE_CHECKING, Any, Final, Self

import torch

from edgewise.errors import ConfigError, ShapeError
from edgewise.models.outputs import check_answers_voxels, main_output

from .determinism import deterministic

if TYPE_CHECKING:
    from collections.abc import Callable

    from .options import Execution

__all__ = ["Forward", "as_device"]

_DTYPES: Final = {"bfloat16": torch.bfloat16, "float16": torch.float16}
_FORMATS: Final = {4: torch.channels_last, 5: torch.channels_last_3d}


class Forward:
    """A network that answers batches of tiles with logits in single precision.

    Use it as a context: inside, the network is in evaluation mode and builds no graph.

    Parameters
    ----------
    network : torch.nn.Module or callable
        (N, C, ...) to logits (N, classes, ...), or to several with the main one first.
    execution : Execution
        How it is run.
    axes : int
        Spatial axes that it sees.
    squeeze : int, optional
        Spatial axis of length 1 that tiles have and the network does not see.
    """

    def __init__(
        self,
        network: Callable[[Any], Any],
        execution: Execution,
        *,
        axes: int,
        squeeze: int | None = None,
    ) -> None:
        if not callable(network):
            message = f"network must be a module or a function of a batch of tiles, got {network!r}"
            raise ConfigError(message)
        check_answers_voxels(network)
        if any(axis >= axes for axis in execution.mirror_axes):
            message = f"mirror_axes {execution.mirror_axes} must be below {axes}, the number of "
            message += "axes of the tile"
            raise ConfigError(message)
        self._network = network
        self._module = network if isinstance(network, torch.nn.Module) else None
        self._execution = execution
        self._squeeze = squeeze
        self._stack = ExitStack()
        weight = _first_weight(self._module)
        home = torch.device("cpu") if weight is None else weight.device
        if home.type == "meta":
            message = f"{type(network).__name__} has no weights: its tensors are on the meta device"
            raise ConfigError(message)
        self.device = home if execution.device is None else as_device(execution.device)
        self.dtype = torch.float32 if weight is None else weight.dtype
        self._flips = _subsets(execution.mirror_axes)

    @property
    def runs(self) -> int:
        """How often the network runs for one tile."""
        return len(self._flips)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if self._module is not None:
                stack.callback(_restore, self._module, _state(self._module))
                self._module.eval()
                if isinstance(getattr(self._module, "deep_supervision", None), bool):
                    self._module.deep_supervision = False
            if self._execution.deterministic:  # before CUDA starts, which moving may do
                stack.enter_context(deterministic(None))
            self._move(stack)
            if self._execution.compiled:
                self._network = torch.compile(self._network)
            stack.enter_context(torch.inference_mode())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *problem: object) -> None:
        self._stack.close()

    def _move(self, stack: ExitStack) -> None:
        """Bring the module to the device and the memory format, and back at the end."""
        module = self._module
        weight = _first_weight(module)
        if module is None or weight is None:
            return
        if self._execution.channels_last:
            axes = max((p.ndim for p in module.parameters()), default=0)
            if axes in _FORMATS:
                stack.callback(module.to, memory_format=torch.contiguous_format)
                module.to(memory_format=_FORMATS[axes])
        if weight.device != self.device:
            stack.callback(module.to, weight.device)
            module.to(self.device)

    def __call__(self, batch: torch.Tensor) -> torch.Tensor:
        """Return the logits of a batch, mirrored runs averaged.

        Parameters
        ----------
        batch : float32 Tensor (N, C, *tile)
            On the CPU.

        Returns
        -------
        float32 Tensor (N, classes, *output)
            On the network's device; with ``mirror_average="softmax"`` probabilities.
        """
        tiles = batch.to(self.device, self.dtype)
        if self._squeeze is not None:
            tiles = tiles.squeeze(2 + self._squeeze)
        total = self._run(tiles)
        for axes in self._flips[1:]:
            total += self._run(tiles.flip(axes)).flip(axes)
        if len(self._flips) > 1:
            total /= len(self._flips)
        return total if self._squeeze is None else total.unsqueeze(2 + self._squeeze)

    def _run(self, tiles: torch.Tensor) -> torch.Tensor:
        if self._execution.channels_last and tiles.ndim in _FORMATS:
            tiles = tiles.contiguous(memory_format=_FORMATS[tiles.ndim])
        with self.precision():
            logits = main_output(self._network(tiles))
        _check_answer(logits, tiles)
        logits = logits.float()
        if self._execution.mirror_average == "softmax":
            return logits.softmax(1)
        # a network may hand out a tensor that it keeps; mirrored runs are added up in place
        return logits.clone() if len(self._flips) > 1 else logits

    def precision(self) -> AbstractContextManager[object]:
        """Return the context of the network's arithmetic."""
        dtype = _DTYPES.get(self._execution.precision)
        if dtype is None:
            on = torch.is_autocast_enabled(self.device.type)
            return torch.autocast(self.device.type, enabled=False) if on else nullcontext()
        return torch.autocast(self.device.type, dtype=dtype)


def as_device(device: Any) -> torch.device:  # noqa: ANN401
    """Return a device that is there.

    Raises
    ------
    ConfigError
        If torch knows none of this name, or this machine has none.
    """
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError) as error:
        message = f"device {device!r} is not known to torch; use cpu, cuda or cuda:1"
        raise ConfigError(message) from error
    if found.type == "cuda" and (found.index or 0) >= torch.cuda.device_count():
        message = f"device {device!r} is not on this machine, torch sees "
        message += f"{torch.cuda.device_count()} CUDA devices; use cpu"
        raise ConfigError(message)
    if found.type == "meta":
        message = "device 'meta' holds no numbers; use cpu or cuda"
        raise ConfigError(message)
    if found.type != "cuda":  # touching it would start CUDA
        try:
            torch.empty(0, device=found)
        except (RuntimeError, AssertionError) as error:  # a build of torch without it
            message = f"device {device!r} cannot be used here ({_first_sentence(error)}); use cpu"
            raise ConfigError(message) from error
    return found


def _first_sentence(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0].partition(". ")[0]


def _check_answer(logits: Any, tiles: torch.Tensor) -> None:  # noqa: ANN401
    """Raise unless a network answered with at least one class for each tile."""
    if not isinstance(logits, torch.Tensor):
        message = f"the network must answer with a tensor, got {type(logits).__name__}"
        raise ConfigError(message)
    if logits.ndim < 2 or logits.shape[0] != tiles.shape[0] or logits.shape[1] < 1:
        message = f"the network answers tiles {tuple(tiles.shape)} with {tuple(logits.shape)}, "
        message += f"which is not ({tiles.shape[0]}, classes, ...)"
        raise ShapeError(message)


def _first_weight(module: torch.nn.Module | None) -> torch.Tensor | None:
    """Return a floating parameter or buffer: where the module is, and in which precision."""
    if module is None:
        return None
    tensors = itertools.chain(module.parameters(), module.buffers())
    return next((t for t in tensors if t.is_floating_point()), None)


def _subsets(axes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return all combinations of axes to flip, none first; axes of a batch."""
    return [
        tuple(axis + 2 for axis in chosen)
        for k in range(len(axes) + 1)
        for chosen in itertools.combinations(axes, k)
    ]


def _state(module: torch.nn.Module) -> tuple[list[bool], object]:
    modes = [part.training for part in module.modules()]
    return modes, getattr(module, "deep_supervision", None)


def _restore(module: torch.nn.Module, state: tuple[list[bool], object]) -> None:
    """Give every part its own mode back: some may have been frozen in evaluation mode."""
    modes, deep = state
    for part, mode in zip(module.modules(), modes, strict=True):
        part.training = mode
    if isinstance(deep, bool):
        module.deep_supervision = deep
