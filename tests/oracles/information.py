"""Joint histogram by dict, and what follows from it for label maps."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np


def joint_histogram(reference, prediction, ignored=None):
    """How often each pair of labels meets: {(reference label, prediction label): elements}."""
    skipped = np.zeros(np.shape(reference), bool) if ignored is None else np.asarray(ignored) != 0
    counts = Counter()
    for r, p, skip in zip(
        np.ravel(reference), np.ravel(prediction), np.ravel(skipped), strict=True
    ):
        if not skip:
            counts[int(r), int(p)] += 1
    return dict(counts)


def _sums(joint):
    rows, columns = Counter(), Counter()
    for (r, p), n in joint.items():
        rows[r] += n
        columns[p] += n
    return rows, columns


def _entropy(counts):
    total = sum(counts)
    return -math.fsum(n / total * math.log2(n / total) for n in counts)


def voi_split(joint):
    """H(prediction | reference) in bits."""
    rows, _ = _sums(joint)
    return _entropy(joint.values()) - _entropy(rows.values())


def voi_merge(joint):
    """H(reference | prediction) in bits."""
    _, columns = _sums(joint)
    return _entropy(joint.values()) - _entropy(columns.values())


def voi(joint):
    return voi_split(joint) + voi_merge(joint)


def mutual_information(joint):
    rows, columns = _sums(joint)
    return _entropy(rows.values()) + _entropy(columns.values()) - _entropy(joint.values())


def normalized_mi(joint):
    rows, columns = _sums(joint)
    h_r, h_p = _entropy(rows.values()), _entropy(columns.values())
    if h_r == 0 or h_p == 0:
        return math.nan
    return mutual_information(joint) / math.sqrt(h_r * h_p)


def _pairs(joint):
    kept = {key: n for key, n in joint.items() if key[0] != 0}
    rows, columns = _sums(kept)
    total = sum(kept.values())
    return (
        sum(n * n for n in kept.values()) - total,
        sum(n * n for n in rows.values()) - total,
        sum(n * n for n in columns.values()) - total,
    )


def rand_split(joint):
    together, in_reference, _ = _pairs(joint)
    return together / in_reference if in_reference else math.nan


def rand_merge(joint):
    together, _, in_prediction = _pairs(joint)
    return together / in_prediction if in_prediction else math.nan


def adapted_rand_error(joint, alpha=0.5):
    """1 - p r / (alpha r + (1 - alpha) p), multiplied out as scikit-image does: without pairs
    together it is 1.
    """
    together, in_reference, in_prediction = _pairs(joint)
    below = alpha * in_reference + (1 - alpha) * in_prediction
    return 1 - together / below if below else math.nan


def kappa(joint, weights=None):
    """Multi-class kappa: agreement beyond chance over the labels of both sides."""
    names = sorted({k for key in joint for k in key})
    total = sum(joint.values())
    rows, columns = _sums(joint)
    reach = max(1, len(names) - 1)

    def disagreement(i, j):
        if weights == "linear":
            return abs(i - j) / reach
        if weights == "quadratic":
            return (abs(i - j) / reach) ** 2
        return float(i != j)

    seen = expected = 0.0
    for i, a in enumerate(names):
        for j, b in enumerate(names):
            seen += disagreement(i, j) * joint.get((a, b), 0) / total
            expected += disagreement(i, j) * rows[a] * columns[b] / total**2
    return math.nan if expected == 0 else 1 - seen / expected
