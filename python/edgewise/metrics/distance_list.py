"""Lists of boundary distances: maxima, quantiles, means and fractions.

A list holds distinct distances in ascending order, how many boundary elements lie at each, and
their summed weight (1 per element, or the contour length or area of a surface element).
Nothing here depends on the order in which elements were visited.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from edgewise._core import exact_sum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .conventions import Combine, Percentile

__all__ = ["DistanceList", "ListPair"]

_STEP_RTOL: Final = 1e-12  # a cumulated weight this close below the level reaches it


class DistanceList(NamedTuple):
    """Distances of the boundary elements of one mask to the other mask.

    Attributes
    ----------
    distances : float64 array
        Distinct, ascending; may end with inf.
    counts : int64 array
        Number of elements at each distance.
    weights : float64 array
        Summed weight at each distance.
    """

    distances: NDArray[np.float64]
    counts: NDArray[np.int64]
    weights: NDArray[np.float64]

    @classmethod
    def empty(cls) -> DistanceList:
        """Return the list of a mask without boundary."""
        return cls(np.empty(0), np.empty(0, np.int64), np.empty(0))

    @classmethod
    def unreachable(cls) -> DistanceList:
        """Return the list of a mask measured to nothing: everything infinitely far."""
        return cls(np.array([math.inf]), np.array([1], np.int64), np.array([1.0]))

    @property
    def is_empty(self) -> bool:
        """Whether the mask has no boundary."""
        return self.distances.size == 0

    @property
    def total(self) -> float:
        """Summed weight."""
        return exact_sum(self.weights)

    def maximum(self) -> float:
        """Return the largest distance; NaN for an empty list."""
        return float(self.distances[-1]) if self.distances.size else math.nan

    def mean(self) -> float:
        """Return the weighted mean; NaN for an empty list."""
        if self.is_empty:
            return math.nan
        return exact_sum(self.distances * self.weights) / self.total

    def root_mean_square(self) -> float:
        """Return the root of the weighted mean of squares; NaN for an empty list."""
        if self.is_empty:
            return math.nan
        return math.sqrt(exact_sum(self.distances * self.distances * self.weights) / self.total)

    def standard_deviation(self) -> float:
        """Return the weighted population standard deviation; NaN for an empty or infinite list."""
        mean = self.mean()
        if not math.isfinite(mean):
            return math.nan
        offsets = self.distances - mean
        return math.sqrt(exact_sum(offsets * offsets * self.weights) / self.total)

    def fraction_within(self, tolerance: float, tie_rtol: float) -> float:
        """Return the share of weight at distances up to `tolerance`; NaN for an empty list."""
        if self.is_empty:
            return math.nan
        within = self.distances <= tolerance * (1.0 + tie_rtol)
        return exact_sum(self.weights[within]) / self.total

    def quantile(self, q: float, rule: Percentile) -> float:
        """Return the level `q` (per cent) by one of numpy's rules, or by "step" on the weights.

        Parameters
        ----------
        q : float
            Level in [0, 100].
        rule : str
            "linear", "lower", "higher", "nearest", "midpoint" interpolate between order
            statistics of the elements; "step" is the smallest distance whose cumulated weight
            reaches the level.

        Returns
        -------
        float
            NaN for an empty list. Between two infinite distances it is inf.
        """
        if self.is_empty:
            return math.nan
        if rule == "step":
            return self._step(q)
        cumulated = self.counts.cumsum()
        n = int(cumulated[-1])
        position = (n - 1) * (q / 100)
        if rule == "nearest":
            position = float(round(position))  # half to even, as numpy
        below = math.floor(position)
        t = position - below
        if rule == "midpoint" and t > 0:
            t = 0.5
        elif rule == "lower":
            t = 0.0
        elif rule == "higher" and t > 0:
            t = 1.0
        ranks = [below, min(below + 1, n - 1)]
        a, b = self.distances[cumulated.searchsorted(ranks, side="right")].tolist()
        return _between(a, b, t)

    def _step(self, q: float) -> float:
        if q == 100:
            return self.maximum()
        level = (q / 100) * self.total * (1.0 - _STEP_RTOL)
        index = int(self.weights.cumsum().searchsorted(level, side="left"))
        return float(self.distances[min(index, self.distances.size - 1)])


def _between(a: float, b: float, t: float) -> float:
    """Interpolate with numpy's two-sided rule, needed for equality to the bit."""
    if a == b or t == 0:
        return a
    if t < 0.5:
        return a + (b - a) * t
    if t == 1:
        return b
    return b - (b - a) * (1 - t)


class ListPair(NamedTuple):
    """The two directed lists of a pair of masks; one or both may be empty."""

    ref_to_pred: DistanceList
    pred_to_ref: DistanceList

    @property
    def has_empty(self) -> bool:
        """Whether a mask has no boundary."""
        return self.ref_to_pred.is_empty or self.pred_to_ref.is_empty

    @property
    def are_empty(self) -> bool:
        """Whether neither mask has a boundary."""
        return self.ref_to_pred.is_empty and self.pred_to_ref.is_empty

    def pooled(self) -> DistanceList:
        """Return one list of the elements of both boundaries."""
        first, second = self.ref_to_pred, self.pred_to_ref
        distances, places = np.unique(
            np.concatenate([first.distances, second.distances]), return_inverse=True
        )
        weights = np.zeros(distances.size)
        np.add.at(weights, places, np.concatenate([first.weights, second.weights]))
        counts = np.zeros(distances.size, np.int64)
        np.add.at(counts, places, np.concatenate([first.counts, second.counts]))
        return DistanceList(distances, counts, weights)

    def pooled_mean(self) -> float:
        """Return the weighted mean over both boundaries; NaN if neither mask has any."""
        lists = (self.ref_to_pred, self.pred_to_ref)
        total = exact_sum(np.concatenate([one.weights for one in lists]))
        if not total:
            return math.nan
        return exact_sum(np.concatenate([one.distances * one.weights for one in lists])) / total

    def maximum(self) -> float:
        """Return the larger of the two maxima; that of the other list if one is empty."""
        return larger(self.ref_to_pred.maximum(), self.pred_to_ref.maximum())

    def mean_of_means(self) -> float:
        """Return half the sum of the directed means; that of the other list if one is empty."""
        return half_sum(self.ref_to_pred.mean(), self.pred_to_ref.mean())

    def quantile(self, q: float, rule: Percentile, combine: Combine) -> float:
        """Return a quantile of the distances, the two directions joined as `combine` says."""
        if combine == "pooled":
            return self.pooled().quantile(q, rule)
        first, second = self.ref_to_pred.quantile(q, rule), self.pred_to_ref.quantile(q, rule)
        if combine == "ref_to_pred":
            return first
        if combine == "pred_to_ref":
            return second
        return larger(first, second) if combine == "max" else half_sum(first, second)

    def fraction_within(self, tolerance: float, tie_rtol: float, combine: Combine) -> float:
        """Return the share of both boundaries within the tolerance, pooled or averaged."""
        first, second = self.ref_to_pred, self.pred_to_ref
        if combine == "mean":
            return half_sum(
                first.fraction_within(tolerance, tie_rtol),
                second.fraction_within(tolerance, tie_rtol),
            )
        total = exact_sum(np.concatenate([first.weights, second.weights]))
        if total == 0:
            return math.nan
        limit = tolerance * (1.0 + tie_rtol)
        within = [one.weights[one.distances <= limit] for one in (first, second)]
        return exact_sum(np.concatenate(within)) / total


def larger(first: float, second: float) -> float:
    """Return the larger number; a NaN (nothing was measured) leaves the other."""
    if math.isnan(first) or math.isnan(second):
        return second if math.isnan(first) else first
    return max(first, second)


def half_sum(first: float, second: float) -> float:
    """Return the mean of two numbers; a NaN (nothing was measured) leaves the other."""
    if math.isnan(first) or math.isnan(second):
        return second if math.isnan(first) else first
    return (first + second) / 2
