"""Structuring elements, and which of them are what the kernels know."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Neighbourhood", "generate_binary_structure", "neighbourhood", "neighbourhood_given"]


class Neighbourhood(NamedTuple):
    """The structuring element ``generate_binary_structure(ndim, connectivity)``, `radius` times.

    Attributes
    ----------
    connectivity : int
        1 to the number of axes.
    radius : int
        How often it is applied to itself; its sides are ``2 * radius + 1``.
    """

    connectivity: int
    radius: int


def generate_binary_structure(rank: int, connectivity: int) -> NDArray[np.bool_]:
    """Return the structuring element of an element and its neighbours.

    Parameters
    ----------
    rank : int
        Number of axes; below 1 gives an array without axes.
    connectivity : int
        Along how many axes a neighbour may differ: 1 = across faces, `rank` = also across corners.

    Returns
    -------
    array of bool, 3 along each axis
    """
    if rank < 1:
        return np.array(True)
    return _steps(rank, 1) <= max(connectivity, 1)


def neighbourhood(structure: NDArray[np.bool_]) -> Neighbourhood | None:
    """Return the neighbourhood that a structuring element is, by its values; None if it is none.

    An odd box of ones is the full neighbourhood, `radius` times; a diamond that of the faces.
    """
    side = structure.shape[0] if structure.ndim else 0
    if side < 3 or side % 2 == 0 or any(n != side for n in structure.shape):
        return None
    radius = side // 2
    for connectivity in range(1, structure.ndim + 1):
        if np.array_equal(structure, _ball(structure.ndim, radius, connectivity)):
            return Neighbourhood(connectivity, radius)
    return None


def neighbourhood_given(structure: Any, ndim: int) -> Neighbourhood | None:
    """Return the neighbourhood that a caller means, by default that of the faces; None as above.

    Raises
    ------
    RuntimeError
        If `structure` does not have `ndim` axes.
    """
    if structure is None:
        return Neighbourhood(1, 1)
    element = np.asarray(structure, dtype=bool)
    if element.ndim != ndim:
        message = f"structure has {element.ndim} axes, input {ndim}"
        raise RuntimeError(message)
    return neighbourhood(element)


@lru_cache(maxsize=64)
def _ball(ndim: int, radius: int, connectivity: int) -> NDArray[np.bool_]:
    """Return what `radius` steps reach; a step goes at most 1 along up to `connectivity` axes.

    Any offset of at most `radius` along each axis whose sum is at most ``radius * connectivity``
    can be shared out over the steps without ever turning back, hence also within an array.
    """
    ball = _steps(ndim, radius) <= radius * connectivity
    ball.flags.writeable = False
    return ball


def _steps(ndim: int, radius: int) -> NDArray[np.int64]:
    """Return the sum of the absolute offsets from the centre."""
    line = np.abs(np.arange(-radius, radius + 1))
    total = np.zeros((2 * radius + 1,) * ndim, np.int64)
    for axis in range(ndim):
        total += line.reshape([-1 if one == axis else 1 for one in range(ndim)])
    return total
