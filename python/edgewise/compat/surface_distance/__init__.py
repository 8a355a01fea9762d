"""Drop-in for surface-distance 0.1: ``surface_distance``, ``.metrics``, ``.lookup_tables``."""

from __future__ import annotations

from . import lookup_tables as lookup_tables
from . import metrics as metrics
from .metrics import *  # noqa: F403
from .metrics import __all__ as _names

__all__ = ["lookup_tables", "metrics", *_names]
