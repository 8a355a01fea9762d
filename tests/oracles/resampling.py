"""Other grids of the same extent, one output position after the other, in double precision."""

from __future__ import annotations

from fractions import Fraction

import numpy as np


def taps(i, n_in, n_out, order):
    """Return the two source positions around output position i, and how far the first is."""
    centre = Fraction(2 * i + 1, 2) * Fraction(n_in, n_out)  # in cells of the source
    if order == 0:
        nearest = min(centre.numerator // centre.denominator, n_in - 1)
        return nearest, nearest, 0.0
    place = min(max(centre - Fraction(1, 2), Fraction(0)), Fraction(n_in - 1))
    low = place.numerator // place.denominator
    return low, min(low + 1, n_in - 1), float(place - low)


def along(values, axis, n_out, order):
    """Interpolate along one axis; a position that does not count is not read."""
    lines = np.moveaxis(values, axis, 0)
    found = []
    for i in range(n_out):
        low, high, weight = taps(i, len(lines), n_out, order)
        found.append(
            lines[low] if weight == 0 else (1 - weight) * lines[low] + weight * lines[high]
        )
    return np.moveaxis(np.stack(found), 0, axis)


def resample(image, out_shape, orders):
    """Return the values on the other grid, float64; one order per axis."""
    values = np.asarray(image, np.float64)
    for axis, (n_out, order) in enumerate(zip(out_shape, orders, strict=True)):
        values = along(values, axis, n_out, order)
    return values


def scores(logits, out_shape, orders):
    """Return every class on the other grid."""
    return np.stack([resample(one, out_shape, orders) for one in logits])


def winner(values, labels, background):
    """Return the label of the first class of the greatest value; NaN never wins."""
    best = np.full(values.shape[1:], np.nan)
    found = np.full(values.shape[1:], background)
    for value, label in zip(values, labels, strict=True):
        better = ~np.isnan(value) & (np.isnan(best) | (value > best))
        best[better] = value[better]
        found[better] = label
    return found


def last_positive(values, labels, background):
    """Return the label of the last class whose value is above 0."""
    found = np.full(values.shape[1:], background)
    for value, label in zip(values, labels, strict=True):
        found[value > 0] = label
    return found


def margin(values):
    """Return by how much the greatest value is above the second one."""
    if len(values) == 1:
        return np.full(values.shape[1:], np.inf)
    second, first = np.sort(values, axis=0)[-2:]
    return first - second
