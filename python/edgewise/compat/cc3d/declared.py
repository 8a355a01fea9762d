"""connected-components-3d 4.1.1: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library, Quirk, Suite

__all__ = ["LIBRARY"]

_ALL: Final = ("connected_components", "dust", "largest_k")

_ENTRIES: Final = (
    Entry(
        "connected_components",
        "cc3d.fastcc3d:connected_components",
        note="delta, periodic_boundary, out_file and NaN as a label are handed to cc3d",
    ),
    Entry("statistics", "cc3d.fastcc3d:statistics"),
    Entry("dust", "cc3d:dust", "corrected"),
    Entry(
        "largest_k",
        "cc3d:largest_k",
        note="numbered as without the package fastremap, which numbers in another order",
    ),
)

_QUIRKS: Final = (
    Quirk(
        "cc3d-background-labelled",
        _ALL,
        "With 8 neighbours in images of bool, background may come back with the number of a "
        "component: numbers of blocks of 2 by 2 pixels are left in the result.",
        "peer.connected_components(np.array([[0, 0, 0, 0, 0, 0, 1, 1]], bool), connectivity=8)"
        ".tolist()",
        "[[0, 0, 0, 1, 0, 0, 1, 1]]",
        "[[0, 0, 0, 0, 0, 0, 1, 1]]",
        always=True,
    ),
    Quirk(
        "cc3d-many-components",
        _ALL,
        "In thin arrays of bool the table of components is too small: a line of single voxels "
        "raises, and says why on the standard output.",
        "peer.connected_components(np.array([1, 0, 1, 0, 1, 0, 1, 0], bool)).tolist()",
        "RuntimeError",
        "[1, 0, 2, 0, 3, 0, 4, 0]",
        always=True,
    ),
    Quirk(
        "cc3d-binary-image-of-labels",
        _ALL,
        "With binary_image=True and 4 neighbours, neighbours of different values are joined in "
        "some places and not in others; all values other than 0 should be one label.",
        "peer.connected_components(np.array([[1], [2]]), connectivity=4, binary_image=True)"
        ".tolist()",
        "[[1], [2]]",
        "[[1], [1]]",
        always=True,
    ),
    Quirk(
        "cc3d-fractions-in-a-line",
        _ALL,
        "Where the foreground is within one row, floating labels are compared with their whole "
        "part, and integers from 2**63 on raise.",
        "peer.connected_components(np.array([0.5, 0.5, 0.0])).tolist()",
        "[1, 2, 0]",
        "[1, 1, 0]",
        always=True,
    ),
    Quirk(
        "cc3d-gaps",
        _ALL,
        "An array with gaps in memory is copied, and if the copy is a line it is read along an "
        "axis of length 1: it raises or finds nothing but single voxels.",
        "peer.connected_components(np.array([0, 9, 1, 9])[::2]).tolist()",
        "IndexError",
        "[0, 1]",
        always=True,
    ),
    Quirk(
        "cc3d-read-only",
        _ALL,
        "Read-only arrays are refused, but for some of three axes.",
        "peer.connected_components(np.frombuffer(bytes([1, 1]), np.uint8)).tolist()",
        "ValueError",
        "[1, 1]",
        always=True,
    ),
    Quirk(
        "cc3d-dust-type",
        ("dust",),
        "If nothing is removed, signed integers come back as unsigned ones.",
        "str(peer.dust(np.ones((2, 2, 2), np.int32), 1).dtype)",
        "'uint32'",
        "'int32'",
    ),
)

LIBRARY: Final = Library(
    "cc3d",
    "connected-components-3d",
    "cc3d",
    "4.1.1",
    _ENTRIES,
    _QUIRKS,
    (Suite("automated_test.py"),),
)
