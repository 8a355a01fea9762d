"""Learning rates over the steps of a training, as factors of the largest one.

Polynomial decay as in DeepLab (Chen et al. 2018, arXiv 1606.00915) and nnU-Net (Isensee et al.
2021), here per step; cosine decay after Loshchilov and Hutter 2017 (arXiv 1608.03983); one cycle
after Smith and Topin 2018 (arXiv 1708.07120). A rate depends on the step alone: there is no state
to save.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from edgewise.errors import ConfigError

__all__ = ["SCHEDULES", "Schedule", "ScheduleName"]

ScheduleName: TypeAlias = Literal["poly", "cosine", "one_cycle", "constant"]
SCHEDULES: Final[tuple[ScheduleName, ...]] = get_args(ScheduleName)

_RISE: Final = 0.3  # share of the steps on which one cycle rises
_FIRST: Final = 1 / 25  # factor with which it begins
_LAST: Final = _FIRST / 1e4  # factor with which it ends


@dataclass(frozen=True, slots=True)
class Schedule:
    """The learning rate of each step.

    Parameters
    ----------
    name : {"poly", "cosine", "one_cycle", "constant"}
        With t the step (from 0) and T the number of steps: (1 - t / T)^power;
        (1 + cos(pi t / T)) / 2; up from 1/25 on the first 30 % and down to 1/250000, both as
        half a cosine; or 1.
    steps : int
        T, of the whole training.
    lr : float
        The largest rate.
    power : float, default 0.9
        Of "poly".
    warmup : int, default 0
        Steps on which the rate rises linearly, (t + 1) / warmup; the schedule runs on the others.

    Examples
    --------
    >>> schedule = Schedule("poly", steps=1000, lr=0.01)
    >>> [round(schedule.at(t), 5) for t in (0, 500, 999)]
    [0.01, 0.00536, 2e-05]
    """

    name: ScheduleName
    steps: int
    lr: float
    power: float = 0.9
    warmup: int = 0

    def __post_init__(self) -> None:
        if self.name not in SCHEDULES:
            message = f"schedule must be one of {', '.join(SCHEDULES)}, got {self.name!r}"
            raise ConfigError(message)
        if not 0 <= self.warmup < self.steps:
            message = f"warmup must be 0 to {self.steps - 1} steps (those of the training less 1), "
            message += f"got {self.warmup}"
            raise ConfigError(message)

    def at(self, step: int) -> float:
        """Return the learning rate of step `step`, counted from 0 over all epochs."""
        if step < self.warmup:
            return self.lr * (step + 1) / self.warmup
        total = self.steps - self.warmup
        return self.lr * self._factor(step - self.warmup, total)

    def _factor(self, t: int, total: int) -> float:
        if self.name == "constant":
            return 1.0
        if self.name == "poly":
            return float((1 - t / total) ** self.power)
        if self.name == "cosine":
            return _half_cosine(1.0, 0.0, t / total)
        peak = _RISE * total - 1
        if t <= peak:
            return _half_cosine(_FIRST, 1.0, t / peak)
        return _half_cosine(1.0, _LAST, (t - peak) / (total - 1 - peak))


def _half_cosine(first: float, last: float, share: float) -> float:
    """Go from `first` to `last` along half a cosine."""
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2
