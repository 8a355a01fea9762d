"""Metrics Reloaded 0.1.0 of December 2024 (ca3d352): what its drop-in promises, and its faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edgewise.compat.declared import Entry, Library, Quirk, Suite

if TYPE_CHECKING:
    from edgewise.compat.declared import Tier

__all__ = ["LIBRARY"]

_HOMES: Final = {
    "BinaryPairwiseMeasures": "pairwise_measures",
    "MultiClassPairwiseMeasures": "pairwise_measures",
    "ProbabilityPairwiseMeasures": "prob_pairwise_measures",
    "CalibrationMeasures": "calibration_measures",
}

_COUNTS: Final = (
    "n_pos_ref",
    "n_neg_ref",
    "n_pos_pred",
    "n_neg_pred",
    "fp",
    "fn",
    "tp",
    "tn",
    "n_intersection",
    "n_union",
    "youden_index",
    "sensitivity",
    "specificity",
    "balanced_accuracy",
    "accuracy",
    "false_positive_rate",
    "normalised_expected_cost",
    "matthews_correlation_coefficient",
    "expected_matching_ck",
    "cohens_kappa",
    "positive_likelihood_ratio",
    "pred_in_ref",
    "positive_predictive_value",
    "recall",
    "dsc",
    "fbeta",
    "net_benefit_treated",
    "negative_predictive_value",
    "intersection_over_reference",
    "intersection_over_union",
)
_SHAPES: Final = (
    "com_dist",
    "com_ref",
    "com_pred",
    "skeleton_versions",
    "topology_precision",
    "topology_sensitivity",
)
_DISTANCES: Final = (
    "measured_distance",
    "measured_average_distance",
    "measured_masd",
    "measured_hausdorff_distance",
    "measured_hausdorff_distance_perc",
)
_CURVES: Final = (
    "tp_thr",
    "tn_thr",
    "specificity_thr",
    "sensitivity_thr",
    "auroc",
    "sensitivity_at_specificity",
    "specificity_at_sensitivity",
)
_UNSIGNED: Final = (
    "all_multi_threshold_values",
    "fp_thr",
    "fn_thr",
    "positive_predictive_values_thr",
    "average_precision",
    "fppi_at_sensitivity",
    "sensitivity_at_fppi",
    "sensitivity_at_ppv",
    "ppv_at_sensitivity",
    "fppi_thr",
)
_WRONG_CURVES: Final = (*_UNSIGNED, "froc", "net_benefit_treated")
_CALIBRATION: Final = (
    "class_wise_expectation_calibration_error",
    "expectation_calibration_error",
    "maximum_calibration_error",
    "brier_score",
    "root_brier_score",
    "distance_ij",
    "gamma_ik",
)

_SUMS: Final = "sums of distances are exact here, pairwise in numpy; nothing is printed"
_TIES: Final = "the same bits where squares of steps are exact; else 4 ulp; nothing is printed"
_OTHER: Final = (
    "other values than 0 and 1, more than 3 axes, steps of 0 and below: left to the library; "
    "skeletons of read-only masks, which scikit-image refuses, are made"
)
_LARGE: Final = "the same bits up to 2^24 elements: float32 sums beyond are rounded once here"
_ORDER: Final = "a sum over pairs of samples in another order; float32 probabilities: within 1e-5"
_LOG: Final = "numpy's logarithm of other places of the array may differ in its last bit"


def _methods(
    owner: str,
    names: tuple[str, ...],
    tier: Tier = "exact",
    rtol: float = 0.0,
    atol: float = 0.0,
    note: str = "",
) -> tuple[Entry, ...]:
    """Return the entries of methods: `patch` replaces their classes."""
    home = f"MetricsReloaded.metrics.{_HOMES[owner]}:{owner}"
    return tuple(
        Entry(f"{owner}.{name}", f"{home}.{name}", tier, rtol, atol, note, patch=False)
        for name in names
    )


def _class(name: str, tier: Tier, rtol: float = 0.0, atol: float = 0.0, note: str = "") -> Entry:
    return Entry(name, f"MetricsReloaded.metrics.{_HOMES[name]}:{name}", tier, rtol, atol, note)


_ENTRIES: Final = (
    _class("BinaryPairwiseMeasures", "corrected", 1e-12, note=f"{_SUMS}; {_OTHER}"),
    *_methods("BinaryPairwiseMeasures", _COUNTS),
    *_methods("BinaryPairwiseMeasures", ("absolute_volume_difference_ratio",), "corrected"),
    *_methods("BinaryPairwiseMeasures", _SHAPES, note=_OTHER),
    *_methods(
        "BinaryPairwiseMeasures", ("centreline_dsc", "boundary_iou"), "corrected", note=_OTHER
    ),
    *_methods("BinaryPairwiseMeasures", ("border_distance",), "close", 1e-12, note=_TIES),
    *_methods("BinaryPairwiseMeasures", ("normalised_surface_distance",), "corrected", note=_TIES),
    *_methods("BinaryPairwiseMeasures", _DISTANCES, "corrected", 1e-12, note=f"{_SUMS}; {_TIES}"),
    _class("MultiClassPairwiseMeasures", "corrected", 1e-12, 1e-12),
    *_methods(
        "MultiClassPairwiseMeasures",
        (
            "confusion_matrix",
            "expectation_matrix",
            "balanced_accuracy",
            "expected_cost",
            "best_naive_ec",
            "normalised_expected_cost",
            "weighted_cohens_kappa",
        ),
        "corrected",
        note="arrays of several axes are left to the library",
    ),
    *_methods("MultiClassPairwiseMeasures", ("chance_agreement_probability",)),
    *_methods(
        "MultiClassPairwiseMeasures",
        ("matthews_correlation_coefficient",),
        "corrected",
        1e-12,
        1e-12,
        "covariances from whole numbers, from sums of deviations in numpy",
    ),
    _class("ProbabilityPairwiseMeasures", "corrected", note=_LARGE),
    *_methods("ProbabilityPairwiseMeasures", _CURVES, note=_LARGE),
    *_methods("ProbabilityPairwiseMeasures", _WRONG_CURVES, "corrected", note=_LARGE),
    _class("CalibrationMeasures", "corrected", 1e-9, 1e-12, note=_ORDER),
    *_methods("CalibrationMeasures", _CALIBRATION),
    *_methods(
        "CalibrationMeasures",
        ("logarithmic_score", "negative_log_likelihood"),
        "close",
        1e-14,
        note=_LOG,
    ),
    *_methods(
        "CalibrationMeasures",
        ("kernel_calculation", "dirichlet_kernel"),
        "close",
        1e-12,
        note="powers and exponentials of arrays and of numbers may differ in their last bits",
    ),
    *_methods(
        "CalibrationMeasures",
        ("kernel_calibration_error", "kernel_based_ece"),
        "close",
        1e-9,
        1e-12,
        _ORDER,
    ),
)

_BINARY: Final = "BinaryPairwiseMeasures."
_NONE: Final = "np.zeros((4, 4))"
_DOT: Final = "np.pad(np.ones((1, 1)), ((0, 3), (0, 3)))"
_CLASSES: Final = tuple(
    f"MultiClassPairwiseMeasures.{name}"
    for name in (
        "confusion_matrix",
        "expectation_matrix",
        "balanced_accuracy",
        "expected_cost",
        "best_naive_ec",
        "normalised_expected_cost",
        "weighted_cohens_kappa",
        "matthews_correlation_coefficient",
    )
)

_QUIRKS: Final = (
    Quirk(
        "metrics_reloaded-empty-raises",
        ("BinaryPairwiseMeasures", *(_BINARY + name for name in _DISTANCES)),
        "A missed structure ends the evaluation: with one mask empty all of hd, hd_perc, assd and "
        "masd raise, because a percentile of nothing is asked for; later states return NaN.",
        f"peer.BinaryPairwiseMeasures({_NONE}, {_DOT}).measured_hausdorff_distance()",
        "IndexError",
        "nan",
        source="Project-MONAI/MetricsReloaded@cb38dfc",
    ),
    Quirk(
        "metrics_reloaded-nsd-one-empty",
        (_BINARY + "normalised_surface_distance",),
        "With one mask empty SciPy measures to the point before the first index, so that borders "
        "near the array's first corner count as within the tolerance.",
        f"peer.BinaryPairwiseMeasures({_NONE}, {_DOT}).normalised_surface_distance()",
        "np.float64(1.0)",
        "0.0",
    ),
    Quirk(
        "metrics_reloaded-both-empty",
        (_BINARY + "normalised_surface_distance", _BINARY + "boundary_iou"),
        "Of two empty masks Dice is 1 and distances are 0, but surface distance score and boundary "
        "IoU are NaN; later states return 1.",
        f"[float(getattr(peer.BinaryPairwiseMeasures({_NONE}, {_NONE}), f)()) for f in"
        " ('dsc', 'normalised_surface_distance', 'boundary_iou')]",
        "[1.0, nan, nan]",
        "[1.0, 1.0, 1.0]",
        source="Project-MONAI/MetricsReloaded@cb38dfc",
    ),
    Quirk(
        "metrics_reloaded-cldice-disjoint",
        (_BINARY + "centreline_dsc",),
        "Masks that miss each other's skeletons, the worst there are, have NaN instead of 0 and "
        "drop out of a mean.",
        "float(peer.BinaryPairwiseMeasures(np.eye(6), np.eye(6)[::-1]).centreline_dsc())",
        "nan",
        "0.0",
    ),
    Quirk(
        "metrics_reloaded-unsigned-volumes",
        (_BINARY + "absolute_volume_difference_ratio",),
        "Volumes of unsigned arrays are subtracted without a sign: where the prediction is larger "
        "the ratio is astronomical.",
        "float(peer.BinaryPairwiseMeasures(np.ones(4, 'u1'), np.array([1, 1, 0, 0], 'u1'))"
        ".absolute_volume_difference_ratio())",
        "9.223372036854776e+18",
        "1.0",
    ),
    Quirk(
        "metrics_reloaded-fppi",
        ("BinaryPairwiseMeasures",),
        "False positives per image always raise: a number of images goes where numpy expects a "
        "memory order.",
        "float(peer.BinaryPairwiseMeasures(np.ones((2, 2)), np.eye(2)).fppi())",
        "TypeError",
        "1.0",
    ),
    Quirk(
        "metrics_reloaded-float32-counts",
        (_BINARY + "tp", _BINARY + "fp", _BINARY + "fn", _BINARY + "tn", _BINARY + "n_union"),
        "Voxels are counted in float32, exactly up to 16777216 only.",
        "int(peer.BinaryPairwiseMeasures(*np.zeros((2, 16777217), 'u1')).tn())",
        "16777216",
        "16777217",
    ),
    Quirk(
        "metrics_reloaded-connectivity",
        (_BINARY + "border_distance", *(_BINARY + name for name in _DISTANCES)),
        "connectivity_type has no effect: borders are always those of face neighbours.",
        "[int(peer.BinaryPairwiseMeasures(np.ones((4, 4)), 1 - np.pad(np.ones((1, 1)), 2)[:4, :4],"
        " connectivity_type=c).border_distance()[2].sum()) for c in (1, 2)]",
        "[14, 14]",
    ),
    Quirk(
        "metrics_reloaded-boundary-iou-voxels",
        (_BINARY + "boundary_iou",),
        "The width of the boundary IoU's strip is in voxels even where pixdim is given.",
        "[float(peer.BinaryPairwiseMeasures(np.ones((9, 9)), np.pad(np.ones((5, 5)), 2), pixdim=p,"
        " dict_args={'boundary_dist': 2}).boundary_iou()) for p in ((1, 1), (0.1, 0.1))]",
        "[0.0, 0.0]",
    ),
    Quirk(
        "metrics_reloaded-classes-by-number",
        ("MultiClassPairwiseMeasures", *_CLASSES),
        "list_values gives only the number of classes: labels must be 0 to n - 1.",
        "float(peer.MultiClassPairwiseMeasures([1, 2, 2], [1, 2, 1], [1, 2]).balanced_accuracy())",
        "IndexError",
        "0.75",
    ),
    Quirk(
        "metrics_reloaded-classes-one-axis",
        ("MultiClassPairwiseMeasures", *_CLASSES),
        "Images as they are do not work: only arrays of one axis do.",
        "float(peer.MultiClassPairwiseMeasures(np.eye(3), np.ones((3, 3)), [0, 1])"
        ".weighted_cohens_kappa())",
        "ValueError",
        "0.0",
    ),
    Quirk(
        "metrics_reloaded-unsigned-reference",
        (
            "ProbabilityPairwiseMeasures",
            *(f"ProbabilityPairwiseMeasures.{name}" for name in _UNSIGNED),
        ),
        "With an unsigned reference every wrong element counts as false positive and as false "
        "negative.",
        "float(peer.ProbabilityPairwiseMeasures(np.zeros(4), np.array([1, 1, 0, 0], 'u1'))"
        ".fp_thr(0.5))",
        "2.0",
        "0.0",
    ),
    Quirk(
        "metrics_reloaded-last-case",
        ("ProbabilityPairwiseMeasures", "ProbabilityPairwiseMeasures.fppi_thr"),
        "False positives per image leave the last image out.",
        "float(peer.ProbabilityPairwiseMeasures(np.ones(3), np.zeros(3), np.array([0, 1, 1]))"
        ".fppi_thr(0.5))",
        "1.0",
        "1.5",
    ),
    Quirk(
        "metrics_reloaded-froc",
        ("ProbabilityPairwiseMeasures.froc",),
        "FROC raises unless the curve ends below 1/8 or at 8 false positives per image.",
        "float(peer.ProbabilityPairwiseMeasures(np.array([0.9, 0.8, 0.1, 0.2]),"
        " np.array([1, 0, 1, 0])).froc())",
        "TypeError",
        "7.75",
    ),
    Quirk(
        "metrics_reloaded-net-benefit",
        ("ProbabilityPairwiseMeasures.net_benefit_treated",),
        "The net benefit multiplies true by false positives where it should take the difference.",
        "float(peer.ProbabilityPairwiseMeasures(np.array([0.9, 0.1]), np.array([1, 0]))"
        ".net_benefit_treated())",
        "0.0",
        "0.5",
    ),
    Quirk(
        "metrics_reloaded-top-label",
        ("CalibrationMeasures",),
        "An array of one element is taken for a number, which newer numpy refuses.",
        "float(peer.CalibrationMeasures(np.array([[0.5, 0.5]]), np.array([0]))"
        ".top_label_classification_error())",
        "ValueError",
        "0.5",
        "numpy >= 2.4, or a class without samples",
    ),
)

LIBRARY: Final = Library(
    "metrics_reloaded",
    "MetricsReloaded",
    "MetricsReloaded",
    "0.1.0",
    _ENTRIES,
    _QUIRKS,
    (
        Suite(
            "test/test_metrics/test_pairwise_measures.py",
            (("test_empty_reference", "looks for the wording of warnings"),),
        ),
        Suite("test/test_metrics/test_prob_pairwise_measures.py"),
        Suite(
            "test/test_metrics/test_calibration_metrics.py",
            (
                (
                    "test_top_label_classification_error",
                    "numpy 2.4 refuses what the library does, without the drop-in as well",
                ),
            ),
        ),
        Suite("test/test_processes/test_mixed_measures_processes.py"),
        Suite("test/test_processes/test_overall_process.py"),
        Suite("test/test_utility/test_assignment_localization.py"),
    ),
    "git+https://github.com/csudre/MetricsReloaded",
)
