"""Confidence intervals: bootstrap and Student's t of a mean, Wilson's of a proportion."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from edgewise.errors import ConfigError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Interval", "mean_bootstrap", "mean_t", "means_bootstrap", "proportion_wilson"]

_ROWS_AT_ONCE: Final = 1000  # replicates drawn per call: bounds memory, part of the recipe
_NORMAL_FROM: Final = 100_000  # above, resampling costs 10^9 draws and the normal interval agrees


class Interval(NamedTuple):
    """Lower and upper end; NaN where there are fewer than two values."""

    low: float
    high: float


_NONE: Final = Interval(math.nan, math.nan)


def _tail(confidence: float) -> float:
    if not 0 < confidence < 1:
        message = f"confidence must lie between 0 and 1, got {confidence!r}"
        raise ConfigError(message)
    return (1 - confidence) / 2


def mean_bootstrap(
    values: ArrayLike, *, confidence: float = 0.95, replicates: int = 9999, seed: int = 0
) -> Interval:
    """Return the percentile bootstrap interval of the mean.

    Parameters
    ----------
    values : sequence of float
        One per case, in a fixed order (the summary sorts by case name), so that a seed gives one
        result.
    confidence : float, default 0.95
        Share of intervals that should hold the true mean.
    replicates : int, default 9999
        Resampled means.
    seed : int, default 0
        Of ``numpy.random.Generator(PCG64(seed))``.

    Returns
    -------
    Interval
        Quantiles of the resampled means. Both ends equal the value when all values are equal; NaN
        for fewer than two values or when one is not finite.

    Notes
    -----
    With rare total failures and fewer than 50 values every interval of the mean is too narrow: the
    sample may hold no failure. Above 100 000 values the normal interval is returned.

    References
    ----------
    .. [1] Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.

    Examples
    --------
    >>> interval = mean_bootstrap([0.9, 0.8, 0.7, 0.9, 0.0, 0.8])
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.4, 0.867)
    """
    column = np.asarray(values, dtype=np.float64).reshape(-1, 1)
    return means_bootstrap(column, confidence=confidence, replicates=replicates, seed=seed)[0]


def means_bootstrap(
    columns: ArrayLike, *, confidence: float = 0.95, replicates: int = 9999, seed: int = 0
) -> list[Interval]:
    """Return `mean_bootstrap` of every column; all columns share the resampled rows.

    Parameters
    ----------
    columns : array of float, shape (n, columns)
        One row per case.
    confidence, replicates, seed
        As in `mean_bootstrap`.

    Returns
    -------
    list of Interval
        One per column.

    Raises
    ------
    ShapeError
        If there are not two axes.
    """
    table = np.asarray(columns, dtype=np.float64)
    if table.ndim != 2:
        message = f"columns must have two axes, got shape {table.shape}"
        raise ShapeError(message)
    tail = _tail(confidence)
    if len(table) < 2:
        return [_NONE] * table.shape[1]
    usable: NDArray[np.bool_] = np.atleast_1d(np.isfinite(table).all(axis=0))
    if len(table) > _NORMAL_FROM:
        ends = _normal_ends(table, tail)
    else:
        means = _resampled_means(np.where(usable, table, 0.0), replicates, seed)
        ends = np.quantile(means, [tail, 1 - tail], axis=0)
    low, high = table.min(axis=0), table.max(axis=0)
    return [
        _NONE
        if not usable[k]
        else Interval(float(low[k]), float(high[k]))
        if low[k] == high[k]
        else Interval(float(ends[0, k]), float(ends[1, k]))
        for k in range(table.shape[1])
    ]


def _resampled_means(table: NDArray[np.float64], replicates: int, seed: int) -> NDArray[np.float64]:
    """Means of resampled rows: how often each row is drawn, times the values."""
    n = len(table)
    rng = np.random.Generator(np.random.PCG64(seed))
    means = np.empty((replicates, table.shape[1]))
    for start in range(0, replicates, _ROWS_AT_ONCE):
        rows = min(_ROWS_AT_ONCE, replicates - start)
        drawn = rng.integers(0, n, (rows, n))
        cells = (drawn + np.arange(rows)[:, None] * n).ravel()
        times = np.bincount(cells, minlength=rows * n).reshape(rows, n)
        means[start : start + rows] = times @ table / n
    return means


def _normal_ends(table: NDArray[np.float64], tail: float) -> NDArray[np.float64]:
    half = NormalDist().inv_cdf(1 - tail) * table.std(axis=0, ddof=1) / math.sqrt(len(table))
    mean = table.mean(axis=0)
    return np.stack([mean - half, mean + half])


def mean_t(values: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Return Student's t interval of the mean.

    Parameters
    ----------
    values : sequence of float
        One per case.
    confidence : float, default 0.95
        Share of intervals that should hold the true mean.

    Returns
    -------
    Interval
        mean -+ t * sd / sqrt(n), sd with n - 1; NaN for fewer than two values or when one is not
        finite.

    References
    ----------
    .. [1] Student, "The probable error of a mean", Biometrika 6, 1908.

    Examples
    --------
    >>> [round(end, 3) for end in mean_t([1.0, 2.0, 3.0])]
    [-0.484, 4.484]
    """
    array = np.asarray(values, dtype=np.float64).ravel()
    tail = _tail(confidence)
    if len(array) < 2 or not np.isfinite(array).all():
        return _NONE
    mean = math.fsum(array) / len(array)
    error = float(array.std(ddof=1)) / math.sqrt(len(array))
    half = _t_quantile(tail, len(array) - 1) * error
    return Interval(mean - half, mean + half)


def _t_quantile(tail: float, freedom: int) -> float:
    """Return the t exceeded with probability `tail`, by bisection of the incomplete beta."""
    low, high = 0.0, 1.0  # of x = freedom / (freedom + t^2), in which the tail grows
    for _ in range(200):
        x = (low + high) / 2
        if _incomplete_beta(x, freedom / 2, 0.5) / 2 < tail:
            low = x
        else:
            high = x
    x = (low + high) / 2
    return math.sqrt(freedom * (1 - x) / x)


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function by its continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    tiny = 1e-300
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, 500):
        for factor in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + factor * d or tiny)
            c = 1 + factor / c or tiny
            fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front * fraction / a


def proportion_wilson(successes: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Return Wilson's interval of a proportion.

    Parameters
    ----------
    successes, n : int
        How many of how many.
    confidence : float, default 0.95
        Share of intervals that should hold the true proportion.

    Returns
    -------
    Interval
        Within [0, 1]; NaN for n = 0.

    Raises
    ------
    ConfigError
        If `successes` is negative or above `n`.

    References
    ----------
    .. [1] Wilson, "Probable inference, the law of succession, and statistical inference",
       J. American Statistical Association 22, 1927.

    Examples
    --------
    >>> [round(end, 4) for end in proportion_wilson(8, 10)]
    [0.4902, 0.9433]
    """
    if not 0 <= successes <= n:
        message = f"successes must lie between 0 and n = {n}, got {successes}"
        raise ConfigError(message)
    z = NormalDist().inv_cdf(1 - _tail(confidence))
    if n == 0:
        return _NONE
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return Interval(low, high)
