"""Running the random calls of a library and counting what differs."""

from __future__ import annotations

import importlib
import importlib.util
import zlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from edgewise.compat.catalogue import library as library_of
from edgewise.errors import ConfigError, MissingExtraError

from .call import drop_in_space, peer_space
from .draw import Draw
from .outcome import difference, outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgewise.compat.declared import Entry, Library

    from .call import Call, Calls

__all__ = ["Outcome", "calls_of", "installed_version", "repeat", "verify"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the random calls of one entry came to.

    Attributes
    ----------
    library, entry : str
    version : str
        Of the installed library.
    calls, raised : int
        Calls made; those that the library answered with an exception.
    declared : int
        Calls that differ in a way that is declared.
    undeclared : tuple of str
        What differs and is not declared, each with the number of its call (`repeat`).
    """

    library: str
    entry: str
    version: str
    calls: int
    raised: int
    declared: int
    undeclared: tuple[str, ...]


def calls_of(name: str) -> Calls:
    """Return what draws the calls of a library's entries."""
    calls: Calls = importlib.import_module(f"edgewise.parity.{name}").CALLS
    return calls


def installed_version(library: Library) -> str:
    """Return the library's installed version; MissingExtraError if it is not installed."""
    try:
        return version(library.distribution)
    except PackageNotFoundError as error:
        if importlib.util.find_spec(library.module.partition(".")[0]) is not None:
            return library.version  # a checkout on the path, which cannot say its version
        message = (
            f"{library.distribution} is not installed, so there is nothing to compare with: "
            f"pip install {library.requirement}"
        )
        raise MissingExtraError(message) from error


def verify(
    name: str,
    *,
    calls: int = 1000,
    entries: Sequence[str] | None = None,
    seed: int = 0,
    progress: Callable[[str, int], None] | None = None,
) -> list[Outcome]:
    """Make the same random calls to a library and to its drop-in.

    Parameters
    ----------
    name : str
        A drop-in, such as ``"medpy"``.
    calls : int, default 1000
        Number of calls of every entry.
    entries : sequence of str, optional
        Names of entries. Default: all that have calls.
    seed : int, default 0
        Another seed draws other calls.
    progress : callable, optional
        Called with an entry's name and the number of calls made.

    Returns
    -------
    list of Outcome
        One per entry.

    Raises
    ------
    ConfigError
        If there is no such drop-in or entry.
    MissingExtraError
        If the library is not installed.
    """
    library = library_of(name)
    drawn = calls_of(name)
    wanted = tuple(entries) if entries is not None else tuple(drawn)
    for entry in wanted:
        if entry not in drawn:
            message = f"{name} has no random calls for {entry!r} (there are {', '.join(drawn)})"
            raise ConfigError(message)
    found = installed_version(library)
    spaces = peer_space(library), drop_in_space(library)
    return [
        _verified(library, library.entry(entry), found, spaces, calls, seed, progress)
        for entry in wanted
    ]


def repeat(name: str, entry: str, number: int, *, seed: int = 0) -> Call:
    """Return the call of a number that an outcome names, to be looked at."""
    return calls_of(name)[entry](Draw(seed, zlib.crc32(f"{name}.{entry}".encode()), number))


def _verified(
    library: Library,
    entry: Entry,
    found: str,
    spaces: tuple[Any, Any],
    calls: int,
    seed: int,
    progress: Callable[[str, int], None] | None,
) -> Outcome:
    raised = declared = 0
    undeclared: list[str] = []
    for number in range(calls):
        call = repeat(library.name, entry.name, number, seed=seed)
        theirs, ours = (outcome(call, space) for space in spaces)
        raised += theirs.error is not None
        words = difference(theirs, ours, rtol=entry.rtol, atol=entry.atol)
        if words and call.declared:
            declared += 1
        elif words:
            undeclared.append(f"call {number}: {words}")
        if progress is not None and (number + 1) % 100 == 0:
            progress(entry.name, number + 1)
    return Outcome(library.name, entry.name, found, calls, raised, declared, tuple(undeclared))
