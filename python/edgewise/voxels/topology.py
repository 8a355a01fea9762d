"""Numbers that describe the topology of masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgewise import _core
from edgewise._arguments import AnyArray, as_connectivity, as_mask
from edgewise.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["betti_numbers", "euler_characteristic"]


def euler_characteristic(mask: ArrayLike, *, connectivity: int | None = None) -> int:
    """Return the number of objects minus the holes (2D), or minus tunnels plus cavities (3D).

    Parameters
    ----------
    mask : array of bool, or of numbers that are all 0 or 1, 1 to 3 axes
        Foreground is 1; outside is background. Any memory order; never modified.
    connectivity : int, optional
        How the foreground hangs together: the number of axes (default; the background then hangs
        together by faces) or 1 (the background then fully).

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If `mask` does not hold numbers.
    LabelError
        If `mask` holds anything but 0 and 1.
    ShapeError
        If `mask` does not have 1 to 3 axes, or has an axis of length 0.
    ConfigError
        If `connectivity` is neither 1 nor the number of axes.

    See Also
    --------
    betti_numbers : objects, holes and cavities one by one.

    Notes
    -----
    The alternating sum of corners, edges, faces and bodies. As ``skimage.measure.euler_number``.

    Examples
    --------
    >>> euler_characteristic([[1, 1, 1], [1, 0, 1], [1, 1, 1]])
    0
    >>> euler_characteristic([[1, 0], [0, 1]], connectivity=1)
    2
    """
    array, connectivity = _checked(mask, connectivity)
    return _core.euler_characteristic(array, connectivity=connectivity)


def betti_numbers(mask: ArrayLike, *, connectivity: int | None = None) -> tuple[int, int, int]:
    """Return the numbers of components, of holes or tunnels, and of cavities.

    Parameters
    ----------
    mask : array of bool, or of numbers that are all 0 or 1, 1 to 3 axes
        Foreground is 1; outside is background. Any memory order; never modified.
    connectivity : int, optional
        How the foreground hangs together: the number of axes (default; the background then hangs
        together by faces) or 1 (the background then fully).

    Returns
    -------
    b0, b1, b2 : int
        Components; holes in 2D and tunnels in 3D; cavities in 3D. Those that the number of axes
        does not allow are 0.

    Raises
    ------
    TypeError
        If `mask` does not hold numbers.
    LabelError
        If `mask` holds anything but 0 and 1.
    ShapeError
        If `mask` does not have 1 to 3 axes, or has an axis of length 0.
    ConfigError
        If `connectivity` is neither 1 nor the number of axes.

    See Also
    --------
    euler_characteristic : ``b0 - b1 + b2``.

    Examples
    --------
    >>> betti_numbers([[1, 1, 1], [1, 0, 1], [1, 1, 1]])
    (1, 1, 0)
    >>> shell = np.ones((3, 3, 3), dtype=bool)
    >>> shell[1, 1, 1] = False
    >>> betti_numbers(shell)
    (1, 0, 1)
    """
    array, connectivity = _checked(mask, connectivity)
    euler = _core.euler_characteristic(array, connectivity=connectivity)
    components = _count(array, connectivity)
    if array.ndim < 3:
        return components, components - euler, 0
    background = 1 if connectivity == array.ndim else array.ndim
    filled = _core.fill_holes(array, connectivity=background)
    cavities = _count(np.logical_xor(filled, array), background)
    return components, components + cavities - euler, cavities


def _count(mask: AnyArray, connectivity: int) -> int:
    return _core.connected_components(mask, connectivity=connectivity, threads=1)[1]


def _checked(mask: ArrayLike, connectivity: int | None) -> tuple[AnyArray, int]:
    array = as_mask(mask)
    given = as_connectivity(connectivity, array.ndim)
    if given not in (1, array.ndim):
        message = f"connectivity must be 1 or {array.ndim} to have a complement, got {given}"
        raise ConfigError(message)
    return array, given
