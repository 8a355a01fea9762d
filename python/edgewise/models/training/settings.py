"""Everything that decides the weights of a training, in one value.

What only decides how it runs (workers, device, where it writes, when it pauses) is not here: a run
may be continued with other values of those.
"""

from __future__ import annotations

import operator
import sys
from dataclasses import asdict, dataclass, field, fields
from numbers import Real
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import numpy as np

from edgewise.errors import ConfigError
from edgewise.metrics.definitions import definition
from edgewise.metrics.metric_ids import parse

from .augmentation import Augmentation
from .schedule import Schedule, ScheduleName

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AMP_MODES",
    "OPTIMIZERS",
    "AmpMode",
    "OptimizerName",
    "Settings",
    "check_count",
    "differences",
]

AmpMode: TypeAlias = Literal["auto", "off", "bfloat16", "float16"]
OptimizerName: TypeAlias = Literal["sgd_nesterov", "sgd", "adamw", "adam"]
AMP_MODES: Final[tuple[AmpMode, ...]] = get_args(AmpMode)
OPTIMIZERS: Final[tuple[OptimizerName, ...]] = get_args(OptimizerName)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of `fit` that decide its result; they are described there.

    Raises
    ------
    ConfigError
        If a value is out of range; the message names it.
    """

    patch_size: tuple[int, ...]
    batch_size: int = 2
    iterations_per_epoch: int = 250
    epochs: int = 1000
    loss: str = "dice_ce"
    optimizer: OptimizerName = "sgd_nesterov"
    lr: float = 1e-2
    momentum: float = 0.99
    weight_decay: float = 3e-5
    schedule: ScheduleName = "poly"
    power: float = 0.9
    warmup: int = 0
    oversample_foreground: float = 0.33
    grad_clip: float | None = 12.0
    amp: AmpMode = "auto"
    deep_supervision: bool = False
    ema: float | None = None
    seed: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)
    ignore_label: int | None = None
    metrics: tuple[str, ...] = ("dice",)
    validate_every: int = 1
    patience: int | None = None

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, np.generic):  # a count of 8 bits would overflow
                object.__setattr__(self, one.name, value.item())
        self._check_words()
        self._check_counts()
        self._check_numbers()
        _ = self.learning_rates

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.epochs * self.iterations_per_epoch

    @property
    def learning_rates(self) -> Schedule:
        """The learning rate of each step."""
        return Schedule(self.schedule, self.steps, self.lr, self.power, self.warmup)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    def _check_words(self) -> None:
        for name, known in (("optimizer", OPTIMIZERS), ("amp", AMP_MODES)):
            if getattr(self, name) not in known:
                message = f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}"
                raise ConfigError(message)
        if not self.metrics:
            message = "metrics must name at least one metric; the first decides which epoch is best"
            raise ConfigError(message)
        for metric in self.metrics:
            parse(metric)
            if self.metrics.count(metric) > 1:
                message = f"metrics has {metric!r} more than once"
                raise ConfigError(message)
        if definition(parse(self.metrics[0]).name).better is None:
            message = f"metrics begins with {self.metrics[0]!r}, of which no value is better than "
            message += "another; the first must tell which epoch is best, such as dice"
            raise ConfigError(message)

    def _check_counts(self) -> None:
        for name in ("batch_size", "iterations_per_epoch", "epochs", "validate_every"):
            check_count(name, getattr(self, name))
        for name in ("seed", "warmup"):
            check_count(name, getattr(self, name), least=0)
        if self.patience is not None:
            check_count("patience", self.patience)
        if self.ignore_label is not None:
            check_count("ignore_label", self.ignore_label, least=0)

    def _check_numbers(self) -> None:
        ranges = (
            ("lr", 0.0, sys.float_info.max),
            ("momentum", 0.0, 1.0),
            ("weight_decay", 0.0, sys.float_info.max),
            ("power", 0.0, sys.float_info.max),
            ("oversample_foreground", 0.0, 1.0),
            ("ema", 0.0, 1.0),
        )
        for name, low, high in ranges:
            value = getattr(self, name)
            if value is None and name == "ema":  # no average
                continue
            if not (_is_number(value) and low <= value <= high):
                between = "in [0, 1]" if high == 1 else "a finite number of at least 0"
                message = f"{name} must be {between}, got {value!r}"
                raise ConfigError(message)
        clip = self.grad_clip
        if clip is not None and not (_is_number(clip) and clip > 0):
            message = f"grad_clip must be positive or None, got {clip!r}"
            raise ConfigError(message)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Return numbers of NumPy as those of Python, tuples as lists."""
    if isinstance(value, dict):
        return {name: _plain(v) for name, v in value.items()}
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if value is None or isinstance(value, (str, bool)):
        return value
    return operator.index(value) if hasattr(value, "__index__") else float(value)


def check_count(name: str, value: object, *, least: int = 1) -> int:
    """Return a whole number of at least `least`.

    Raises
    ------
    ConfigError
        If it is none; the message names it.
    """
    is_whole = hasattr(value, "__index__") and not isinstance(value, bool)
    if not is_whole or operator.index(value) < least:  # type: ignore[arg-type]
        message = f"{name} must be a whole number of at least {least}, got {value!r}"
        raise ConfigError(message)
    return operator.index(value)  # type: ignore[arg-type]


def differences(stored: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return what two sets of plain values differ in, one ``name: there, here`` each."""
    found = []
    for name in dict.fromkeys([*stored, *now]):
        there, here = stored.get(name), now.get(name)
        if isinstance(there, dict) and isinstance(here, dict):
            found += differences(there, here, f"{prefix}{name}.")
        elif there != here:
            found.append(f"{prefix}{name} ({_shown(there)} there, {_shown(here)} here)")
    return found


def _shown(value: Any) -> str:  # noqa: ANN401
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
