"""Metrics Reloaded's drop-in by hand: figures, types, empty masks, faults; needs no library."""

from __future__ import annotations

import importlib.util
import math
import subprocess
import sys
import warnings

import numpy as np
import pytest

from edgewise.compat import metrics_reloaded
from edgewise.compat.metrics_reloaded import (
    BinaryPairwiseMeasures,
    CalibrationMeasures,
    MultiClassPairwiseMeasures,
    ProbabilityPairwiseMeasures,
)
from edgewise.compat.metrics_reloaded.metrics import pairwise_measures
from published_cases import FILE, agrees, document, masks

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")

A = np.zeros((8, 8), np.uint8)
A[2:5, 2:6] = 1
B = np.zeros((8, 8), np.uint8)
B[3:6, 3:6] = 1
NONE = np.zeros((8, 8), np.uint8)
FULL = np.ones((8, 8), np.uint8)

METHODS = {
    "accuracy": "accuracy",
    "absolute_volume_difference_ratio": "absolute_volume_difference_ratio",
    "assd": "measured_average_distance",
    "balanced_accuracy": "balanced_accuracy",
    "boundary_iou": "boundary_iou",
    "center_distance": "com_dist",
    "cldice": "centreline_dsc",
    "cohens_kappa": "cohens_kappa",
    "dice": "dsc",
    "fbeta": "fbeta",
    "fn": "fn",
    "fp": "fp",
    "hd": "measured_hausdorff_distance",
    "hd_quantile": "measured_hausdorff_distance_perc",
    "iou": "intersection_over_union",
    "lr_plus": "positive_likelihood_ratio",
    "masd": "measured_masd",
    "mcc": "matthews_correlation_coefficient",
    "n_union": "n_union",
    "npv": "negative_predictive_value",
    "nsd": "normalised_surface_distance",
    "ppv": "positive_predictive_value",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "tn": "tn",
    "topology_precision": "topology_precision",
    "topology_sensitivity": "topology_sensitivity",
    "tp": "tp",
    "youden": "youden_index",
}
OPTIONS = {"q": "hd_perc", "tau": "nsd", "d": "boundary_dist", "beta": "beta"}
CONVENTIONS = {
    **dict.fromkeys(("hd", "assd", "masd"), "face/bg"),
    "hd_quantile": "face/bg/max/linear",
    "nsd": "face/bg/pooled",
    "boundary_iou": "bg/edt_lt",
    **dict.fromkeys(("cldice", "topology_precision", "topology_sensitivity"), "zhang"),
}


def published():
    """Expectations that Metrics Reloaded's conventions are said to give."""
    for case in document()["cases"]:
        for k, expected in enumerate(case["expected"]):
            metric = expected["metric"]
            given = {"all", "metrics_reloaded", CONVENTIONS.get(metric)}
            if metric in METHODS and given & set(expected["reproduced_by"]):
                yield pytest.param(case["name"], expected, id=f"{case['name']}-{k}-{metric}")


def test_enough_is_published():
    if not FILE.is_file():
        pytest.skip("no shared/cases/pitfalls.json beside the project")
    assert len(list(published())) > 250


@pytest.mark.parametrize(("name", "expected"), list(published()))
def test_published_figures(name, expected):
    reference, prediction, spacing = masks(name)
    options = {OPTIONS[key]: value for key, value in (expected.get("params") or {}).items()}
    method = METHODS[expected["metric"]]
    mended, plain = (
        BinaryPairwiseMeasures(
            prediction, reference, pixdim=spacing, dict_args=options, corrected=corrected
        )
        for corrected in (True, False)
    )
    ours = float(getattr(mended, method)())
    assert agrees(ours, expected), f"{ours} is not {expected['value']}"
    if reference.any() and prediction.any():  # in float32 where the library is
        assert getattr(plain, method)() == pytest.approx(ours, rel=1e-6, nan_ok=True)


def value(method, pred=B, ref=A, **options):
    return getattr(BinaryPairwiseMeasures(pred, ref, **options), method)()


def test_the_paths_of_the_library_are_mirrored():
    assert metrics_reloaded.metrics.pairwise_measures is pairwise_measures
    assert pairwise_measures.BinaryPairwiseMeasures is BinaryPairwiseMeasures
    assert pairwise_measures.MultiClassPairwiseMeasures is MultiClassPairwiseMeasures


def test_importing_loads_nothing_heavy():
    code = (
        "import sys; import edgewise.compat.metrics_reloaded;"
        "print({'scipy', 'pandas', 'skimage', 'MetricsReloaded'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("dsc", 4 / 7),
        ("intersection_over_union", 0.4),
        ("intersection_over_reference", 0.5),
        ("sensitivity", 0.5),
        ("recall", 0.5),
        ("specificity", 49 / 52),
        ("false_positive_rate", 3 / 52),
        ("positive_predictive_value", 2 / 3),
        ("negative_predictive_value", 49 / 55),
        ("accuracy", 55 / 64),
        ("youden_index", 0.5 + 49 / 52 - 1),
        ("balanced_accuracy", (0.5 + 49 / 52) / 2),
        ("positive_likelihood_ratio", 0.5 / (3 / 52)),
        ("absolute_volume_difference_ratio", 0.25),
        ("fbeta", 4 / 7),
        ("net_benefit_treated", 3 / 64),
        ("measured_hausdorff_distance", math.sqrt(2)),
        ("measured_hausdorff_distance_perc", 1.227817),
        ("measured_average_distance", 0.689679),
        ("measured_masd", 0.683211),
        ("com_dist", math.hypot(1, 0.5)),
    ],
)
def test_values(method, expected):
    assert value(method) == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize(
    ("method", "options", "expected"),
    [
        ("fbeta", {"beta": 2}, 5 * 2 / 3 * 0.5 / (4 * 2 / 3 + 0.5)),
        ("net_benefit_treated", {"exchange_rate": 0.5}, (6 - 1.5) / 64),
        ("normalised_expected_cost", {"cost_fn": 1, "cost_fp": 1}, 9 / 12),
        ("measured_hausdorff_distance_perc", {"hd_perc": 100}, math.sqrt(2)),
        ("measured_hausdorff_distance_perc", {"hd_perc": [50, 100]}, math.sqrt(2)),
        ("normalised_surface_distance", {"nsd": 1}, 17 / 18),
        ("normalised_surface_distance", {"nsd": 2}, 1),
        ("normalised_surface_distance", {"nsd": -1}, 0),
        ("boundary_iou", {"boundary_dist": 9}, 0.4),
    ],
)
def test_options(method, options, expected):
    assert value(method, dict_args=options) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("dtype", "n_ref", "dice", "iou"),
    [
        ("bool", np.int64, np.float64, np.float64),
        ("uint8", np.uint64, np.float64, np.float64),
        ("int16", np.int64, np.float64, np.float64),
        ("float32", np.float32, np.float32, np.float32),
        ("float64", np.float64, np.float64, np.float64),
    ],
)
def test_types_of_numbers_follow_the_arrays(dtype, n_ref, dice, iou):
    masks = B.astype(dtype), A.astype(dtype)
    assert type(value("n_pos_ref", *masks)) is n_ref
    assert type(value("dsc", *masks)) is dice
    assert type(value("intersection_over_union", *masks)) is iou
    assert {type(value(name, *masks)) for name in ("tp", "fp", "fn", "tn")} == {np.float32}
    assert type(value("measured_hausdorff_distance", *masks)) is np.float64


NAN = math.nan
EMPTY = [  # reference empty, prediction empty, both
    ("dsc", (0, 0, 1)),
    ("fbeta", (0, 0, 1)),
    ("intersection_over_union", (0, 0, NAN)),
    ("positive_predictive_value", (0, 0, NAN)),
    ("sensitivity", (NAN, 0, NAN)),
    ("recall", (NAN, 0, NAN)),
    ("matthews_correlation_coefficient", (NAN, NAN, NAN)),
    ("absolute_volume_difference_ratio", (NAN, 1, NAN)),
    ("centreline_dsc", (NAN, NAN, NAN)),
    ("com_dist", (-1, -1, -1)),
    ("normalised_surface_distance", (0, 0, NAN)),
    ("boundary_iou", (0, 0, NAN)),
    ("pred_in_ref", (0, 0, 0)),
]


@pytest.mark.parametrize(("method", "expected"), EMPTY)
def test_empty_masks(method, expected):
    pairs = (A, NONE), (NONE, A), (NONE, NONE)
    ours = [value(method, *pair) for pair in pairs]
    np.testing.assert_array_equal(ours, expected)


DISTANCES = (
    "measured_hausdorff_distance",
    "measured_hausdorff_distance_perc",
    "measured_average_distance",
    "measured_masd",
)


@pytest.mark.parametrize("method", DISTANCES)
def test_distances_of_empty_masks(method):
    for pair in ((A, NONE), (NONE, A)):
        with pytest.raises(IndexError):
            value(method, *pair)
        assert math.isnan(value(method, *pair, corrected=True))
    assert value(method, NONE, NONE) == 0
    assert type(value(method, NONE, NONE)) is int


def test_corrected_values_of_empty_masks():
    corner = np.zeros((8, 8), np.uint8)
    corner[0, 0] = 1
    for method in ("normalised_surface_distance", "boundary_iou"):
        assert value(method, NONE, NONE, corrected=True) == 1
        assert value(method, corner, NONE, corrected=True) == 0
    assert value("normalised_surface_distance", corner, NONE) == 1


@pytest.mark.parametrize("method", ["specificity", "negative_predictive_value"])
def test_full_masks(method):
    assert math.isnan(value(method, FULL, FULL))


def test_undefined_values_are_said():
    with pytest.warns(UserWarning, match="reference is empty"):
        value("sensitivity", A, NONE)
    with pytest.warns(UserWarning, match="both masks are empty"):
        value("dsc", NONE, NONE)
    with pytest.warns(UserWarning, match="95th percentile"):
        value("measured_hausdorff_distance")


def test_nothing_is_printed(capsys):
    value("measured_distance")
    assert capsys.readouterr().out == ""


def test_border_maps():
    to_ref, to_pred, ref, pred = value("border_distance", pixdim=(1, 2))
    assert (ref.dtype, to_ref.dtype) == (np.int8, np.float64)
    assert (ref.sum(), pred.sum()) == (10, 8)
    assert np.count_nonzero(to_ref[pred == 0]) == 0
    assert to_pred.max() == value("measured_hausdorff_distance", pixdim=(1, 2))
    assert to_ref[5, 3] == 1.0


def test_spacing():
    assert value("measured_hausdorff_distance", pixdim=3) == math.sqrt(18)
    assert value("com_dist", pixdim=(2, 4)) == math.hypot(2, 2)
    for method in ("measured_distance", "border_distance", "normalised_surface_distance"):
        with pytest.raises(RuntimeError, match="per axis"):
            value(method, pixdim=(1, 1, 1))


def test_a_dictionary_of_measures():
    found = BinaryPairwiseMeasures(B, A, ["dsc", "hd", "numb_fp"]).to_dict_meas()
    assert found == {
        "dsc": pytest.approx(4 / 7),
        "hd": math.sqrt(2),
        "numb_fp": 3,
    }
    assert BinaryPairwiseMeasures(B, A).to_dict_meas() == {}
    assert len(BinaryPairwiseMeasures(B, A, None).to_dict_meas()) == 29
    with pytest.raises(KeyError):
        BinaryPairwiseMeasures(B, A, ["dice"]).to_dict_meas()


def test_measures_can_be_added():
    measures = BinaryPairwiseMeasures(B, A, ["twice"])
    measures.measures_dict["twice"] = (lambda x: 2 * x, "Twice", 21)
    assert measures.to_dict_meas() == {"twice": 42}


def test_counts_beyond_float32_round_as_numpys_sums():
    ref = np.zeros(40_000_001, np.uint8)
    ref[::3] = 1
    pred = ref.copy()
    pred[: 1 << 20] = 1
    measures = BinaryPairwiseMeasures(pred, ref)
    assert measures.tn() == np.sum(((ref + pred) == 0).astype(np.float32))
    assert measures.n_union() == np.sum((pred > 0).astype(np.float32))
    exact = BinaryPairwiseMeasures(pred, ref, corrected=True)
    assert exact.tn() == np.count_nonzero((ref | pred) == 0)
    assert exact.fp() == np.count_nonzero(pred & ~ref & 1)


def test_minus_zero_is_zero():
    ref = A.astype(float)
    ref[ref == 0] = -0.0
    assert value("measured_hausdorff_distance", B.astype(float), ref) == math.sqrt(2)


def test_probabilities_are_counted_as_the_library_counts_them():
    pred = np.array([0.25, 0.75, 0.5, 0.0])
    ref = np.array([0.0, 1.0, 1.0, 1.0])
    measures = BinaryPairwiseMeasures(pred, ref)
    assert measures.n_pos_pred() == 1.5
    assert measures.n_intersection() == 1.25
    assert (measures.tp(), measures.fp(), measures.fn(), measures.tn()) == (2, 1, 3, 1)


def test_skeletons_need_two_or_three_axes():
    ones = np.ones(4, bool)
    with pytest.raises(ValueError, match="two or three axes"):
        value("centreline_dsc", ones, ones)


def test_false_positives_per_image():
    with pytest.raises(TypeError):
        value("fppi")
    assert value("fppi", corrected=True) == 3 / 8


def test_unsigned_volumes():
    assert value("absolute_volume_difference_ratio", A, B) > 1e18
    assert value("absolute_volume_difference_ratio", A, B, corrected=True) == pytest.approx(1 / 3)
    assert value("absolute_volume_difference_ratio", A.astype(int), B.astype(int)) < 1


PRED = [0, 0, 1, 1, 2, 2, 2, 0]
REF = [0, 1, 1, 1, 2, 2, 0, 0]


def test_classes():
    measures = MultiClassPairwiseMeasures(PRED, REF, [0, 1, 2], ["mcc", "wck", "ba", "ec"])
    np.testing.assert_array_equal(
        measures.confusion_matrix(), [[2.0, 1.0, 0.0], [0.0, 2.0, 0.0], [1.0, 0.0, 2.0]]
    )
    chance = (3 * 3 + 2 * 3 + 3 * 2) / 64
    kappa = (6 / 8 - chance) / (1 - chance)
    found = measures.to_dict_meas()
    assert found["ba"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert found["wck"] == pytest.approx(kappa)
    assert found["ec"] == pytest.approx(1 - found["ba"])
    assert measures.chance_agreement_probability() == pytest.approx(chance)
    both, pred, ref = 8 * 6 - 21, 64 - 22, 64 - 22
    assert found["mcc"] == pytest.approx(both / math.sqrt(pred * ref))
    assert measures.normalised_expected_cost() == pytest.approx(
        found["ec"] / measures.best_naive_ec()
    )


def test_classes_of_other_names_and_shapes():
    pred, ref = np.array(PRED).reshape(2, 4) * 10, np.array(REF).reshape(2, 4) * 10
    with pytest.raises(IndexError):
        MultiClassPairwiseMeasures(pred.ravel(), ref.ravel(), [0, 10, 20]).balanced_accuracy()
    mended = MultiClassPairwiseMeasures(pred, ref, [0, 10, 20], corrected=True)
    plain = MultiClassPairwiseMeasures(PRED, REF, [0, 1, 2])
    for method in (
        "balanced_accuracy",
        "weighted_cohens_kappa",
        "matthews_correlation_coefficient",
    ):
        assert getattr(mended, method)() == getattr(plain, method)()


def test_costs_and_weights_of_classes():
    costs = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    measures = MultiClassPairwiseMeasures(PRED, REF, range(3), [], {"ec_costs": costs})
    assert measures.expected_cost() == pytest.approx(2 / 8)
    weighted = MultiClassPairwiseMeasures(PRED, REF, range(3), [], {"weights": 2 * costs})
    assert weighted.weighted_cohens_kappa() == pytest.approx(measures.weighted_cohens_kappa())


CURVE = np.array([0.9, 0.8, 0.1, 0.2]), np.array([1, 0, 1, 0])


def test_curves():
    measures = ProbabilityPairwiseMeasures(*CURVE)
    thresholds, sensitivity, specificity, ppv, fppi = measures.all_multi_threshold_values()
    np.testing.assert_array_equal(thresholds, [1.9, 0.9, 0.8, 0.2, 0.1])
    assert sensitivity == [0, 0.5, 0.5, 0.5, 1]
    assert specificity == [1, 1, 0.5, 0, 0]
    assert ppv == [1, 1, 0.5, pytest.approx(1 / 3), 0.5]
    assert fppi == [0, 0, 0.25, 0.5, 0.5]
    assert measures.auroc() == 0.5
    assert measures.average_precision() == pytest.approx(0.5 + (1 / 3 + 0.5) / 4)
    assert measures.sensitivity_at_specificity() == 0.5
    assert measures.fppi_at_sensitivity() == 0.5
    assert ProbabilityPairwiseMeasures(*CURVE, measures=["auroc"]).to_dict_meas() == {"auroc": 0.5}
    with pytest.raises(ValueError, match="zero-size"):
        ProbabilityPairwiseMeasures(*CURVE, dict_args={"value_ppv": 2}).sensitivity_at_ppv()


def test_counts_at_a_threshold():
    measures = ProbabilityPairwiseMeasures(*CURVE)
    counts = [getattr(measures, f"{name}_thr")(0.5) for name in ("tp", "fp", "fn", "tn")]
    assert counts == [1, 1, 1, 1]
    measures.auroc()  # from here on thresholds are searched for
    assert [getattr(measures, f"{name}_thr")(0.2) for name in ("tp", "fp")] == [1, 2]
    single = ProbabilityPairwiseMeasures(np.array([0.7], "f4"), np.array([1]))
    assert single.tp_thr(0.7) == 1  # a Python number is compared as a float32
    single.all_multi_threshold_values()
    assert single.tp_thr(0.7) == 1
    assert single.tp_thr(np.float64(0.7)) == 0


def test_faults_of_curves():
    unsigned = CURVE[0], CURVE[1].astype("u1")
    assert ProbabilityPairwiseMeasures(*unsigned).fp_thr(0.5) == 2
    assert ProbabilityPairwiseMeasures(*unsigned, corrected=True).fp_thr(0.5) == 1
    with pytest.raises(TypeError):
        ProbabilityPairwiseMeasures(*CURVE).froc()
    assert ProbabilityPairwiseMeasures(*CURVE, corrected=True).froc() == 7.75
    cases = np.array([0, 0, 1, 1])
    assert ProbabilityPairwiseMeasures(*CURVE, cases).fppi_thr(0.15) == 1
    assert ProbabilityPairwiseMeasures(*CURVE, cases, corrected=True).fppi_thr(0.15) == 1
    assert ProbabilityPairwiseMeasures(*CURVE, cases, corrected=True).fppi_thr(0.5) == 0.5


def test_many_thresholds_are_thinned_out():
    pred = np.arange(3000) / 3000
    values = ProbabilityPairwiseMeasures(pred, (pred > 0.5).astype(int))
    thresholds = values.all_multi_threshold_values(max_number_thresh=30)[0]
    # of 101 values the first 100 are a run, its end is kept, and the last is passed over
    np.testing.assert_array_equal(thresholds[:-1][::-1][:2] * 3000, [99, 200])
    assert (thresholds[0], thresholds[-1]) == (1 + pred[-1], 0)


CERTAIN = np.array([[0.8, 0.2], [0.3, 0.7], [0.6, 0.4], [0.1, 0.9]])
CLASSES = np.array([0, 1, 1, 1])


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("brier_score", (0.08 + 0.18 + 0.72 + 0.02) / 4),
        ("root_brier_score", 0.5),
        ("negative_log_likelihood", -math.log(0.8 * 0.7 * 0.4 * 0.9) / 4),
        ("logarithmic_score", math.log(0.8 * 0.7 * 0.4 * 0.9) / 4),
        ("expectation_calibration_error", (0.2 + 0.3 + 0.6 + 0.1) / 4),
        ("maximum_calibration_error", 0.6),
        ("class_wise_expectation_calibration_error", (0.2 + 0.3 + 0.6 + 0.1) / 4),
    ],
)
def test_calibration(method, expected):
    assert getattr(CalibrationMeasures(CERTAIN, CLASSES), method)() == pytest.approx(expected)


def test_bins_are_open_below():
    pred = np.array([[1.0, 0.0], [0.9, 0.1], [0.8, 0.2], [0.0, 1.0]])
    measures = CalibrationMeasures(pred, np.array([0, 0, 1, 1]), dict_args={"bins_ece": 10})
    # 0 is in no bin; 0.1 is the upper end of the first
    assert measures.expectation_calibration_error() == pytest.approx((0.1 + 0.8 + 0) / 3)


def test_kernels():
    scipy_special = pytest.importorskip("scipy.special")
    measures = CalibrationMeasures(CERTAIN, CLASSES, dict_args={"bandwidth_kce": 1.0})
    residuals = np.eye(2)[CLASSES] - CERTAIN
    total = sum(
        residuals[i] @ measures.kernel_calculation(i, j) @ residuals[j]
        for i in range(4)
        for j in range(i)
    )
    assert measures.kernel_calibration_error() == pytest.approx(total / 6)
    kernel = np.array(
        [[measures.dirichlet_kernel(j, i) * (i != j) for i in range(4)] for j in range(4)]
    )
    estimate = kernel @ np.eye(2)[CLASSES] / kernel.sum(axis=1, keepdims=True)
    expected = np.linalg.norm(estimate - CERTAIN, axis=1).mean()
    assert measures.kernel_based_ece() == pytest.approx(expected)
    assert measures.gamma_ik(0, 1) == scipy_special.gamma(0.2 / 0.5 + 1)
    with pytest.raises(ValueError, match="two samples"):
        CalibrationMeasures(CERTAIN[:1], CLASSES[:1]).kernel_calibration_error()


def test_top_label():
    mended = CalibrationMeasures(CERTAIN, CLASSES, corrected=True)
    expected = np.sqrt(np.mean(np.square([0.25 - 0.8, 0.75 - 0.7, 0.25 - 0.6, 0.75 - 0.9])))
    assert mended.top_label_classification_error() == pytest.approx(expected)


def test_classes_are_checked_when_the_object_is_made():
    with pytest.raises(IndexError):
        CalibrationMeasures(CERTAIN, [0, 1, 2, 0])
    np.testing.assert_array_equal(
        CalibrationMeasures(CERTAIN, CLASSES).one_hot_ref, np.eye(2)[CLASSES]
    )


def test_what_is_left_to_the_library_says_so():
    labels = A * 2
    if importlib.util.find_spec("MetricsReloaded") is None:
        with pytest.raises(ImportError, match="MetricsReloaded"):
            value("measured_distance", B, labels)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert len(value("measured_distance", B, labels)) == 4


def test_an_object_in_one_slice_of_a_volume_is_thinned_as_a_volume():
    skimage = pytest.importorskip("skimage.morphology")
    rng = np.random.default_rng(4)
    differ = 0
    for _ in range(40):
        volume = np.zeros((3, 9, 9), bool)
        volume[1] = rng.random((9, 9)) < 0.7
        expected = skimage.skeletonize(volume)
        measures = BinaryPairwiseMeasures(volume, volume)
        np.testing.assert_array_equal(measures.skeleton_versions()[0], expected)
        half = BinaryPairwiseMeasures(volume & (np.arange(9) < 5), volume)
        inside = np.count_nonzero(expected & (np.arange(9) < 5)) / np.count_nonzero(expected)
        assert half.topology_sensitivity() == inside
        differ += np.count_nonzero(skimage.skeletonize(volume[1:2])) != np.count_nonzero(expected)
    assert differ, "slices of their own are thinned in the same way: nothing was shown"
