"""Counts and volumes of two masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .documentation import documented
from .scoring import score_masks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from edgewise._arguments import Spacing

__all__ = [
    "absolute_volume_difference",
    "absolute_volume_difference_ratio",
    "fn",
    "fp",
    "n_pred",
    "n_ref",
    "n_union",
    "relative_volume_difference",
    "tn",
    "tp",
    "volume_difference",
    "volume_pred",
    "volume_ref",
    "volumetric_similarity",
]


@documented
def tp(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
) -> int:
    """Return the number of voxels in both masks."""
    return int(
        score_masks(
            "tp",
            reference,
            prediction,
            {},
            spacing=spacing,
            ignore_mask=ignore_mask,
        )
    )


@documented
def fp(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
) -> int:
    """Return the number of voxels in the prediction only."""
    return int(
        score_masks(
            "fp",
            reference,
            prediction,
            {},
            spacing=spacing,
            ignore_mask=ignore_mask,
        )
    )


@documented
def fn(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
) -> int:
    """Return the number of voxels in the reference only."""
    return int(
        score_masks(
            "fn",
            reference,
            prediction,
            {},
            spacing=spacing,
            ignore_mask=ignore_mask,
        )
    )


@documented
def tn(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
) -> int:
    """Return the number of voxels in neither mask."""
    return int(
        score_masks(
            "tn",
            reference,
            prediction,
            {},
            spacing=spacing,
            ignore_mask=ignore_mask,
        )
    )


@documented
def n_ref(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
) -> int:
    """Return the number of voxels of the reference."""
    return int(
        score_masks(
            "n_ref",
            reference,
            prediction,
            {},
            spacing=spacing,
            ignore_mask=ignore_mask,
        )
    )


@documented
def n_pred(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
) -> int:
    """Return the number of voxels of the prediction."""
    return int(
        score_masks(
            "n_pred",
            reference,
            prediction,
            {},
            spacing=spacing,
            ignore_mask=ignore_mask,
        )
    )


@documented
def n_union(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
) -> int:
    """Return the number of voxels in either mask."""
    return int(
        score_masks(
            "n_union",
            reference,
            prediction,
            {},
            spacing=spacing,
            ignore_mask=ignore_mask,
        )
    )


@documented
def volume_ref(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
) -> float:
    """Return the volume of the reference."""
    return score_masks(
        "volume_ref",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
    )


@documented
def volume_pred(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
) -> float:
    """Return the volume of the prediction."""
    return score_masks(
        "volume_pred",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
    )


@documented
def volume_difference(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
) -> float:
    """Return the signed difference of the volumes, prediction minus reference."""
    return score_masks(
        "volume_difference",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
    )


@documented
def absolute_volume_difference(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
) -> float:
    """Return the absolute difference of the volumes."""
    return score_masks(
        "absolute_volume_difference",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
    )


@documented
def relative_volume_difference(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the signed difference of the volumes relative to the reference."""
    return score_masks(
        "relative_volume_difference",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def absolute_volume_difference_ratio(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the absolute difference of the volumes relative to the reference."""
    return score_masks(
        "absolute_volume_difference_ratio",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def volumetric_similarity(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the similarity of the two volumes, wherever they lie."""
    return score_masks(
        "volumetric_similarity",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )
