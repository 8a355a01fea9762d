"""Drop-in for ``medpy.metric``: its measures of binary masks."""

from __future__ import annotations

from . import binary as binary
from .binary import *  # noqa: F403
from .binary import __all__ as _names

__all__ = ["binary", *_names]
