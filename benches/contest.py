"""What a bench is made of: a table of races, each with its input and its contenders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from edgewise.racing import Contender

OURS = "edgewise"


@dataclass(frozen=True, slots=True)
class Settings:
    """How everything is run."""

    threads: int = 1
    rounds: int = 7
    limit: float = 20.0  # seconds
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """The input of a race and who runs; ours stands first, floors last."""

    shape: tuple[int, ...]
    contenders: Sequence[Contender]
    spacing: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Race:
    """One workload. `main` ones are also run with more than one thread."""

    id: str
    title: str
    field: Callable[[Settings], Field]
    main: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Races that belong together."""

    name: str
    title: str
    races: tuple[Race, ...]


def ours(call: Callable[[], Any], name: str = OURS) -> Contender:
    return Contender(name, call, kind="ours")


def absent(reason: str) -> Contender:
    """Ours, not there yet: the row stays visible."""
    return Contender(OURS, lambda: None, kind="ours", problem=reason)
