"""Drop-in for ``monai.transforms``: the distance transform of ``monai.transforms.utils``."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["distance_transform_edt", "utils"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        utils = importlib.import_module(".utils", __name__)
        return utils if name == "utils" else utils.distance_transform_edt
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
