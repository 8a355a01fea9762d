"""Many pairs of masks in one call: arrays whose first axis counts pairs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from edgewise import _core
from edgewise._arguments import Spacing, Threads, as_mask, as_spacing, as_threads, check_same_shape
from edgewise.errors import ShapeError

from .distance_list import DistanceList, ListPair

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from edgewise._arguments import AnyArray

    from .conventions import Boundary, Edge

__all__ = ["count_batch", "distance_lists_of_batch"]


def count_batch(
    reference: ArrayLike, prediction: ArrayLike, threads: Threads = "auto"
) -> NDArray[np.int64]:
    """Count the elements of both masks, of the reference and of the prediction, for every pair.

    Parameters
    ----------
    reference, prediction : array_like
        Masks of 0 and 1 of any number of axes, after a first axis that counts pairs.
    threads : int or "auto"
        For the kernels; results do not depend on it.

    Returns
    -------
    int64 array
        A row of three numbers for each pair.
    """
    first, second = _opened(reference, prediction)
    flat = (len(first), -1)  # counts know no axes
    return _core.batch_mask_counts(
        first.reshape(flat), second.reshape(flat), threads=as_threads(threads)
    )


def distance_lists_of_batch(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    boundary: Boundary = "face",
    edge: Edge = "background",
    threads: Threads = "auto",
) -> list[ListPair]:
    """Return the directed distance lists of every pair, each cropped to the box of both masks.

    Parameters
    ----------
    reference, prediction : array_like
        Masks of 0 and 1 of one to three axes, none of them squeezed, after a first axis that
        counts pairs.
    spacing : float or sequence of float, optional
        Per axis of a mask.
    boundary, edge : str
        Boundary convention.
    threads : int or "auto"
        For the kernels; results do not depend on it.
    """
    first, second = _opened(reference, prediction)
    axes = first.ndim - 1
    if not 1 <= axes <= 3:
        message = f"a batch holds masks of 1 to 3 axes after its first, got shape {first.shape}"
        raise ShapeError(message)
    found = _core.batch_surface_distances(
        first,
        second,
        spacing=as_spacing(spacing, axes),
        boundary=boundary,
        edge=edge,
        threads=as_threads(threads),
    )
    return [ListPair(_read(there, edge), _read(back, edge)) for there, back in found]


def _opened(reference: ArrayLike, prediction: ArrayLike) -> tuple[AnyArray, AnyArray]:
    """Return both arrays in C order: every mask lies in one piece."""
    first = np.ascontiguousarray(as_mask(reference, "reference"))
    second = np.ascontiguousarray(as_mask(prediction, "prediction"))
    check_same_shape(first, second)
    return first, second


def _read(
    found: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]], edge: Edge
) -> DistanceList:
    """Return the list; with background around, elements of which all are infinitely far count 1."""
    made = DistanceList(*found)
    if edge == "background" and made.distances.size and math.isinf(made.distances[0]):
        return DistanceList.unreachable()  # as Ingredients, which does not look for elements then
    return made
