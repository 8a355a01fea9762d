"""The measures of two masks that counts of voxels decide."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .masks import pair_of

__all__ = ["CountMeasures", "warn"]


def warn(message: str) -> None:
    """Say that a measure is not defined, or which default it takes."""
    warnings.warn(message, UserWarning, stacklevel=4)


class CountMeasures:
    """Counts of two masks, and what follows from them.

    Counts of voxels are sums over the arrays in the types that numpy gives them (float32 for
    `tp`, `fp`, `fn`, `tn` and `n_union`), so ratios have types of their own: float32 over int64 is
    float64, float32 over float32 is float32.
    """

    pred: Any
    ref: Any
    dict_args: Any
    flag_empty_pred: bool
    flag_empty_ref: bool

    def __init__(self, pred: Any, ref: Any, *, corrected: bool) -> None:
        self.pred = pred
        self.ref = ref
        self.corrected = corrected
        self._pair = pair_of(pred, ref, exact=corrected)
        self.flag_empty_pred = bool(self._pair.n_pos_pred == 0)
        self.flag_empty_ref = bool(self._pair.n_pos_ref == 0)

    def n_pos_ref(self) -> Any:
        """Return the number of voxels of the reference."""
        return self._pair.n_pos_ref

    def n_neg_ref(self) -> Any:
        """Return the number of voxels outside the reference."""
        return self._pair.n_neg_ref

    def n_pos_pred(self) -> Any:
        """Return the number of voxels of the prediction."""
        return self._pair.n_pos_pred

    def n_neg_pred(self) -> Any:
        """Return the number of voxels outside the prediction."""
        return self._pair.n_neg_pred

    def fp(self) -> Any:
        """Return the number of voxels in the prediction only, a float32."""
        return self._pair.fp

    def fn(self) -> Any:
        """Return the number of voxels in the reference only, a float32."""
        return self._pair.fn

    def tp(self) -> Any:
        """Return the number of voxels in both, a float32."""
        return self._pair.tp

    def tn(self) -> Any:
        """Return the number of voxels in neither, a float32."""
        return self._pair.tn

    def n_intersection(self) -> Any:
        """Return the number of voxels in both, in the type of a sum over the arrays' product."""
        return self._pair.n_intersection

    def n_union(self) -> Any:
        """Return the number of voxels in either, a float32."""
        return self._pair.n_union

    def youden_index(self) -> Any:
        """Return specificity + sensitivity - 1."""
        return self.specificity() + self.sensitivity() - 1

    def sensitivity(self) -> Any:
        """Return TP / reference; NaN with a warning for an empty reference."""
        if self.n_pos_ref() == 0:
            warn("the reference is empty: sensitivity is not defined")
            return np.nan
        return self.tp() / self.n_pos_ref()

    def specificity(self) -> Any:
        """Return TN / outside of the reference; NaN with a warning if the reference is full."""
        if self.n_neg_ref() == 0:
            warn("the reference is full: specificity is not defined")
            return np.nan
        return self.tn() / self.n_neg_ref()

    def balanced_accuracy(self) -> Any:
        """Return the mean of sensitivity and specificity."""
        return 0.5 * self.sensitivity() + 0.5 * self.specificity()

    def accuracy(self) -> Any:
        """Return (TN + TP) / all voxels."""
        right = self.tn() + self.tp()
        return right / (right + self.fn() + self.fp())

    def false_positive_rate(self) -> Any:
        """Return FP / outside of the reference; NaN or inf for a full reference."""
        return self.fp() / self.n_neg_ref()

    def normalised_expected_cost(self) -> Any:
        """Return the expected cost over that of the better constant answer.

        ``dict_args["cost_fn"]`` and ``dict_args["cost_fp"]`` are the costs of a missed and of a
        wrong voxel. Defaults: half the inverse shares of reference and background.
        """
        size = np.size(self.ref)
        background = (self.tn() + self.fp()) / size
        foreground = (self.tp() + self.fn()) / size
        cost_fn = self._given("cost_fn", lambda: 1.0 / (2 * foreground))
        cost_fp = self._given("cost_fp", lambda: 1.0 / (2 * background))
        alpha = cost_fp * background / (cost_fn * foreground)
        wrong = self.fp() / self.n_neg_ref()
        missed = self.fn() / self.n_pos_ref()
        return alpha * wrong + missed if alpha >= 1 else wrong + 1 / alpha * missed

    def matthews_correlation_coefficient(self) -> Any:
        """Return Matthews' correlation; NaN where a margin of the table is empty."""
        tp, tn, fp, fn = self.tp(), self.tn(), self.fp(), self.fn()
        return (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))

    def expected_matching_ck(self) -> Any:
        """Return the agreement by chance: shares multiplied, over the values of the reference."""
        return self._pair.chance_agreement()

    def cohens_kappa(self) -> Any:
        """Return Cohen's kappa, agreement beyond chance; NaN if chance agrees everywhere."""
        chance = self.expected_matching_ck()
        return (self.accuracy() - chance) / (1 - chance)

    def positive_likelihood_ratio(self) -> Any:
        """Return sensitivity / (1 - specificity); NaN with a warning where that has no value."""
        sensitivity, specificity = self.sensitivity(), self.specificity()
        if self.n_neg_ref() == 0 or self.n_pos_ref() == 0 or specificity == 1:
            warn("the likelihood ratio needs both kinds of voxels and a false positive")
            return np.nan
        return sensitivity / (1 - specificity)

    def pred_in_ref(self) -> int:
        """Return 1 if the masks share a voxel, else 0."""
        return int(self._pair.overlaps())

    def positive_predictive_value(self) -> Any:
        """Return TP / prediction; prediction empty: 0, both empty: NaN, each with a warning."""
        if self.flag_empty_pred:
            warn("the prediction is empty: the positive predictive value is not defined")
            return np.nan if self.flag_empty_ref else 0
        return self.tp() / (self.tp() + self.fp())

    def recall(self) -> Any:
        """Return TP / (TP + FN); reference empty: NaN, prediction empty: 0, with a warning."""
        if self.n_pos_ref() == 0:
            warn("the reference is empty: recall is not defined")
            return np.nan
        if self.n_pos_pred() == 0:
            warn("the prediction is empty: recall is taken as 0")
            return 0
        return self.tp() / (self.tp() + self.fn())

    def dsc(self) -> Any:
        """Return the Dice coefficient; both empty: 1 with a warning."""
        both = 2 * self.tp()
        sizes = self.n_pos_pred() + self.n_pos_ref()
        if sizes == 0:
            warn("both masks are empty: Dice is taken as 1")
            return 1
        return both / sizes

    def fbeta(self) -> Any:
        """Return the F measure for ``dict_args["beta"]``, default 1.

        Where it is not defined: 0 if a voxel is wrong, else 1.
        """
        beta = self._given("beta", 1, "beta is not given: 1")
        square = np.square(beta)
        ppv, recall = self.positive_predictive_value(), self.recall()
        above = (1 + square) * ppv * recall
        below = square * ppv + recall
        if np.isnan(below) or below == 0:
            return 0 if self.fp() + self.fn() > 0 else 1
        return above / below

    def net_benefit_treated(self) -> Any:
        """Return TP / n - FP / n * ``dict_args["exchange_rate"]``, default 1."""
        rate = self._given("exchange_rate", 1)
        n = np.size(self.pred)
        return self.tp() / n - self.fp() / n * rate

    def negative_predictive_value(self) -> Any:
        """Return TN / (TN + FN); 0 for a full prediction, NaN if the reference is full as well."""
        if self.tn() + self.fn() == 0:
            warn("the prediction is full: the negative predictive value is not defined")
            return np.nan if self.n_neg_ref() == 0 else 0
        return self.tn() / (self.fn() + self.tn())

    def fppi(self) -> Any:
        """Return the number of false positives per image; images lie along the last axis.

        Raises
        ------
        TypeError
            Always, as the library does, unless ``corrected=True``.
        """
        wrong, images = self.fp(), self.ref.shape[-1]
        if not self.corrected:
            message = "the library's reshape gets a number as memory order; see corrected=True"
            raise TypeError(message)
        return wrong / images

    def intersection_over_reference(self) -> Any:
        """Return intersection / reference; NaN with a warning for an empty reference."""
        if self.flag_empty_ref:
            warn("the reference is empty: intersection over reference is not defined")
            return np.nan
        return self.n_intersection() / self.n_pos_ref()

    def intersection_over_union(self) -> Any:
        """Return the Jaccard coefficient; NaN with a warning if both masks are empty."""
        if self.flag_empty_pred and self.flag_empty_ref:
            warn("both masks are empty: intersection over union is not defined")
            return np.nan
        return self.n_intersection() / self.n_union()

    def absolute_volume_difference_ratio(self) -> Any:
        """Return the relative difference of the volumes; NaN with a warning without reference.

        Of unsigned arrays the difference wraps around where the prediction is larger, as in the
        library, unless ``corrected=True``.
        """
        if self.n_pos_ref() == 0:
            warn("the reference is empty: the volume difference ratio is not defined")
            return np.nan
        return np.abs(self.n_pos_ref() - self.n_pos_pred()) / self.n_pos_ref()

    def _given(self, name: str, default: Any, words: str = "") -> Any:
        """Return an optional argument, or its default (made by a call where it costs something)."""
        if name in self.dict_args:
            return self.dict_args[name]
        if words:
            warn(words)
        return default() if callable(default) else default
