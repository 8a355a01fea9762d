"""What the filters compute, on arrays."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.methods import region_growing
from edgewise.voxels import boundary, connected_components, distance_transform, fill_holes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["components", "contour", "filled", "grown", "signed_distances"]

_FAR: Final = np.finfo(np.float32).max  # ITK's square of the distance to nothing


def signed_distances(
    mask: NDArray[np.bool_],
    spacing: Sequence[float] | None,
    *,
    squared: bool,
    inside_is_positive: bool,
) -> NDArray[np.float32]:
    """Return the distance to the nearest boundary element of a mask, which belongs to the mask."""
    border = boundary(mask, boundary="full", edge="foreground")
    if not border.any():
        far = np.full(mask.shape, _FAR)
        if squared:  # ITK signs only what it measures
            return far
        return -np.sqrt(far) if mask.flat[0] != inside_is_positive else np.sqrt(far)
    found: Any = distance_transform(~border, spacing=spacing, squared=True, dtype="float32")
    distances: NDArray[np.float32] = found
    if not squared:
        np.sqrt(distances, out=distances)
    np.negative(distances, out=distances, where=mask != inside_is_positive)
    return distances


def contour(labels: NDArray[Any], background: Any, *, full: bool) -> NDArray[Any]:
    """Return the labels where a neighbour within the array has another one, else the background."""
    outline = np.zeros(labels.shape, bool)
    for offset in product((0, 1, -1), repeat=labels.ndim):
        if offset <= (0,) * labels.ndim or (not full and sum(map(abs, offset)) > 1):
            continue  # every pair of neighbours is met once
        here = tuple(slice(max(step, 0), min(step, 0) or None) for step in offset)
        there = tuple(slice(max(-step, 0), min(-step, 0) or None) for step in offset)
        differ = labels[here] != labels[there]
        outline[here] |= differ
        outline[there] |= differ
    return np.where(outline, labels, labels.dtype.type(background))


def components(mask: NDArray[np.bool_], *, full: bool) -> NDArray[np.uint32]:
    """Return the components in raster order."""
    return connected_components(mask, connectivity=None if full else 1)


def grown(
    image: NDArray[Any],
    seeds: Sequence[Sequence[int]],
    lower: float,
    upper: float,
    *,
    full: bool,
) -> NDArray[np.bool_]:
    """Return what is connected to seeds within an interval; seeds outside the image are none."""
    inside = [
        seed for seed in seeds if all(i < n for i, n in zip(seed, image.shape, strict=True))
    ]
    if lower != lower or upper != upper:
        return np.zeros(image.shape, bool)
    return region_growing.region_grow(
        image, inside, lower=lower, upper=upper, connectivity=None if full else 1
    )


def filled(labels: NDArray[Any], foreground: Any, *, full: bool) -> NDArray[Any]:
    """Return the labels with `foreground` in what it encloses; `full` connects the background."""
    holes = fill_holes(labels == foreground, connectivity=None if full else 1)
    return np.where(holes, labels.dtype.type(foreground), labels)
