"""SciPy 1.17.1's ``scipy.ndimage``: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library, Quirk, Suite

__all__ = ["LIBRARY"]

_HOME: Final = "scipy.ndimage:"

_ENTRIES: Final = (
    Entry("distance_transform_edt", _HOME + "distance_transform_edt", "corrected"),
    Entry("distance_transform_cdt", _HOME + "distance_transform_cdt"),
    *(
        Entry(name, _HOME + name)
        for name in (
            "binary_erosion",
            "binary_dilation",
            "binary_opening",
            "binary_closing",
            "binary_propagation",
            "binary_fill_holes",
            "label",
            "find_objects",
            "generate_binary_structure",
            "iterate_structure",
        )
    ),
)

LIBRARY: Final = Library(
    "scipy_ndimage",
    "scipy",
    "scipy.ndimage",
    "1.17.1",
    _ENTRIES,
    (),
    (),
)
