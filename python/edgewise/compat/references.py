"""Every place in a running program that holds an object, and putting another there instead."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from functools import partial
from types import CellType, FrameType, FunctionType, ModuleType
from typing import Any, Final

from .originals import MARK

__all__ = ["Swap", "swap_references"]

_SKIPPED: Final = frozenset({"__wrapped__", MARK})  # they say what a wrapper wraps

Swap = Mapping[int, Any]  # id of an object -> what takes its place


def swap_references(old: list[Any], new: list[Any]) -> list[str]:
    """Put objects in the places of others: in modules, classes, instances, dicts, lists, closures.

    That is where ``from x import y``, ``self.metric = y``, ``{"hd95": y}``, ``partial(y)`` and
    ``staticmethod(y)`` keep an object. What cannot be changed (a tuple, an iterator) keeps it.

    Parameters
    ----------
    old, new : list
        Objects of the same number; ``new[i]`` takes the place of ``old[i]``.

    Returns
    -------
    list of str
        The places that keep an old object, in words.
    """
    swap = {id(a): b for a, b in zip(old, new, strict=True)}
    own = {id(old), id(new), id(swap)}
    own |= {id(cell) for one in (*old, *new) for cell in getattr(one, "__closure__", None) or ()}
    own |= {id(vars(one)) for one in new if hasattr(one, "__dict__")}
    own |= {id(one) for one in (*old, *new)}
    own |= {id(part) for one in old for part in _lineage(one)}
    kept: list[str] = []
    bound: list[Any] = []  # staticmethods and classmethods: new ones are made
    holders = [one for one in gc.get_referrers(*old) if id(one) not in own]
    classes = _classes_of([one for one in holders if type(one) is dict])
    for holder in holders:
        if isinstance(holder, (staticmethod, classmethod)):
            bound.append(holder)
        elif not _swapped_in(holder, swap, classes):
            kept.append(_told(holder, swap))
    if bound:
        kept += swap_references(bound, [type(one)(swap[id(one.__func__)]) for one in bound])
    return kept


def _lineage(one: Any) -> Iterator[Any]:
    """Yield what holds a class because it is one: its own tuple, and drop-ins made from it."""
    if not isinstance(one, type):
        return
    yield from (one, one.__mro__, one.__bases__)
    heirs: list[type] = one.__subclasses__()
    for heir in heirs:
        if any(cls.__module__.startswith("edgewise.compat.") for cls in (one, heir)):
            yield from _lineage(heir)


def _swapped_in(holder: Any, swap: Swap, classes: Mapping[int, type]) -> bool:
    """Replace what a holder holds; False if it cannot be changed."""
    if id(holder) in classes:
        _swap_attributes(classes[id(holder)], dict(holder), swap)
    elif isinstance(holder, dict):
        _swap_items(holder, list(holder.items()), swap)
    elif type(holder) is list:
        _swap_items(holder, list(enumerate(holder)), swap)
    elif isinstance(holder, CellType):
        holder.cell_contents = swap[id(holder.cell_contents)]
    elif isinstance(holder, partial):
        _swap_partial(holder, swap)
    elif not isinstance(holder, FrameType):  # local variables of what is running: here, mostly
        return _swapped_instance(holder, swap)
    return True


def _classes_of(dicts: list[dict[Any, Any]]) -> dict[int, type]:
    """Return the classes whose namespaces are among these dicts, by the namespaces' ids."""
    spaces = [one for one in dicts if "__module__" in one]
    named = {id(one) for one in spaces}
    owners = [one for one in gc.get_referrers(*spaces) if isinstance(one, type)] if spaces else []
    return {
        id(space): owner
        for owner in owners
        for space in gc.get_referents(owner)
        if id(space) in named
    }


def _swap_items(holder: Any, items: list[tuple[Any, Any]], swap: Swap) -> None:
    for key, value in items:
        if id(value) in swap and not (isinstance(key, str) and key in _SKIPPED):
            holder[key] = swap[id(value)]


def _swap_partial(holder: Any, swap: Swap) -> None:
    if id(holder.func) in swap:
        state = swap[id(holder.func)], holder.args, holder.keywords, vars(holder)
        holder.__setstate__(state)


def _swap_attributes(owner: type, items: Mapping[str, Any], swap: Swap) -> None:
    for key, value in items.items():
        if id(value) in swap and key not in _SKIPPED:
            setattr(owner, key, swap[id(value)])


def _swapped_instance(holder: Any, swap: Swap) -> bool:
    """Replace in an object's own attributes; whether there was one."""
    if isinstance(holder, (ModuleType, FunctionType)) or not hasattr(holder, "__dict__"):
        return False
    space = vars(holder)
    items = [(key, value) for key, value in space.items() if id(value) in swap]
    _swap_items(space, items, swap)
    return bool(items)


def _told(holder: Any, swap: Swap) -> str:
    """Name a place that keeps an old object."""
    held = [one for one in gc.get_referents(holder) if id(one) in swap]
    what = ", ".join(sorted({getattr(one, "__qualname__", repr(one)) for one in held}))
    return f"a {type(holder).__name__} keeps {what}"
