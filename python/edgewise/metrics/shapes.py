"""Skeletons and inner boundary strips of masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgewise import _core
from edgewise.errors import ConfigError
from edgewise.voxels import skeleton

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .conventions import Strip, Thinning

__all__ = ["SkeletonCounts", "skeleton_counts", "strip_counts"]

Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SkeletonCounts:
    """Voxels of the two skeletons, and of their parts inside the other mask."""

    ref: int
    pred: int
    ref_inside: int
    pred_inside: int


def skeleton_counts(
    reference: Mask, prediction: Mask, *, thinning: Thinning | None
) -> SkeletonCounts:
    """Thin both masks and count; `thinning` None is "zhang" for 1 and 2 axes, "lee" for 3."""
    first, second = (skeleton(mask, thinning=thinning) for mask in (reference, prediction))
    return SkeletonCounts(
        int(np.count_nonzero(first)),
        int(np.count_nonzero(second)),
        int(np.count_nonzero(first & prediction)),
        int(np.count_nonzero(second & reference)),
    )


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
    boundary: Mask = mask & ~_core.erode(solid, connectivity=1, iterations=1, edge="background")
    if strip == "edt_lt" and 0 < width <= 1:  # other voxels are at least one away
        return boundary
    steps = tuple(spacing) if strip == "edt_lt_mm" else (1.0,) * mask.ndim
    distance, _ = _core.distance_transform(
        ~boundary, steps, squared=False, dtype="float64", indices=False, threads=1
    )
    near: Mask = mask & (distance < width)
    return near
