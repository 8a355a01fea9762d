"""Metrics Reloaded of December 2024: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library, Quirk, Suite

__all__ = ["LIBRARY"]

LIBRARY: Final = Library(
    "metrics_reloaded", "MetricsReloaded", "MetricsReloaded", "0.1.0", ())
