"""The functions, under the path that they have in torchmetrics."""

from __future__ import annotations

from . import segmentation as segmentation

__all__ = ["segmentation"]
