"""Intervals against values of numpy, R and SciPy, and against their own laws."""

import math

import numpy as np
import pytest

from edgewise.errors import ConfigError, ShapeError
from edgewise.statistics import (
    mean_bootstrap,
    mean_t,
    means_bootstrap,
    proportion_wilson,
)

# Dice of twelve cases, one of them a total failure
X = [0.91, 0.88, 0.93, 0.79, 0.95, 0.86, 0.90, 0.00, 0.84, 0.92, 0.89, 0.94]


def test_the_percentile_interval_has_the_published_ends():
    interval = mean_bootstrap(X, seed=0, replicates=9999)
    assert interval.low == pytest.approx(0.659167, abs=5e-7)
    assert interval.high == pytest.approx(0.91, abs=1e-12)


def test_the_percentile_interval_is_what_the_recipe_gives():
    values = np.array(X)
    rng = np.random.Generator(np.random.PCG64(0))
    drawn = [rng.integers(0, 12, (rows, 12)) for rows in [1000] * 9 + [999]]
    means = values[np.concatenate(drawn)].mean(axis=1)
    assert mean_bootstrap(X) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=1e-14)


def test_the_percentile_interval_is_scipys():
    scipy_stats = pytest.importorskip("scipy.stats")
    found = scipy_stats.bootstrap(
        (np.array(X),), np.mean, n_resamples=9999, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    assert mean_bootstrap(X) == pytest.approx((found.low, found.high), abs=0.006)


def test_columns_share_their_rows_and_equal_the_single_columns():
    table = np.column_stack([X, np.array(X) * 10, np.arange(12.0)])
    together = means_bootstrap(table)
    for k, interval in enumerate(together):
        assert interval == pytest.approx(mean_bootstrap(table[:, k]), rel=1e-12)


def test_equal_values_have_an_interval_of_length_zero():
    assert mean_bootstrap([0.1] * 7) == (0.1, 0.1)


@pytest.mark.parametrize("values", [[], [0.5], [0.5, math.inf], [0.5, math.nan]])
def test_there_is_no_interval_of_too_few_or_infinite_values(values):
    assert all(map(math.isnan, mean_bootstrap(values)))
    assert all(map(math.isnan, mean_t(values)))


def test_many_values_get_the_normal_interval():
    values = np.random.default_rng(1).normal(5, 2, 100_001)
    low, high = mean_bootstrap(values)
    half = 1.959964 * values.std(ddof=1) / math.sqrt(values.size)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), rel=1e-9)


def test_the_t_interval_has_the_published_ends():
    assert mean_t(X) == pytest.approx((0.651415, 0.983585), abs=5e-7)


@pytest.mark.parametrize("n", [2, 3, 5, 20, 50, 300, 2000])
def test_the_t_interval_is_scipys(n):
    t = pytest.importorskip("scipy.stats").t
    values = np.random.default_rng(n).normal(size=n)
    expected = t.interval(0.9, n - 1, values.mean(), values.std(ddof=1) / math.sqrt(n))
    assert mean_t(values, confidence=0.9) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("successes", "n", "expected"),
    [(8, 10, (0.490162, 0.943318)), (0, 10, (0.0, 0.277533)), (10, 10, (0.722467, 1.0))],
)
def test_wilsons_interval(successes, n, expected):
    assert proportion_wilson(successes, n) == pytest.approx(expected, abs=5e-7)


def test_impossible_arguments_are_refused():
    with pytest.raises(ConfigError, match="between 0 and n"):
        proportion_wilson(3, 2)
    with pytest.raises(ConfigError, match="confidence"):
        mean_t(X, confidence=1.0)
    with pytest.raises(ShapeError, match="two axes"):
        means_bootstrap([1.0, 2.0])
    assert all(map(math.isnan, proportion_wilson(0, 0)))
