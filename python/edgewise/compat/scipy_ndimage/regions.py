"""Erosion and dilation of masks with something outside, often, and within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgewise.voxels import dilate, erode, fill_holes
from edgewise.voxels.components import counted_components

from .arguments import in_c_order, threads_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .structures import Neighbourhood

__all__ = ["dilated", "dilated_within", "eroded"]


def eroded(
    mask: NDArray[np.bool_], around: Neighbourhood, times: int, *, outside: bool
) -> NDArray[np.bool_]:
    """Erode a mask a number of times; below 1 until nothing changes."""
    steps = times * around.radius
    if times < 1 or steps > sum(mask.shape):  # every element is reached from any other
        return np.full(mask.shape, outside and bool(mask.all()))
    return erode(
        mask,
        connectivity=around.connectivity,
        iterations=steps,
        edge="foreground" if outside else "background",
    )


def dilated(
    mask: NDArray[np.bool_], around: Neighbourhood, times: int, *, outside: bool
) -> NDArray[np.bool_]:
    """Dilate a mask a number of times; below 1 until nothing changes."""
    if outside:  # the background, with background outside, is eroded
        rest = eroded(np.logical_not(mask), around, times, outside=False)
        return np.logical_not(rest, out=rest)
    steps = times * around.radius
    if times < 1 or steps > sum(mask.shape):
        return np.full(mask.shape, bool(mask.any()))
    return dilate(mask, connectivity=around.connectivity, iterations=steps)


def dilated_within(
    mask: NDArray[np.bool_],
    allowed: NDArray[np.bool_],
    around: Neighbourhood,
    times: int,
    *,
    outside: bool,
) -> NDArray[np.bool_]:
    """Dilate a mask where that is allowed; elements elsewhere keep their value."""
    if times < 1:
        return _spread(mask, allowed, around.connectivity, outside=outside)
    result = mask.copy()
    for _ in range(times):
        np.copyto(result, dilated(result, around, 1, outside=outside), where=allowed)
    return result


def _spread(
    seeds: NDArray[np.bool_], allowed: NDArray[np.bool_], connectivity: int, *, outside: bool
) -> NDArray[np.bool_]:
    """Return the seeds and the connected pieces of what is allowed that touch them, or the edge."""
    if not seeds.any():
        if not outside:
            return np.zeros(seeds.shape, bool)
        rest = fill_holes(in_c_order(np.logical_not(allowed)), connectivity=connectivity)
        return np.logical_not(rest, out=rest)
    solid = np.logical_or(seeds, in_c_order(allowed))
    labels, number = counted_components(
        solid, connectivity=connectivity, threads=threads_for(solid)
    )
    reached = np.zeros(number + 1, bool)
    reached[labels[seeds]] = True
    if outside:
        for axis in range(labels.ndim):
            for side in (0, -1):
                reached[labels.take(side, axis)] = True
        reached[0] = False
    return reached[labels]
