"""nnU-Net's files: plans.json, dataset.json and checkpoints, into networks and preprocessing.

Reading plans and data sets needs no torch; checkpoints and networks do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewise._lazy import loader

from .architecture import Architecture
from .dataset import DatasetDescription, read_dataset
from .plans import Configuration, Plans, read_plans

if TYPE_CHECKING:
    from .checkpoint import Checkpoint as Checkpoint
    from .checkpoint import load_checkpoint as load_checkpoint

__all__ = [
    "Architecture",
    "Checkpoint",
    "Configuration",
    "DatasetDescription",
    "Plans",
    "load_checkpoint",
    "read_dataset",
    "read_plans",
]
__getattr__ = loader(
    __name__, {"Checkpoint": "checkpoint", "load_checkpoint": "checkpoint"}, torchless=()
)
