"""Drop-in for filters of SimpleITK 2.5: classes and functions under SimpleITK's own names.

The classes are SimpleITK's with another ``Execute``, so everything else of them is there. Images
that they do not take (vectors, complex values, other dimensions) and grids that differ are handed
to SimpleITK, whose errors are then raised. SimpleITK is imported when the first name is used.
"""

from __future__ import annotations

import importlib
from typing import Any, Final

__all__ = [
    "BinaryFillhole",
    "BinaryFillholeImageFilter",
    "ConfidenceConnected",
    "ConfidenceConnectedImageFilter",
    "ConnectedComponent",
    "ConnectedComponentImageFilter",
    "ConnectedThreshold",
    "ConnectedThresholdImageFilter",
    "HausdorffDistanceImageFilter",
    "IsolatedConnected",
    "IsolatedConnectedImageFilter",
    "LabelContour",
    "LabelContourImageFilter",
    "LabelOverlapMeasuresImageFilter",
    "NeighborhoodConnected",
    "NeighborhoodConnectedImageFilter",
    "SignedMaurerDistanceMap",
    "SignedMaurerDistanceMapImageFilter",
]

_ROOMS: Final = {
    "ConfidenceConnectedImageFilter": "floods",
    "ConnectedThresholdImageFilter": "floods",
    "HausdorffDistanceImageFilter": "measures",
    "IsolatedConnectedImageFilter": "floods",
    "LabelOverlapMeasuresImageFilter": "measures",
    "NeighborhoodConnectedImageFilter": "floods",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    room = _ROOMS.get(name, "filters" if name.endswith("Filter") else "functions")
    return getattr(importlib.import_module(f".{room}", __name__), name)


def __dir__() -> list[str]:
    return __all__
