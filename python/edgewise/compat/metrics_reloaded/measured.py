"""Numbers from directed lists of boundary distances, and maps of the distances, as numpy's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edgewise.voxels import boundary, distance_transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edgewise.metrics.distance_list import DistanceList, ListPair
    from edgewise.metrics.moments import Moments

    from .masks import MaskPair

__all__ = [
    "Averages",
    "border_maps",
    "centre_of_mass",
    "larger_percentile",
    "share_within",
    "steps_of",
]


def steps_of(pixdim: Any, ndim: int) -> tuple[float, ...] | None:
    """Return one step per axis; None if one is not finite and positive: SciPy is wrong then.

    Raises
    ------
    RuntimeError
        If there is not one value per axis, as SciPy raises.
    """
    if pixdim is None:
        return (1.0,) * ndim
    iterable = np.iterable(pixdim) and not isinstance(pixdim, str)
    values = list(pixdim) if iterable else [pixdim] * ndim
    if len(values) != ndim:
        message = f"pixdim must have one value per axis ({ndim}), got {len(values)}"
        raise RuntimeError(message)
    steps = np.asarray(values, np.float64)
    if steps.ndim != 1 or not (np.isfinite(steps) & (steps > 0)).all():
        return None
    return tuple(steps.tolist())


class Averages(NamedTuple):
    """What one look at the lists gives.

    Attributes
    ----------
    maximum : float64
        Of both directions.
    pooled : float64
        Mean over the elements of both borders.
    halves : float64
        Mean of the two directed means.
    """

    maximum: Any
    pooled: Any
    halves: Any

    @classmethod
    def of(cls, lists: ListPair) -> Averages:
        """Return them for two borders that both have elements."""
        maximum, pooled, halves = lists.maximum(), lists.pooled_mean(), lists.mean_of_means()
        return cls(np.float64(maximum), np.float64(pooled), np.float64(halves))


def larger_percentile(lists: ListPair, level: Any) -> Any:
    """Return the larger of the directed percentiles, of several levels the largest."""
    if type(level) in (int, float) and 0 <= level <= 100:
        return np.float64(lists.quantile(float(level), "linear", "max"))
    both = (lists.pred_to_ref, lists.ref_to_pred)
    return np.max([np.percentile(np.repeat(one.distances, one.counts), q=level) for one in both])


def share_within(
    pair: MaskPair, lists: ListPair | None, steps: Sequence[float], tolerance: float
) -> Any:
    """Return the share of both borders within a tolerance; without a border: see `_far`."""
    if lists is not None:
        near = sum(_near(one, tolerance) for one in lists)
        total = sum(int(one.counts.sum()) for one in lists)
    else:
        borders = [boundary(mask) for mask in pair.masks]
        distances = np.concatenate([_far(np.argwhere(border), steps) for border in borders])
        near, total = int(np.count_nonzero(distances <= tolerance)), distances.size
    return np.float64(near) / np.int64(total)


def _near(one: DistanceList, tolerance: float) -> int:
    return int(one.counts[one.distances <= tolerance].sum())


def _far(indices: NDArray[np.int64], steps: Sequence[float]) -> NDArray[np.float64]:
    """Return SciPy's distances to a border that is missing: to index (-1, 0, 0)."""
    offsets = indices.astype(np.float64)
    offsets[:, 0] += 1.0
    offsets *= steps
    distances: NDArray[np.float64] = np.sqrt((offsets * offsets).sum(axis=1))
    return distances


def border_maps(pair: MaskPair, steps: Sequence[float]) -> tuple[NDArray[Any], ...]:
    """Return the distances on the prediction's and the reference's border, and both borders."""
    ref, pred = (boundary(mask) for mask in pair.masks)
    window = pair.window()
    return (
        _map(pred, ref, window, steps),
        _map(ref, pred, window, steps),
        ref.astype(np.int8),
        pred.astype(np.int8),
    )


def _map(
    border: NDArray[np.bool_],
    other: NDArray[np.bool_],
    window: tuple[slice, ...],
    steps: Sequence[float],
) -> NDArray[np.float64]:
    """Return the distances to the other border on a border, 0 elsewhere."""
    found = np.zeros(border.shape)
    if not border.any():
        return found
    if other.any():
        far = distance_transform(~other[window], spacing=steps, dtype="float64")
        np.copyto(found[window], far, where=border[window])
    else:
        found[border] = _far(np.argwhere(border), steps)
    return found


def centre_of_mass(moments: Moments, size: Any) -> tuple[Any, ...]:
    """Return the mean index along every axis."""
    return tuple(np.float64(total) / size for total in moments.sums)
