"""What a drop-in promises: how equal its results are, and which faults of the library are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Entry", "Library", "Quirk", "Suite", "Tier"]

Tier: TypeAlias = Literal["exact", "close", "corrected"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One function or class of a library and its drop-in.

    Attributes
    ----------
    name : str
        Name within the drop-in's package (``edgewise.compat.<library>.<name>``), also the name of
        the library's own function.
    place : str
        Where the library defines it, ``"module:name"`` or ``"module:Class.method"``: what `patch`
        replaces. Other places that hold the same object are found. Empty: not patched.
    tier : {"exact", "close", "corrected"}
        exact: the same bits; close: within `rtol` and `atol`; corrected: as the library does
        unless ``corrected=True``, see its quirks.
    rtol, atol : float
        Bound of the difference of floating results: ``atol + rtol * abs(value)``.
    note : str
        Why not exact; what is handed to the library.
    patched_by : str
        The replacement's name within the drop-in's package, if not `name`.
    patch : bool
        Whether `patch` replaces it; False for classes that run through functions which are.
    """

    name: str
    place: str = ""
    tier: Tier = "exact"
    rtol: float = 0.0
    atol: float = 0.0
    note: str = ""
    patched_by: str = ""
    patch: bool = True


@dataclass(frozen=True, slots=True)
class Quirk:
    """Something that a library does and its users would not expect.

    Attributes
    ----------
    id : str
        Unique, ``"<library>-<words>"``.
    functions : tuple of str
        Names of the entries that it concerns.
    what : str
        One sentence.
    evidence : str
        The smallest call that shows it: an expression in which ``np`` is numpy, ``peer`` the
        library's module (or the drop-in) and ``torch`` is torch.
    theirs : str
        ``repr`` of the value, or the name of the exception.
    corrected : str
        The same with ``corrected=True``, or of the drop-in where it always differs (`always`);
        empty if there is neither.
    versions : str
        Versions of the library, or of numpy, that show it, if not all.
    source : str
        Where it was reported, such as ``"loli/medpy#138"``.
    always : bool
        Whether the drop-in differs without being asked: what the library does is of no use to
        anybody, or cannot be had.
    """

    id: str
    functions: tuple[str, ...]
    what: str
    evidence: str
    theirs: str
    corrected: str = ""
    versions: str = ""
    source: str = ""
    always: bool = False


@dataclass(frozen=True, slots=True)
class Suite:
    """One of a library's own test files, as run against its drop-in.

    Attributes
    ----------
    path : str
        Within the library's repository or its installed package.
    deselected : tuple of (str, str)
        Test (or pattern) and why it cannot pass.
    """

    path: str
    deselected: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Library:
    """A library and its drop-in.

    Attributes
    ----------
    name : str
        Of the package below ``edgewise.compat``.
    distribution, module : str
        What pip installs and what is imported.
    version : str
        The version that the drop-in reproduces.
    entries : tuple of Entry
    quirks : tuple of Quirk
    suites : tuple of Suite
        The library's own tests that are run against the drop-in.
    address : str
        What pip installs where the package index does not have the library.
    """

    name: str
    distribution: str
    module: str
    version: str
    entries: tuple[Entry, ...]
    quirks: tuple[Quirk, ...] = ()
    suites: tuple[Suite, ...] = ()
    address: str = ""

    @property
    def requirement(self) -> str:
        """What to write after ``pip install``."""
        return self.address or f"{self.distribution}=={self.version}"

    def entry(self, name: str) -> Entry:
        """Return the entry of a name."""
        return next(entry for entry in self.entries if entry.name == name)
