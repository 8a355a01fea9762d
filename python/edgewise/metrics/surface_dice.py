"""Shares of two boundaries that agree within a tolerance, and the IoU of boundary strips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .documentation import documented
from .scoring import score_masks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from edgewise._arguments import Spacing

    from .conventions import Boundary, Combine, Edge, Strip

__all__ = [
    "boundary_iou",
    "nsd",
    "nsd_grid",
    "nsd_grid_mean",
    "surface_overlap_pred",
    "surface_overlap_ref",
]


@documented
def nsd(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    tolerance: float,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    combine: Combine | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    tie_rtol: float | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the normalised surface distance (surface Dice)."""
    return score_masks(
        "nsd",
        reference,
        prediction,
        {
            "tolerance": tolerance,
            "nsd_boundary": boundary,
            "nsd_combine": combine,
            "edge": edge,
            "squeeze": squeeze,
            "tie_rtol": tie_rtol,
        },
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def nsd_grid(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    tolerance: float,
    spacing: Spacing = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    tie_rtol: float | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the normalised surface distance over boundary voxels, both directions pooled."""
    return score_masks(
        "nsd_grid",
        reference,
        prediction,
        {"tolerance": tolerance, "edge": edge, "squeeze": squeeze, "tie_rtol": tie_rtol},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def nsd_grid_mean(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    tolerance: float,
    spacing: Spacing = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    tie_rtol: float | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the normalised surface distance over boundary voxels, the mean of both directions."""
    return score_masks(
        "nsd_grid_mean",
        reference,
        prediction,
        {"tolerance": tolerance, "edge": edge, "squeeze": squeeze, "tie_rtol": tie_rtol},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def surface_overlap_ref(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    tolerance: float,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    tie_rtol: float | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of the reference's surface near the prediction's."""
    return score_masks(
        "surface_overlap_ref",
        reference,
        prediction,
        {
            "tolerance": tolerance,
            "nsd_boundary": boundary,
            "edge": edge,
            "squeeze": squeeze,
            "tie_rtol": tie_rtol,
        },
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def surface_overlap_pred(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    tolerance: float,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    tie_rtol: float | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of the prediction's surface near the reference's."""
    return score_masks(
        "surface_overlap_pred",
        reference,
        prediction,
        {
            "tolerance": tolerance,
            "nsd_boundary": boundary,
            "edge": edge,
            "squeeze": squeeze,
            "tie_rtol": tie_rtol,
        },
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def boundary_iou(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    width: float | None = None,
    strip: Strip | None = None,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the IoU of the inner boundary strips."""
    return score_masks(
        "boundary_iou",
        reference,
        prediction,
        {"width": width, "strip": strip, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )
