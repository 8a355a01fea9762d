"""Drop-in replacements: the names, signatures and results of other libraries, computed here.

One package per library, flat and under the library's own submodules::

    from medpy.metric.binary import hd95   # from edgewise.compat.medpy.metric.binary import hd95
    import surface_distance                # from edgewise.compat import surface_distance
    from monai.metrics import DiceMetric   # from edgewise.compat.monai import DiceMetric

`edgewise.patch` puts them into the installed libraries instead, and takes them out again.

Each library's package has a module ``declared`` that says, function by function, how equal the
results are (`Entry`), and which faults of the library are known (`Quirk`). A fault is reproduced
unless ``corrected=True`` is asked for. What a drop-in does not compute itself it hands to the
library, or says that the library is needed. Nothing here is loaded before it is used.
"""

from __future__ import annotations

import importlib
from typing import Any

from .catalogue import NAMES

__all__ = ["catalogue", "declared", "originals", "patch", *NAMES]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return importlib.import_module(f".{name}", __name__)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
