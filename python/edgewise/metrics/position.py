"""Distances between the centroids of two masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .documentation import documented
from .scoring import score_masks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from edgewise._arguments import Spacing

__all__ = ["center_distance", "mahalanobis"]


@documented
def center_distance(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the distance of the centroids."""
    return score_masks(
        "center_distance",
        reference,
        prediction,
        {"squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def mahalanobis(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the distance of the centroids in units of the pooled spread."""
    return score_masks(
        "mahalanobis",
        reference,
        prediction,
        {"squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )
