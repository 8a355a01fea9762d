"""Measures of two label maps of several classes."""

from __future__ import annotations

from functools import cached_property
from numbers import Integral
from operator import mul
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise._arguments import threads_for
from edgewise.compat.originals import original
from edgewise.metrics.joint import JointHistogram, joint_histogram

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["MultiClassPairwiseMeasures"]

_PLACE: Final = "MetricsReloaded.metrics.pairwise_measures:MultiClassPairwiseMeasures"


class MultiClassPairwiseMeasures:
    """Measures of two lists of classes.

    Parameters
    ----------
    pred, ref : sequence of int
        Classes 0 to K - 1, one axis; negative ones count from the end. Arrays of more axes are
        left to the library, which has results for few of them.
    list_values : sequence
        The classes. Only their number K counts, except in `chance_agreement_probability`.
    measures : list of str, optional
        Keys for `to_dict_meas`.
    dict_args : dict, optional
        ``ec_costs`` and ``weights``, matrices of K x K.
    corrected : bool, default False
        Arrays of any shape, and classes as `list_values` names them, other values left out.
    """

    def __init__(
        self,
        pred: Any,
        ref: Any,
        list_values: Any,
        measures: Any = [],  # noqa: B006  the library's default, never changed
        dict_args: Any = {},  # noqa: B006
        *,
        corrected: bool = False,
    ) -> None:
        self.pred = np.asarray(pred, np.int32)
        self.ref = np.asarray(ref, np.int32)
        self.dict_args = dict_args
        self.list_values = list_values
        self.measures = measures
        self.corrected = corrected
        self.measures_dict = {
            "mcc": (self.matthews_correlation_coefficient, "MCC"),
            "wck": (self.weighted_cohens_kappa, "WCK"),
            "ba": (self.balanced_accuracy, "BAcc"),
            "ec": (self.expected_cost, "EC"),
        }

    def expected_cost(self) -> Any:
        """Return the mean cost; default costs are those by which all classes weigh the same."""
        if not self._countable:
            return self._library.expected_cost()
        matrix = self.confusion_matrix()
        rates = matrix / np.sum(matrix, 0)
        priors, weights = self._priors_and_weights(matrix)
        return np.sum(priors * weights * rates)

    def best_naive_ec(self) -> Any:
        """Return the mean cost of the best constant answer."""
        if not self._countable:
            return self._library.best_naive_ec()
        priors, weights = self._priors_and_weights(self.confusion_matrix())
        return np.min(np.sum(weights * priors, 1))

    def normalised_expected_cost(self) -> Any:
        """Return the expected cost over that of the best constant answer."""
        if not self._countable:
            return self._library.normalised_expected_cost()
        naive = self.best_naive_ec()
        return self.expected_cost() / naive

    def matthews_correlation_coefficient(self) -> Any:
        """Return Matthews' correlation of several classes; NaN if one side has a single class."""
        if not self._countable:
            return self._library.matthews_correlation_coefficient()
        matrix = self._matrix.astype(np.int64)
        n, right = int(matrix.sum()), int(np.trace(matrix))
        pred, ref = (matrix.sum(axis=axis).tolist() for axis in (1, 0))
        both = n * right - sum(map(mul, pred, ref))
        spreads = [n * n - sum(map(mul, sizes, sizes)) for sizes in (pred, ref)]
        # covariances are these over n (n - 1): one element has none
        below = np.sqrt(np.float64(spreads[0])) * np.sqrt(np.float64(spreads[1]))
        return np.float64(both) / below

    def chance_agreement_probability(self) -> Any:
        """Return the agreement by chance over `list_values`, a Python float."""
        chance: Any = 0
        for value in self.list_values:
            in_pred, in_ref = self._occurrences(value)
            chance += in_pred / np.size(self.pred) * (in_ref / np.size(self.ref))
        return chance

    def confusion_matrix(self) -> Any:
        """Return the float64 counts of pairs: rows are classes of the prediction.

        Raises
        ------
        IndexError
            If a class is not below the number of `list_values`.
        ValueError
            If there are not as many predictions as references.
        """
        return self._matrix.copy() if self._countable else self._library.confusion_matrix()

    def balanced_accuracy(self) -> Any:
        """Return the mean over the classes of the share that is right; NaN if one is missing."""
        if not self._countable:
            return self._library.balanced_accuracy()
        matrix = self.confusion_matrix()
        return np.sum(np.diag(matrix) / np.sum(matrix, 0)) / len(self.list_values)

    def expectation_matrix(self) -> Any:
        """Return the counts that chance would give."""
        if not self._countable:
            return self._library.expectation_matrix()
        if self.pred.shape != self.ref.shape and not self.corrected:
            pred, ref = (self._sizes(labels) for labels in (self.pred, self.ref))
            return pred[:, None] * ref[None, :] / self.pred.size
        matrix = self._matrix
        return matrix.sum(axis=1)[:, None] * matrix.sum(axis=0)[None, :] / matrix.sum()

    def weighted_cohens_kappa(self) -> Any:
        """Return Cohen's kappa for ``dict_args["weights"]``; default: every error costs 1."""
        matrix, expected = self.confusion_matrix(), self.expectation_matrix()
        if "weights" in self.dict_args:
            weights = self.dict_args["weights"]
        else:
            size = len(self.list_values)
            weights = np.ones([size, size]) - np.eye(size)
        return 1 - np.sum(weights * matrix) / np.sum(weights * expected)

    def to_dict_meas(self, fmt: str = "{:.4f}") -> dict[str, Any]:
        """Return the values of `measures` by their keys; `fmt` has no effect, as in the library.

        Raises
        ------
        KeyError
            If a key is not in `measures_dict`.
        """
        return {key: self.measures_dict[key][0]() for key in self.measures}

    def _priors_and_weights(self, matrix: NDArray[Any]) -> tuple[NDArray[Any], Any]:
        priors = np.tile(np.sum(matrix, 0) / np.sum(matrix), [matrix.shape[0], 1])
        if "ec_costs" in self.dict_args:
            return priors, self.dict_args["ec_costs"]
        weights = 1.0 / (matrix.shape[1] * priors)
        np.fill_diagonal(weights, 0)
        return priors, weights

    @property
    def _countable(self) -> bool:
        return self.corrected or (self.ref.ndim == self.pred.ndim == 1 and self.ref.size > 0)

    @cached_property
    def _library(self) -> Any:
        return original(_PLACE, why="several classes in arrays of more than one axis")(
            self.pred, self.ref, self.list_values, [], self.dict_args
        )

    @cached_property
    def _histogram(self) -> JointHistogram:
        if self.pred.shape != self.ref.shape:
            message = f"pred has shape {self.pred.shape}, ref {self.ref.shape}"
            raise ValueError(message)
        ref, pred = (np.ascontiguousarray(one.ravel()) for one in (self.ref, self.pred))
        return joint_histogram(ref, pred, None, threads_for(ref.size))

    @cached_property
    def _matrix(self) -> NDArray[np.float64]:
        size = len(self.list_values)
        if not self.corrected:
            rows, columns = self._labels()
            for labels in (columns, rows):
                _check_range(labels, size)
        places = {v: k for k, v in enumerate(self.list_values)} if self.corrected else None
        matrix = np.zeros((size, size))
        for (ref, pred), n in self._histogram.joint.items():
            if places is None:
                matrix[pred, ref] += n
            elif ref in places and pred in places:
                matrix[places[pred], places[ref]] += n
        return matrix

    def _labels(self) -> tuple[list[int], list[int]]:
        """Return the classes of the reference and of the prediction."""
        if self.pred.shape != self.ref.shape:
            return np.unique(self.ref).tolist(), np.unique(self.pred).tolist()
        return list(self._histogram.rows), list(self._histogram.columns)

    def _sizes(self, labels: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the number of elements of every class of one side."""
        size = len(self.list_values)
        _check_range(np.unique(labels).tolist(), size)
        return np.bincount(labels % size, minlength=size).astype(np.float64)

    def _occurrences(self, value: Any) -> Sequence[int]:
        if self._countable and self.pred.shape == self.ref.shape and isinstance(value, Integral):
            histogram = self._histogram
            return histogram.columns.get(int(value), 0), histogram.rows.get(int(value), 0)
        return [len(np.where(labels == value)[0]) for labels in (self.pred, self.ref)]


def _check_range(labels: Sequence[int], size: int) -> None:
    low, high = min(labels), max(labels)
    if low < -size or high >= size:
        message = f"classes must be below the number of list_values, {size}; got {low} to {high}"
        raise IndexError(message)
