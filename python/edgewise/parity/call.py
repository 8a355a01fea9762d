"""One random call, and the calls that a library's module here draws."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias

from edgewise.compat.originals import MARK

if TYPE_CHECKING:
    from edgewise.compat.declared import Library

    from .draw import Draw

__all__ = ["Call", "Calls", "Drawn", "drop_in_space", "function", "peer_space"]

Act: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Call:
    """What is done, and with which arguments.

    Attributes
    ----------
    act : callable
        Called with a namespace that holds the entries by their names (``space.hd95``,
        ``space.DiceMetric``), then the arguments; returns what is compared: numbers, arrays,
        tensors, and tuples, lists and dicts of them.
    args, kwargs
        Arguments; every side gets a copy of its own.
    declared : str
        Id of the quirk or words of the entry's note because of which this call may differ;
        empty: it must not.
    """

    act: Act
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    declared: str = ""


Drawn: TypeAlias = Callable[["Draw"], Call]
Calls: TypeAlias = Mapping[str, Drawn]  # entry name -> draws one call of it


def function(name: str) -> Act:
    """Return the plain call of an entry: ``space.<name>(*args, **kwargs)``."""

    def act(space: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(space, name.rpartition(".")[2])(*args, **kwargs)

    return act


def peer_space(library: Library) -> SimpleNamespace:
    """Return the library's own functions by the last part of their entries' names."""
    found = {}
    for entry in library.entries:
        module, _, names = entry.place.partition(":")
        if not module or "." in names:
            continue
        one = reduce(getattr, names.split("."), importlib.import_module(module))
        found[entry.name.rpartition(".")[2]] = getattr(one, MARK, one)
    return SimpleNamespace(**found)


def drop_in_space(library: Library) -> SimpleNamespace:
    """Return the drop-ins by the last part of their entries' names."""
    home = importlib.import_module(f"edgewise.compat.{library.name}")
    found = {
        entry.name.rpartition(".")[2]: reduce(getattr, entry.name.split("."), home)
        for entry in library.entries
    }
    return SimpleNamespace(**found)
