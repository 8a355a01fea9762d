"""Mirrors ``surface_distance.metrics``.

Where the released 0.1 fails with numpy 2 (an empty mask, for ``numpy.Inf`` is gone) the functions
return what they return with numpy 1. ``corrected=True`` counts distances that equal the tolerance
but for rounding as within, and measures nothing against nothing as NaN.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from edgewise.compat.mask_pairs import count_pair
from edgewise.metrics.surface_elements import SurfaceElements, surface_elements

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = [
    "compute_average_surface_distance",
    "compute_dice_coefficient",
    "compute_robust_hausdorff",
    "compute_surface_dice_at_tolerance",
    "compute_surface_distances",
    "compute_surface_overlap_at_tolerance",
]

SurfaceDistances: TypeAlias = "Mapping[str, NDArray[np.float64]]"

_TIE: Final = 1e-9  # a distance this close above the tolerance equals it
_DIRECTIONS: Final = (
    ("distances_gt_to_pred", "surfel_areas_gt"),
    ("distances_pred_to_gt", "surfel_areas_pred"),
)


def compute_surface_distances(
    mask_gt: Any, mask_pred: Any, spacing_mm: Any
) -> dict[str, NDArray[np.float64]]:
    """Return the surface elements of two masks, with their distances from the other surface.

    Parameters
    ----------
    mask_gt, mask_pred : array of bool, two or three axes
        Outside is background. Any memory order; never modified.
    spacing_mm : sequence of float
        One per axis, in any unit; signs do not matter.

    Returns
    -------
    dict
        ``distances_gt_to_pred`` with ``surfel_areas_gt``, ``distances_pred_to_gt`` with
        ``surfel_areas_pred``: float64 arrays, ascending by distance, then by area (in two axes a
        length). No element of an empty mask; all distances from it are inf.

    Raises
    ------
    ValueError
        If a mask is no array of bool, there are not as many spacings as axes, not two or three
        axes, the shapes do not broadcast, or a spacing is 0 or not finite.
    TypeError
        If `spacing_mm` is no sequence of numbers.
    """
    for name, mask in (("mask_gt", mask_gt), ("mask_pred", mask_pred)):
        if not isinstance(mask, np.ndarray):
            message = f"{name} must be a numpy array, got {type(mask).__name__}"
            raise ValueError(message)
        if mask.dtype != np.bool_:
            message = f"{name} must be an array of bool, got {mask.dtype}"
            raise ValueError(message)
    if not mask_gt.ndim == mask_pred.ndim == len(spacing_mm):
        message = (
            f"The arguments must be of compatible shape: mask_gt has {mask_gt.ndim} axes, "
            f"mask_pred {mask_pred.ndim}, spacing_mm {len(spacing_mm)} values"
        )
        raise ValueError(message)
    if mask_gt.ndim not in (2, 3):
        message = f"Only 2D and 3D masks are supported, got {mask_gt.ndim} axes"
        raise ValueError(message)
    steps = [abs(float(step * 1.0)) for step in spacing_mm]
    if mask_gt.shape != mask_pred.shape or not mask_gt.size:
        mask_gt, mask_pred = _broadcast(mask_gt, mask_pred)
    return _as_dict(_elements(mask_gt, mask_pred, steps))


def compute_average_surface_distance(
    surface_distances: SurfaceDistances,
) -> tuple[np.float64, np.float64]:
    """Return the mean distances gt to pred and pred to gt, weighted by area."""
    first, second = (
        np.sum(distances * areas) / np.sum(areas) for distances, areas in _lists(surface_distances)
    )
    return first, second


def compute_robust_hausdorff(
    surface_distances: SurfaceDistances, percent: float, *, corrected: bool = False
) -> float:
    """Return the larger of the two directions' percentiles of distance, weighted by area.

    Parameters
    ----------
    surface_distances : dict
        Of `compute_surface_distances`.
    percent : float
        0 to 100; beyond 100 the maximum.
    corrected : bool, default False
        NaN if neither mask has a surface, which is inf otherwise.
    """
    lists = _lists(surface_distances)
    if corrected and not any(len(distances) for distances, _ in lists):
        return math.nan
    first, second = (_percentile(distances, areas, percent) for distances, areas in lists)
    return max(first, second)


def compute_surface_overlap_at_tolerance(
    surface_distances: SurfaceDistances, tolerance_mm: float, *, corrected: bool = False
) -> tuple[np.float64, np.float64]:
    """Return the shares of the surfaces of gt and of pred within a tolerance of the other.

    Parameters
    ----------
    surface_distances : dict
        Of `compute_surface_distances`.
    tolerance_mm : float
        In the unit of the spacing.
    corrected : bool, default False
        Distances that exceed the tolerance by rounding alone are within.
    """
    limit = _limit(tolerance_mm, corrected=corrected)
    first, second = (
        np.sum(areas[distances <= limit]) / np.sum(areas)
        for distances, areas in _lists(surface_distances)
    )
    return first, second


def compute_surface_dice_at_tolerance(
    surface_distances: SurfaceDistances, tolerance_mm: float, *, corrected: bool = False
) -> np.float64:
    """Return the share of both surfaces within a tolerance of each other.

    Arguments as `compute_surface_overlap_at_tolerance`; NaN if neither mask has a surface.
    """
    limit = _limit(tolerance_mm, corrected=corrected)
    lists = _lists(surface_distances)
    within = [np.sum(areas[distances <= limit]) for distances, areas in lists]
    return np.float64(sum(within) / sum(np.sum(areas) for _, areas in lists))


def compute_dice_coefficient(mask_gt: Any, mask_pred: Any) -> float:
    """Return the Dice coefficient of two masks; NaN if both are empty.

    Parameters
    ----------
    mask_gt, mask_pred : array
        Masks of bool. Arrays of integers are taken as they are: sums of their values, and of their
        common bits.
    """
    masks = (mask_gt, mask_pred)
    if (
        all(isinstance(mask, np.ndarray) and mask.dtype == np.bool_ for mask in masks)
        and mask_gt.shape == mask_pred.shape
        and mask_gt.size
        and mask_gt.ndim
    ):
        counts = count_pair(mask_gt, mask_pred)
        total = counts.n_ref + counts.n_pred
        return np.float64(2 * counts.tp / total) if total else math.nan
    total = mask_gt.sum() + mask_pred.sum()
    if total == 0:
        return math.nan
    both = (mask_gt & mask_pred).sum()
    return 2 * both / total  # type: ignore[no-any-return]


def _lists(
    surface_distances: SurfaceDistances,
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    return [(surface_distances[first], surface_distances[second]) for first, second in _DIRECTIONS]


def _limit(tolerance: float, *, corrected: bool) -> float:
    return tolerance * (1.0 + _TIE) if corrected else tolerance


def _percentile(
    distances: NDArray[np.float64], areas: NDArray[np.float64], percent: float
) -> float:
    """Return the first distance at which the share of area reaches the level; inf without any."""
    if not len(distances):
        return math.inf
    shares = np.cumsum(areas) / np.sum(areas)
    reached = int(np.searchsorted(shares, percent / 100.0))
    found: np.float64 = distances[min(reached, len(distances) - 1)]
    return found


def _elements(
    mask_gt: NDArray[np.bool_], mask_pred: NDArray[np.bool_], steps: Sequence[float]
) -> SurfaceElements:
    if not mask_gt.size:
        return SurfaceElements(*(np.empty(0) for _ in range(4)))
    return surface_elements(mask_gt, mask_pred, spacing=steps)


def _as_dict(elements: SurfaceElements) -> dict[str, NDArray[np.float64]]:
    return {
        "distances_gt_to_pred": elements.ref_distances,
        "distances_pred_to_gt": elements.pred_distances,
        "surfel_areas_gt": elements.ref_sizes,
        "surfel_areas_pred": elements.pred_sizes,
    }


def _broadcast(
    mask_gt: NDArray[np.bool_], mask_pred: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return masks of one shape, as far as the library takes others, or empty arrays.

    An axis of length 1 is repeated if the foreground of either begins at index 0.
    """
    either = mask_gt | mask_pred
    found = np.amax(either, axis=tuple(range(1, either.ndim)))  # numpy refuses some empty arrays
    if not found.any():
        return np.zeros((0, 0), bool), np.zeros((0, 0), bool)
    for name, mask in (("mask_gt", mask_gt), ("mask_pred", mask_pred)):
        for axis, size in enumerate(mask.shape):
            if size != either.shape[axis] and not np.take(either, 0, axis).any():
                message = f"{name} has shape {mask.shape}, the other mask another one"
                raise ValueError(message)
    return np.broadcast_to(mask_gt, either.shape), np.broadcast_to(mask_pred, either.shape)
