"""Degenerate masks beyond the table of empty ones (which `tests/metrics/test_empty.py` holds)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from agreement import same
from edgewise import metrics

NAN, INF = math.nan, math.inf


def some():
    mask = np.zeros((4, 6), bool)
    mask[1:3, 1:4] = True
    return mask


EMPTY = np.zeros((4, 6), bool)


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
    how = {"tolerance": 1.0} if name == "nsd" else {}
    assert getattr(metrics, name)(mask, mask, **how) == perfect


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
