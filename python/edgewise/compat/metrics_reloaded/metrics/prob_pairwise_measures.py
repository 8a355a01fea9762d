"""Drop-in for ``MetricsReloaded.metrics.prob_pairwise_measures``; in the order (pred, ref)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.compat.metrics_reloaded.thresholds import Thresholded, thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ProbabilityPairwiseMeasures"]

_SEARCHED_FPPI: Final = (0.125, 0.25, 0.5, 1, 2, 4, 8)


class ProbabilityPairwiseMeasures:
    """Measures of probabilities against a mask, over all thresholds.

    Parameters
    ----------
    pred_proba : array
        Probabilities.
    ref_proba : array
        0 and 1, not bool.
    case : array of int, optional
        Image of every element, 0 to n - 1, for false positives per image. Default: images lie
        along the last axis.
    measures : list of str, optional
        Keys of `measures_dict` for `to_dict_meas`; None is all of them.
    empty : bool, default False
        If true, every positive predictive value is -1.
    dict_args : dict, optional
        ``value_specificity``, ``value_sensitivity``, ``value_fppi``, ``value_ppv`` (0.8) and
        ``benefit_proba`` (0.5).
    corrected : bool, default False
        The last case counts; unsigned references are subtracted with a sign; `froc` goes up to 8
        false positives per image; `net_benefit_treated` is the difference, not the product.
    """

    def __init__(
        self,
        pred_proba: Any,
        ref_proba: Any,
        case: Any = None,
        measures: Any = [],  # noqa: B006  the library's default, never changed
        empty: Any = False,
        dict_args: Any = {},  # noqa: B006
        *,
        corrected: bool = False,
    ) -> None:
        self.pred = pred_proba
        self.ref = ref_proba
        self.case = case
        self.flag_empty = empty
        self.dict_args = dict_args
        self.measures = measures if measures is not None else self.measures_dict
        self.corrected = corrected
        self._curves: dict[tuple[Any, Any], tuple[Any, ...]] = {}

    @cached_property
    def measures_dict(self) -> dict[str, Any]:
        """Key to method and short name; may be added to."""
        return {
            "sens@ppv": (self.sensitivity_at_ppv, "Sens@PPV"),
            "ppv@sens": (self.ppv_at_sensitivity, "PPV@Sens"),
            "sens@spec": (self.sensitivity_at_specificity, "Sens@Spec"),
            "spec@sens": (self.specificity_at_sensitivity, "Spec@Sens"),
            "fppi@sens": (self.fppi_at_sensitivity, "FPPI@Sens"),
            "sens@fppi": (self.sensitivity_at_fppi, "Sens@FPPI"),
            "auroc": (self.auroc, "AUROC"),
            "ap": (self.average_precision, "AP"),
            "froc": (self.froc, "FROC"),
        }

    def fp_thr(self, thresh: Any) -> Any:
        """Return the number of false positives at a threshold, a float32."""
        return self._counts.fp([thresh])[0]

    def fn_thr(self, thresh: Any) -> Any:
        """Return the number of false negatives at a threshold, a float32."""
        return self._counts.fn([thresh])[0]

    def tp_thr(self, thresh: Any) -> Any:
        """Return the number of true positives at a threshold, a float32."""
        return self._counts.tp([thresh])[0]

    def tn_thr(self, thresh: Any) -> Any:
        """Return the number of true negatives at a threshold, a float32."""
        return self._counts.tn([thresh])[0]

    def n_pos_ref(self) -> Any:
        """Return the sum of the reference."""
        return self._n_pos

    def n_neg_ref(self) -> Any:
        """Return the sum of what the reference lacks to 1."""
        return self._n_neg

    def all_multi_threshold_values(
        self, max_number_samples: Any = 150, max_number_thresh: Any = 1500
    ) -> Any:
        """Return thresholds in descending order and four values at each.

        Parameters
        ----------
        max_number_samples : int, default 150
            From so many elements on thresholds are thinned out.
        max_number_thresh : int, default 1500
            From so many different probabilities on.

        Returns
        -------
        thresholds : array
            Above all probabilities, then the different ones, or about `max_number_thresh` of them.
        sensitivity, specificity, ppv, fppi : list
            The first positive predictive value is 1.
        """
        key = (max_number_samples, max_number_thresh)
        if key not in self._curves:
            self._curves[key] = self._curve(*key)
        return self._curves[key]

    def positive_predictive_values_thr(self, thresh: Any) -> Any:
        """Return TP / (TP + FP) at a threshold; -1 if `flag_empty`."""
        if self.flag_empty:
            return -1
        tp = self.tp_thr(thresh)
        return tp / (tp + self.fp_thr(thresh))

    def specificity_thr(self, thresh: Any) -> Any:
        """Return TN / negatives at a threshold."""
        return self.tn_thr(thresh) / self.n_neg_ref()

    def sensitivity_thr(self, thresh: Any) -> Any:
        """Return TP / positives at a threshold."""
        return self.tp_thr(thresh) / self.n_pos_ref()

    def fppi_thr(self, thresh: Any) -> Any:
        """Return the mean number of false positives per image at a threshold.

        With `case` the last case is left out, unless ``corrected=True``.
        """
        return self._fppi([thresh])[0]

    def net_benefit_treated(self) -> Any:
        """Return TP / n times FP / n times the odds of ``benefit_proba``.

        With ``corrected=True`` TP / n less FP / n times the odds, which is the net benefit.
        """
        threshold = self.dict_args.get("benefit_proba", 0.5)
        n = np.size(np.asarray(self.pred))
        right, wrong = self.tp_thr(threshold) / n, self.fp_thr(threshold) / n
        odds = threshold / (1 - threshold)
        return right - wrong * odds if self.corrected else right * wrong * odds

    def auroc(self) -> Any:
        """Return the area under the curve of sensitivity over 1 - specificity."""
        _, sensitivity, specificity, _, _ = self.all_multi_threshold_values()
        return _area(1 - np.asarray(specificity), np.asarray(sensitivity))

    def froc(self) -> Any:
        """Return the area under the curve of sensitivity over false positives per image.

        Raises
        ------
        TypeError
            If the curve ends between 1/8 and 8 or beyond, unless ``corrected=True``: continued at
            its last value, cut at 8.
        """
        _, sensitivity, _, _, fppi = self.all_multi_threshold_values()
        across, up = np.asarray(fppi), np.asarray(sensitivity)
        last = np.max(across)
        if not (last < _SEARCHED_FPPI[0] or last == _SEARCHED_FPPI[-1]) and not self.corrected:
            message = "the library slices by arrays of indices here; see corrected=True"
            raise TypeError(message)
        if last < _SEARCHED_FPPI[-1]:
            added = np.asarray([fp for fp in _SEARCHED_FPPI if fp > last])
            across = np.concatenate([across, added])
            up = np.concatenate([up, np.ones(added.size) * up[-1]])
        kept = across <= _SEARCHED_FPPI[-1]
        return _area(across[kept], up[kept])

    def average_precision(self) -> Any:
        """Return the area under the curve of positive predictive value over sensitivity."""
        _, sensitivity, _, ppv, _ = self.all_multi_threshold_values()
        return _area(np.asarray(sensitivity), np.asarray(ppv))

    def sensitivity_at_specificity(self) -> Any:
        """Return the largest sensitivity with at least ``value_specificity``.

        This and the following raise ValueError if no threshold reaches the value.
        """
        _, sensitivity, specificity, _, _ = self.all_multi_threshold_values()
        return _largest(sensitivity, specificity, self._wanted("specificity"))

    def specificity_at_sensitivity(self) -> Any:
        """Return the largest specificity with at least ``value_sensitivity``."""
        _, sensitivity, specificity, _, _ = self.all_multi_threshold_values()
        return _largest(specificity, sensitivity, self._wanted("sensitivity"))

    def fppi_at_sensitivity(self) -> Any:
        """Return the largest false positive rate per image with at least ``value_sensitivity``."""
        _, sensitivity, _, _, fppi = self.all_multi_threshold_values()
        return _largest(fppi, sensitivity, self._wanted("sensitivity"))

    def sensitivity_at_fppi(self) -> Any:
        """Return the largest sensitivity with at most ``value_fppi``."""
        _, sensitivity, _, _, fppi = self.all_multi_threshold_values()
        where = np.asarray(fppi) <= self._wanted("fppi")
        return np.max(np.asarray(sensitivity)[where])

    def sensitivity_at_ppv(self) -> Any:
        """Return the largest sensitivity with at least ``value_ppv``."""
        _, sensitivity, _, ppv, _ = self.all_multi_threshold_values()
        return _largest(sensitivity, ppv, self._wanted("ppv"))

    def ppv_at_sensitivity(self) -> Any:
        """Return the largest positive predictive value with at least ``value_sensitivity``."""
        _, sensitivity, _, ppv, _ = self.all_multi_threshold_values()
        return _largest(ppv, sensitivity, self._wanted("sensitivity"))

    def to_dict_meas(self, fmt: str = "{:.4f}") -> dict[str, Any]:
        """Return the values of `measures` by their keys; `fmt` has no effect, as in the library.

        Raises
        ------
        KeyError
            If a key is not in `measures_dict`.
        """
        return {key: self.measures_dict[key][0]() for key in self.measures}

    def _wanted(self, name: str) -> Any:
        return self.dict_args.get(f"value_{name}", 0.8)

    @cached_property
    def _n_pos(self) -> Any:
        return np.sum(self.ref)

    @cached_property
    def _n_neg(self) -> Any:
        return np.sum(1 - self.ref)

    @cached_property
    def _counts(self) -> Thresholded:
        return Thresholded(self.pred, self.ref, signed=self.corrected)

    @cached_property
    def _cases(self) -> list[Thresholded]:
        found = []
        for case in range(np.max(self.case) + (1 if self.corrected else 0)):
            here = np.where(self.case == case)[0]
            found.append(Thresholded(self.pred[here], self.ref[here], signed=self.corrected))
        return found

    def _fppi(self, values: Any) -> Any:
        if self.case is None:
            return self._counts.false_positives_per_image(values)
        counts = np.asarray([case.fp(values) for case in self._cases])
        return np.mean(counts, axis=0) if counts.size else np.full(len(values), np.nan)

    def _curve(self, max_samples: Any, max_thresholds: Any) -> tuple[Any, ...]:
        values = thresholds(self.pred, np.size(self.ref), max_samples, max_thresholds)
        with np.errstate(divide="ignore", invalid="ignore"):
            counts = self._counts
            tp = counts.tp(values)
            ppv: list[Any] = [-1] * len(values)
            if not self.flag_empty:
                ppv = list(tp / (tp + counts.fp(values)))
            ppv[0] = 1.0
            return (
                values,
                list(tp / self._n_pos),
                list(counts.tn(values) / self._n_neg),
                ppv,
                list(self._fppi(values)),
            )


def _largest(of: Any, by: Any, at_least: Any) -> Any:
    return np.max(np.asarray(of)[np.asarray(by) >= at_least])


def _area(across: NDArray[Any], up: NDArray[Any]) -> Any:
    """Return the area under a curve by trapezoids."""
    return np.sum((up[:-1] + up[1:]) / 2 * (across[1:] - across[:-1]))
