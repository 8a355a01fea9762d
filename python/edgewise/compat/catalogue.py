"""The libraries that have a drop-in here."""

from __future__ import annotations

import importlib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from edgewise.errors import ConfigError

if TYPE_CHECKING:
    from .declared import Library

__all__ = ["NAMES", "library"]

NAMES: Final = (
    "cc3d",
    "edt",
    "medpy",
    "metrics_reloaded",
    "monai",
    "nnunet",
    "scipy_ndimage",
    "scipy_spatial",
    "simpleitk",
    "skimage",
    "surface_distance",
    "torchmetrics",
)


def library(name: str) -> Library:
    """Return what is declared of a library; nothing of the library itself is imported.

    Parameters
    ----------
    name : str
        One of ``NAMES``.

    Raises
    ------
    ConfigError
        If there is no such drop-in; names the nearest.
    """
    if name not in NAMES:
        near = get_close_matches(name, NAMES, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        message = f"no drop-in for {name!r}{hint} (there are {', '.join(NAMES)})"
        raise ConfigError(message)
    declared: Library = importlib.import_module(f"edgewise.compat.{name}.declared").LIBRARY
    return declared
