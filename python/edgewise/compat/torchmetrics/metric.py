"""A metric that collects batches: the parts of ``torchmetrics.Metric`` that segmentation needs."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeAlias

from edgewise._extras import require
from edgewise.compat.originals import original

from .gathering import gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor

__all__ = ["Metric"]

torch = require("torch", extra="torch")

State: TypeAlias = "Tensor | list[Tensor]"
Merging: TypeAlias = Literal["sum", "cat"]

_CONSTANTS: Final = (
    "full_state_update",
    "higher_is_better",
    "is_differentiable",
    "plot_legend_name",
    "plot_lower_bound",
    "plot_upper_bound",
)
_OPTIONS: Final[dict[str, Any]] = {
    "compute_on_cpu": False,
    "dist_sync_on_step": False,
    "process_group": None,
    "dist_sync_fn": None,
    "distributed_available_fn": None,
    "sync_on_compute": True,
    "compute_with_cache": True,
}
_CASTS: Final = ("type", "half", "float", "double", "bfloat16")


class Metric(torch.nn.Module):  # type: ignore[misc, name-defined]
    """Collects batches with `update` and gives one value with `compute`.

    Parameters
    ----------
    compute_on_cpu : bool, default False
        Whether what is collected in lists is moved to the CPU.
    dist_sync_on_step : bool, default False
        Whether the value of a batch (`forward`) is that of all processes' batches.
    process_group : optional
        Of torch.distributed. Default: all processes.
    dist_sync_fn : callable, optional
        Called with a tensor and ``group=``, returns the tensors of all processes. Default:
        torch.distributed.
    distributed_available_fn : callable, optional
        Says whether there are several processes. Default: whether torch.distributed is set up.
    sync_on_compute : bool, default True
        Whether `compute` is of the batches of all processes.
    compute_with_cache : bool, default True
        Whether a value is kept until the next update.

    Raises
    ------
    ValueError
        If an option is unknown or has the wrong type.
    """

    full_state_update: ClassVar[bool] = False
    is_differentiable: ClassVar[bool] = False
    higher_is_better: ClassVar[bool] = True
    plot_lower_bound: ClassVar[float | None] = None
    plot_upper_bound: ClassVar[float | None] = None
    plot_legend_name: ClassVar[str | None] = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        options = _OPTIONS | kwargs
        if len(options) > len(_OPTIONS):
            message = f"unknown options: {', '.join(sorted(options.keys() - _OPTIONS.keys()))}"
            raise ValueError(message)
        for name, value in options.items():
            if isinstance(_OPTIONS[name], bool) and not isinstance(value, bool):
                message = f"{name} must be True or False, got {value!r}"
                raise ValueError(message)
            setattr(self, name, value)
        if self.dist_sync_fn is not None and not callable(self.dist_sync_fn):
            message = f"dist_sync_fn must be a function, got {self.dist_sync_fn!r}"
            raise ValueError(message)
        self._device = torch.get_default_device()
        self._dtype = torch.get_default_dtype()
        self._casting = False
        self._computed: Any = None
        self._update_count = 0
        self._grad = False
        self._states: dict[str, Merging] = {}
        self._defaults: dict[str, State] = {}
        self._persistent: dict[str, bool] = {}

    def add_state(
        self,
        name: str,
        default: State,
        dist_reduce_fx: Merging,
        persistent: bool = False,
    ) -> None:
        """Add a tensor whose batches are summed, or a list of tensors that is lengthened."""
        setattr(self, name, default)
        self._defaults[name] = copy.deepcopy(default)
        self._states[name] = dist_reduce_fx
        self._persistent[name] = persistent

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add a batch."""
        self._computed = None
        self._update_count += 1
        with torch.set_grad_enabled(self._grad):
            self._add(preds, target)
        if self.compute_on_cpu:
            for name, value in self.metric_state.items():
                if isinstance(value, list):
                    setattr(self, name, [one.cpu() for one in value])

    def compute(self) -> Tensor:
        """Return the value of all batches since the last `reset`."""
        return self._value(together=self.sync_on_compute)

    def forward(self, preds: Tensor, target: Tensor) -> Tensor:
        """Add a batch and return the value of this batch alone."""
        kept, count = self._copied_states(), self._update_count
        self.reset()
        self._grad = True
        try:
            self.update(preds, target)
            value = self._value(together=self.dist_sync_on_step)
        except BaseException:
            for name, state in kept.items():
                setattr(self, name, state)
            self._update_count = count
            raise
        finally:
            self._grad = False
        self._update_count = count + 1
        self._merge(kept)
        self._computed = None
        return value

    def reset(self) -> None:
        """Forget all batches."""
        self._update_count = 0
        self._computed = None
        for name, default in self._defaults.items():
            fresh: State = []
            if not isinstance(default, list):
                fresh = default.detach().clone().to(self.device)
            setattr(self, name, fresh)

    def merge_state(self, incoming_state: Mapping[str, Any] | Metric) -> None:
        """Add the batches of another metric of this class, or of its states by name.

        Raises
        ------
        ValueError
            If it is of another class, or lacks a state.
        RuntimeError
            With ``dist_sync_on_step=True``.
        """
        if self.dist_sync_on_step:
            message = "with dist_sync_on_step=True there is nothing to merge"
            raise RuntimeError(message)
        if isinstance(incoming_state, Metric) and isinstance(incoming_state, type(self)):
            incoming_state = incoming_state.metric_state
        if not isinstance(incoming_state, dict):
            message = f"{type(self).__name__} merges its own kind or a dict of states"
            raise ValueError(message)
        self._merge(incoming_state)

    def persistent(self, mode: bool = False) -> None:
        """Say whether states are part of `state_dict`."""
        self._persistent = dict.fromkeys(self._persistent, mode)

    def clone(self) -> Metric:
        """Return a copy."""
        return copy.deepcopy(self)

    def plot(self, val: Any = None, ax: Any = None) -> Any:
        """Plot `val`, by default the value, with torchmetrics' own function."""
        place = "torchmetrics.utilities.plot:plot_single_or_multi_val"
        draw = original(place, why="plots of metrics")
        return draw(
            self.compute() if val is None else val,
            ax=ax,
            higher_is_better=self.higher_is_better,
            name=type(self).__name__,
            lower_bound=self.plot_lower_bound,
            upper_bound=self.plot_upper_bound,
            legend_name=self.plot_legend_name,
        )

    @property
    def update_called(self) -> bool:
        """Whether there was a batch since the last `reset`."""
        return self._update_count > 0

    @property
    def update_count(self) -> int:
        """Number of batches since the last `reset`."""
        return self._update_count

    @property
    def metric_state(self) -> dict[str, State]:
        """What is collected, by name."""
        return {name: getattr(self, name) for name in self._states}

    @property
    def device(self) -> Any:
        """Where the states are."""
        return self._device

    @property
    def dtype(self) -> Any:
        """Of floating states."""
        return self._dtype

    def set_dtype(self, dst_type: Any) -> Metric:
        """Convert the states; `float`, `half`, `double` and `type` leave them alone."""
        self._casting = True
        try:
            super().type(dst_type)
        finally:
            self._casting = False
        return self

    def type(self, dst_type: Any) -> Metric:
        """Return the metric unchanged, see `set_dtype`."""
        return self

    def float(self) -> Metric:
        """Return the metric unchanged, see `set_dtype`."""
        return self

    def double(self) -> Metric:
        """Return the metric unchanged, see `set_dtype`."""
        return self

    def half(self) -> Metric:
        """Return the metric unchanged, see `set_dtype`."""
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _CONSTANTS:
            message = f"{name} is constant"
            raise RuntimeError(message)
        super().__setattr__(name, value)

    # what a metric defines

    def _add(self, preds: Tensor, target: Tensor) -> None:
        """Add a batch to the states."""
        raise NotImplementedError

    def _result(self) -> Tensor:
        """Return the value of the states."""
        raise NotImplementedError

    # the rest

    def _value(self, *, together: bool) -> Tensor:
        if not self.update_called:
            message = f"{type(self).__name__}.compute is called before any update"
            warnings.warn(message, UserWarning, stacklevel=3)
        if self._computed is not None:
            return self._computed
        own = self.metric_state
        if together and self._several():
            for name, state in self._of_all_processes().items():
                setattr(self, name, state)
        try:
            value = self._result()
        finally:
            for name, state in own.items():
                setattr(self, name, state)
        value = value.squeeze().clone() if value.numel() == 1 else value.clone()
        if self.compute_with_cache:
            self._computed = value
        return value

    def _several(self) -> bool:
        if self.distributed_available_fn is not None:
            return bool(self.distributed_available_fn())
        return bool(torch.distributed.is_available() and torch.distributed.is_initialized())

    def _of_all_processes(self) -> dict[str, State]:
        """Return the states of all processes, put together."""
        found: dict[str, State] = {}
        for name, how in self._states.items():
            state = getattr(self, name)
            if how == "cat":
                joined = torch.cat(state) if state else torch.zeros(0, device=self.device)
                parts = gathered(joined, self.dist_sync_fn, self.process_group)
                found[name] = [part for part in parts if part.numel()]
            else:
                parts = gathered(state, self.dist_sync_fn, self.process_group)
                found[name] = torch.stack(list(parts)).sum(dim=0)
        return found

    def _copied_states(self) -> dict[str, State]:
        return {
            name: [one.detach().clone() for one in state]
            if isinstance(state, list)
            else state.detach().clone()
            for name, state in self.metric_state.items()
        }

    def _merge(self, earlier: Mapping[str, Any]) -> None:
        for name in self._states:
            if name not in earlier:
                message = f"the state {name!r} is missing"
                raise ValueError(message)
            with torch.no_grad():  # lists are joined the same way
                setattr(self, name, earlier[name] + getattr(self, name))

    def _apply(self, fn: Callable[[Any], Any], recurse: bool = True) -> Metric:
        """Move or convert the states as a module's parameters are; casts only by `set_dtype`."""
        super()._apply(fn, recurse)
        words = str(fn)
        if not self._casting and any(f"Module.{cast}" in words for cast in _CASTS):
            return self
        for name, default in self._defaults.items():
            self._defaults[name] = _each(fn, default)
            setattr(self, name, _each(fn, getattr(self, name)))
        probe = fn(torch.zeros(1, device=self.device))
        self._device, self._dtype = probe.device, probe.dtype
        if self._computed is not None:
            self._computed = fn(self._computed)
        return self

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        for name, kept in self._persistent.items():
            if kept:
                state = getattr(self, name)
                destination[prefix + name] = copy.deepcopy(
                    state if keep_vars else _each(torch.Tensor.detach, state)
                )

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        for name in self._states:
            if prefix + name in state_dict:
                setattr(self, name, state_dict.pop(prefix + name))
        super()._load_from_state_dict(state_dict, prefix, *rest)


def _each(fn: Callable[[Any], Any], state: Sequence[Tensor] | Tensor) -> State:
    return [fn(one) for one in state] if isinstance(state, list) else fn(state)
