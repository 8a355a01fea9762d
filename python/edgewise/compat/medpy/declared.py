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
_A: Final = "np.array([[0, 0, 0], [0, 1, 1], [0, 0, 1]])"
_NONE: Final = "np.zeros((2, 2), int)"

_ENTRIES: Final = (
    *(Entry(name, _HOME + name, "corrected") for name in _RATIOS),
    *(Entry(name, _HOME + name) for name in ("jc", "ravd", "obj_fpr", "obj_tpr")),
    Entry("volume_correlation", _HOME + "volume_correlation", note="SciPy's pearsonr"),
    Entry(
        "volume_change_correlation", _HOME + "volume_change_correlation", note="SciPy's pearsonr"
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
        f"peer.dc({_NONE}, {_NONE})",
        "nan",
        "1.0",
        "numpy >= 2.3",
    ),
    Quirk(
        "medpy-hd95-pooled",
        ("hd95",),
        "The percentile is that of both directions' distances together; MONAI, Metrics Reloaded and "
        "surface-distance take the larger of two percentiles (edgewise.hd95 as well).",
        "peer.hd95(np.array([1, 1, 1, 0, 0, 0, 0, 0]), np.array([1, 0, 0, 0, 0, 0, 0, 1]))",
        "np.float64(4.85)",
        source="loli/medpy#138",
    ),
    Quirk(
        "medpy-empty-raises",
        ("hd", "hd95", "asd", "assd"),
        "An empty mask raises, which ends an evaluation at its first missed structure.",
        f"peer.hd95({_A}, {_NONE})",
        "RuntimeError",
        source="baumgach/acdc_segmenter#11",
    ),
    Quirk(
        "medpy-one-slice",
        ("hd", "hd95", "asd", "assd"),
        "In a volume of one slice every element is border, because outside is background: distances "
        "are smaller than those of the same slice as an image.",
        "[float(peer.hd(np.pad(np.ones((5, 5)), 1).reshape(s), np.pad(np.ones((1, 1)), 3).reshape(s)))"
        " for s in ((7, 7), (7, 7, 1))]",
        "[2.8284271247461903, 2.8284271247461903]",
        source="liuquande/SAML#4",
    ),
    Quirk(
        "medpy-obj-asd-reversed",
        ("obj_asd",),
        "The distances are those from the reference's objects to the result's; asd has those from the "
        "result to the reference.",
        "[float(f(np.array([1, 1, 1, 1]), np.array([0, 1, 0, 0]))) for f in (peer.obj_asd, peer.asd)]",
        "[1.0, 1.5]",
    ),
    Quirk(
        "medpy-any-value-is-foreground",
        (*_RATIOS, "jc", "ravd", "hd", "hd95", "asd", "assd"),
        "Arrays are cast to bool: a probability of 0.3 and NaN are foreground.",
        "float(peer.dc(np.array([0.3, np.nan]), np.array([1, 1])))",
        "1.0",
    ),
    Quirk(
        "medpy-spacing-unchecked",
        ("hd", "hd95", "asd", "assd"),
        "Spacings of zero and below are accepted; along an axis of spacing 0 nothing is far.",
        "float(peer.hd(np.array([1, 0, 0, 0]), np.array([0, 0, 0, 1]), voxelspacing=0))",
        "0.0",
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
