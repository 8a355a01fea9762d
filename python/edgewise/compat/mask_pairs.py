"""Two masks as drop-ins get them: any memory order, any spacing that a library accepts."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from edgewise._arguments import as_same_order, threads_for
from edgewise.metrics.distance_list import DistanceList, ListPair
from edgewise.metrics.grids import Grid
from edgewise.metrics.joint import count_masks
from edgewise.metrics.pair_ingredients import PairIngredients
from edgewise.voxels import distance_transform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from edgewise.metrics.conventions import Boundary, Edge
    from edgewise.metrics.counts import Counts

__all__ = ["boundary_lists", "count_pair", "element_lists"]


def count_pair(reference: NDArray[np.bool_], prediction: NDArray[np.bool_]) -> Counts:
    """Return the four counts of two masks of one shape, any number of axes."""
    first, second = as_same_order(_contiguous(reference), _contiguous(prediction))
    return count_masks(first, second, None, threads_for(first.size))


def boundary_lists(
    reference: NDArray[np.bool_],
    prediction: NDArray[np.bool_],
    spacing: Sequence[float] | None = None,
    *,
    connectivity: int = 1,
    edge: Edge = "background",
) -> ListPair:
    """Return the two directed lists of boundary distances; no axis is squeezed.

    Parameters
    ----------
    reference, prediction : array of bool
        One shape, any memory order.
    spacing : sequence of float, optional
        One per axis, in any unit. The sign does not matter (SciPy misses the nearest there), and
        along an axis of spacing 0 nothing is far. Default: 1.
    connectivity : int, default 1
        Foreground with a neighbour outside its mask is boundary: neighbours across a face, up to
        the number of axes = also those across a corner.
    edge : {"background", "foreground"}, default "background"
        What lies outside of the array.
    """
    ndim = reference.ndim
    steps = [1.0] * ndim if spacing is None else [abs(float(step)) for step in spacing]
    connectivity = min(connectivity, ndim)
    if 0.0 in steps or ndim > 3:
        first, second = (_border(mask, connectivity, edge) for mask in (reference, prediction))
        return _transformed(first, second, steps)
    boundary: Boundary = _WORDS[connectivity, ndim]
    first, second = as_same_order(_contiguous(reference), _contiguous(prediction))
    grid = Grid(first, second, None, tuple(steps))
    pair = PairIngredients(grid, threads_for(first.size), distances=True)
    return pair.of((1,), squeeze=False).distances(boundary, edge)


def element_lists(
    reference: NDArray[np.bool_], prediction: NDArray[np.bool_], spacing: Sequence[float]
) -> ListPair:
    """Return the lists of distances of all elements, 0 within the other mask.

    Parameters
    ----------
    reference, prediction : array of bool
        One shape and memory order, contiguous; at most three axes are longer than 1.
    spacing : sequence of float
        One per axis, finite and positive.
    """
    grid = Grid(reference, prediction, None, tuple(spacing)).squeezed()
    pair = PairIngredients(grid, threads_for(reference.size), distances=True)
    return pair.of((1,), squeeze=True).distances("none", "background")


_WORDS: Final[Mapping[tuple[int, int], Boundary]] = {
    (1, 1): "face",
    (1, 2): "face",
    (2, 2): "full",
    (1, 3): "face",
    (2, 3): "edge18",
    (3, 3): "full",
}


def _contiguous(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return mask if mask.flags.forc else np.ascontiguousarray(mask)


def _border(mask: NDArray[np.bool_], connectivity: int, edge: Edge) -> NDArray[np.bool_]:
    """Return the boundary for any number of axes."""
    padded = np.pad(mask, 1, constant_values=edge == "foreground")
    inside = mask.copy()
    for offset in product((0, 1, 2), repeat=mask.ndim):
        if 0 < sum(step != 1 for step in offset) <= connectivity:
            inside &= padded[
                tuple(slice(a, a + n) for a, n in zip(offset, mask.shape, strict=True))
            ]
    return mask & ~inside


def _transformed(
    reference: NDArray[np.bool_], prediction: NDArray[np.bool_], steps: Sequence[float]
) -> ListPair:
    """Return the lists of two boundaries by distance transforms, without the axes of spacing 0."""
    free = tuple(axis for axis, step in enumerate(steps) if step == 0.0)
    kept = [step for step in steps if step != 0.0]

    def measured(border: NDArray[np.bool_], other: NDArray[np.bool_]) -> DistanceList:
        distances = np.zeros(border.shape)
        if not other.any():
            distances += np.inf
        elif kept:
            far = distance_transform(~other.any(axis=free), spacing=kept, dtype="float64")
            distances += np.expand_dims(far, free)
        values, counts = np.unique(distances[border], return_counts=True)
        return DistanceList(values, counts, counts.astype(np.float64))

    return ListPair(measured(reference, prediction), measured(prediction, reference))
