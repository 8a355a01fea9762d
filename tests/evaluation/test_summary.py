"""Summaries: numbers checked by hand, and what every policy does to them."""

import math

import numpy as np
import pytest

from edgewise.errors import CaseError, ConfigError
from edgewise.evaluation import Policies, Table, evaluate, summarize
from edgewise.evaluation.summary import _quantile
from edgewise.evaluation.tables import CASES_COLUMNS, VALUES_COLUMNS

X = [0.91, 0.88, 0.93, 0.79, 0.95, 0.86, 0.90, 0.00, 0.84, 0.92, 0.89, 0.94]


def case_row(name, status="ok", size=(30, 40, None), spacing=(1.0, 1.0, None)):
    code = "" if status == "ok" else "broken"
    return (name, "", status, code, code, "", "", "", *size, *spacing, "", None)


def tables(values, *, missing=()):
    """Tables of dice and hd of label 1; values is {case: (dice, hd, state)}."""
    cases = [case_row(name) for name in values] + [case_row(name, "failed") for name in missing]
    rows = [
        (name, "", 1, "liver", metric, value, state)
        for name, (dice, hd, state) in values.items()
        for metric, value in (("dice", dice), ("hd", hd))
    ]
    return Table.from_rows(VALUES_COLUMNS, rows), Table.from_rows(CASES_COLUMNS, cases)


def summary(values, *, missing=(), **policies):
    return summarize(
        *tables(values, missing=missing),
        labels={1: "liver"},
        metrics=("dice", "hd"),
        policies=Policies(**policies),
        replicates=999,
    )


FULL = {f"c{k}": (x, 1.0, "ok") for k, x in enumerate(X)}
HOLES = {
    "a": (0.9, 2.0, "ok"),
    "b": (0.0, math.inf, "pred_empty"),
    "c": (math.nan, math.nan, "both_empty"),
    "d": (math.nan, math.nan, "full"),
}


def test_the_published_numbers():
    values, cases = tables(FULL)
    row = summarize(values, cases, labels={1: "liver"}, metrics=("dice",)).row("dice", "liver")
    assert row.n == 12
    assert row.mean == pytest.approx(0.8175, abs=1e-15)
    assert row.sd == pytest.approx(0.261399, abs=5e-7)
    assert (row.median, row.q25, row.q75) == pytest.approx((0.895, 0.855, 0.9225), abs=1e-12)
    assert (row.worst, row.worst_case) == (0.0, "c7")
    assert row.high == pytest.approx(0.91)


def test_eight_healthy_and_two_missing_cases():
    healthy = {f"c{k}": (0.9, 1.0, "ok") for k in range(8)}
    values, cases = tables(healthy, missing=("x", "y"))
    means = {
        policy: summarize(
            values, cases, labels={1: ""}, metrics=("dice",), policies=Policies(missing=policy)
        ).row("dice", 1)
        for policy in ("penalize", "skip", "zero", 0.5)
    }
    assert means["penalize"].mean == pytest.approx(0.72)
    assert means["skip"].mean == pytest.approx(0.9)
    assert means["zero"].mean == pytest.approx(0.72)
    assert means[0.5].mean == pytest.approx(0.82)
    assert [m.n for m in means.values()] == [10, 8, 10, 10]
    assert all(m.n_missing == 2 for m in means.values())
    assert means["penalize"].worst_case == "c0"


def test_a_missing_distance_is_the_diagonal():
    values, cases = tables({"a": (1.0, 10.0, "ok")}, missing=("x",))
    run = {"labels": {1: ""}, "metrics": ("hd",)}
    assert summarize(values, cases, **run).row("hd", 1).mean == 30.0
    brats = Policies(worst_distance=374.0)
    assert summarize(values, cases, policies=brats, **run).row("hd", 1).mean == 192.0
    with pytest.raises(ConfigError, match="perfect in hd"):
        summarize(values, cases, policies=Policies(missing="zero"), **run)
    assert math.isnan(
        summarize(values, cases, policies=Policies(missing="nan"), **run).row("hd", 1).mean
    )
    with pytest.raises(CaseError) as caught:
        summarize(values, cases, policies=Policies(missing="error"), **run)
    assert (caught.value.case, caught.value.code) == ("x", "broken")


def test_an_unknown_grid_counts_as_the_largest_known():
    values, cases = tables({"a": (1.0, 10.0, "ok")})
    unknown = case_row("x", "failed", (None,) * 3, (None,) * 3)
    both = Table.from_rows(CASES_COLUMNS, [tuple(r.values()) for r in cases.rows()] + [unknown])
    row = summarize(values, both, labels={1: ""}, metrics=("hd",)).row("hd", 1)
    assert row.mean == (10.0 + 50.0) / 2


@pytest.mark.parametrize(
    ("policies", "dice", "hd", "n"),
    [
        ({}, 0.45, 26.0, 2),
        ({"one_empty": "keep"}, 0.45, math.inf, 2),
        ({"one_empty": "skip"}, 0.9, 2.0, 1),
        ({"one_empty": 8.0}, 0.45, 5.0, 2),
        ({"both_empty": "best"}, 1.9 / 3, 52.0 / 3, 3),
        ({"both_empty": "worst"}, 0.3, 102.0 / 3, 3),
        ({"both_empty": 0.5}, 1.4 / 3, 52.5 / 3, 3),
    ],
)
def test_empty_masks(policies, dice, hd, n):
    found = summary(HOLES, **policies)
    row = found.row("dice", 1)
    assert row.mean == pytest.approx(dice)
    assert found.row("hd", 1).mean == pytest.approx(hd)
    assert row.n == found.row("hd", 1).n == n
    assert (row.n_both_empty, row.n_undefined, row.n_one_empty, row.n_infinite) == (1, 1, 1, 0)
    assert found.row("hd", 1).n_infinite == 1


def test_finite_values_of_empty_masks_are_ordinary():
    values = Table.from_rows(
        VALUES_COLUMNS,
        [
            ("a", "", 1, "", "volume_ref", 0.0, "both_empty"),
            ("b", "", 1, "", "volume_ref", 8.0, "ok"),
        ],
    )
    cases = Table.from_rows(CASES_COLUMNS, [case_row("a"), case_row("b"), case_row("c", "failed")])
    row = summarize(values, cases, labels={1: ""}, metrics=("volume_ref",)).row("volume_ref", 1)
    assert (row.mean, row.n, row.n_missing, row.n_both_empty) == (4.0, 2, 1, 0)
    assert row.worst_case == ""


def test_quantiles_between_infinities_are_infinite():
    assert _quantile([1.0, math.inf, math.inf], 0.75) == math.inf
    assert _quantile([1.0, 2.0, math.inf], 0.25) == 1.5
    assert _quantile([1.0, math.inf], 0.5) == math.inf


def test_ties_of_the_worst_go_to_the_first_name():
    values = {"b": (0.5, 3.0, "ok"), "a": (0.5, 3.0, "ok"), "c": (0.9, 1.0, "ok")}
    found = summary(values)
    assert found.row("dice", 1).worst_case == found.row("hd", 1).worst_case == "a"


def test_the_order_of_rows_does_not_matter():
    values, cases = tables(FULL)
    turned = values[::-1]
    rows = [summarize(v, cases, labels={1: ""}, metrics=("dice",)).rows for v in (values, turned)]
    assert rows[0] == rows[1]


def test_the_text_names_policies_and_doubts():
    text = str(summary(HOLES, missing=("x",)))
    assert "1 liver  hd mm" in text
    assert "see --missing" in text
    assert "see --both-empty" in text
    assert "see --one-empty" in text
    assert "too few for a 95 % interval" in text
    assert "n < 50" in str(summary(FULL))


@pytest.mark.parametrize(
    "option", [{"missing": "drop"}, {"both_empty": "zero"}, {"one_empty": "x"}]
)
def test_unknown_policies_are_refused(option):
    with pytest.raises(ConfigError, match="or a number"):
        Policies(**option)


def test_a_label_that_no_case_could_show_still_has_its_row():
    values, cases = tables({}, missing=("x",))
    row = summarize(values, cases, labels={1: "", 2: ""}, metrics=("dice",)).row("dice", 2)
    assert (row.n, row.n_missing, row.mean) == (1, 1, 0.0)


def test_columns_have_one_type_also_when_every_value_is_a_stand_in():
    table = summary({}, missing=("a",)).to_table()
    assert table["mean"].dtype == table["worst"].dtype == np.float64
    assert table["n"].dtype == np.int64
    assert table["mean"].tolist() == [0.0, 50.0]
    assert table.to_csv().splitlines()[1].startswith(",1,liver,dice,,1,1,")


@pytest.mark.parametrize(
    ("shapes", "unit"),
    [([(5, 6, 7)], "mm3"), ([(5, 6)], "mm2"), ([(5,)], "mm"), ([(5, 6), (5, 6, 7)], "mm^d")],
)
def test_the_unit_of_a_volume_is_that_of_the_images(shapes, unit):
    records = [(f"c{k}", np.ones(shape, np.uint8), np.ones(shape, np.uint8))
               for k, shape in enumerate(shapes)]  # fmt: skip
    summary = evaluate(records, metrics="volume_ref,hd", spacing=1.0).summary()
    assert [row.unit for row in summary.rows] == [unit, "mm"]
