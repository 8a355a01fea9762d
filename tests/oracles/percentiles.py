"""Quantiles of distance lists, written out."""

from __future__ import annotations

import math

import numpy as np


def unweighted(values, q, rule):
    """numpy's percentile, with infinity beside infinity staying infinite."""
    values = np.sort(np.asarray(values, float))
    if len(values) == 0:
        return math.nan
    if np.isfinite(values).all():
        return float(np.percentile(values, q, method=rule))
    place = (len(values) - 1) * (q / 100)
    below, above = values[math.floor(place)], values[math.ceil(place)]
    if below == above:
        return float(below)
    message = "a list is finite throughout or infinite throughout"
    raise AssertionError(message)


def step(values, weights, q):
    """Smallest distance whose cumulated weight reaches the level; equal distances merged first."""
    if len(values) == 0:
        return math.nan
    merged = {}
    for value, weight in zip(values, weights, strict=True):
        merged.setdefault(float(value), []).append(float(weight))
    total = math.fsum(w for group in merged.values() for w in group)
    if q == 100:
        return max(merged)
    reached = []
    for value in sorted(merged):
        reached += merged[value]
        if math.fsum(reached) >= (q / 100) * total * (1 - 1e-12):
            return value
    return max(merged)


def quantile(values, weights, q, rule):
    """Either rule by its name."""
    return step(values, weights, q) if rule == "step" else unweighted(values, q, rule)
