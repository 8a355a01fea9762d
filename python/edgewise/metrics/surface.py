"""Distances between the boundaries of two masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .documentation import documented
from .scoring import score_masks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from edgewise._arguments import Spacing

    from .conventions import Boundary, Combine, Edge, Percentile

__all__ = [
    "ahd",
    "asd_median",
    "asd_pred_to_ref",
    "asd_ref_to_pred",
    "asd_std",
    "assd",
    "hd",
    "hd95",
    "hd95_pooled",
    "hd_pred_to_ref",
    "hd_quantile",
    "hd_ref_to_pred",
    "masd",
    "rmsd",
]


@documented
def hd(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the Hausdorff distance of the boundaries."""
    return score_masks(
        "hd",
        reference,
        prediction,
        {"boundary": boundary, "edge": edge, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def hd_ref_to_pred(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the largest distance of the reference's boundary to the prediction's."""
    return score_masks(
        "hd_ref_to_pred",
        reference,
        prediction,
        {"boundary": boundary, "edge": edge, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def hd_pred_to_ref(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the largest distance of the prediction's boundary to the reference's."""
    return score_masks(
        "hd_pred_to_ref",
        reference,
        prediction,
        {"boundary": boundary, "edge": edge, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def hd_quantile(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    q: float,
    combine: Combine | None = None,
    percentile: Percentile | None = None,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return a quantile of the distances between the boundaries."""
    return score_masks(
        "hd_quantile",
        reference,
        prediction,
        {
            "q": q,
            "combine": combine,
            "percentile": percentile,
            "boundary": boundary,
            "edge": edge,
            "squeeze": squeeze,
        },
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def hd95(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    combine: Combine | None = None,
    percentile: Percentile | None = None,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the 95th percentile of the distances between the boundaries."""
    return score_masks(
        "hd95",
        reference,
        prediction,
        {
            "combine": combine,
            "percentile": percentile,
            "boundary": boundary,
            "edge": edge,
            "squeeze": squeeze,
        },
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def hd95_pooled(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    percentile: Percentile | None = None,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the 95th percentile of the distances of both directions together."""
    return score_masks(
        "hd95_pooled",
        reference,
        prediction,
        {"percentile": percentile, "boundary": boundary, "edge": edge, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def asd_ref_to_pred(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the mean distance of the reference's boundary to the prediction's."""
    return score_masks(
        "asd_ref_to_pred",
        reference,
        prediction,
        {"boundary": boundary, "edge": edge, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def asd_pred_to_ref(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the mean distance of the prediction's boundary to the reference's."""
    return score_masks(
        "asd_pred_to_ref",
        reference,
        prediction,
        {"boundary": boundary, "edge": edge, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def assd(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the average symmetric surface distance, the mean over both boundaries."""
    return score_masks(
        "assd",
        reference,
        prediction,
        {"boundary": boundary, "edge": edge, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def masd(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the mean of the two directed mean surface distances."""
    return score_masks(
        "masd",
        reference,
        prediction,
        {"boundary": boundary, "edge": edge, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def rmsd(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the root mean square symmetric surface distance."""
    return score_masks(
        "rmsd",
        reference,
        prediction,
        {"boundary": boundary, "edge": edge, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def asd_std(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the standard deviation of the distances of both boundaries."""
    return score_masks(
        "asd_std",
        reference,
        prediction,
        {"boundary": boundary, "edge": edge, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def asd_median(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    boundary: Boundary | None = None,
    edge: Edge | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the median of the distances of both boundaries."""
    return score_masks(
        "asd_median",
        reference,
        prediction,
        {"boundary": boundary, "edge": edge, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def ahd(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the average Hausdorff distance over all voxels, 0 inside the other mask."""
    return score_masks(
        "ahd",
        reference,
        prediction,
        {"squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )
