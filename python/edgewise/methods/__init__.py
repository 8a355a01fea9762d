"""Making segmentations: the classical methods."""

from __future__ import annotations

from .crf import dense_crf, label_probabilities
from .crf_tuning import CrfCase, CrfParameters, CrfTuning, tune_crf
from .region_growing import flood, region_grow

__all__ = [
    "CrfCase",
    "CrfParameters",
    "CrfTuning",
    "dense_crf",
    "flood",
    "label_probabilities",
    "region_grow",
    "tune_crf",
]
