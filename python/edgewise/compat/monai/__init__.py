"""Drop-in for MONAI 1.6: ``monai.metrics`` and ``monai.transforms.utils``, flat and as submodules.

Needs torch, not MONAI. Torch is loaded with the first name that is used.
"""

from __future__ import annotations

import importlib
from typing import Any

from .metrics import __all__ as _metrics

__all__ = ["distance_transform_edt", "metrics", "transforms", *_metrics]


def __getattr__(name: str) -> Any:
    if name in ("metrics", "transforms"):
        return importlib.import_module(f".{name}", __name__)
    if name == "distance_transform_edt":
        return importlib.import_module(".transforms.utils", __name__).distance_transform_edt
    if name in _metrics:
        return getattr(importlib.import_module(".metrics", __name__), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
