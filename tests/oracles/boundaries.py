"""Boundary elements with python sets, one element and one neighbour at a time."""

from __future__ import annotations

import itertools

import numpy as np


def offsets(ndim, reach):
    """Steps to the neighbours that differ in at most `reach` axes, by one each."""
    return [
        step
        for step in itertools.product((-1, 0, 1), repeat=ndim)
        if 0 < sum(map(abs, step)) <= reach
    ]


def reach_of(kind, ndim):
    """In how many axes a neighbour may differ under a boundary convention."""
    return {"face": 1, "edge18": min(2, ndim), "full": ndim}[kind]


def elements(mask):
    """The non-zero elements as a set of index tuples."""
    return {tuple(int(i) for i in index) for index in np.argwhere(np.asarray(mask) != 0)}


def boundary_set(mask, kind="face", edge="background", ignored=None):
    """Elements with a neighbour that is neither in the object nor ignored."""
    mask = np.asarray(mask)
    skipped = set() if ignored is None else elements(ignored)
    inside = elements(mask) - skipped
    if kind == "none":
        return inside
    steps = offsets(mask.ndim, reach_of(kind, mask.ndim))
    found = set()
    for element in inside:
        for step in steps:
            other = tuple(a + b for a, b in zip(element, step, strict=True))
            on_grid = all(0 <= i < n for i, n in zip(other, mask.shape, strict=True))
            if on_grid and other not in inside and other not in skipped:
                found.add(element)
            if not on_grid and edge == "background":
                found.add(element)
    return found


def boundary_mask(mask, kind="face", edge="background", ignored=None):
    """The boundary set as a bool array."""
    result = np.zeros(np.shape(mask), bool)
    for index in boundary_set(mask, kind, edge, ignored):
        result[index] = True
    return result


def erode(mask, kind, times):
    """Remove the boundary (outside = background) `times` times."""
    result = np.array(mask) != 0
    for _ in range(times):
        result &= ~boundary_mask(result, kind)
    return result


def strip(mask, rule, width, spacing, ignored=None):
    """Inner strip of boundary IoU: `chess`, `taxi`, `edt_lt` or `edt_lt_mm`.

    Erosion goes on below ignored elements, which bound nothing, and takes them out in the end.
    """
    mask = np.array(mask) != 0
    hidden = np.zeros(mask.shape, bool) if ignored is None else np.array(ignored) != 0
    if rule in ("chess", "taxi"):
        core = erode(mask | hidden, "full" if rule == "chess" else "face", width)
        return mask & ~hidden & ~core
    mask &= ~hidden
    steps = spacing if rule == "edt_lt_mm" else (1.0,) * mask.ndim
    edge = boundary_set(mask, "face", ignored=hidden)
    result = np.zeros(mask.shape, bool)
    for element in elements(mask):
        gaps = [
            sum(((a - b) * s) ** 2 for a, b, s in zip(element, other, steps, strict=True)) ** 0.5
            for other in edge
        ]
        result[element] = min(gaps, default=np.inf) < width
    return result


def boundary_iou(reference, prediction, width, rule, spacing, ignored=None):
    """Elements in both strips over elements in either."""
    a = strip(reference, rule, width, spacing, ignored)
    b = strip(prediction, rule, width, spacing, ignored)
    either = int((a | b).sum())
    return int((a & b).sum()) / either if either else float("nan")
