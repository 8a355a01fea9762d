"""Distances of the background too, as negative numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .transforms import edt, edtsq

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["sdf", "sdfsq"]


def sdf(
    data: Any,
    anisotropy: Any = None,
    black_border: Any = False,
    parallel: Any = 1,
    voxel_graph: Any = None,
    order: Any = None,
) -> NDArray[np.float32]:
    """Return the distances of `edt`, in the background minus the distance from the nearest label.

    Arguments as `edt`; `data` must be an array.
    """
    distances = edt(data, anisotropy, black_border, parallel, voxel_graph)
    outside = edt(data == 0, anisotropy, black_border, parallel, voxel_graph)
    return np.subtract(distances, outside, out=distances)


def sdfsq(
    data: Any,
    anisotropy: Any = None,
    black_border: Any = False,
    parallel: Any = 1,
    voxel_graph: Any = None,
) -> NDArray[np.float32]:
    """Return the signed squares of the distances of `sdf`; arguments as there."""
    squares = edtsq(data, anisotropy, black_border, parallel, voxel_graph)
    outside = edtsq(data == 0, anisotropy, black_border, parallel, voxel_graph)
    return np.subtract(squares, outside, out=squares)
