"""Counts of a mask of probabilities at many thresholds: sorted once, searched for each."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import as_plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Thresholded", "thresholds"]


class Thresholded:
    """Probabilities and a reference of zeros and ones; other references are counted map by map.

    Parameters
    ----------
    pred, ref
        As given.
    signed : bool
        Whether an unsigned reference is subtracted as a signed one. Else what is wrong either way
        counts as false positive and as false negative, as numpy's differences wrap around.
    """

    def __init__(self, pred: Any, ref: Any, *, signed: bool) -> None:
        self.pred = pred
        self.ref = ref.astype(np.int64) if signed and _is_unsigned(ref) else ref
        self.wraps = _is_unsigned(self.ref)
        self._mask = _mask_of(pred, ref)

    def tp(self, values: Any) -> NDArray[np.float32]:
        """Return the true positives at every threshold."""
        if self._mask is None:
            return self._mapped(values, lambda ref, pred: (ref + pred) > 1.0)
        return self._found(values)[0].astype(np.float32)

    def fn(self, values: Any) -> NDArray[np.float32]:
        """Return the false negatives at every threshold."""
        if self._mask is None:
            return self._mapped(values, lambda ref, pred: (ref - pred) > 0.0)
        found, wrong = self._found(values)
        return (self._n_pos - found + wrong * self.wraps).astype(np.float32)

    def fp(self, values: Any) -> NDArray[np.float32]:
        """Return the false positives at every threshold."""
        if self._mask is None:
            return self._mapped(values, lambda ref, pred: (pred - ref) > 0.0)
        found, wrong = self._found(values)
        return (wrong + (self._n_pos - found) * self.wraps).astype(np.float32)

    def tn(self, values: Any) -> NDArray[np.float32]:
        """Return the true negatives at every threshold."""
        if self._mask is None:
            return self._mapped(values, lambda ref, pred: (ref + pred) < 0.5)
        return (self._mask.size - self._n_pos - self._found(values)[1]).astype(np.float32)

    def false_positives_per_image(self, values: Any) -> NDArray[np.float32]:
        """Return the false positives per index of the last axis at every threshold."""
        images = self.ref.shape[-1]
        if self._mask is not None:
            return self.fp(values) / np.float32(images)
        found = []
        for value in values:
            wrong = np.asarray(((self.pred >= value) - self.ref) > 0.0, np.float32)
            found.append(np.mean(np.sum(np.reshape(wrong, [-1, images]), axis=0)))
        return np.asarray(found, np.float32)

    @property
    def _positive(self) -> NDArray[np.bool_]:
        assert self._mask is not None  # the callers have looked
        return self._mask

    @cached_property
    def _n_pos(self) -> int:
        return int(np.count_nonzero(self._positive))

    @cached_property
    def _sorted(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The probabilities of the positives and of the negatives in ascending order."""
        positive = self._positive
        return np.sort(self.pred[positive]), np.sort(self.pred[~positive])

    def _found(self, values: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many positives and how many negatives reach each threshold."""
        if len(values) > 1 or "_sorted" in vars(self):
            positives, negatives = self._sorted
            return _at_least(positives, values), _at_least(negatives, values)
        reached = self.pred >= values[0]
        right = np.count_nonzero(reached & self._positive)
        return np.array([right]), np.array([np.count_nonzero(reached) - right])

    def _mapped(self, values: Any, where: Any) -> NDArray[np.float32]:
        maps = (np.asarray(where(self.ref, self.pred >= value), np.float32) for value in values)
        return np.asarray([np.sum(one) for one in maps], np.float32)


def _is_unsigned(values: Any) -> bool:
    return getattr(getattr(values, "dtype", None), "kind", "") == "u"


def _mask_of(pred: Any, ref: Any) -> NDArray[np.bool_] | None:
    """Return the reference as a mask.

    None for anything but a reference of zeros and ones (numpy cannot subtract bools) with
    probabilities that are numbers.
    """
    if type(pred) not in (np.ndarray, np.memmap) or pred.dtype.kind not in "iuf":
        return None
    if getattr(ref, "shape", None) != pred.shape or ref.dtype.kind == "b":
        return None
    return as_plain(ref)


def _at_least(ordered: NDArray[Any], values: Any) -> NDArray[np.int64]:
    """Return how many are not below each value; a Python number takes the type of the array."""
    if ordered.size and np.isnan(ordered[-1]):  # NaN reaches nothing, and is last
        ordered = ordered[: np.searchsorted(ordered, np.nan, side="left")]
    if ordered.dtype.kind == "f" and type(values[0]) in (int, float):
        values = np.asarray(values, ordered.dtype)
    return ordered.size - np.searchsorted(ordered, np.asarray(values), side="left")


def thresholds(pred: Any, size: int, max_samples: Any, max_thresholds: Any) -> NDArray[Any]:
    """Return thresholds in descending order, the first above all probabilities.

    All different probabilities if there are fewer than `max_thresholds` or fewer than `max_samples`
    of `size` elements. Else 0 and the last of every run of values that together have at least
    ``pred.size / max_thresholds`` elements; the value after each run is passed over.
    """
    values, counts = np.unique(pred, return_counts=True)
    chosen = values
    if len(values) >= max_thresholds and size >= max_samples:
        limit = math.ceil(np.size(pred) / max_thresholds)
        chosen = np.asarray([0, *values[_ends_of_runs(counts, limit)]])
    chosen = np.concatenate([chosen, np.asarray([1 + np.max(values)])])
    return np.sort(chosen)[::-1]


def _ends_of_runs(counts: NDArray[np.int64], limit: int) -> list[int]:
    """Return the last index of every run whose counts reach the limit and that has a successor."""
    cumulated = counts.cumsum()
    ends: list[int] = []
    start = before = 0
    while True:
        end = max(int(np.searchsorted(cumulated, before + limit, side="left")), start)
        if end + 1 >= counts.size:
            return ends
        ends.append(end)
        start = end + 2
        before = int(cumulated[end + 1])
