"""Distances by comparing every point with every other."""

from __future__ import annotations

import numpy as np


def points(mask):
    """Indices of the non-zero elements in C order, one row each."""
    return np.argwhere(np.asarray(mask) != 0)


def squared_to_nearest(sources, targets, spacing):
    """Squared distance of each source to its nearest target; inf without targets.

    t_0^2 + t_1^2 + ... in axis order, as the arithmetic rule of the definitions demands.
    """
    result = np.full(len(sources), np.inf)
    if len(targets) == 0:
        return result
    rows = max(1, 2_000_000 // len(targets))
    for start in range(0, len(sources), rows):
        chunk = sources[start : start + rows]
        total = np.zeros((len(chunk), len(targets)))
        for axis, step in enumerate(spacing):
            delta = (chunk[:, axis, None] - targets[None, :, axis]).astype(np.float64) * step
            total += delta * delta
        result[start : start + rows] = total.min(axis=1)
    return result


def to_nearest(sources, targets, spacing):
    """Distance of each source to its nearest target; inf without targets."""
    return np.sqrt(squared_to_nearest(sources, targets, spacing))


def distance_transform(mask, spacing, *, squared=False):
    """Distance of each foreground element to the nearest background one; 0 on background."""
    mask = np.asarray(mask) != 0
    result = np.zeros(mask.shape)
    found = squared_to_nearest(points(mask), points(~mask), spacing)
    result[mask] = found if squared else np.sqrt(found)
    return result


def chamfer_transform(mask, metric):
    """Steps from each foreground element to the nearest background one; -1 without background."""
    mask = np.asarray(mask) != 0
    result = np.zeros(mask.shape, np.int64)
    targets = points(~mask)
    if len(targets) == 0:
        return result - 1
    for place in points(mask):
        offsets = np.abs(targets - place)
        steps = offsets.sum(axis=1) if metric == "taxicab" else offsets.max(axis=1)
        result[tuple(place)] = steps.min()
    return result


def directed_hausdorff(points, others):
    """Greatest distance of a point to the nearest other, the first such point, what it is near."""
    total = np.zeros((len(points), len(others)))
    for axis in range(points.shape[1]):
        delta = points[:, axis, None] - others[None, :, axis]
        total += delta * delta
    point = int(total.min(axis=1).argmax())
    other = int(total[point].argmin())
    return float(np.sqrt(total[point, other])), point, other
