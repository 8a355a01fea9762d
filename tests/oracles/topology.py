"""Components and floods by breadth-first search, Euler characteristic by counting cells."""

from __future__ import annotations

import itertools
import math
from collections import deque

import numpy as np

from oracles.boundaries import offsets


def grow(shape, starts, accepted, steps):
    """All elements that a walk over accepted ones reaches."""
    queue = deque(s for s in starts if accepted(s))
    seen = set(queue)
    while queue:
        here = queue.popleft()
        for step in steps:
            there = tuple(a + b for a, b in zip(here, step, strict=True))
            on_grid = all(0 <= i < n for i, n in zip(there, shape, strict=True))
            if on_grid and there not in seen and accepted(there):
                seen.add(there)
                queue.append(there)
    return seen


def as_mask(shape, found):
    result = np.zeros(shape, bool)
    for index in found:
        result[index] = True
    return result


def components(labels, connectivity):
    """Equal non-zero values that touch get one number, in the C order of their first element."""
    labels = np.asarray(labels)
    steps = offsets(labels.ndim, connectivity)
    result = np.zeros(labels.shape, np.int64)
    count = 0
    for index in itertools.product(*map(range, labels.shape)):
        if labels[index] == 0 or result[index]:
            continue
        count += 1
        value = labels[index]
        for there in grow(labels.shape, [index], lambda i, v=value: labels[i] == v, steps):
            result[there] = count
    return result, count


def fill_holes(mask, connectivity):
    """Background that no walk through background reaches from the edge becomes object."""
    mask = np.asarray(mask) != 0
    edge = [
        index
        for index in itertools.product(*map(range, mask.shape))
        if any(i in (0, n - 1) for i, n in zip(index, mask.shape, strict=True))
    ]
    steps = offsets(mask.ndim, connectivity)
    outside = grow(mask.shape, edge, lambda i: not mask[i], steps)
    return ~as_mask(mask.shape, outside)


def region_grow(image, seeds, lower, upper, connectivity):
    """What a walk from the seeds reaches inside the closed interval."""
    image = np.asarray(image)
    low = -math.inf if lower is None else lower
    high = math.inf if upper is None else upper
    starts = [tuple(int(i) for i in seed) for seed in seeds]
    found = grow(
        image.shape,
        starts,
        lambda i: low <= image[i].item() <= high,
        offsets(image.ndim, connectivity),
    )
    return as_mask(image.shape, found)


def flood(image, seed, tolerance, connectivity):
    """What a walk from the seed reaches with values within the tolerance of the seed's."""
    image = np.asarray(image)
    middle = image[tuple(seed)].item()
    allowed = 0 if tolerance is None else tolerance
    found = grow(
        image.shape,
        [tuple(seed)],
        lambda i: abs(image[i].item() - middle) <= allowed,
        offsets(image.ndim, connectivity),
    )
    return as_mask(image.shape, found)


def euler(mask, connectivity):
    """Cells of even dimension minus cells of odd dimension.

    Full connectivity: closed unit cubes, a cell exists if any cube around it is object. Face
    connectivity: open ones, a cell
    exists if all cubes around it are, so that cubes touching in a corner stay apart.
    """
    mask = np.asarray(mask) != 0
    ndim = mask.ndim
    padded = np.pad(mask, 1)
    total = 0
    for kind in itertools.product((0, 1), repeat=ndim):  # 1: the cell extends along this axis
        # a cell with a 0 lies between two cubes along that axis
        ranges = [
            range(1, n + 1) if k else range(n + 1) for k, n in zip(kind, mask.shape, strict=True)
        ]
        sign = (-1) ** sum(kind)
        for index in itertools.product(*ranges):
            around = padded[
                tuple(slice(i, i + (1 if k else 2)) for i, k in zip(index, kind, strict=True))
            ]
            if connectivity == ndim:
                total += sign * bool(around.any())
            else:
                # the dual complex: one vertex per cube, so dimension counts the axes across
                total += (-1) ** (ndim - sum(kind)) * bool(around.all())
    return total


def betti(mask, connectivity=None):
    """Numbers of components, tunnels and cavities (2D: components and holes; 1D: components)."""
    mask = np.asarray(mask) != 0
    ndim = mask.ndim
    inside = ndim if connectivity is None else connectivity
    outside = 1 if inside == ndim else ndim
    b0 = components(mask, inside)[1]
    if ndim == 1:
        return (b0, 0, 0)
    chi = euler(mask, inside)
    if ndim == 2:
        return (b0, b0 - chi, 0)
    # cavities: background components that the padded outside does not belong to
    b2 = components(~np.pad(mask, 1), outside)[1] - 1
    return (b0, b0 + b2 - chi, b2)


def cldice(skeleton_ref, skeleton_pred, reference, prediction):
    """(topology precision, topology sensitivity, clDice) from given skeletons."""
    r, p = np.asarray(reference) != 0, np.asarray(prediction) != 0
    if not r.any() and not p.any():
        return math.nan, math.nan, math.nan
    tp = _inside(skeleton_pred, r) if p.any() else math.nan
    ts = _inside(skeleton_ref, p) if r.any() else math.nan
    if not r.any() or not p.any():
        return tp, ts, 0.0
    if math.isnan(tp) or math.isnan(ts):
        return tp, ts, math.nan
    return tp, ts, 2 * tp * ts / (tp + ts) if tp + ts else 0.0


def _inside(skeleton, mask):
    """Share of a skeleton inside a mask; NaN where thinning left nothing."""
    length = int(skeleton.sum())
    return int((skeleton & mask).sum()) / length if length else math.nan
