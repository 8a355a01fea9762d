"""Drop-in for torchmetrics 1.9: ``torchmetrics.segmentation`` and its functions.

Flat, and under torchmetrics' own submodules. Only torch is needed. The classes are modules of
their own: where torchmetrics asks for one of its metrics (``MetricCollection``, wrappers,
Lightning's ``self.log``), keep its classes and let ``edgewise.patch("torchmetrics")`` replace what
they call.
"""

from __future__ import annotations

import importlib
from typing import Any, Final

__all__ = [
    "DiceScore",
    "GeneralizedDiceScore",
    "HausdorffDistance",
    "MeanIoU",
    "dice_score",
    "functional",
    "generalized_dice_score",
    "hausdorff_distance",
    "mean_iou",
    "segmentation",
    "updates",
]

_ROOMS: Final = ("functional", "segmentation", "updates")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    if name in _ROOMS:
        return importlib.import_module(f".{name}", __name__)
    home = "segmentation" if name[0].isupper() else "functional.segmentation"
    found = getattr(importlib.import_module(f".{home}", __name__), name)
    globals()[name] = found  # asked for once
    return found


def __dir__() -> list[str]:
    return __all__
