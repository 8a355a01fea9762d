"""Centroids and scatter of masks from exact integer moments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from edgewise import _core

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgewise._arguments import AnyArray

    from .joint import Box

__all__ = ["Moments", "center_distance", "mahalanobis", "moments_of_label"]


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of the indices of a mask's voxels.

    Attributes
    ----------
    n : int
        Number of voxels.
    sums : sequence of int
        Sum of the indices along each axis.
    products : sequence of sequences of int
        Sums of products of the indices of each two axes.
    """

    n: int
    sums: Sequence[int]
    products: Sequence[Sequence[int]]


def moments_of_label(labels: AnyArray, label: int, box: Box) -> Moments:
    """Return the moments of a label within a box of a contiguous map of up to three axes."""
    return Moments(*_core.moments(labels, [label], box, None))


def _offset(reference: Moments, prediction: Moments) -> list[Fraction]:
    return [
        Fraction(p, prediction.n) - Fraction(r, reference.n)
        for r, p in zip(reference.sums, prediction.sums, strict=True)
    ]


def center_distance(reference: Moments, prediction: Moments, spacing: Sequence[float]) -> float:
    """Return the distance of the centroids; NaN if both masks are empty, inf if one is."""
    if not (reference.n and prediction.n):
        return math.inf if reference.n or prediction.n else math.nan
    steps = zip(_offset(reference, prediction), spacing, strict=True)
    return math.sqrt(math.fsum((float(delta) * s) ** 2 for delta, s in steps))


def _scatter(moments: Moments) -> list[list[Fraction]]:
    """Return n times the population covariance of the indices."""
    return [
        [
            Fraction(moments.n * product - first * second, moments.n)
            for product, second in zip(row, moments.sums, strict=True)
        ]
        for row, first in zip(moments.products, moments.sums, strict=True)
    ]


def mahalanobis(reference: Moments, prediction: Moments) -> float:
    """Return the distance of the centroids in units of the pooled spread; NaN if it has none.

    Spacing cancels: it scales the offset and the covariance alike.
    """
    if not (reference.n and prediction.n):
        return math.nan
    total = reference.n + prediction.n
    pooled = [
        [(a + b) / total for a, b in zip(first, second, strict=True)]
        for first, second in zip(_scatter(reference), _scatter(prediction), strict=True)
    ]
    offset = _offset(reference, prediction)
    solved = _solve(pooled, offset)
    if solved is None:
        return math.nan
    return math.sqrt(sum((a * b for a, b in zip(offset, solved, strict=True)), Fraction(0)))


def _solve(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction] | None:
    """Return the solution of a small linear system by elimination; None if it is singular."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for k in range(size):
        pivot = next((i for i in range(k, size) if rows[i][k]), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for i in range(size):
            if i != k and rows[i][k]:
                factor = rows[i][k]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[-1] for row in rows]
