"""Drop-in for scikit-image 0.26: ``metrics``, ``segmentation``, ``measure`` and ``morphology``."""

from __future__ import annotations

from . import measure as measure
from . import metrics as metrics
from . import morphology as morphology
from . import segmentation as segmentation

__all__ = ["measure", "metrics", "morphology", "segmentation"]
