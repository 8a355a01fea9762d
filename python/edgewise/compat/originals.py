"""The library's own functions: for what a drop-in does not compute itself."""

from __future__ import annotations

import importlib
from functools import reduce
from typing import Any

from edgewise.errors import MissingExtraError

from .catalogue import NAMES, library

__all__ = ["MARK", "original"]

MARK = "__edgewise_original__"  # what `patch` put here carries the library's own under this name


def original(place: str, *, why: str) -> Any:
    """Return a library's own function or class, also while it is patched.

    Parameters
    ----------
    place : str
        ``"module:name"`` or ``"module:Class.method"``.
    why : str
        What needs it, for the message: ``"structures other than the standard ones"``.

    Raises
    ------
    MissingExtraError
        If the library is not installed.
    """
    module, _, names = place.partition(":")
    try:
        home = importlib.import_module(module)
    except ImportError as error:
        top = module.partition(".")[0]
        known = (library(name) for name in NAMES)
        what = next((x.requirement for x in known if x.module.partition(".")[0] == top), top)
        message = f"{why} are computed by {top} itself, which is not installed: pip install {what}"
        raise MissingExtraError(message) from error
    found = reduce(getattr, names.split("."), home)
    return getattr(found, MARK, found)
