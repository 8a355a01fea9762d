"""Distances between the sets of non-zero elements of two images, in elements."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise._extras import require
from edgewise.compat.mask_pairs import element_lists
from edgewise.metrics.distance_list import DistanceList, ListPair
from edgewise.voxels import distance_transform

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["hausdorff_distance", "hausdorff_pair"]

_METHODS: Final = ("standard", "modified")


def hausdorff_distance(image0: Any, image1: Any, method: str = "standard") -> Any:
    """Return the Hausdorff distance of the non-zero elements of two images.

    Parameters
    ----------
    image0, image1 : array_like
        Of one number of axes; their shapes may differ, elements are compared by their indices.
    method : {"standard", "modified"}, default "standard"
        The largest distance to the nearest element of the other image, or the larger of the two
        means of these distances.

    Returns
    -------
    numpy.float64
        In elements. Both empty: the int 0; one empty: the float inf.

    Raises
    ------
    ValueError
        If `method` is neither of the two, or an image is a scalar, or the numbers of axes differ
        and neither image is empty.
    """
    if method not in _METHODS:
        message = f'method must be "standard" or "modified", got {method!r}'
        raise ValueError(message)
    first, second = _mask(image0), _mask(image1)
    full = (first.any(), second.any())
    if not all(full):
        return math.inf if any(full) else 0
    lists = _lists(*_on_one_grid(first, second))
    if method == "standard":
        return np.float64(lists.maximum())
    return np.float64(max(lists.ref_to_pred.mean(), lists.pred_to_ref.mean()))


def hausdorff_pair(image0: Any, image1: Any) -> tuple[Any, Any]:
    """Return the two elements, one of each image, that lie the Hausdorff distance apart.

    Parameters
    ----------
    image0, image1 : array_like
        Of one number of axes; their shapes may differ.

    Returns
    -------
    point0, point1 : array of int64
        Indices. Of several farthest elements the first in raster order. Of several elements nearest
        to it the one that SciPy's tree of points finds (SciPy is needed for this case only). Two
        empty tuples, and a UserWarning, if an image is empty.

    Raises
    ------
    ValueError
        If an image is a scalar, or the numbers of axes differ and neither image is empty.
    """
    first, second = _mask(image0), _mask(image1)
    if not (first.any() and second.any()):
        warnings.warn("an image has no element that is not 0", stacklevel=2)
        return (), ()
    first, second = _on_one_grid(first, second)
    box = _box(first | second)
    start = np.array([side.start for side in box], np.int64)
    first, second = np.ascontiguousarray(first[box]), np.ascontiguousarray(second[box])
    there, back = (one.maximum() for one in _lists(first, second))
    if there > back:
        point = _farthest(first, second, round(there * there))
        return point + start, _nearest(point, second, round(there * there)) + start
    point = _farthest(second, first, round(back * back))
    return _nearest(point, first, round(back * back)) + start, point + start


def _mask(image: Any) -> NDArray[np.bool_]:
    """Return what `numpy.nonzero` finds, as a mask."""
    array = np.asarray(image)
    if array.ndim == 0:
        message = "an image must have at least one axis, got a scalar"
        raise ValueError(message)
    if array.dtype.kind == "b":
        return array
    if array.dtype.kind in "iufc":
        return np.asarray(array != 0)
    mask = np.zeros(array.shape, bool)
    mask[np.nonzero(array)] = True
    return mask


def _on_one_grid(
    first: NDArray[np.bool_], second: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return both masks with one shape: the smaller one has background appended."""
    if first.ndim != second.ndim:
        message = f"image0 has {first.ndim} axes, image1 {second.ndim}: nothing to compare"
        raise ValueError(message)
    shape = tuple(max(pair) for pair in zip(first.shape, second.shape, strict=True))
    return _extended(first, shape), _extended(second, shape)


def _extended(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    if mask.shape == shape:
        return np.ascontiguousarray(mask)
    extended = np.zeros(shape, bool)
    extended[tuple(slice(n) for n in mask.shape)] = mask
    return extended


def _lists(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> ListPair:
    """Return the distances of all elements, both ways."""
    if sum(n > 1 for n in first.shape) > 3:
        return ListPair(_transformed(first, second), _transformed(second, first))
    return element_lists(first, second, (1.0,) * first.ndim)


def _squared(mask: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Return the squared distance of every element of the grid to a mask."""
    squared: Any = distance_transform(~mask, squared=True, dtype="uint32")
    return squared  # type: ignore[no-any-return]


def _transformed(mask: NDArray[np.bool_], other: NDArray[np.bool_]) -> DistanceList:
    values, counts = np.unique(_squared(other)[mask], return_counts=True)
    return DistanceList(np.sqrt(values), counts, counts.astype(np.float64))


def _farthest(mask: NDArray[np.bool_], other: NDArray[np.bool_], squared: int) -> NDArray[np.int64]:
    """Return the first element of a mask at a squared distance from the other."""
    found = mask if not squared else mask & (_squared(other) == squared)
    return np.array(np.unravel_index(int(found.argmax()), mask.shape), np.int64)


def _box(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    """Return the smallest box around the elements of a mask, of which there is one at least."""
    sides = []
    for axis in range(mask.ndim):
        others = tuple(k for k in range(mask.ndim) if k != axis)
        (found,) = np.nonzero(mask.any(axis=others))
        sides.append(slice(int(found[0]), int(found[-1]) + 1))
    return tuple(sides)


def _nearest(point: NDArray[np.int64], mask: NDArray[np.bool_], squared: int) -> NDArray[np.int64]:
    """Return the element of a mask at a squared distance from a point."""
    reach = math.isqrt(squared)
    box = tuple(slice(max(int(p) - reach, 0), int(p) + reach + 1) for p in point)
    points = np.argwhere(mask[box]) + np.maximum(point - reach, 0)
    found = np.flatnonzero(((points - point) ** 2).sum(axis=1) == squared)
    if found.size == 1:
        only: NDArray[np.int64] = points[found[0]]
        return only
    every = np.argwhere(mask)
    tree = require("scipy.spatial", extra="scipy").cKDTree(every)
    nearest: NDArray[np.int64] = every[tree.query(point)[1]]
    return nearest
