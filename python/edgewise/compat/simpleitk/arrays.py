"""What the filters compute, on arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise._arguments import as_threads
from edgewise.metrics.joint import joint_histogram
from edgewise.voxels import boundary, connected_components, distance_transform, fill_holes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["components", "contour", "filled", "signed_distances"]

_FAR: Final = np.finfo(np.float32).max  # ITK's square of the distance to nothing
_SHARE: Final = 4  # reading every label's box costs as much as comparing all neighbours that often
_LABEL: Final = 20_000  # elements compared in the time that one more label takes


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
    boxes = joint_histogram(labels, labels, None, as_threads("auto")).ref_boxes
    boxes = {label: box for label, box in boxes.items() if label != background}
    read = sum(math.prod(stop - start + 2 for start, stop in box) for box in boxes.values())
    if read + _LABEL * len(boxes) > _SHARE * labels.size:
        outline = (
            _range(labels, np.maximum) != _range(labels, np.minimum) if full else _steps(labels)
        )
        return np.where(outline, labels, labels.dtype.type(background))
    found = np.zeros(labels.shape, labels.dtype)
    if background:
        found.fill(background)
    for label, box in boxes.items():
        where = tuple(slice(max(start - 1, 0), stop + 1) for start, stop in box)
        mask = labels[where] == label
        outline = boundary(mask, boundary="full" if full else "face", edge="foreground")
        np.copyto(found[where], labels.dtype.type(label), where=outline)
    return found


def _steps(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where a neighbour across a face has another value."""
    outline = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim):
        upper, lower = _neighbours(axis)
        differ = labels[upper] != labels[lower]
        outline[upper] |= differ
        outline[lower] |= differ
    return outline


def _boxes(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where any neighbour has another value."""
    differ: NDArray[np.bool_] = _range(labels, np.maximum) != _range(labels, np.minimum)
    return differ


def _range(labels: NDArray[Any], extreme: np.ufunc) -> NDArray[Any]:
    """Return the largest or smallest value of every element and its neighbours."""
    found = labels
    for axis in range(labels.ndim):
        upper, lower = _neighbours(axis)
        before, found = found, found.copy()
        extreme(found[upper], before[lower], out=found[upper])
        extreme(found[lower], before[upper], out=found[lower])
    return found


def _neighbours(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return all elements but the first along an axis, and all but the last."""
    before = (slice(None),) * axis
    return (*before, slice(1, None)), (*before, slice(None, -1))


def components(mask: NDArray[np.bool_], *, full: bool) -> NDArray[np.uint32]:
    """Return the components in raster order."""
    return connected_components(mask, connectivity=None if full else 1)


def filled(labels: NDArray[Any], foreground: Any, *, full: bool) -> NDArray[Any]:
    """Return the labels with `foreground` in what it encloses; `full` connects the background."""
    holes = fill_holes(labels == foreground, connectivity=None if full else 1)
    changed = labels.copy()
    np.copyto(changed, labels.dtype.type(foreground), where=holes)
    return changed
