"""Drop-in for ``scipy.ndimage``: distance transforms, binary morphology, connected components."""

from __future__ import annotations

from .binary import (
    binary_closing,
    binary_dilation,
    binary_erosion,
    binary_fill_holes,
    binary_opening,
    binary_propagation,
)
from .distances import distance_transform_cdt, distance_transform_edt
from .growing import iterate_structure
from .measurements import find_objects, label
from .structures import generate_binary_structure

__all__ = [
    "binary_closing",
    "binary_dilation",
    "binary_erosion",
    "binary_fill_holes",
    "binary_opening",
    "binary_propagation",
    "distance_transform_cdt",
    "distance_transform_edt",
    "find_objects",
    "generate_binary_structure",
    "iterate_structure",
    "label",
]
