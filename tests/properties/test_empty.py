"""The table of empty and degenerate cases, line by line as it is written, and nothing taken from
the code.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from agreement import same
from edgewise import metrics

NAN, INF = math.nan, math.inf
N, K = 24, 6  # elements of the grid and of the mask that is not empty
V = 2.0 * 0.5

# name: (both empty, reference empty, prediction empty)
TABLE = {
    "tp": (0, 0, 0),
    "fp": (0, K, 0),
    "fn": (0, 0, K),
    "tn": (N, N - K, N - K),
    "n_ref": (0, 0, K),
    "n_pred": (0, K, 0),
    "n_union": (0, K, K),
    "volume_ref": (0, 0, K * V),
    "volume_pred": (0, K * V, 0),
    "dice": (NAN, 0, 0),
    "iou": (NAN, 0, 0),
    "fbeta": (NAN, 0, 0),
    "volumetric_similarity": (NAN, 0, 0),
    "relative_volume_difference": (NAN, INF, -1),
    "absolute_volume_difference_ratio": (NAN, INF, 1),
    "volume_difference": (0, K * V, -K * V),
    "absolute_volume_difference": (0, K * V, K * V),
    "sensitivity": (NAN, NAN, 0),
    "specificity": (1, 1 - K / N, 1),
    "ppv": (NAN, 0, NAN),
    "npv": (1, 1, 1 - K / N),
    "fpr": (0, K / N, 0),
    "fnr": (NAN, NAN, 1),
    "fdr": (NAN, 1, NAN),
    "for_": (0, 0, K / N),
    "accuracy": (1, 1 - K / N, 1 - K / N),
    "balanced_accuracy": (NAN, NAN, 0.5),
    "youden": (NAN, NAN, 0),
    "markedness": (NAN, 0, NAN),
    "mcc": (NAN, NAN, NAN),
    "cohens_kappa": (NAN, 0, 0),
    "lr_plus": (NAN, NAN, NAN),
    "lr_minus": (NAN, NAN, 1),
    "dor": (NAN, NAN, NAN),
    "fowlkes_mallows": (NAN, NAN, NAN),
    "prevalence": (0, 0, K / N),
    "net_benefit": (0, -K / N, 0),
    "hd": (NAN, INF, INF),
    "hd_quantile": (NAN, INF, INF),
    "hd95": (NAN, INF, INF),
    "hd95_pooled": (NAN, INF, INF),
    "assd": (NAN, INF, INF),
    "masd": (NAN, INF, INF),
    "rmsd": (NAN, INF, INF),
    "ahd": (NAN, INF, INF),
    "center_distance": (NAN, INF, INF),
    "asd_ref_to_pred": (NAN, NAN, INF),
    "hd_ref_to_pred": (NAN, NAN, INF),
    "asd_pred_to_ref": (NAN, INF, NAN),
    "hd_pred_to_ref": (NAN, INF, NAN),
    "mahalanobis": (NAN, NAN, NAN),
    "nsd": (NAN, 0, 0),
    "nsd_grid": (NAN, 0, 0),
    "nsd_grid_mean": (NAN, 0, 0),
    "surface_overlap_ref": (NAN, NAN, 0),
    "surface_overlap_pred": (NAN, 0, NAN),
    "boundary_iou": (NAN, 0, 0),
    "cldice": (NAN, 0, 0),
    "topology_precision": (NAN, 0, NAN),
    "topology_sensitivity": (NAN, NAN, 0),
    "betti_error": (0, 1, 1),
    "components_ref": (0, 0, 1),
    "components_pred": (0, 1, 0),
    "skeleton_length_ratio": (NAN, INF, 0),
    "voi": (0, -(K / N) * math.log2(K / N) - (1 - K / N) * math.log2(1 - K / N), None),
    "voi_split": (0, -(K / N) * math.log2(K / N) - (1 - K / N) * math.log2(1 - K / N), 0),
    "voi_merge": (0, 0, -(K / N) * math.log2(K / N) - (1 - K / N) * math.log2(1 - K / N)),
    "adapted_rand_error": (NAN, NAN, 0),
    "mutual_information": (0, 0, 0),
    "pq": (NAN, 0, 0),
    "rq": (NAN, 0, 0),
    "sq": (NAN, NAN, NAN),
    "instance_tp": (0, 0, 0),
    "instance_fp": (0, 1, 0),
    "instance_fn": (0, 0, 1),
}
TABLE["voi"] = (*TABLE["voi"][:2], TABLE["voi"][1])

PARAMETERS = {
    **{
        name: {"tolerance": 1.0}
        for name in (
            "nsd",
            "nsd_grid",
            "nsd_grid_mean",
            "surface_overlap_ref",
            "surface_overlap_pred",
        )
    },
    "hd_quantile": {"q": 90.0},
    "net_benefit": {"exchange_rate": 1.0},
    "fbeta": {"beta": 2.0},
    **{
        name: {"spacing": (2.0, 0.5)}
        for name in ("volume_ref", "volume_pred", "volume_difference", "absolute_volume_difference")
    },
}


def some():
    mask = np.zeros((4, 6), bool)
    mask[1:3, 1:4] = True
    return mask


EMPTY = np.zeros((4, 6), bool)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_three_empty_cases(name):
    measure, how = getattr(metrics, name), PARAMETERS.get(name, {})
    both, ref_empty, pred_empty = TABLE[name]
    assert same(measure(EMPTY, EMPTY, **how), both, 1e-14)
    assert same(measure(EMPTY, some(), **how), ref_empty, 1e-14)
    assert same(measure(some(), EMPTY, **how), pred_empty, 1e-14)


def test_the_table_has_every_metric():
    left_out = {"asd_std", "asd_median", "normalized_mi", "rand_split", "rand_merge"}
    assert set(metrics.METRICS) - left_out == set(TABLE)


@pytest.mark.parametrize(
    ("name", "reference", "prediction", "expected"),
    [
        ("specificity", ~EMPTY, some(), NAN),
        ("npv", some(), ~EMPTY, NAN),
        ("npv", EMPTY, ~EMPTY, NAN),
        ("fpr", ~EMPTY, some(), NAN),
        ("for_", some(), ~EMPTY, NAN),
        ("markedness", EMPTY, ~EMPTY, NAN),
        ("mcc", ~EMPTY, some(), NAN),
        ("cohens_kappa", ~EMPTY, ~EMPTY, NAN),
        ("lr_plus", some(), some(), INF),
        ("dor", some(), some(), INF),
        ("lr_minus", some(), ~EMPTY, NAN),
        ("lr_minus", some(), ~some(), INF),
        ("sq", some(), np.roll(some(), 2, 1), NAN),
        ("pq", some(), np.roll(some(), 2, 1), 0),
        ("cldice", some(), np.roll(some(), 3, 1), 0),
        ("dice", ~EMPTY, ~EMPTY, 1),
        ("hd", ~EMPTY, ~EMPTY, 0),
    ],
)
def test_other_undefined_cases(name, reference, prediction, expected):
    assert same(getattr(metrics, name)(reference, prediction), expected)


@pytest.mark.parametrize("name", ["hd", "hd95", "assd", "masd", "rmsd"])
def test_a_full_image_without_edge_has_no_boundary(name):
    measure = getattr(metrics, name)
    assert math.isnan(measure(~EMPTY, ~EMPTY, edge="foreground"))
    assert measure(~EMPTY, some(), edge="foreground") == INF
    assert measure(some(), ~EMPTY, edge="foreground") == INF


@pytest.mark.parametrize("shape", [(1,), (1, 1), (1, 1, 1), (5,), (3, 1, 2)])
@pytest.mark.parametrize(
    "name", ["hd", "hd95_pooled", "assd", "nsd", "dice", "cldice", "betti_error"]
)
def test_the_smallest_grids_are_measured(name, shape):
    mask = np.ones(shape, bool)
    perfect = {"dice": 1, "nsd": 1, "cldice": 1}.get(name, 0)
    assert getattr(metrics, name)(mask, mask, **PARAMETERS.get(name, {})) == perfect


STATES = [
    (EMPTY, EMPTY, "both_empty"),
    (EMPTY, some(), "ref_empty"),
    (some(), EMPTY, "pred_empty"),
    (some(), some(), "ok"),
]


@pytest.mark.parametrize(("reference", "prediction", "state"), STATES, ids=[s for *_, s in STATES])
def test_the_state_says_why(reference, prediction, state):
    result = metrics.measure(
        reference.astype(np.uint8), prediction.astype(np.uint8), labels=[1], metrics=["hd", "dice"]
    )
    assert {value.state for value in result.values if value.metric in ("hd", "dice")} == {state}


def test_undefined_for_another_reason():
    result = metrics.measure(
        (~EMPTY).astype(np.uint8), some().astype(np.uint8), labels=[1], metrics=["specificity"]
    )
    (value,) = [v for v in result.values if v.metric == "specificity"]
    assert math.isnan(value.value)
    assert value.state == "undefined"
