"""nnU-Net's files: plans.json, dataset.json and checkpoints, into networks and preprocessing.

Reading plans and data sets needs no torch; checkpoints and networks do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in ("Checkpoint", "load_checkpoint"):
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from . import checkpoint

    return getattr(checkpoint, name)
