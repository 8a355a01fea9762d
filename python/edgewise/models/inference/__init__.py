"""Networks on volumes that are larger than a tile: windows, sums, slabs, folders of files.

`sliding_window` gives logits, `segment` a label map in bounded memory, `stream` finished rows to
whatever takes them, `predict_folder` label maps for a folder of images. `dense` is DeepMedic's own
way over a volume.
"""

from __future__ import annotations

from .consumers import Consumer, Labels, Logits, LogitsFile, Probabilities
from .description import ModelDescription, read_description
from .determinism import NotDeterministicWarning, Seeds, deterministic
from .ensemble import Ensemble
from .folders import FolderEvent, predict_cases, predict_folder
from .memory import MemoryNeeded, memory_needed
from .options import Execution, Tiling
from .prediction_log import CaseOutcome
from .predictor import Predictor
from .resampled import ResampledLabels
from .stream import TileEvent, stream
from .sums import SumsOnCpuWarning
from .whole_image import segment, sliding_window

__all__ = [
    "CaseOutcome",
    "Consumer",
    "Ensemble",
    "Execution",
    "FolderEvent",
    "Labels",
    "Logits",
    "LogitsFile",
    "MemoryNeeded",
    "ModelDescription",
    "NotDeterministicWarning",
    "Predictor",
    "Probabilities",
    "ResampledLabels",
    "Seeds",
    "SumsOnCpuWarning",
    "TileEvent",
    "Tiling",
    "deterministic",
    "memory_needed",
    "predict_cases",
    "predict_folder",
    "read_description",
    "segment",
    "sliding_window",
    "stream",
]
