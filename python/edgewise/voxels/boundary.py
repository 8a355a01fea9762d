"""Boundary of a mask: its outermost voxels, or the pieces of surface between voxels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np

from edgewise import _core
from edgewise._arguments import Spacing, as_mask, as_spacing
from edgewise.errors import ConfigError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["boundary", "surfels"]

Boundary: TypeAlias = Literal["face", "edge18", "full", "surfel"]
Edge: TypeAlias = Literal["background", "foreground"]

_BOUNDARIES: Final = ("face", "edge18", "full", "surfel")
_EDGES: Final = ("background", "foreground")


def boundary(
    mask: ArrayLike, *, boundary: Boundary = "face", edge: Edge = "background"
) -> NDArray[np.bool_]:
    """Return the boundary of a mask: the foreground voxels that have a background neighbour.

    Parameters
    ----------
    mask : array of bool, or of numbers that are all 0 or 1, one to three axes
        Foreground is 1. Any memory order; never modified. Every axis counts, also one of length 1:
        with ``edge="background"`` all foreground of a one-slice volume is boundary. Index the
        slice (``mask[..., 0]``) to measure it as an image.
    boundary : {"face", "edge18", "full", "surfel"}, default "face"
        Which neighbours count: those across a face (2, 4, 6 in one, two, three axes), those that
        differ along at most two axes (2, 8, 18), or all (2, 8, 26). ``"surfel"``: the blocks of 2
        voxels along every axis that hold both foreground and background, on the half-shifted grid.
    edge : {"background", "foreground"}, default "background"
        What lies outside of the array. Around surfels it is always background.

    Returns
    -------
    boundary : array of bool, memory order of `mask`
        Shape of `mask`; for ``"surfel"`` one longer along each axis, index ``p`` being the block of
        the voxels ``p - 1`` and ``p``.

    Raises
    ------
    TypeError
        If `mask` does not hold numbers.
    LabelError
        If `mask` holds anything but 0 and 1.
    ShapeError
        If `mask` has no axes, more than three, or an axis of length 0.
    ConfigError
        If `boundary` or `edge` is none of the words above, or ``edge="foreground"`` is asked of
        surfels.

    See Also
    --------
    surfels : sizes of the pieces of surface.

    Notes
    -----
    ``"face"`` with background outside is ``mask & ~scipy.ndimage.binary_erosion(mask)``, the border
    that most surface distances use.

    Examples
    --------
    >>> boundary([[0, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1]]).astype(int)
    array([[0, 1, 1, 1],
           [0, 1, 0, 1],
           [0, 1, 1, 1]])
    >>> boundary([0, 1, 1, 1], edge="foreground").astype(int)
    array([0, 1, 0, 0])
    >>> boundary([0, 1, 1, 1], boundary="surfel").astype(int)
    array([0, 1, 0, 0, 1])
    """
    array = _checked(mask)
    if boundary not in _BOUNDARIES:
        message = f"boundary must be one of {', '.join(_BOUNDARIES)}, got {boundary!r}"
        raise ConfigError(message)
    if edge not in _EDGES:
        message = f"edge must be one of {', '.join(_EDGES)}, got {edge!r}"
        raise ConfigError(message)
    if boundary != "surfel":
        return _core.boundary(array, boundary, edge)
    if edge == "foreground":
        message = "boundary='surfel' has background outside of the array, got edge='foreground'"
        raise ConfigError(message)
    return np.not_equal(_core.surfels(array, (1.0,) * array.ndim), 0)


def surfels(mask: ArrayLike, *, spacing: Spacing = None) -> NDArray[np.float64]:
    """Return the size of each piece of surface between foreground and background.

    A piece (surface element, surfel) is a block of 2 voxels along every axis that holds both;
    outside of the array is background.

    Parameters
    ----------
    mask : array of bool, or of numbers that are all 0 or 1, one to three axes
        Foreground is 1. Any memory order; never modified. Every axis counts, also one of length 1.
    spacing : float or sequence of float, optional
        Distance between neighbouring voxels along each axis of the array, in mm. Default: 1.

    Returns
    -------
    sizes : array of float64, memory order of `mask`, one longer than `mask` along each axis
        At index ``p`` the size within the block of the voxels ``p - 1`` and ``p``, 0 where it holds
        no surface: an area in three axes (unit: `spacing` squared), a length in two, 1 for each end
        point in one.

    Raises
    ------
    TypeError
        If `mask` does not hold numbers.
    LabelError
        If `mask` holds anything but 0 and 1.
    ShapeError
        If `mask` has no axes, more than three, or an axis of length 0.
    SpacingError
        If `spacing` is not finite and positive, or not one value per axis.

    Notes
    -----
    Areas are those of the marching-cubes triangles of each pattern, lengths those of the contour
    through the middles of the grid edges, as in the package surface-distance [1]_.

    References
    ----------
    .. [1] S. Nikolov et al., "Deep learning to achieve clinically applicable segmentation of head
       and neck anatomy for radiotherapy", arXiv:1809.04430, 2018.

    Examples
    --------
    >>> surfels([[1, 1], [1, 1]]).round(3)
    array([[0.707, 1.   , 0.707],
           [1.   , 0.   , 1.   ],
           [0.707, 1.   , 0.707]])
    """
    array = _checked(mask)
    return _core.surfels(array, as_spacing(spacing, array.ndim))


def _checked(mask: ArrayLike) -> NDArray[Any]:
    array = as_mask(mask)
    if array.ndim > 3:
        message = (
            f"mask must have one to three axes, got shape {array.shape}; iterate over the rest"
        )
        raise ShapeError(message)
    return array
