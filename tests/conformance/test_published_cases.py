"""Every mask and every expected value of published figures and of other libraries' public tests."""

from __future__ import annotations

import math

import pytest

from edgewise import evaluation, metrics
from edgewise.evaluation.tables import CASES_COLUMNS, VALUES_COLUMNS, Table
from published_cases import FILE, agrees, document, keywords, masks, number, reproductions

CASES = document()["cases"]
EXPECTATIONS = [(case["name"], k, e) for case in CASES for k, e in enumerate(case["expected"])]
POLICIES = ("topcow",)  # a summary's policy, not a metric's: checked with the summary below

# (case, position of the expectation): why edgewise gives another number. A row whose value does
# come out fails.
DIFFERENT: dict[tuple[str, int], str] = {}


def label(row):
    name, k, expected = row
    return f"{name}-{k}-{expected['metric']}"


def is_policy(expected):
    return (expected.get("convention") or {}).get("empty") in POLICIES


def measure(name, expected):
    reference, prediction, spacing = masks(name)
    metric = expected["metric"]
    how = keywords(expected, reference.ndim)
    preset = how.pop("empty", None)
    if preset is not None:
        how["preset"] = preset
    if "spacing" in metrics.METRICS[metric].parameters:
        how["spacing"] = spacing
    return float(getattr(metrics, metric)(reference, prediction, **how))


def test_the_file_is_there():
    if not FILE.is_file():
        pytest.skip("no shared/cases/pitfalls.json beside the project")
    assert len(CASES) == 69
    assert len(EXPECTATIONS) == 431
    assert {(name, k) for name, k, _ in EXPECTATIONS} >= set(DIFFERENT)


@pytest.mark.parametrize("row", [r for r in EXPECTATIONS if not is_policy(r[2])], ids=label)
def test_expected_value(row):
    name, k, expected = row
    ours = measure(name, expected)
    if (name, k) in DIFFERENT:
        assert not agrees(ours, expected), "take this row out of DIFFERENT"
    else:
        assert agrees(ours, expected), f"{ours} is not {expected['value']}"


REPRODUCED = [
    pytest.param(name, expected, path, how, id=f"{name}-{k}-{expected['metric']}-{path}")
    for name, k, expected in EXPECTATIONS
    if not name.startswith(("monai_ball", "deepmind_3d", "monai_nsd_half"))  # large: once is enough
    for path, how in reproductions(expected["metric"], expected)
]


@pytest.mark.parametrize(("name", "expected", "path", "how"), REPRODUCED)
def test_every_convention_that_gives_the_value(name, expected, path, how):
    reference, prediction, spacing = masks(name)
    ours = getattr(metrics, expected["metric"])(reference, prediction, spacing=spacing, **how)
    assert agrees(float(ours), expected), f"{ours} is not {expected['value']}"


def summary(metric, rows, shape, spacing, **policies):
    """The summary of one label over cases, given as (value, state)."""
    names = [f"case {k}" for k in range(len(rows))]
    grid = [*shape, *[None] * (3 - len(shape))], [*spacing, *[math.nan] * (3 - len(spacing))]
    cases = Table.from_rows(
        CASES_COLUMNS,
        [[name, "", "ok", "", "", "", "", "", *grid[0], *grid[1], "", 0.0] for name in names],
    )
    values = Table.from_rows(
        VALUES_COLUMNS,
        [[name, "", 1, "", metric, *row] for name, row in zip(names, rows, strict=True)],
    )
    found = evaluation.summarize(
        values, cases, labels={1: ""}, metrics=[metric], policies=evaluation.Policies(**policies)
    )
    return found.row(metric, 1)


POLICY_ROWS = [r for r in EXPECTATIONS if is_policy(r[2])]


@pytest.mark.parametrize("row", POLICY_ROWS, ids=label)
def test_a_challenge_counts_a_missed_structure_as_its_worst_distance(row):
    """TopCoW counts 90 mm; the raw value stays infinite."""
    name, _, expected = row
    reference, prediction, spacing = masks(name)
    metric = {"hd_quantile": "hd95"}.get(expected["metric"], expected["metric"])
    result = metrics.measure(
        reference, prediction, spacing=spacing, labels=[1], metrics=[metric], nsd_tolerance=1.0
    )
    (value,) = [v for v in result.values if v.metric.startswith(metric)]
    rows = [(value.value, value.state)]
    found = summary(value.metric, rows, reference.shape, spacing, worst_distance=90.0)
    assert agrees(found.mean, expected)
    if metric != "nsd":
        assert value.value == math.inf
        kept = summary(value.metric, rows, reference.shape, spacing, one_empty="keep")
        assert kept.mean == math.inf


AGGREGATIONS = [
    pytest.param(case["values"], expected, id=f"{case['name']}-{expected['policy']}")
    for case in document()["aggregation_cases"]
    for expected in case["expected"]
]


@pytest.mark.parametrize(("values", "expected"), AGGREGATIONS)
def test_means_over_undefined_values(values, expected):
    policy = {"ignore_nan": "skip", "nan_to": expected.get("fill")}[expected["policy"]]
    rows = [(number(v), "both_empty" if v == "nan" else "ok") for v in values]
    found = summary("dice", rows, (9, 9, 9), (1, 1, 1), both_empty=policy)
    assert agrees(found.mean, expected)
    assert found.n_both_empty == sum(v == "nan" for v in values)
    other = summary("dice", rows, (9, 9, 9), (1, 1, 1), both_empty="best")
    assert not agrees(other.mean, expected)


def test_one_moved_voxel_shows():
    if not CASES:
        pytest.skip("no shared/cases/pitfalls.json beside the project")
    reference, prediction, _ = masks("fig54_five_predictions_p1")
    (expected,) = [
        e
        for e in next(c for c in CASES if c["name"] == "fig54_five_predictions_p1")["expected"]
        if e["metric"] == "dice" and e["kind"] == "exact"
    ]
    wrong = prediction.copy()
    wrong[0, 0] = True
    assert agrees(metrics.dice(reference, prediction), expected)
    assert not agrees(metrics.dice(reference, wrong), expected)
