"""Training networks on patches of volumes, in runs that can be interrupted at any moment.

`fit` is the whole of it; `FolderCases` and `ArrayCases` are what it trains on. Architectures,
losses and prediction live elsewhere.
"""

from __future__ import annotations

from .augmentation import Augmentation
from .data import ArrayCases, FolderCases, TrainingCase
from .fit import FitResult, fit
from .schedule import Schedule
from .settings import Settings

__all__ = [
    "ArrayCases",
    "Augmentation",
    "FitResult",
    "FolderCases",
    "Schedule",
    "Settings",
    "TrainingCase",
    "fit",
]
