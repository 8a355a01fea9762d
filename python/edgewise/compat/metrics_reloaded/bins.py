"""Probabilities in bins: how far the mean probability of a bin is from its frequency."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Gaps", "gaps_of_bins"]


class Gaps(NamedTuple):
    """What every bin holds.

    Attributes
    ----------
    sizes : list of int
        Elements that count.
    gaps : list of float
        Distance of frequency and mean probability; 0 for an empty bin.
    """

    sizes: list[int]
    gaps: list[Any]

    def plain(self) -> list[Any]:
        """Return the gaps."""
        return self.gaps

    def weighted(self) -> list[Any]:
        """Return the gaps times the sizes."""
        return [size * gap if size else 0 for size, gap in zip(*self, strict=True)]


def gaps_of_bins(
    probabilities: NDArray[Any], classes: NDArray[Any], right: NDArray[Any], bins: Any
) -> Gaps:
    """Return the gaps of bins of one width from 0 to 1, open below and closed above.

    Parameters
    ----------
    probabilities : array
        One axis.
    classes : array
        Elements of negative class count in the mean probability only, as in the library.
    right : array
        What the frequency is the mean of.
    bins : int
        Number of bins.
    """
    classes, right = (np.broadcast_to(one, probabilities.shape) for one in (classes, right))
    edges = np.arange(0, 1.00001, 1.0 / bins)
    places = _places(probabilities, edges, 1.0 / bins)
    order = np.argsort(places.astype(np.min_scalar_type(edges.size + 1)), kind="stable")
    ends = np.cumsum(np.bincount(places, minlength=edges.size + 1))
    sizes: list[int] = []
    gaps: list[Any] = []
    for start, end in pairwise(ends[:-1]):
        here = order[start:end]
        counted = right[here][classes[here] > -1]
        sizes.append(int(counted.size))
        if not counted.size:
            gaps.append(0)
            continue
        gaps.append(np.abs(np.sum(counted) / counted.size - np.mean(probabilities[here])))
    return Gaps(sizes, gaps)


def _places(
    probabilities: NDArray[Any], edges: NDArray[np.float64], step: float
) -> NDArray[np.intp]:
    """Return how many edges lie below each probability; NaN: none."""
    with np.errstate(invalid="ignore"):
        guesses = np.ceil(np.clip(probabilities, 0, 1) / step).astype(np.intp)
    np.clip(guesses, 1, edges.size - 1, out=guesses)
    places: NDArray[np.intp] = guesses + (
        probabilities > edges[guesses]
    )  # a quotient that was rounded
    places -= probabilities <= edges[guesses - 1]
    places[np.isnan(probabilities)] = 0
    return places
