"""scikit-image 0.26.0: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library, Quirk, Suite

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

_WORDS: Final = "asks for the words of a message"

_QUIRKS: Final = (
    Quirk(
        "skimage-tolerance-cut",
        ("segmentation.flood", "segmentation.flood_fill"),
        "In an integer image the ends of the interval are cut towards 0: 0 is within 0.5 of 1.",
        "peer.flood(np.array([0, 1, 1, 2]), 1, tolerance=0.5).tolist()",
        "[True, True, True, False]",
        "[False, True, True, False]",
    ),
    Quirk(
        "skimage-flood-nan",
        ("segmentation.flood", "segmentation.flood_fill"),
        "Everything finite is within any tolerance of NaN, and nothing of an infinite value.",
        "[peer.flood(np.array([x, x, 2.0]), 0, tolerance=0).tolist() for x in (np.nan, np.inf)]",
        "[[True, False, False], [True, False, False]]",
        "[[True, False, False], [True, True, False]]",
    ),
    Quirk(
        "skimage-footprint-without-centre",
        ("segmentation.flood", "segmentation.flood_fill"),
        "A footprint without its centre loses one of its neighbours.",
        "peer.flood(np.ones(3), 1, footprint=[1, 0, 1]).tolist()",
        "[False, True, True]",
        "[True, True, True]",
    ),
    Quirk(
        "skimage-rand-matrix",
        ("metrics.adapted_rand_error",),
        "A table of the type that contingency_table returns by default is not accepted.",
        f"float(peer.adapted_rand_error(table=peer.contingency_table({_A}, {_B}))[0])",
        "ValueError",
        "1.0",
    ),
    Quirk(
        "skimage-rand-precision",
        ("metrics.adapted_rand_error",),
        "What is called precision divides by the pairs of the true image, what is called recall by "
        "those of the tested one: the other way round than documented.",
        "[float(x) for x in peer.adapted_rand_error(np.array([1, 1]), np.array([1, 2]))]",
        "[1.0, 0.0, nan]",
    ),
    Quirk(
        "skimage-information-needs-images",
        ("metrics.variation_of_information",),
        "A table alone is not accepted: the images that it stands for must be there as well.",
        f"peer.variation_of_information(table=peer.contingency_table({_A}, {_B}, normalize=True))"
        ".tolist()",
        "AttributeError",
        "[0.5, 0.5]",
    ),
    Quirk(
        "skimage-hausdorff-empty",
        ("metrics.hausdorff_distance",),
        "Two empty images are 0 apart (an int), an empty one and another infinitely far; there is "
        "no spacing.",
        "[peer.hausdorff_distance(np.zeros(2), np.full(2, x)) for x in (0, 1)]",
        "[0, inf]",
    ),
    Quirk(
        "skimage-label-last-axis",
        ("measure.label",),
        "In a shape (a, b, 1) regions of integers are numbered along the first axis.",
        "peer.label(np.array([[[1], [2]], [[3], [4]]]))[..., 0].tolist()",
        "[[1, 3], [2, 4]]",
    ),
    Quirk(
        "skimage-label-fractions",
        ("measure.label",),
        "Floating values are cut to whole numbers: 0.9 is background.",
        "peer.label(np.array([0.4, 0.9, 1.5, 1.2])).tolist()",
        "[0, 0, 1, 1]",
    ),
    Quirk(
        "skimage-skeleton-read-only",
        ("morphology.skeletonize",),
        "A read-only bool image is refused, though it is not changed.",
        "peer.skeletonize(np.broadcast_to(np.True_, (1, 1))).tolist()",
        "ValueError",
        "[[True]]",
        always=True,
    ),
)

LIBRARY: Final = Library(
    "skimage",
    "scikit-image",
    "skimage",
    "0.26.0",
    _ENTRIES,
    _QUIRKS,
    (
        Suite("tests/skimage/metrics/test_set_metrics.py", (("test_hausdorff_empty", _WORDS),)),
        Suite(
            "tests/skimage/metrics/test_segmentation_metrics.py",
            (("test_contingency_table_sparse_type", _WORDS),),
        ),
        Suite("tests/skimage/morphology/test_flood_fill.py", (("test_float16", _WORDS),)),
        Suite("tests/skimage/morphology/test_skeletonize.py"),
        Suite("tests/skimage/measure/test_label.py"),
        Suite("tests/skimage/measure/test_ccomp.py"),
    ),
)
