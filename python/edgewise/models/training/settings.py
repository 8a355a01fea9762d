"""Everything that decides the weights of a training, in one value.

What only decides how it runs (workers, device, where it writes, when it pauses) is not here: a run
may be continued with other values of those.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from edgewise.errors import ConfigError
from edgewise.metrics.metric_ids import parse

from .augmentation import Augmentation
from .schedule import Schedule, ScheduleName

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AMP_MODES", "OPTIMIZERS", "AmpMode", "OptimizerName", "Settings", "differences"]

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
        self._check_words()
        self._check_counts()
        self._check_numbers()
        for metric in self.metrics:
            parse(metric)
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
        values = asdict(self)
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}

    def _check_words(self) -> None:
        for name, known in (("optimizer", OPTIMIZERS), ("amp", AMP_MODES)):
            if getattr(self, name) not in known:
                message = f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}"
                raise ConfigError(message)
        if not self.metrics:
            message = "metrics must name at least one metric; the first decides which epoch is best"
            raise ConfigError(message)

    def _check_counts(self) -> None:
        names = ("batch_size", "iterations_per_epoch", "epochs", "validate_every")
        for name in names if self.patience is None else (*names, "patience"):
            value = getattr(self, name)
            if isinstance(value, bool) or not hasattr(value, "__index__") or value < 1:
                message = f"{name} must be a whole number of at least 1, got {value!r}"
                raise ConfigError(message)
        if not self.patch_size or min(self.patch_size) < 1:
            message = f"patch_size must be one positive size per axis, got {self.patch_size}"
            raise ConfigError(message)

    def _check_numbers(self) -> None:
        ranges = (
            ("lr", 0.0, float("inf")),
            ("momentum", 0.0, 1.0),
            ("weight_decay", 0.0, float("inf")),
            ("oversample_foreground", 0.0, 1.0),
            ("ema", 0.0, 1.0),
        )
        for name, low, high in ranges:
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                message = f"{name} must be {low:g} to {high:g}, got {value!r}"
                raise ConfigError(message)
        if self.grad_clip is not None and not self.grad_clip > 0:
            message = f"grad_clip must be positive or None, got {self.grad_clip!r}"
            raise ConfigError(message)


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
