"""Every mask and every expected value of published figures and of other libraries' public tests."""

from __future__ import annotations

import pytest

from edgewise import metrics
from published_cases import FILE, agrees, document, keywords, masks, reproductions

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
