"""Skeletons, Betti numbers and inner boundary strips of masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgewise import _core
from edgewise.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .conventions import Strip, Thinning

__all__ = ["Betti", "SkeletonCounts", "betti_numbers", "skeleton_counts", "strip_counts"]

Mask: TypeAlias = NDArray[np.bool_]
Betti: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class SkeletonCounts:
    """Voxels of the two skeletons, and of their parts inside the other mask."""

    ref: int
    pred: int
    ref_inside: int
    pred_inside: int


def _skeleton(mask: Mask, thinning: Thinning | None) -> Mask:
    if not mask.any():
        return mask
    if thinning is None:
        thinning = "lee" if mask.ndim == 3 else "zhang"
    if thinning == "zhang" and mask.ndim == 3:
        message = 'thinning="zhang" is for 1 and 2 axes; use "lee" for 3'
        raise ConfigError(message)
    if mask.ndim == 1:
        return _core.skeleton(mask[np.newaxis], thinning=thinning).reshape(mask.shape)
    return _core.skeleton(mask, thinning=thinning)


def skeleton_counts(
    reference: Mask, prediction: Mask, *, thinning: Thinning | None
) -> SkeletonCounts:
    """Thin both masks and count; `thinning` None is "zhang" for 1 and 2 axes, "lee" for 3."""
    first, second = _skeleton(reference, thinning), _skeleton(prediction, thinning)
    return SkeletonCounts(
        int(np.count_nonzero(first)),
        int(np.count_nonzero(second)),
        int(np.count_nonzero(first & prediction)),
        int(np.count_nonzero(second & reference)),
    )


def betti_numbers(mask: Mask, connectivity: int, threads: int) -> Betti:
    """Return the numbers of components, of tunnels (2D: holes) and of cavities.

    The background has the neighbourhood that goes with the foreground's: faces if the
    foreground has all neighbours, all neighbours if it has faces.
    """
    if not mask.any():
        return 0, 0, 0
    ndim = mask.ndim
    _, components = _core.connected_components(mask, connectivity=connectivity, threads=threads)
    if ndim == 1:
        return components, 0, 0
    euler = _core.euler_characteristic(mask, connectivity=connectivity)
    if ndim == 2:
        return components, components - euler, 0
    outside = ~np.pad(mask, 1)
    other = ndim if connectivity == 1 else 1
    _, backgrounds = _core.connected_components(outside, connectivity=other, threads=threads)
    cavities = backgrounds - 1
    return components, components + cavities - euler, cavities


def strip_counts(
    reference: Mask,
    prediction: Mask,
    ignored: Mask | None,
    strip: Strip,
    width: float,
    spacing: Sequence[float],
) -> tuple[int, int]:
    """Return the sizes of intersection and union of the inner strips of both masks."""
    first = _strip(reference, ignored, strip, width, spacing)
    second = _strip(prediction, ignored, strip, width, spacing)
    return int(np.count_nonzero(first & second)), int(np.count_nonzero(first | second))


def _strip(
    mask: Mask, ignored: Mask | None, strip: Strip, width: float, spacing: Sequence[float]
) -> Mask:
    solid = mask if ignored is None else mask | ignored  # ignored voxels make no boundary
    if strip in ("chess", "taxi"):
        if width != int(width):
            message = f"width must be a whole number of voxels for strip={strip!r}, got {width}"
            raise ConfigError(message)
        connectivity = mask.ndim if strip == "chess" else 1
        return mask & ~_core.erode(
            solid, connectivity=connectivity, iterations=int(width), edge="background"
        )
    boundary = mask & ~_core.erode(solid, connectivity=1, iterations=1, edge="background")
    steps = tuple(spacing) if strip == "edt_lt_mm" else (1.0,) * mask.ndim
    distance, _ = _core.distance_transform(
        ~boundary, steps, squared=False, double=True, indices=False, threads=1
    )
    near: Mask = mask & (distance < width)
    return near
