"""Drop-in for ``skimage.morphology``: floods and skeletons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.compat.originals import original
from edgewise.methods import region_growing
from edgewise.voxels import skeleton

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["flood", "flood_fill", "skeletonize"]

_KINDS: Final = ("?", "B", "H", "I", "L", "Q", "b", "h", "i", "l", "q", "f", "d")


def flood_fill(
    image: Any,
    seed_point: Any,
    new_value: Any,
    *,
    footprint: Any = None,
    connectivity: int | None = None,
    tolerance: float | None = None,
    in_place: bool = False,
    corrected: bool = False,
) -> Any:
    """Return the image with `new_value` where `flood` reaches.

    Parameters
    ----------
    image, seed_point, footprint, connectivity, tolerance, corrected
        As those of `flood`.
    new_value : number
        Or one value per element that is reached, in raster order.
    in_place : bool, default False
        Change and return `image` itself instead of a copy.

    Returns
    -------
    array, type of `image`
    """
    mask = flood(
        image,
        seed_point,
        footprint=footprint,
        connectivity=connectivity,
        tolerance=tolerance,
        corrected=corrected,
    )
    if not in_place:
        image = image.copy()
    if (
        type(image) is np.ndarray
        and image.flags.writeable
        and mask.size
        and np.ndim(new_value) == 0
    ):
        cell = np.empty((), image.dtype)
        cell[()] = new_value
        np.copyto(image, cell, where=mask)
    else:
        image[mask] = new_value
    return image


def flood(
    image: Any,
    seed_point: Any,
    *,
    footprint: Any = None,
    connectivity: int | None = None,
    tolerance: float | None = None,
    corrected: bool = False,
) -> NDArray[np.bool_]:
    """Return the elements connected to a seed through elements of about its value.

    Parameters
    ----------
    image : array_like of bool or numbers of at most 64 bits, not float16
        Any number of axes; more than three are handed to scikit-image.
    seed_point : tuple of int, or int
        Index of the seed; negative ones count from the end.
    footprint : array, optional
        The neighbourhood of an element: 3 values along every axis, else scikit-image runs.
    connectivity : int, optional
        Which elements touch, if there is no footprint: 1 = those that share a face, up to the
        number of axes (also the default) = also those that share only a corner. Values beyond are
        taken as the nearest.
    tolerance : number, optional
        Largest difference to the seed's value; its sign does not matter. Default: equal values.
    corrected : bool, default False
        Compare the difference as it is. Otherwise the ends of the interval are cut to the type of
        the image (towards 0 for integers, so that 0 is within 0.5 of 1), infinite values are beyond
        every interval, and around NaN lies everything that is finite.

    Returns
    -------
    array of bool, shape of `image`

    Raises
    ------
    IndexError
        If the seed lies outside the image.
    TypeError
        If the type of the image is not one of the above, or the seed has too few indices.
    ValueError
        If the footprint has another number of axes, an even side or no element, or the image is a
        scalar or not in the machine's byte order.
    """
    image = np.asarray(image)
    if 0 in image.shape:
        return np.zeros(image.shape, bool)
    point = seed_point if np.iterable(seed_point) else (seed_point,)
    value = image[point]
    place = tuple(int(i) for i in np.asarray(point) % image.shape)
    steps = _steps(footprint, connectivity, image.ndim, corrected=corrected)
    if steps is None or image.ndim > 3:
        run = original(
            "skimage.morphology._flood_fill:flood",
            why="floods with other footprints or more than three axes",
        )
        return run(  # type: ignore[no-any-return]
            image,
            seed_point,
            footprint=footprint,
            connectivity=connectivity,
            tolerance=tolerance,
        )
    if not image.ndim or len(place) != image.ndim:
        message = f"seed_point must have one index per axis, and the image axes: {image.shape}"
        raise ValueError(message)
    interval = None
    if tolerance is not None:
        tolerance = abs(tolerance)
        if np.size(value) != 1:
            message = f"seed_point needs one index per axis ({image.ndim}) for a tolerance"
            raise ValueError(message)
        if not corrected and image.dtype.kind in "biuf":
            interval = _interval(value, tolerance)
    _check(image, value)
    if interval is None:
        return region_growing.flood(image, place, tolerance=tolerance, connectivity=steps)
    return _grown(image, place, *_cut(image.dtype, *interval), steps)


def _steps(footprint: Any, connectivity: Any, ndim: int, *, corrected: bool) -> int | None:
    """Return the neighbourhood as a number of steps; None if it is none of these.

    A footprint without its centre is none unless `corrected`: scikit-image takes a neighbour away.
    """
    if footprint is None:
        most = ndim if connectivity is None else connectivity
        return 1 + sum(bool(step <= most) for step in range(2, ndim + 1)) if most >= 1 else 1
    near = np.asarray(footprint, bool)
    if near.ndim != ndim:
        message = f"footprint has {near.ndim} axes, the image {ndim}"
        raise ValueError(message)
    if any(side % 2 == 0 for side in near.shape) or not near.any():
        message = f"footprint must have odd sides and an element, got shape {near.shape}"
        raise ValueError(message)
    if near.shape != (3,) * ndim:
        return None
    distance = np.abs(np.indices(near.shape) - 1).sum(axis=0)
    wanted = near | (distance == 0) if corrected else near
    return next((k for k in range(1, ndim + 1) if np.array_equal(wanted, distance <= k)), None)


def _check(image: NDArray[Any], value: Any) -> None:
    if not image.dtype.isnative:
        message = f"image must be in the machine's byte order, got {image.dtype}"
        raise ValueError(message)
    if image.dtype.char not in _KINDS:
        message = f"image must hold bool, integers, float32 or float64, got {image.dtype}"
        raise TypeError(message)
    if np.ndim(value):
        message = f"seed_point needs one index per axis ({image.ndim})"
        raise TypeError(message)


def _interval(value: Any, tolerance: Any) -> tuple[Any, Any]:
    """Return the interval around a value within the limits of its type, as scikit-image has it."""
    least, most = _limits(value.dtype)
    centre = value.item()
    # the order of the operands tells what NaN comes to
    return max(least, centre - tolerance), min(most, centre + tolerance)


def _cut(dtype: np.dtype[Any], low: Any, high: Any) -> tuple[Any, Any]:
    """Return the ends of an interval in a type: rounded, for integers cut towards 0."""
    if dtype.kind == "f":
        return float(dtype.type(low)), float(dtype.type(high))
    low, high = int(low), int(high)
    if dtype.kind in "iu":
        least, most = _limits(dtype)
        if not (least <= low <= most and least <= high <= most):
            message = f"the interval from {low} to {high} is beyond {dtype}"
            raise OverflowError(message)
    return low, high


def _limits(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    if dtype.kind == "b":
        return False, True
    limits: Any = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return dtype.type(limits.min).item(), dtype.type(limits.max).item()


def _grown(
    image: NDArray[Any], place: tuple[int, ...], low: Any, high: Any, steps: int
) -> NDArray[np.bool_]:
    """Return what is connected to a place within an interval, in which its value need not lie."""
    if low <= image[place] <= high:
        return region_growing.region_grow(image, place, lower=low, upper=high, connectivity=steps)
    if low > high:
        mask = np.zeros(image.shape, bool)
        mask[place] = True
        return mask
    changed = image.copy()
    changed[place] = low
    return region_growing.region_grow(changed, place, lower=low, upper=high, connectivity=steps)


def skeletonize(image: Any, *, method: str | None = None) -> NDArray[np.bool_]:
    """Return the skeleton of what is not zero.

    Parameters
    ----------
    image : array, two or three axes
    method : {"zhang", "lee"}, optional
        Zhang and Suen's, for two axes and the default there, or Lee, Kashyap and Chu's.

    Returns
    -------
    array of bool, shape of `image`

    Raises
    ------
    AttributeError
        If `image` is not an array.
    ValueError
        If `method` is neither of the two or does not fit the number of axes, or that is not 2 or 3.
    """
    mask = image.astype(bool, copy=False)
    if method not in {"zhang", "lee", None}:
        message = f'method must be "zhang" or "lee", got {method!r}'
        raise ValueError(message)
    if mask.ndim not in (2, 3) or (mask.ndim == 3 and method == "zhang"):
        message = f"image must have two axes, or three with method 'lee', got {mask.ndim}"
        raise ValueError(message)
    if not mask.size:
        return np.zeros(mask.shape, bool)
    return skeleton(mask, thinning="lee" if method == "lee" or mask.ndim == 3 else "zhang")
