"""Drop-in for Metrics Reloaded (module ``MetricsReloaded``), flat and as ``metrics``."""

from __future__ import annotations

from . import metrics as metrics
from .metrics.calibration_measures import CalibrationMeasures as CalibrationMeasures
from .metrics.pairwise_measures import BinaryPairwiseMeasures as BinaryPairwiseMeasures
from .metrics.pairwise_measures import MultiClassPairwiseMeasures as MultiClassPairwiseMeasures
from .metrics.prob_pairwise_measures import (
    ProbabilityPairwiseMeasures as ProbabilityPairwiseMeasures,
)

__all__ = [
    "BinaryPairwiseMeasures",
    "CalibrationMeasures",
    "MultiClassPairwiseMeasures",
    "ProbabilityPairwiseMeasures",
    "metrics",
]
