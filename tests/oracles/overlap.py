"""Every ratio of counts, from python sets of elements."""

from __future__ import annotations

import math

from oracles.boundaries import elements


def divide(a, b):
    """IEEE division: 0/0 is NaN, x/0 is infinite."""
    if b:
        return a / b
    return math.nan if a == 0 else math.inf


class Counts:
    """TP, FP, FN, TN of two masks, without the ignored elements."""

    def __init__(self, reference, prediction, ignored=None):
        skipped = set() if ignored is None else elements(ignored)
        r, p = elements(reference) - skipped, elements(prediction) - skipped
        self.tp, self.fp, self.fn = len(r & p), len(p - r), len(r - p)
        self.n = reference.size - len(skipped)
        self.tn = self.n - len(r | p)


def sensitivity(c):
    return divide(c.tp, c.tp + c.fn)


def specificity(c):
    return divide(c.tn, c.tn + c.fp)


def ppv(c):
    return divide(c.tp, c.tp + c.fp)


def npv(c):
    return divide(c.tn, c.tn + c.fn)


def fbeta(c, beta):
    b = beta * beta
    return divide((1 + b) * c.tp, (1 + b) * c.tp + b * c.fn + c.fp)


def mcc(c):
    factors = [c.tp + c.fp, c.tp + c.fn, c.tn + c.fp, c.tn + c.fn]
    if 0 in factors:
        return math.nan
    return (c.tp * c.tn - c.fp * c.fn) / math.sqrt(
        math.prod(factors)
    )  # python's integers are exact


def cohens_kappa(c):
    # (p_o - p_e) / (1 - p_e), both sides times N^2
    agree = (c.tp + c.tn) * c.n
    chance = (c.tp + c.fp) * (c.tp + c.fn) + (c.tn + c.fn) * (c.tn + c.fp)
    if c.n * c.n == chance:
        return math.nan
    return (agree - chance) / (c.n * c.n - chance)


def lr_plus(c):
    # sens / (1 - spec) = tp (tn + fp) / (fp (tp + fn))
    if c.tp + c.fn == 0 or c.tn + c.fp == 0:
        return math.nan
    return divide(c.tp * (c.tn + c.fp), c.fp * (c.tp + c.fn))


def lr_minus(c):
    if c.tp + c.fn == 0 or c.tn + c.fp == 0:
        return math.nan
    return divide(c.fn * (c.tn + c.fp), c.tn * (c.tp + c.fn))


def fowlkes_mallows(c):
    return math.sqrt(ppv(c) * sensitivity(c))


FORMULAS = {
    "tp": lambda c: c.tp,
    "fp": lambda c: c.fp,
    "fn": lambda c: c.fn,
    "tn": lambda c: c.tn,
    "n_ref": lambda c: c.tp + c.fn,
    "n_pred": lambda c: c.tp + c.fp,
    "n_union": lambda c: c.tp + c.fp + c.fn,
    "dice": lambda c: divide(2 * c.tp, 2 * c.tp + c.fp + c.fn),
    "iou": lambda c: divide(c.tp, c.tp + c.fp + c.fn),
    "volumetric_similarity": lambda c: 1 - divide(abs(c.fn - c.fp), 2 * c.tp + c.fp + c.fn),
    "relative_volume_difference": lambda c: divide(c.fp - c.fn, c.tp + c.fn),
    "absolute_volume_difference_ratio": lambda c: divide(abs(c.fp - c.fn), c.tp + c.fn),
    "sensitivity": sensitivity,
    "specificity": specificity,
    "ppv": ppv,
    "npv": npv,
    "fpr": lambda c: divide(c.fp, c.fp + c.tn),
    "fnr": lambda c: divide(c.fn, c.fn + c.tp),
    "fdr": lambda c: divide(c.fp, c.fp + c.tp),
    "for_": lambda c: divide(c.fn, c.fn + c.tn),
    "accuracy": lambda c: divide(c.tp + c.tn, c.n),
    "balanced_accuracy": lambda c: (sensitivity(c) + specificity(c)) / 2,
    "youden": lambda c: sensitivity(c) + specificity(c) - 1,
    "markedness": lambda c: ppv(c) + npv(c) - 1,
    "mcc": mcc,
    "cohens_kappa": cohens_kappa,
    "lr_plus": lr_plus,
    "lr_minus": lr_minus,
    "dor": lambda c: divide(c.tp * c.tn, c.fp * c.fn),
    "fowlkes_mallows": fowlkes_mallows,
    "prevalence": lambda c: divide(c.tp + c.fn, c.n),
}


def net_benefit(c, rate):
    return c.tp / c.n - rate * c.fp / c.n
