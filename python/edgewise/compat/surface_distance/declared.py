"""surface-distance 0.1: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library, Quirk, Suite

__all__ = ["LIBRARY"]

_HOME: Final = "surface_distance.metrics:"
_TABLES: Final = "surface_distance.lookup_tables:"
_ONE: Final = "np.pad(np.ones((1, 1), bool), 2)"
_NONE: Final = "np.zeros((5, 5), bool)"
_APART: Final = "[np.pad(np.ones((1, 1), bool), ((2, 2), p)) for p in ((1, 4), (4, 1))]"
_OF_LISTS: Final = "the lists are the user's; with ours see compute_surface_distances"

_ENTRIES: Final = (
    Entry(
        "compute_surface_distances",
        _HOME + "compute_surface_distances",
        "close",
        1e-12,
        note="the same bits where squares and products of spacings are exact; else distances may "
        "differ by 4 ulp, areas by 3, and elements whose distances differ by no more than that may "
        "come in another order",
    ),
    Entry("compute_average_surface_distance", _HOME + "compute_average_surface_distance"),
    Entry("compute_robust_hausdorff", _HOME + "compute_robust_hausdorff", "corrected"),
    Entry(
        "compute_surface_overlap_at_tolerance",
        _HOME + "compute_surface_overlap_at_tolerance",
        "corrected",
        note=_OF_LISTS,
    ),
    Entry(
        "compute_surface_dice_at_tolerance",
        _HOME + "compute_surface_dice_at_tolerance",
        "corrected",
        note=_OF_LISTS,
    ),
    Entry("compute_dice_coefficient", _HOME + "compute_dice_coefficient"),
    Entry(
        "lookup_tables.create_table_neighbour_code_to_contour_length",
        _TABLES + "create_table_neighbour_code_to_contour_length",
    ),
    Entry(
        "lookup_tables.create_table_neighbour_code_to_surface_area",
        _TABLES + "create_table_neighbour_code_to_surface_area",
        "close",
        1e-14,
        note="areas are summed in another order",
    ),
)

_QUIRKS: Final = (
    Quirk(
        "surface-distance-numpy-2",
        ("compute_surface_distances", "compute_robust_hausdorff", "compute_dice_coefficient"),
        "The released 0.1 reads numpy.Inf and numpy.NaN where a mask is empty, which numpy 2 has "
        "not; the drop-in returns what 0.1 returns with numpy 1.",
        f"peer.compute_dice_coefficient({_NONE}, {_NONE})",
        "AttributeError",
        "nan",
        versions="numpy >= 2",
        source="google-deepmind/surface-distance#18",
        always=True,
    ),
    Quirk(
        "surface-distance-spacing-unchecked",
        ("compute_surface_distances",),
        "Spacings of 0 and below are accepted, but SciPy's transform then misses the nearest "
        "element, and contours along their axis have lengths of 0 and below. The drop-in takes the "
        "spacing without its sign and refuses 0.",
        "float(peer.compute_robust_hausdorff(peer.compute_surface_distances("
        "np.array([[True, False, False]]), np.array([[True, True, True]]), (1, -1)), 100))",
        "1.0",
        "2.0",
        always=True,
    ),
    Quirk(
        "surface-distance-tie",
        ("compute_surface_overlap_at_tolerance", "compute_surface_dice_at_tolerance"),
        "A distance of three voxels of 0.1 mm is 0.30000000000000004 mm and not within 0.3 mm.",
        "float(peer.compute_surface_dice_at_tolerance(peer.compute_surface_distances("
        f"*{_APART}, (0.1, 0.1)), 0.3))",
        "0.5",
        "1.0",
    ),
    Quirk(
        "surface-distance-nothing-is-far",
        ("compute_robust_hausdorff",),
        "The Hausdorff distance of two empty masks is inf, while their Dice coefficients are NaN.",
        "(vars(np).setdefault('Inf', np.inf), peer.compute_robust_hausdorff("
        f"peer.compute_surface_distances({_NONE}, {_NONE}, (1, 1)), 95))[1]",
        "inf",
        "nan",
    ),
)

LIBRARY: Final = Library(
    "surface_distance",
    "surface-distance",
    "surface_distance",
    "0.1",
    _ENTRIES,
    _QUIRKS,
    (Suite("surface_distance_test.py"),),
)
