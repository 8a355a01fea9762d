"""Distances between sets of points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgewise import _core
from edgewise.errors import ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["directed_hausdorff"]


def directed_hausdorff(points: ArrayLike, others: ArrayLike) -> tuple[float, int, int]:
    """Return the greatest distance of any point to the nearest of the other points.

    Parameters
    ----------
    points, others : array_like of numbers, one row a point, one column a coordinate
        Converted to float64; never modified.

    Returns
    -------
    distance : float
        0.0 without points, ``inf`` without others.
    point, other : int
        The row of the farthest of `points` and of the nearest of `others`; the first ones of
        several; 0 without points or others.

    Raises
    ------
    ShapeError
        If either does not have two axes, or their numbers of columns differ or are 0.

    See Also
    --------
    edgewise.hausdorff : between the boundaries of masks.

    Notes
    -----
    As ``scipy.spatial.distance.directed_hausdorff``, which takes any of several equally far points.
    Pairs whose distance is NaN are left out, and so are points of which all pairs are. A k-d tree
    makes it about linear in the points for few columns; memory beyond the arguments: four
    times `others`.

    Examples
    --------
    >>> directed_hausdorff([[0, 0], [3, 4]], [[3, 0], [0, 0]])
    (4.0, 1, 0)
    """
    first, second = _as_points(points, "points"), _as_points(others, "others")
    if first.shape[1] != second.shape[1]:
        message = f"points have {first.shape[1]} columns, others {second.shape[1]}"
        raise ShapeError(message)
    return _core.directed_hausdorff(first, second)


def _as_points(values: ArrayLike, name: str) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64, order="C")
    if array.ndim != 2 or array.shape[1] == 0:
        message = f"{name} must have rows and at least one column, got shape {array.shape}"
        raise ShapeError(message)
    return array
