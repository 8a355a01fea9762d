"""Drop-in for edt 3.1.2: Euclidean distance transforms of label maps of one to three axes.

``each``, ``draw``, ``erase``, ``runs`` and ``transfer``, which cut labels out of a finished
transform, are the library's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgewise.compat.originals import original

from .signed import sdf as sdf
from .signed import sdfsq as sdfsq
from .transforms import edt as edt
from .transforms import edt1d as edt1d
from .transforms import edt1dsq as edt1dsq
from .transforms import edt2d as edt2d
from .transforms import edt2dsq as edt2dsq
from .transforms import edt3d as edt3d
from .transforms import edt3dsq as edt3dsq
from .transforms import edtsq as edtsq

_THEIRS: Final = ("draw", "each", "erase", "runs", "transfer")
__all__ = [
    "edt",
    "edt1d",
    "edt1dsq",
    "edt2d",
    "edt2dsq",
    "edt3d",
    "edt3dsq",
    "edtsq",
    "sdf",
    "sdfsq",
]

if TYPE_CHECKING:
    draw: Any
    each: Any
    erase: Any
    runs: Any
    transfer: Any


def __getattr__(name: str) -> Any:
    if name in _THEIRS:
        return original(f"edt:{name}", why="runs of voxels")
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
