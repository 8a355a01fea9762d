"""Making segmentations: the classical methods."""

from __future__ import annotations

from .region_growing import flood, region_grow

__all__ = ["flood", "region_grow"]
