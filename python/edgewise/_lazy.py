"""Names of a package that load when they are first used, so that importing it costs nothing."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from ._extras import require

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = ["loader"]


def loader(
    package: str, homes: Mapping[str, str], *, torchless: Collection[str] | None = None
) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    homes : mapping of str to str
        Name to the submodule, relative to the package, that defines it.
    torchless : collection of str, optional
        The submodules that load without torch; for names of the others torch is asked for first.
        Default: all.

    Returns
    -------
    callable
        Raises AttributeError for other names, MissingExtraError if torch is needed and missing.
    """

    def load(name: str) -> Any:  # noqa: ANN401
        if name not in homes:
            message = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(message)
        home = homes[name]
        if torchless is not None and home not in torchless:
            require("torch", extra="models")
        value = getattr(importlib.import_module(f".{home}", package), name)
        setattr(sys.modules[package], name, value)  # asked for once
        return value

    return load
