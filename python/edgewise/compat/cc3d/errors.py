"""The library's exception for a wrong number of axes, with and without the library."""

from __future__ import annotations

import importlib
from functools import cache

__all__ = ["dimension_error"]


class _DimensionError(Exception):
    """The array has a wrong number of axes."""


@cache
def dimension_error() -> type[Exception]:
    """Return ``cc3d.DimensionError``, which callers catch; our own if cc3d is not installed."""
    try:
        found: type[Exception] = importlib.import_module("cc3d").DimensionError
    except ImportError:
        return _DimensionError
    return found
