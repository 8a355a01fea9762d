"""Counts and ratios of counts: exact integers, rounded once."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgewise.metrics.conventions import Convention
    from edgewise.metrics.counts import Counts
    from edgewise.metrics.ingredients import Ingredients

__all__ = ["FORMULAS", "OF_COUNTS", "quotient"]


def quotient(above: int | Fraction, below: int | Fraction) -> float:
    """Divide exactly and round once; x/0 is infinite, 0/0 NaN."""
    if not below:
        return math.copysign(math.inf, above) if above else math.nan
    return float(Fraction(above) / below) if isinstance(above, Fraction) else above / int(below)


def _dice(c: Counts) -> float:
    return quotient(2 * c.tp, 2 * c.tp + c.fp + c.fn)


def _iou(c: Counts) -> float:
    return quotient(c.tp, c.n_union)


def _volumetric_similarity(c: Counts) -> float:
    return quotient(c.n_ref + c.n_pred - abs(c.fn - c.fp), c.n_ref + c.n_pred)


def _relative_volume_difference(c: Counts) -> float:
    return quotient(c.n_pred - c.n_ref, c.n_ref)


def _absolute_volume_difference_ratio(c: Counts) -> float:
    return quotient(abs(c.n_pred - c.n_ref), c.n_ref)


def _balanced_accuracy(c: Counts) -> float:
    positives, negatives = c.tp + c.fn, c.tn + c.fp
    return quotient(c.tp * negatives + c.tn * positives, 2 * positives * negatives)


def _youden(c: Counts) -> float:
    positives, negatives = c.tp + c.fn, c.tn + c.fp
    return quotient(c.tp * negatives - c.fp * positives, positives * negatives)


def _markedness(c: Counts) -> float:
    positives, negatives = c.tp + c.fp, c.tn + c.fn
    return quotient(c.tp * negatives - c.fn * positives, positives * negatives)


def _mcc(c: Counts) -> float:
    # the product of four counts has no bound here, integers of Python do not overflow
    product = (c.tp + c.fp) * (c.tp + c.fn) * (c.tn + c.fp) * (c.tn + c.fn)
    if not product:
        return math.nan
    cross = c.tp * c.tn - c.fp * c.fn
    return math.copysign(math.sqrt(cross * cross / product), cross)


def _lr_plus(c: Counts) -> float:
    return quotient(c.tp * (c.tn + c.fp), c.fp * (c.tp + c.fn))


def _lr_minus(c: Counts) -> float:
    return quotient(c.fn * (c.tn + c.fp), c.tn * (c.tp + c.fn))


def _dor(c: Counts) -> float:
    return quotient(c.tp * c.tn, c.fp * c.fn)


def _fowlkes_mallows(c: Counts) -> float:
    product = c.n_ref * c.n_pred
    return math.sqrt(c.tp * c.tp / product) if product else math.nan


_PLAIN: Final[Mapping[str, Callable[[Counts], float]]] = {
    "tp": lambda c: c.tp,
    "fp": lambda c: c.fp,
    "fn": lambda c: c.fn,
    "tn": lambda c: c.tn,
    "n_ref": lambda c: c.n_ref,
    "n_pred": lambda c: c.n_pred,
    "n_union": lambda c: c.n_union,
    "dice": _dice,
    "iou": _iou,
    "volumetric_similarity": _volumetric_similarity,
    "relative_volume_difference": _relative_volume_difference,
    "absolute_volume_difference_ratio": _absolute_volume_difference_ratio,
    "sensitivity": lambda c: quotient(c.tp, c.n_ref),
    "specificity": lambda c: quotient(c.tn, c.tn + c.fp),
    "ppv": lambda c: quotient(c.tp, c.n_pred),
    "npv": lambda c: quotient(c.tn, c.tn + c.fn),
    "fpr": lambda c: quotient(c.fp, c.fp + c.tn),
    "fnr": lambda c: quotient(c.fn, c.n_ref),
    "fdr": lambda c: quotient(c.fp, c.n_pred),
    "for_": lambda c: quotient(c.fn, c.fn + c.tn),
    "accuracy": lambda c: quotient(c.tp + c.tn, c.n),
    "balanced_accuracy": _balanced_accuracy,
    "youden": _youden,
    "markedness": _markedness,
    "mcc": _mcc,
    "lr_plus": _lr_plus,
    "lr_minus": _lr_minus,
    "dor": _dor,
    "fowlkes_mallows": _fowlkes_mallows,
    "prevalence": lambda c: quotient(c.n_ref, c.n),
}


def _fbeta(c: Counts, settings: Convention) -> float:
    square = Fraction(settings.beta) ** 2
    return quotient((1 + square) * c.tp, (1 + square) * c.tp + square * c.fn + c.fp)


def _net_benefit(c: Counts, settings: Convention) -> float:
    return quotient(c.tp - Fraction(settings.exchange_rate) * c.fp, c.n)


def _without_parameter(
    formula: Callable[[Counts], float],
) -> Callable[[Counts, Convention], float]:
    return lambda counts, _: formula(counts)


OF_COUNTS: Final[Mapping[str, Callable[[Counts, Convention], float]]] = {
    **{name: _without_parameter(formula) for name, formula in _PLAIN.items()},
    "fbeta": _fbeta,
    "net_benefit": _net_benefit,
}


def _on_counts(
    formula: Callable[[Counts, Convention], float],
) -> Callable[[Ingredients, Convention], float]:
    return lambda ingredients, settings: formula(ingredients.counts, settings)


FORMULAS: Final[Mapping[str, Callable[[Ingredients, Convention], float]]] = {
    **{name: _on_counts(formula) for name, formula in OF_COUNTS.items()},
    "volume_ref": lambda i, _: i.counts.n_ref * i.voxel_volume,
    "volume_pred": lambda i, _: i.counts.n_pred * i.voxel_volume,
    "volume_difference": lambda i, _: (i.counts.n_pred - i.counts.n_ref) * i.voxel_volume,
    "absolute_volume_difference": lambda i, _: (
        abs(i.counts.n_pred - i.counts.n_ref) * i.voxel_volume
    ),
}
