"""Drop-in for ``skimage.segmentation``."""

from __future__ import annotations

from .morphology import flood, flood_fill

__all__ = ["flood", "flood_fill"]
