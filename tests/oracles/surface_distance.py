"""Every distance metric from the two masks, by the formulas of the definitions page."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from oracles import boundaries, percentiles, surfels
from oracles.distances import points, to_nearest


class Lists:
    """Distances and weights in both directions; a side is None where there is no boundary."""

    def __init__(self, d_rp, w_rp, d_pr, w_pr):
        self.d_rp, self.w_rp, self.d_pr, self.w_pr = d_rp, w_rp, d_pr, w_pr

    @property
    def pooled(self):
        return np.concatenate([self.d_rp, self.d_pr]), np.concatenate([self.w_rp, self.w_pr])


def lists(reference, prediction, spacing, kind="face", edge="background", ignored=None, area=None):
    """Directed distance lists under one boundary convention.

    A surface element is undecided, and left out, where its block holds an ignored element.
    """
    if kind == "surfel":
        w_r = surfels.weights(reference, spacing, area)
        w_p = surfels.weights(prediction, spacing, area)
        if ignored is not None:
            undecided = surfels.blocks_with(ignored)
            w_r[undecided] = w_p[undecided] = 0
        at_r, at_p = points(w_r), points(w_p)
        weigh_r, weigh_p = w_r[w_r != 0], w_p[w_p != 0]
    else:
        at_r = points(boundaries.boundary_mask(reference, kind, edge, ignored))
        at_p = points(boundaries.boundary_mask(prediction, kind, edge, ignored))
        weigh_r, weigh_p = np.ones(len(at_r)), np.ones(len(at_p))
    return Lists(to_nearest(at_r, at_p, spacing), weigh_r, to_nearest(at_p, at_r, spacing), weigh_p)


def _mean(d, w):
    return math.fsum(d * w) / math.fsum(w) if len(d) else math.nan


def _max(d):
    return float(d.max()) if len(d) else math.nan


def _either(a, b, combine):
    """NaN only when nothing is compared with nothing; a distance to nothing is infinite."""
    if math.isnan(a) or math.isnan(b):
        return math.nan if math.isnan(a) and math.isnan(b) else math.inf
    return combine(a, b)


def hd(found):
    return _either(_max(found.d_rp), _max(found.d_pr), max)


def hd_ref_to_pred(found):
    return _max(found.d_rp)


def hd_pred_to_ref(found):
    return _max(found.d_pr)


def hd_quantile(found, q, combine, rule):
    one = percentiles.quantile(found.d_rp, found.w_rp, q, rule)
    two = percentiles.quantile(found.d_pr, found.w_pr, q, rule)
    if combine == "ref_to_pred":
        return one
    if combine == "pred_to_ref":
        return two
    if combine == "pooled":
        both = percentiles.quantile(*found.pooled, q, rule)
        return _either(one, two, lambda _a, _b: both)
    return _either(one, two, max if combine == "max" else lambda a, b: (a + b) / 2)


def asd_ref_to_pred(found):
    return _mean(found.d_rp, found.w_rp)


def asd_pred_to_ref(found):
    return _mean(found.d_pr, found.w_pr)


def assd(found):
    return _mean(*found.pooled)


def masd(found):
    return _either(asd_ref_to_pred(found), asd_pred_to_ref(found), lambda a, b: (a + b) / 2)


def rmsd(found):
    d, w = found.pooled
    return math.sqrt(_mean(d * d, w)) if len(d) else math.nan


def asd_std(found):
    d, w = found.pooled
    if not np.isfinite(d).all():
        return math.nan
    centre = _mean(d, w)
    return math.sqrt(_mean((d - centre) ** 2, w)) if len(d) else math.nan


def asd_median(found, rule):
    one = percentiles.quantile(found.d_rp, found.w_rp, 50, rule)
    two = percentiles.quantile(found.d_pr, found.w_pr, 50, rule)
    return _either(one, two, lambda _a, _b: percentiles.quantile(*found.pooled, 50, rule))


def _within(d, w, tolerance, tie):
    return math.fsum(w[d <= tolerance * (1 + tie)])


def nsd(found, tolerance, combine="pooled", tie=1e-9):
    """Fraction of both boundaries within the tolerance."""
    in_r = _within(found.d_rp, found.w_rp, tolerance, tie)
    in_p = _within(found.d_pr, found.w_pr, tolerance, tie)
    all_r, all_p = math.fsum(found.w_rp), math.fsum(found.w_pr)
    if all_r == 0 and all_p == 0:
        return math.nan
    if combine == "pooled":
        return (in_r + in_p) / (all_r + all_p)
    if all_r == 0 or all_p == 0:
        return 0.0
    return (in_r / all_r + in_p / all_p) / 2


def surface_overlap_ref(found, tolerance):
    total = math.fsum(found.w_rp)
    return _within(found.d_rp, found.w_rp, tolerance, 1e-9) / total if total else math.nan


def surface_overlap_pred(found, tolerance):
    total = math.fsum(found.w_pr)
    return _within(found.d_pr, found.w_pr, tolerance, 1e-9) / total if total else math.nan


def ahd(reference, prediction, spacing):
    """Half the sum of the mean distances of all elements to the other set, zero inside it."""
    r, p = points(reference), points(prediction)
    if len(r) == 0 and len(p) == 0:
        return math.nan
    if len(r) == 0 or len(p) == 0:
        return math.inf
    there, back = to_nearest(r, p, spacing), to_nearest(p, r, spacing)
    return (math.fsum(there) / len(r) + math.fsum(back) / len(p)) / 2


def center_distance(reference, prediction, spacing):
    """Length of the step between the two mean indices, in mm."""
    r, p = points(reference), points(prediction)
    if len(r) == 0 and len(p) == 0:
        return math.nan
    if len(r) == 0 or len(p) == 0:
        return math.inf
    gaps = [
        (math.fsum(p[:, k]) / len(p) - math.fsum(r[:, k]) / len(r)) * s
        for k, s in enumerate(spacing)
    ]
    return math.sqrt(math.fsum(g * g for g in gaps))


def _determinant(rows):
    if len(rows) == 1:
        return rows[0][0]
    minors = ([row[:k] + row[k + 1 :] for row in rows[1:]] for k in range(len(rows)))
    return sum((-1) ** k * rows[0][k] * _determinant(m) for k, m in enumerate(minors))


def mahalanobis(reference, prediction):
    """Step between the centroids measured in the pooled covariance; NaN where that is singular.

    Stretching an axis changes nothing, so whole-number indices do and every step is exact until
    the root.
    """
    r, p = points(reference).tolist(), points(prediction).tolist()
    if not r or not p:
        return math.nan
    axes = range(len(r[0]))
    mean_r = [Fraction(sum(x[k] for x in r), len(r)) for k in axes]
    mean_p = [Fraction(sum(x[k] for x in p), len(p)) for k in axes]
    s = [[Fraction(0) for _ in axes] for _ in axes]
    for cloud, mean in ((r, mean_r), (p, mean_p)):
        for i in axes:
            for j in axes:
                s[i][j] += sum((x[i] - mean[i]) * (x[j] - mean[j]) for x in cloud)
    s = [[value / (len(r) + len(p)) for value in row] for row in s]
    below = _determinant(s)
    if below == 0:
        return math.nan
    delta = [b - a for a, b in zip(mean_r, mean_p, strict=True)]
    # Cramer: x = S^-1 delta, column by column
    total = Fraction(0)
    for k in axes:
        swapped = [[delta[i] if j == k else s[i][j] for j in axes] for i in axes]
        total += delta[k] * _determinant(swapped) / below
    return math.sqrt(total)
