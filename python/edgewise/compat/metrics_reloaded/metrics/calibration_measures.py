"""Drop-in for ``MetricsReloaded.metrics.calibration_measures``; in the order (pred, ref)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise._extras import require
from edgewise.compat.metrics_reloaded.bins import gaps_of_bins
from edgewise.compat.metrics_reloaded.count_measures import warn

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CalibrationMeasures"]

_ROWS = 1 << 20  # elements of a block of a matrix over pairs of samples


class CalibrationMeasures:
    """Measures of how far probabilities are those of the classes.

    Parameters
    ----------
    pred_proba : array of shape (samples, classes)
        Probabilities.
    ref : array of int
        Class of every sample.
    case : optional
        Kept.
    measures : list of str, optional
        Keys of `measures_dict` for `to_dict_meas`; None is all of them.
    empty : bool, default False
        Kept as `flag_empty`.
    dict_args : dict, optional
        ``bins_ece`` and ``bins_mce`` (10), ``bandwidth`` (0.5), ``bandwidth_kce`` (median distance
        of the predictions).
    corrected : bool, default False
        `top_label_classification_error` works with every numpy.
    """

    def __init__(
        self,
        pred_proba: Any,
        ref: Any,
        case: Any = None,
        measures: Any = [],  # noqa: B006  the library's default, never changed
        empty: Any = False,
        dict_args: Any = {},  # noqa: B006
        *,
        corrected: bool = False,
    ) -> None:
        self.pred = np.asarray(pred_proba)
        self.ref = np.asarray(ref)
        self.n_classes = self.pred.shape[1]
        if not _are_classes(self.ref, self.n_classes):
            self.one_hot_ref = np.eye(self.n_classes)[
                ref
            ]  # raises, or makes what numpy makes of it
        self.case = case
        self.flag_empty = empty
        self.dict_args = dict_args
        self.measures = measures if measures is not None else self.measures_dict
        self.corrected = corrected

    @cached_property
    def measures_dict(self) -> dict[str, Any]:
        """Key to method and short name; may be added to."""
        return {
            "ece": (self.expectation_calibration_error, "ECE"),
            "bs": (self.brier_score, "BS"),
            "rbs": (self.root_brier_score, "RBS"),
            "ls": (self.logarithmic_score, "LS"),
            "cwece": (self.class_wise_expectation_calibration_error, "cwECE"),
            "ece_kde": (self.kernel_based_ece, "ECE-KDE"),
            "kce": (self.kernel_calibration_error, "KCE"),
            "nll": (self.negative_log_likelihood, "NLL"),
        }

    @cached_property
    def one_hot_ref(self) -> Any:
        """The classes as rows of zeros and a one."""
        return np.eye(self.n_classes)[self.ref]

    def class_wise_expectation_calibration_error(self) -> Any:
        """Return the mean over the classes of the expected calibration error of each."""
        bins = self.dict_args.get("bins_ece", 10)
        samples, classes = self.pred.shape
        found = []
        for k in range(classes):
            right = np.where(self.ref == k, np.ones_like(self.ref), np.zeros_like(self.ref))
            gaps = gaps_of_bins(self.pred[:, k], self.ref, right, bins)
            found.append(np.sum(np.asarray(gaps.weighted())) / samples)
        return np.sum(np.asarray(found)) / classes

    def expectation_calibration_error(self) -> Any:
        """Return the mean gap between probability and frequency of class 1, over bins.

        Probabilities of exactly 0 are in no bin and do not count.
        """
        gaps = self._gaps("bins_ece")
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.sum(np.asarray(gaps.weighted())) / np.int64(sum(gaps.sizes))

    def maximum_calibration_error(self) -> Any:
        """Return the largest gap between probability and frequency of class 1 of any bin."""
        return np.max(np.asarray(self._gaps("bins_mce").plain()))

    def brier_score(self) -> Any:
        """Return the mean squared distance of probabilities and classes."""
        samples = np.arange(self.pred.shape[0])
        if self.ref.shape != samples.shape or self.pred.dtype.kind != "f":
            return np.mean(np.sum(np.square(self.one_hot_ref - self.pred), 1))
        squares = np.square(self.pred, dtype=np.result_type(self.pred, np.float64))
        squares[samples, self.ref] = np.square(
            1.0 - self.pred[samples, self.ref].astype(squares.dtype)
        )
        return np.mean(np.sum(squares, 1))

    def root_brier_score(self) -> Any:
        """Return the square root of the Brier score."""
        return np.sqrt(self.brier_score())

    def logarithmic_score(self) -> Any:
        """Return the mean logarithm of the probability of the true class, 1e-10 added to it."""
        return np.mean(np.log(self._of_true_class(np.arange(self.pred.shape[0])) + 1e-10))

    def distance_ij(self, i: Any, j: Any) -> Any:
        """Return the distance of the predictions of two samples."""
        return np.sqrt(np.sum(np.square(self.pred[i, :] - self.pred[j, :])))

    def kernel_calculation(self, i: Any, j: Any) -> Any:
        """Return the kernel of two samples: a falling exponential of their distance, times 1."""
        value = np.exp(-self.distance_ij(i, j) / self._kce_bandwidth)
        return value * np.eye(self.pred.shape[1])

    def kernel_calibration_error(self) -> Any:
        """Return the mean over pairs of samples of residuals' products, weighted by the kernel.

        Raises
        ------
        ValueError
            If there are fewer than two samples.
        """
        samples = self.pred.shape[0]
        if samples < 2:
            message = f"the kernel calibration error needs two samples, got {samples}"
            raise ValueError(message)
        residuals = (np.eye(self.pred.shape[1])[self.ref] - self.pred).astype(np.float64)
        points = self.pred.astype(np.float64)
        cdist = require("scipy.spatial.distance", extra="scipy").cdist
        total = 0.0
        for rows in _blocks(samples):
            kernel = np.exp(cdist(points[rows], points[: rows.stop]) / -self._kce_bandwidth)
            products = residuals[rows] @ residuals[: rows.stop].T
            total += float(np.sum(np.tril(kernel * products, rows.start - 1)))
        return np.float64(1 / (samples * (samples - 1) / 2) * total)

    def top_label_classification_error(self) -> Any:
        """Return the root mean square of the class frequencies less the largest probabilities.

        Raises
        ------
        ValueError
            With numpy 2.4 and later, as the library raises, unless ``corrected=True``.
        """
        classes, counts = np.unique(self.ref, return_counts=True)
        frequencies = np.zeros(self.pred.shape[1])
        for k in range(frequencies.size):
            here = counts[classes == k] / self.pred.shape[0]
            if not self.corrected:
                frequencies[k] = here  # numpy decides whether an array of one is a number
            elif here.size:
                frequencies[k] = here[0]
        expected = frequencies[np.argmax(self.pred, 1)]
        return np.sqrt(np.mean(np.square(expected - np.max(self.pred, 1))))

    def kernel_based_ece(self) -> Any:
        """Return the mean distance of predictions and frequencies estimated by Dirichlet kernels.

        Of N samples all N (N - 1) pairs count.
        """
        samples = self.pred.shape[0]
        one_hot = np.eye(self.pred.shape[1])[self.ref]
        points = self.pred
        alphas = points / self._bandwidth + 1
        scale = _gamma(alphas.sum(axis=1)) / np.prod(_gamma(alphas), axis=1)
        distances = []
        with np.errstate(divide="ignore", invalid="ignore"):
            for rows in _blocks(samples):
                kernel = np.repeat(scale[None, :], rows.stop - rows.start, axis=0)
                for k in range(points.shape[1]):
                    kernel *= np.power(points[rows, None, k], alphas[None, :, k] - 1)
                kernel[np.arange(rows.stop - rows.start), np.arange(rows.start, rows.stop)] = 0
                estimate = (kernel @ one_hot) / kernel.sum(axis=1, keepdims=True)
                distances.append(np.sqrt(np.sum(np.square(estimate - points[rows]), 1)))
        return np.mean(np.concatenate(distances))

    def gamma_ik(self, i: Any, k: Any) -> Any:
        """Return the gamma function of one probability over the bandwidth, plus 1."""
        return _gamma(self.pred[i, k] / self._bandwidth + 1)

    def dirichlet_kernel(self, j: Any, i: Any) -> Any:
        """Return the density at prediction `j` of the Dirichlet distribution around `i`."""
        alpha = self.pred[i, :] / self._bandwidth + 1
        product: Any = 1
        for probability, exponent in zip(self.pred[j, :], alpha - 1, strict=True):
            product *= np.power(probability, exponent)
        return _gamma(np.sum(alpha)) / np.prod(_gamma(alpha)) * product

    def negative_log_likelihood(self) -> Any:
        """Return the mean of minus the logarithm of the probability of the true class."""
        samples = self.pred.shape[0]
        with np.errstate(divide="ignore"):
            return -1 / samples * np.sum(np.log(self._of_true_class(np.arange(samples))))

    def to_dict_meas(self, fmt: str = "{:.4f}") -> dict[str, Any]:
        """Return the values of `measures` by their keys; `fmt` has no effect, as in the library.

        Raises
        ------
        KeyError
            If a key is not in `measures_dict`.
        """
        return {key: self.measures_dict[key][0]() for key in self.measures}

    @property
    def _bandwidth(self) -> Any:
        return self.dict_args.get("bandwidth", 0.5)

    @cached_property
    def _kce_bandwidth(self) -> Any:
        if "bandwidth_kce" in self.dict_args:
            return self.dict_args["bandwidth_kce"]
        pdist = require("scipy.spatial.distance", extra="scipy").pdist
        distances = pdist(self.pred)
        # the median of the square matrix, whose diagonal is 0 and which holds every pair twice
        return np.median(np.concatenate([distances, distances, np.zeros(self.pred.shape[0])]))

    def _gaps(self, key: str) -> Any:
        if key not in self.dict_args:
            warn(f"{key} is not given: 10 bins")
        return gaps_of_bins(self.pred[:, 1], self.ref, self.ref, self.dict_args.get(key, 10))

    def _of_true_class(self, samples: Any) -> Any:
        return self.pred[samples, self.ref]


def _are_classes(ref: Any, classes: int) -> bool:
    """Whether these are numbers of classes, one of each sample."""
    if ref.dtype.kind not in "iu" or ref.ndim != 1 or not ref.size:
        return False
    return bool(ref.min() >= -classes and ref.max() < classes)


def _gamma(values: Any) -> Any:
    return require("scipy.special", extra="scipy").gamma(values)


def _blocks(samples: int) -> Sequence[slice]:
    """Return runs of samples whose rows of a matrix over all samples fit the cache."""
    height = max(1, _ROWS // max(1, samples))
    return [slice(a, min(a + height, samples)) for a in range(0, samples, height)]
