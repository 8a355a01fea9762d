"""Region growing: what hangs together with a seed and looks like it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgewise import _core
from edgewise._arguments import AnyArray, as_array, as_connectivity
from edgewise.errors import ConfigError, ShapeError

__all__ = ["Index", "flood", "region_grow"]

Index: TypeAlias = Sequence[int] | NDArray[np.integer]


def region_grow(
    image: ArrayLike,
    seeds: Index | Sequence[Index],
    *,
    lower: float | None = None,
    upper: float | None = None,
    connectivity: int | None = 1,
) -> NDArray[np.bool_]:
    """Return the voxels connected to a seed through voxels with ``lower <= value <= upper``.

    Parameters
    ----------
    image : array of numbers or bool, 1 to 3 axes
        Any memory order; never modified.
    seeds : sequence of int, or sequence of such sequences
        The index of one voxel, or of several. A seed outside the interval contributes nothing.
    lower, upper : number, optional
        The closed interval. Default: no limit. NaN is never inside.
    connectivity : int or None, default 1
        Which voxels touch: 1 = those that share a face, up to the number of axes = also those that
        share only a corner; None is the number of axes.

    Returns
    -------
    array of bool, shape and memory order of `image`

    Raises
    ------
    TypeError
        If `image` does not hold numbers of at most 64 bits, or `seeds` no whole numbers.
    ShapeError
        If a seed lies outside the image or has another number of axes, or `image` does not have 1
        to 3 axes.
    ConfigError
        If `lower` or `upper` is NaN, or `connectivity` not 1 to the number of axes.

    See Also
    --------
    flood : the interval lies around the seed's value.
    edgewise.voxels.connected_components : all regions at once.

    Notes
    -----
    As ``ConnectedThreshold`` of ITK. Limits are compared exactly, also with 64-bit integers. A
    small region costs the rows that it touches, a large one is linear in the voxels. Memory beyond
    the result: at most 7/16 byte a voxel and 4 bytes a run (stretch along a row) inside the
    interval.

    Examples
    --------
    >>> region_grow([0, 5, 6, 0, 7], [1], lower=5).astype(int)
    array([0, 1, 1, 0, 0])
    """
    array = _as_image(image)
    return _core.region_grow(
        array,
        _as_seeds(seeds, array.shape),
        lower=_as_limit(lower, "lower"),
        upper=_as_limit(upper, "upper"),
        connectivity=as_connectivity(connectivity, array.ndim),
    )


def flood(
    image: ArrayLike,
    seed: Index,
    *,
    tolerance: float | None = None,
    connectivity: int | None = None,
) -> NDArray[np.bool_]:
    """Return the voxels connected to a seed through voxels of about the seed's value.

    Parameters
    ----------
    image : array of numbers or bool, 1 to 3 axes
        Any memory order; never modified.
    seed : sequence of int
        The index of one voxel.
    tolerance : number, optional
        Largest ``abs(value - image[seed])`` of a voxel that belongs to the region; integers do not
        wrap around. Default: 0.
    connectivity : int, optional
        Which voxels touch: 1 = those that share a face, up to the number of axes = also those that
        share only a corner. Default: the number of axes.

    Returns
    -------
    array of bool, shape and memory order of `image`
        A seed whose value is NaN is alone.

    Raises
    ------
    TypeError
        If `image` does not hold numbers of at most 64 bits, or `seed` no whole numbers.
    ShapeError
        If the seed lies outside the image or has another number of axes, or `image` does not have
        1 to 3 axes.
    ConfigError
        If `tolerance` is negative or NaN, or `connectivity` not 1 to the number of axes.

    See Also
    --------
    region_grow : a given interval, any number of seeds.

    Notes
    -----
    As ``skimage.segmentation.flood``. For floating images the ends of the interval,
    ``image[seed] - tolerance`` and ``image[seed] + tolerance``, are taken in double precision. Cost
    and memory as `region_grow`.

    Examples
    --------
    >>> flood([1, 2, 4, 2], [0], tolerance=1).astype(int)
    array([1, 1, 0, 0])
    """
    array = _as_image(image)
    tolerance = _as_limit(tolerance, "tolerance")
    if tolerance is not None and tolerance < 0:
        message = f"tolerance must not be negative, got {tolerance}"
        raise ConfigError(message)
    seeds = _as_seeds(seed, array.shape)
    if len(seeds) != 1:
        message = f"flood takes one seed, got {len(seeds)}; region_grow takes several"
        raise ShapeError(message)
    return _core.flood(
        array,
        seeds[0].tolist(),
        tolerance=tolerance,
        connectivity=as_connectivity(connectivity, array.ndim),
    )


def _as_image(image: ArrayLike) -> AnyArray:
    """Return the image in a type and memory order that the kernels read, not copied if possible."""
    array = as_array(image, "image")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        message = f"image must hold numbers of at most 64 bits, got dtype {array.dtype}"
        raise TypeError(message)
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return array
    return np.ascontiguousarray(array)


def _as_seeds(seeds: Index | Sequence[Index], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return one row per seed, every one inside `shape`."""
    array = np.asarray(seeds)
    if array.size == 0:
        return np.empty((0, len(shape)), dtype=np.int64)
    if array.dtype.kind not in "iu":
        message = f"seeds must be indices of voxels (whole numbers), got dtype {array.dtype}"
        raise TypeError(message)
    rows = np.atleast_2d(array)
    if rows.ndim != 2 or rows.shape[1] != len(shape):
        message = f"a seed needs one index per axis ({len(shape)}), got {array.tolist()}"
        raise ShapeError(message)
    outside = ((rows < 0) | (rows >= np.asarray(shape))).any(axis=1)
    if outside.any():
        seed = tuple(rows[outside][0].tolist())
        message = f"seed {seed} lies outside an image of shape {shape}"
        raise ShapeError(message)
    return np.ascontiguousarray(rows, dtype=np.int64)


def _as_limit(value: float | None, name: str) -> float | None:
    if value is not None and value != value:
        message = f"{name} must not be NaN"
        raise ConfigError(message)
    return value
