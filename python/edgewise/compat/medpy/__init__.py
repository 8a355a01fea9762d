"""Drop-in for MedPy 0.5: ``medpy.metric.binary``, flat and as ``metric.binary``."""

from __future__ import annotations

from . import metric as metric
from .metric import *  # noqa: F403
from .metric import __all__ as _names

__all__ = ["metric", *_names]
