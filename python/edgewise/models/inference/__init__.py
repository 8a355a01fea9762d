"""Networks on volumes that are larger than a tile: windows, sums, slabs, folders of files.

`sliding_window` gives logits, `segment` a label map in bounded memory, `stream` finished rows to
whatever takes them, `predict_folder` label maps for a folder of images.
"""

from __future__ import annotations

from .consumers import Consumer, Labels, Logits, LogitsFile, Probabilities
from .determinism import NotDeterministicWarning, Seeds, deterministic
from .memory import MemoryNeeded, memory_needed
from .options import Execution, Tiling
from .sliding_window import segment, sliding_window
from .stream import TileEvent, stream
from .sums import SumsOnCpuWarning

__all__ = [
    "Consumer",
    "Execution",
    "Labels",
    "Logits",
    "LogitsFile",
    "MemoryNeeded",
    "NotDeterministicWarning",
    "Probabilities",
    "Seeds",
    "SumsOnCpuWarning",
    "TileEvent",
    "Tiling",
    "deterministic",
    "memory_needed",
    "segment",
    "sliding_window",
    "stream",
]
