"""Quantiles, means and fractions of lists of counted distances."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewise._core import exact_sum
from edgewise.metrics.distance_list import DistanceList, ListPair

RULES = ("linear", "lower", "higher", "nearest", "midpoint")


def listed(values, weights=None) -> DistanceList:
    values = np.asarray(values, float)
    weights = np.ones_like(values) if weights is None else np.asarray(weights, float)
    distinct, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return DistanceList(distinct, counts, np.bincount(places, weights))


distances = st.lists(st.sampled_from([0.0, 1.0, math.sqrt(2), math.sqrt(3), 0.1, 7.3]), min_size=1)


@given(distances, st.one_of(st.sampled_from([0, 50, 95, 100]), st.floats(0, 100)))
def test_quantiles_equal_numpy_to_the_bit(values, q):
    for rule in RULES:
        expected = float(np.percentile(values, q, method=rule))
        assert listed(values).quantile(q, rule) == expected, rule


def test_infinite_quantiles_are_not_nan():
    for rule in RULES:
        assert listed([math.inf] * 3).quantile(40, rule) == math.inf
    assert listed([1.0, math.inf, math.inf]).quantile(95, "linear") == math.inf
    assert listed([1.0, math.inf]).quantile(0, "linear") == 1.0


def test_step_by_hand():
    weighted = listed([1.0, 2.0, 3.0], [1.0, 2.0, 1.0])
    levels = {0: 1.0, 25: 1.0, 25.1: 2.0, 75: 2.0, 75.1: 3.0, 100: 3.0}
    assert {q: weighted.quantile(q, "step") for q in levels} == levels
    assert (
        listed([1.0, 2.0], [1.0, 1e-14]).quantile(100, "step") == 2.0
    )  # the maximum, come what may
    tenths = listed([1.0, 2.0], [0.1 + 0.1 + 0.1, 0.3])  # 0.30000000000000004 and 0.3
    assert tenths.quantile(50, "step") == 1.0


@given(distances, st.randoms())
def test_order_does_not_matter(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    first, second = listed(values), listed(shuffled)
    for measure in ("mean", "root_mean_square", "standard_deviation", "maximum"):
        assert getattr(first, measure)() == getattr(second, measure)()


@given(distances, distances)
def test_means_equal_numpy(first, second):
    pair = ListPair(listed(first), listed(second))
    both = np.array(first + second)
    pooled = pair.pooled()
    assert pooled.mean() == pytest.approx(both.mean(), rel=1e-13)
    assert pooled.standard_deviation() == pytest.approx(both.std(), rel=1e-9, abs=1e-12)
    assert pooled.root_mean_square() == pytest.approx(math.sqrt((both**2).mean()), rel=1e-13)
    assert pair.mean_of_means() == pytest.approx((np.mean(first) + np.mean(second)) / 2, rel=1e-13)
    assert pair.maximum() == both.max()
    assert pair.fraction_within(1.0, 0.0, "pooled") == pytest.approx((both <= 1).mean())


def test_lists_without_elements():
    empty, unreachable = DistanceList.empty(), DistanceList.unreachable()
    nothing = ListPair(empty, empty)
    missed = ListPair(unreachable, empty)
    for combine in ("max", "pooled", "mean", "ref_to_pred", "pred_to_ref"):
        assert math.isnan(nothing.quantile(95, "linear", combine))
    for combine in ("max", "pooled", "mean", "ref_to_pred"):
        assert missed.quantile(95, "linear", combine) == math.inf
    assert math.isnan(missed.quantile(95, "linear", "pred_to_ref"))
    assert math.isnan(nothing.fraction_within(1.0, 0.0, "pooled"))
    assert missed.fraction_within(1.0, 0.0, "pooled") == 0.0
    assert missed.fraction_within(1.0, 0.0, "mean") == 0.0


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False, max_value=1e300, min_value=-1e300))
)
def test_sums_are_those_of_fsum(values):
    assert exact_sum(np.array(values, float)) == math.fsum(values)


@given(distances, distances)
def test_pooled_mean_is_that_of_the_pooled_list(first, second):
    pair = ListPair(listed(first), listed(second))
    assert pair.pooled_mean() == pytest.approx(pair.pooled().mean(), rel=1e-14)
    assert math.isnan(ListPair(DistanceList.empty(), DistanceList.empty()).pooled_mean())
