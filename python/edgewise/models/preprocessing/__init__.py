"""Images into what a network was trained on, and its answers back onto their own grid.

No torch here: preparing images and reading what was prepared works without it.
"""

from __future__ import annotations

from .intensities import IntensityStatistics
from .normalization import Normalization
from .planning import plan_preprocessing
from .preparation import Preprocessing
from .prepared import Prepared
from .resampling import ResamplingRule

__all__ = [
    "IntensityStatistics",
    "Normalization",
    "Prepared",
    "Preprocessing",
    "ResamplingRule",
    "plan_preprocessing",
]
