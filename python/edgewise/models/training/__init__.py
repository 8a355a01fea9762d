"""Training networks on patches of volumes, in runs that can be interrupted at any moment.

`fit` is the whole of it; `FolderCases` and `ArrayCases` are what it trains on, `open_folders` plans
a run for two folders of files, `run_lock` holds the folder of a run over both. Architectures,
losses and prediction live elsewhere.
"""

from __future__ import annotations

from .augmentation import Augmentation
from .data import ArrayCases, FolderCases, TrainingCase
from .fitting import FitResult, fit
from .folder_run import FolderRun, open_folders
from .run_lock import run_lock
from .run_plan import FolderOptions
from .schedule import Schedule
from .settings import Settings

__all__ = [
    "ArrayCases",
    "Augmentation",
    "FitResult",
    "FolderCases",
    "FolderOptions",
    "FolderRun",
    "Schedule",
    "Settings",
    "TrainingCase",
    "fit",
    "open_folders",
    "run_lock",
]
