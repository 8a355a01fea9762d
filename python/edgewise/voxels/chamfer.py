"""Distance of every voxel to the border of a mask, in steps between neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from edgewise import _core
from edgewise._arguments import as_mask
from edgewise.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["chamfer_transform"]

Metric: TypeAlias = Literal["chessboard", "taxicab"]

_METRICS: Final = ("chessboard", "taxicab")


def chamfer_transform(mask: ArrayLike, *, metric: Metric = "chessboard") -> NDArray[np.int32]:
    """Return how many steps each foreground voxel is away from the nearest background voxel.

    Outside the array there is no background.

    Parameters
    ----------
    mask : array of bool, or of numbers that are all 0 or 1, any number of axes
        Foreground is 1. Any memory order; never modified.
    metric : {"chessboard", "taxicab"}, default "chessboard"
        A step goes to any neighbour, those that share only a corner too, so that the distance is
        the greatest of the offsets along the axes; or along one axis, so that it is their sum.

    Returns
    -------
    array of int32, shape and memory order of `mask`
        0 in the background; -1 everywhere if there is no background.

    Raises
    ------
    TypeError
        If `mask` does not hold numbers.
    LabelError
        If `mask` holds anything but 0 and 1.
    ShapeError
        If `mask` has no axes or an axis of length 0.
    ConfigError
        If `metric` is neither of the two.

    See Also
    --------
    distance_transform : Euclidean distances.

    Notes
    -----
    As ``scipy.ndimage.distance_transform_cdt``. Two passes, whatever the mask; one thread; no
    memory of volume size beyond the result.

    Examples
    --------
    >>> chamfer_transform([[0, 1, 1], [1, 1, 1]])
    array([[0, 1, 2],
           [1, 1, 2]], dtype=int32)
    >>> chamfer_transform([[0, 1, 1], [1, 1, 1]], metric="taxicab")
    array([[0, 1, 2],
           [1, 2, 3]], dtype=int32)
    """
    array = as_mask(mask)
    if metric not in _METRICS:
        message = f'metric must be "chessboard" or "taxicab", got {metric!r}'
        raise ConfigError(message)
    return _core.chamfer_transform(array, metric=metric)
