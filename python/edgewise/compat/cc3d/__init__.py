"""Drop-in for connected-components-3d 4.1.1: ``cc3d``.

Graphs of voxels and regions, ``each`` and ``connected_components_stack`` are the library's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgewise.compat.originals import original

from .components import connected_components as connected_components
from .errors import dimension_error
from .selection import dust as dust
from .selection import largest_k as largest_k
from .statistics import statistics as statistics

_THEIRS: Final = (
    "color_connectivity_graph",
    "connected_components_stack",
    "contacts",
    "each",
    "estimate_provisional_labels",
    "region_graph",
    "voxel_connectivity_graph",
)
__all__ = [
    "DimensionError",
    "connected_components",
    "dust",
    "largest_k",
    "statistics",
]

if TYPE_CHECKING:
    DimensionError: type[Exception]
    color_connectivity_graph: Any
    connected_components_stack: Any
    contacts: Any
    each: Any
    estimate_provisional_labels: Any
    region_graph: Any
    voxel_connectivity_graph: Any


def __getattr__(name: str) -> Any:
    if name == "DimensionError":
        return dimension_error()
    if name in _THEIRS:
        return original(f"cc3d:{name}", why="graphs of voxels and regions")
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
