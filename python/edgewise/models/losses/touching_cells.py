"""U-Net's map of voxel weights: narrow gaps between touching cells count most.

Ronneberger, Fischer, Brox, "U-Net", MICCAI 2015, equation 2:
``w = w_c + w_0 exp(-(d_1 + d_2)^2 / (2 sigma^2))``, with ``w_c`` balancing the classes and ``d_1``,
``d_2`` the distances to the nearest and to the second nearest cell. numpy only: a data worker
computes it, `cross_entropy` takes it as ``voxel_weights``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgewise._arguments import Spacing, Threads, as_label_map, as_spacing, as_threads
from edgewise.errors import ConfigError
from edgewise.voxels import distance_transform

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["touching_cell_weights"]

_REACH = 6.0  # sigmas beyond which the term is below 2e-8 of w_0


def touching_cell_weights(
    cells: ArrayLike,
    *,
    w0: float = 10.0,
    sigma: float = 5.0,
    class_weights: tuple[float, float] | None = None,
    spacing: Spacing = None,
    threads: Threads = "auto",
) -> NDArray[np.float32]:
    """Return the weight of each voxel of one image for learning to part touching cells.

    Parameters
    ----------
    cells : array of integers (...)
        0 is background, every other value one cell.
    w0 : float, default 10
        Largest weight of a gap, added to that of the class.
    sigma : float, default 5
        Width of a gap that still matters, in the unit of `spacing`.
    class_weights : (float, float), optional
        ``w_c`` of background and of cells. Default: the inverse of their share of the image,
        scaled to a mean of 1 over the voxels.
    spacing : float or sequence of float, optional
        Distance between neighbouring voxels along each axis, in mm. Default: 1.
    threads : int or "auto", default "auto"
        Number of threads; the result does not depend on it.

    Returns
    -------
    array of float32, shape of `cells`
        Gaps are background voxels: inside a cell the weight is that of its class. Between voxel
        centres ``d_1`` is 1 beside a cell. With fewer than two cells there are no gaps.

    Raises
    ------
    LabelError, SpacingError, ConfigError
        If `cells` is no label map, a spacing is not positive, or `w0` or `sigma` is.

    Notes
    -----
    Terms below 2e-8 `w0` (gaps beyond 6 sigma) are left out, so each cell costs its neighbourhood
    only.

    Examples
    --------
    >>> touching_cell_weights([1, 1, 0, 2, 2], class_weights=(1, 1)).round(2)
    array([ 1.  ,  1.  , 10.23,  1.  ,  1.  ], dtype=float32)
    """
    array = as_label_map(cells, "cells", allow_negative_labels=True)
    steps = as_spacing(spacing, array.ndim)
    if not (0 <= w0 < np.inf and 0 < sigma < np.inf):
        message = "w0 must not be negative and sigma positive, and both finite, "
        message += f"got {w0} and {sigma}"
        raise ConfigError(message)
    inside = array != 0
    weights = np.where(inside, *_class_weights(inside, class_weights)).astype(np.float32)
    nearest = np.full(array.shape, np.inf, np.float32)
    second = nearest.copy()
    for label, box in _boxes(array, [int(np.ceil(_REACH * sigma / s)) for s in steps]):
        found = distance_transform(
            array[box] != label, spacing=steps, threads=as_threads(threads)
        ).astype(np.float32, copy=False)
        near, next_ = nearest[box], second[box]  # views
        np.minimum(next_, np.maximum(near, found), out=next_)
        np.minimum(near, found, out=near)
    gap = ~inside & np.isfinite(second)
    across = (nearest[gap] + second[gap]) / sigma
    weights[gap] += w0 * np.exp(-0.5 * across * across)
    return weights


def _class_weights(
    inside: NDArray[np.bool_], given: tuple[float, float] | None
) -> tuple[float, float]:
    """Return the weights of cells and of background."""
    if given is not None:
        pair = np.asarray(given, float)
        if pair.shape != (2,) or not (pair >= 0).all():
            message = "class_weights must be two numbers that are not negative, of background and "
            message += f"of cells, got {given!r}"
            raise ConfigError(message)
        return float(pair[1]), float(pair[0])
    number = int(np.count_nonzero(inside))
    if number in (0, inside.size):
        return 1.0, 1.0
    return inside.size / (2 * number), inside.size / (2 * (inside.size - number))


def _boxes(labels: NDArray[np.integer], margin: list[int]) -> list[tuple[int, tuple[slice, ...]]]:
    """Return every cell with the box around it, widened by `margin` voxels."""
    places = np.nonzero(labels)
    if not places[0].size:
        return []
    values, which = np.unique(labels[places], return_inverse=True)
    bounds = []
    for axis, place in enumerate(places):
        low = np.full(values.size, labels.shape[axis])
        high = np.zeros(values.size, np.int64)
        np.minimum.at(low, which, place)
        np.maximum.at(high, which, place + 1)
        low = np.maximum(low - margin[axis], 0)
        bounds.append((low, np.minimum(high + margin[axis], labels.shape[axis])))
    return [
        (int(value), tuple(slice(int(low[i]), int(high[i])) for low, high in bounds))
        for i, value in enumerate(values)
    ]
