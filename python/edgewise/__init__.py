"""Measuring how good a segmentation is, and making one.

The front door: `evaluate_pair` measures two label maps, `evaluate` two folders of them; `dice`,
`iou`, `hd`, `hd95`, `assd`, `masd`, `nsd` measure two masks; `patch` puts all this into the
libraries that a program uses. Rooms (`edgewise.metrics`,
`edgewise.voxels`, `edgewise.io`, ...) load when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from . import compat as compat
    from . import errors as errors
    from . import evaluation as evaluation
    from . import io as io
    from . import methods as methods
    from . import metrics as metrics
    from . import models as models
    from . import simulate as simulate
    from . import statistics as statistics
    from . import voxels as voxels
    from .compat.replacement import patch as patch
    from .compat.replacement import patched as patched
    from .evaluation import evaluate as evaluate
    from .evaluation import evaluate_pair as evaluate_pair
    from .image import Image as Image
    from .io import read as read
    from .io import write as write
    from .methods import region_grow as region_grow
    from .metrics import assd as assd
    from .metrics import dice as dice
    from .metrics import hd as hd
    from .metrics import hd95 as hd95
    from .metrics import iou as iou
    from .metrics import masd as masd
    from .metrics import nsd as nsd
    from .voxels import connected_components as connected_components
    from .voxels import distance_transform as distance_transform
    from .voxels.boundary import boundary as boundary

_HOMES: Final = {  # where each name of the front door lives
    "Image": "image",
    "assd": "metrics",
    "boundary": "voxels",
    "connected_components": "voxels",
    "dice": "metrics",
    "distance_transform": "voxels",
    "evaluate": "evaluation",
    "evaluate_pair": "evaluation",
    "hd": "metrics",
    "hd95": "metrics",
    "iou": "metrics",
    "masd": "metrics",
    "nsd": "metrics",
    "patch": "compat.replacement",
    "patched": "compat.replacement",
    "read": "io",
    "region_grow": "methods",
    "write": "io",
}
_ROOMS: Final = (
    "compat",
    "errors",
    "evaluation",
    "io",
    "methods",
    "metrics",
    "models",
    "simulate",
    "statistics",
    "voxels",
)

__all__ = sorted([*_HOMES, *_ROOMS, "__version__"])


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name == "__version__":
        from ._core import __version__  # noqa: TID251

        return __version__
    if name in _HOMES:
        value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    elif name in _ROOMS:
        value = importlib.import_module(f".{name}", __name__)
    else:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
