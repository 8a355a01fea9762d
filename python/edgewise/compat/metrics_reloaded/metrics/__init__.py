"""``MetricsReloaded.metrics``: its modules by their names."""

from __future__ import annotations

from . import calibration_measures as calibration_measures
from . import pairwise_measures as pairwise_measures
from . import prob_pairwise_measures as prob_pairwise_measures

__all__ = ["calibration_measures", "pairwise_measures", "prob_pairwise_measures"]
