"""scikit-image 0.26.0: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library

__all__ = ["LIBRARY"]

_ENTRIES: Final = (
    Entry(
        "metrics.hausdorff_distance",
        "skimage.metrics.set_metrics:hausdorff_distance",
        "close",
        1e-12,
        note="the standard distance is the same to the bit; means are rounded once here",
    ),
    Entry(
        "metrics.hausdorff_pair",
        "skimage.metrics.set_metrics:hausdorff_pair",
        note="SciPy's cKDTree is asked only where several elements are equally near",
    ),
    Entry(
        "metrics.adapted_rand_error",
        "skimage.metrics._adapted_rand_error:adapted_rand_error",
        "corrected",
    ),
    Entry(
        "metrics.variation_of_information",
        "skimage.metrics._variation_of_information:variation_of_information",
        "corrected",
        1e-10,
        1e-12,
        note="counted exactly; scikit-image adds up rounded shares of one element",
    ),
    Entry(
        "metrics.contingency_table",
        "skimage.metrics._contingency_table:contingency_table",
        "close",
        1e-12,
        note="exact counts; normalized ones are divided once, scikit-image adds up rounded shares",
    ),
    Entry(
        "segmentation.flood",
        "skimage.morphology._flood_fill:flood",
        "corrected",
        note="more than three axes and other footprints: scikit-image runs",
    ),
    Entry(
        "segmentation.flood_fill",
        "skimage.morphology._flood_fill:flood_fill",
        "corrected",
        note="more than three axes and other footprints: scikit-image runs",
    ),
    Entry(
        "measure.label",
        "skimage.measure._label:label",
        note="bool arrays of more than three axes: scikit-image runs",
    ),
    Entry("morphology.skeletonize", "skimage.morphology._skeletonize:skeletonize"),
)
_A: Final = "np.array([0, 1, 2, 2])"
_B: Final = "np.array([0, 1, 1, 3])"

_QUIRKS: Final = ()

LIBRARY: Final = Library(
    "skimage",
    "scikit-image",
    "skimage",
    "0.26.0",
    _ENTRIES,
    _QUIRKS,
    (),
)
