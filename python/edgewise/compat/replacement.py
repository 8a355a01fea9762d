"""Putting the drop-ins into installed libraries, and taking them out again.

What is replaced is written in each library's ``declared`` module. A library that is not imported
yet is patched when it is; one that is has every reference replaced (`references`): modules that
said ``from x import y`` before, class attributes, dicts, lists. Undoing puts the library's own
functions back everywhere, also where a module took the replacement meanwhile.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from edgewise.errors import ConfigError, MissingExtraError

from .catalogue import NAMES, library
from .import_hook import ImportHook
from .originals import MARK
from .references import swap_references

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from .declared import Entry, Library

__all__ = ["Patch", "installed", "patch", "patched"]

_LOCK: Final = threading.RLock()
_CALLS: Final[Counter[str]] = Counter()


@dataclass(slots=True)
class _State:
    """A library that is patched."""

    library: Library
    corrected: bool
    holders: int = 0  # handles that are not undone yet
    swapped: dict[str, Any] = field(default_factory=dict)  # place -> what is there now
    pending: dict[str, list[Entry]] = field(default_factory=dict)  # module -> entries
    kept: list[str] = field(default_factory=list)


_ACTIVE: Final[dict[str, _State]] = {}


class Patch:
    """What one call of `patch` did; a context manager that undoes it.

    Attributes
    ----------
    libraries : tuple of str
        Names of the drop-ins.
    """

    def __init__(self, libraries: tuple[str, ...]) -> None:
        self.libraries = libraries
        self._open = True

    @property
    def replaced(self) -> tuple[str, ...]:
        """Places whose function is replaced now, such as ``"medpy.metric.binary:hd95"``."""
        return tuple(place for state in self._states() for place in state.swapped)

    @property
    def pending(self) -> tuple[str, ...]:
        """Places that are replaced as soon as their module is imported."""
        return tuple(
            entry.place
            for state in self._states()
            for entries in state.pending.values()
            for entry in entries
        )

    @property
    def kept(self) -> tuple[str, ...]:
        """References that could not be replaced and still run the library's own function."""
        return tuple(words for state in self._states() for words in state.kept)

    @property
    def calls(self) -> dict[str, int]:
        """How often each replaced place has been called in this process."""
        return {place: _CALLS[place] for place in self.replaced}

    def undo(self) -> None:
        """Put the library's own functions back; a second time does nothing.

        Where `patch` was called more than once for a library, the last `undo` restores it.
        """
        with _LOCK:
            if not self._open:
                return
            self._open = False
            done = [_ACTIVE[name] for name in self.libraries]
            for state in done:
                state.holders -= 1
            _restore([state for state in done if not state.holders])

    def __enter__(self) -> Patch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.undo()

    def __repr__(self) -> str:
        state = "active" if self._open else "undone"
        return f"<Patch of {', '.join(self.libraries) or 'nothing'}: {state}>"

    def __str__(self) -> str:
        lines = []
        for name in self.libraries:
            state = _ACTIVE.get(name) if self._open else None
            if state is not None:
                lines += _report(state)
        return "\n".join(lines) or repr(self)

    def _states(self) -> list[_State]:
        return [_ACTIVE[name] for name in self.libraries] if self._open else []


def patch(*libraries: str, corrected: bool = False) -> Patch:
    """Replace functions inside installed libraries by edgewise's drop-ins.

    Parameters
    ----------
    *libraries : str
        Names of drop-ins, such as ``"medpy"``, ``"monai"``, ``"scipy_ndimage"``. Default: those of
        all libraries that are installed.
    corrected : bool, default False
        Whether known faults of the libraries are mended, see ``edgewise compat``.

    Returns
    -------
    Patch
        Says what was replaced; ``undo()`` or the end of a ``with`` block puts the libraries'
        functions back. Patching what is patched already changes nothing, and the last of several
        handles restores it. A library is not imported for this: it is patched when it is.

    Raises
    ------
    ConfigError
        If there is no such drop-in, or it is active with the other value of `corrected`.
    MissingExtraError
        If a library that is named is not installed.

    Notes
    -----
    Threads that are inside of a replaced function when it is undone finish there. References that
    cannot be replaced (in tuples) are listed in `Patch.kept`. The environment variable
    ``EDGEWISE_PATCH=medpy,monai`` (or ``all``) does the same from the start of a program,
    ``python -m edgewise.compat.patch script.py`` for one run.

    Examples
    --------
    >>> import edgewise as ew
    >>> with ew.patch("medpy") as active:  # doctest: +SKIP
    ...     from medpy.metric.binary import hd95
    ...     hd95(result, reference)  # computed by edgewise
    """
    with _LOCK:
        wanted = _wanted(libraries, corrected=corrected)
        states = [_ACTIVE.setdefault(one.name, _State(one, corrected)) for one in wanted]
        try:
            for state in states:
                if not state.holders:
                    _apply(state)
        except BaseException:  # nothing or all
            _restore([state for state in states if not state.holders])
            raise
        for state in states:
            state.holders += 1
        return Patch(tuple(one.name for one in wanted))


def patched() -> dict[str, tuple[str, ...]]:
    """Return the libraries that are patched now and the places that are replaced in each.

    Places of modules that are not imported yet end with ``" (when imported)"``.

    Examples
    --------
    >>> patched()
    {}
    """
    with _LOCK:
        return {
            name: (
                *state.swapped,
                *(
                    f"{entry.place} (when imported)"
                    for entries in state.pending.values()
                    for entry in entries
                ),
            )
            for name, state in _ACTIVE.items()
        }


def installed(one: Library) -> bool:
    """Whether the library can be imported; it is not imported."""
    return importlib.util.find_spec(one.module.partition(".")[0]) is not None


def _wanted(names: Iterable[str], *, corrected: bool) -> list[Library]:
    named = tuple(dict.fromkeys(names))
    found = [library(name) for name in named or NAMES]
    missing = [one for one in found if not installed(one)]
    if named and missing:
        one = missing[0]
        message = f"{one.distribution} is not installed, so there is nothing to patch"
        raise MissingExtraError(message)
    wanted = [one for one in found if one not in missing]
    for one in wanted:
        state = _ACTIVE.get(one.name)
        if state is not None and state.corrected != corrected:
            message = f"{one.name} is patched with corrected={state.corrected}; undo that first"
            raise ConfigError(message)
    return wanted


def _apply(state: _State) -> None:
    for entry in state.library.entries:
        if entry.place and entry.patch:
            state.pending.setdefault(entry.place.partition(":")[0], []).append(entry)
    for module in [name for name in state.pending if name in sys.modules]:
        _replace(state, module)
    _await()


def _replace(state: _State, module: str) -> None:
    """Replace what an imported module defines."""
    old, new = [], []
    for entry in state.pending.pop(module):
        owner, name, own = _found(entry.place)
        if own is None or hasattr(own, MARK):
            continue  # another version of the library, or patched through another name
        replacement = _replacement(own, entry, state)
        if isinstance(owner, type):
            setattr(owner, name, replacement)
        else:
            old.append(own)
            new.append(replacement)
        state.swapped[entry.place] = replacement
    if old:
        state.kept += swap_references(old, new)


def _found(place: str) -> tuple[Any, str, Any]:
    """Return the module or class of a place, the name in it, and what is there; else None."""
    module, _, names = place.partition(":")
    *path, name = names.split(".")
    owner: Any = sys.modules[module]
    for step in path:
        owner = getattr(owner, step, None)
    own = vars(owner).get(name) if isinstance(owner, type) else getattr(owner, name, None)
    return owner, name, own


def _replacement(own: Any, entry: Entry, state: _State) -> Any:
    """Return a function or class of its own identity that runs the drop-in."""
    home = importlib.import_module(f"edgewise.compat.{state.library.name}")
    ours: Any = functools.reduce(getattr, (entry.patched_by or entry.name).split("."), home)
    options = {"corrected": True} if state.corrected and entry.tier == "corrected" else {}
    place = entry.place
    if isinstance(own, type):
        return _subclass(own, ours, options, place)
    static = isinstance(own, staticmethod)

    @functools.wraps(own.__func__ if static else own)
    def call(*args: Any, **kwargs: Any) -> Any:
        _CALLS[place] += 1
        return ours(*args, **kwargs, **options)

    setattr(call, MARK, own)
    return staticmethod(call) if static else call


def _subclass(own: type, ours: Any, options: dict[str, bool], place: str) -> type:
    class Replaced(ours):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            _CALLS[place] += 1
            super().__init__(*args, **kwargs, **options)

    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(Replaced, name, getattr(own, name))
    setattr(Replaced, MARK, own)
    return Replaced


def _restore(states: list[_State]) -> None:
    old, new = [], []
    for state in states:
        for place, replacement in state.swapped.items():
            own = getattr(replacement, MARK)
            owner, name, _ = _found(place)
            if isinstance(owner, type):
                setattr(owner, name, own)
            else:
                old.append(replacement)
                new.append(own)
            _CALLS.pop(place, None)
        del _ACTIVE[state.library.name]
    if old:
        swap_references(old, new)
    _await()


def _await() -> None:
    _HOOK.await_modules({module for state in _ACTIVE.values() for module in state.pending})


def _on_import(module: str) -> None:
    with _LOCK:
        for state in _ACTIVE.values():
            if module in state.pending:
                try:
                    _replace(state, module)
                except ImportError as error:  # the library works without us
                    state.kept.append(f"{module} is as it was: {error}")
        _await()


_HOOK: Final = ImportHook(_on_import)


def _report(state: _State) -> list[str]:
    """Return what to say of a library; nothing if the program did not import it."""
    if not state.swapped:
        return []
    calls = sum(_CALLS[place] for place in state.swapped)
    words = f"{len(state.swapped)} functions replaced, called {calls} times"
    waiting = sum(len(entries) for entries in state.pending.values())
    if waiting:
        words += f"; {waiting} in modules that are not imported"
    lines = [f"{state.library.name}: {words}"]
    found = _other_version(state.library)
    if found:
        lines.append(f"  {found} is installed, the drop-in reproduces {state.library.version}")
    return lines + [f"  not reached: {words}" for words in dict.fromkeys(state.kept)]


def _other_version(one: Library) -> str:
    """Return the installed version if it is not the one that the drop-in reproduces."""
    try:
        found = version(one.distribution)
    except PackageNotFoundError:
        return ""
    return "" if found == one.version else found
