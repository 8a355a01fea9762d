"""Shares of two boundaries that agree within a tolerance, and the IoU of boundary strips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .conventions import preset_tolerance
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


def _score(
    name: str,
    reference: ArrayLike,
    prediction: ArrayLike,
    overrides: dict[str, object],
    *,
    spacing: Spacing,
    ignore_mask: ArrayLike | None,
    preset: str,
) -> float:
    """Measure two masks; a tolerance that is not given is the preset's, or missing."""
    if overrides["tolerance"] is None:
        steps = getattr(reference, "spacing", None) if spacing is None else spacing
        tolerance = preset_tolerance(preset, None if steps is None else np.ravel(steps).tolist())
        if tolerance is None:
            message = f"{name}() needs tolerance=, the largest distance that counts as agreement"
            raise TypeError(message)
        overrides = {**overrides, "tolerance": tolerance}
    return score_masks(
        name,
        reference,
        prediction,
        overrides,
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def nsd(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    tolerance: float | None = None,
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
    return _score(
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
    tolerance: float | None = None,
    spacing: Spacing = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    tie_rtol: float | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the normalised surface distance over boundary voxels, both directions pooled."""
    return _score(
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
    tolerance: float | None = None,
    spacing: Spacing = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    tie_rtol: float | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the normalised surface distance over boundary voxels, the mean of both directions."""
    return _score(
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
    tolerance: float | None = None,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    tie_rtol: float | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of the reference's surface near the prediction's."""
    return _score(
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
    tolerance: float | None = None,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    tie_rtol: float | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of the prediction's surface near the reference's."""
    return _score(
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
