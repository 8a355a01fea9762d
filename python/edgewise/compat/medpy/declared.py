"""MedPy 0.5.2: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library, Quirk, Suite

__all__ = ["LIBRARY"]

_HOME: Final = "medpy.metric.binary:"
_RATIOS: Final = (
    "dc",
    "precision",
    "recall",
    "sensitivity",
    "specificity",
    "true_negative_rate",
    "true_positive_rate",
    "positive_predictive_value",
)
_SUMS: Final = "sums of distances are exact here, pairwise in numpy"
_TIES: Final = (
    "the same bits where squares of spacings are exact; else a distance may differ by 4 ulp"
)
_DISTANCES: Final = ("hd", "hd95", "assd", "asd")
_NONE: Final = "np.zeros((2, 2), int)"

_ENTRIES: Final = (
    *(Entry(name, _HOME + name, "corrected") for name in _RATIOS),
    *(Entry(name, _HOME + name) for name in ("jc", "ravd", "obj_fpr", "obj_tpr")),
    *(
        Entry(name, _HOME + name, note="SciPy's pearsonr on the volumes")
        for name in ("volume_correlation", "volume_change_correlation")
    ),
    *(Entry(name, _HOME + name, "close", 1e-12, note=_TIES) for name in ("hd", "hd95")),
    *(
        Entry(name, _HOME + name, "close", 1e-12, note=_SUMS)
        for name in ("assd", "asd", "obj_assd", "obj_asd")
    ),
)

_QUIRKS: Final = (
    Quirk(
        "medpy-undefined-ratio",
        _RATIOS,
        "0/0 is the documented value (1 for dc, 0 for the others) up to numpy 2.2 and NaN with a "
        "RuntimeWarning from 2.3 on, because numpy.count_nonzero changed its type.",
        f"float(peer.dc({_NONE}, {_NONE}))",
        "nan",
        "1.0",
        "numpy >= 2.3",
    ),
    Quirk(
        "medpy-hd95-pooled",
        ("hd95",),
        "The percentile is that of both directions' distances together; MONAI, Metrics Reloaded "
        "and surface-distance take the larger of two percentiles, as edgewise.hd95 does (7.0 "
        "here).",
        "round(float(peer.hd95(np.array([1, 1, 1, 0, 0, 0, 0, 0]), "
        "np.array([1, 0, 0, 0, 0, 0, 0, 1]))), 9)",
        "4.55",
        source="loli/medpy#138",
    ),
    Quirk(
        "medpy-empty-raises",
        _DISTANCES,
        "An empty mask raises, which ends an evaluation at its first missed structure.",
        f"peer.hd95(np.ones((2, 2)), {_NONE})",
        "RuntimeError",
        source="baumgach/acdc_segmenter#11",
    ),
    Quirk(
        "medpy-one-slice",
        _DISTANCES,
        "In a volume of one slice every element is border, because outside is background: means "
        "are smaller than those of the same slice as an image.",
        "[round(float(peer.assd(np.ones(s), np.pad(np.ones((3, 3)), 1).reshape(s))), 6)"
        " for s in ((5, 5), (5, 5, 1))]",
        "[1.069036, 0.519319]",
        source="liuquande/SAML#4",
    ),
    Quirk(
        "medpy-obj-asd-reversed",
        ("obj_asd",),
        "The distances are those from the reference's objects to the result's; asd has those from "
        "the result to the reference.",
        "[float(f(np.array([1, 1, 1, 1]), np.array([0, 1, 0, 0])))"
        " for f in (peer.obj_asd, peer.asd)]",
        "[1.0, 1.5]",
    ),
    Quirk(
        "medpy-any-value-is-foreground",
        (*_RATIOS, "jc", "ravd", *_DISTANCES),
        "Arrays are cast to bool: a probability of 0.3 and NaN are foreground.",
        "float(peer.dc(np.array([0.3, np.nan]), np.array([1, 1])))",
        "1.0",
    ),
    Quirk(
        "medpy-shapes-broadcast",
        (*_RATIOS, "jc", "ravd", "obj_asd", "obj_assd", "obj_fpr", "obj_tpr"),
        "Masks of other shapes are broadcast, and the Dice coefficient may exceed 1. The obj_ "
        "functions look where an object would be in the other array; the drop-in raises.",
        "round(float(peer.dc(np.ones((2, 3)), np.ones(3))), 6)",
        "1.333333",
    ),
    Quirk(
        "medpy-spacing-unchecked",
        (*_DISTANCES, "obj_asd", "obj_assd"),
        "Spacings of 0 and below are accepted, but SciPy's transform then misses the nearest "
        "element: two equal masks are apart. The drop-in takes the spacing without its sign, and "
        "nothing is far along an axis of spacing 0.",
        "float(peer.hd(np.array([1, 0, 1, 1]), np.array([1, 0, 1, 1]), voxelspacing=-1))",
        "1.0",
        "0.0",
        always=True,
    ),
)

LIBRARY: Final = Library(
    "medpy",
    "MedPy",
    "medpy",
    "0.5.2",
    _ENTRIES,
    _QUIRKS,
    (Suite("tests/metric_/binary.py"),),
)
