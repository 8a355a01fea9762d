"""Agreement of two label maps with any labels: entropies, pairs of voxels, kappa."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .documentation import documented
from .scoring import score_label_maps

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from edgewise._arguments import Spacing

__all__ = [
    "adapted_rand_error",
    "cohens_kappa",
    "mutual_information",
    "normalized_mi",
    "rand_merge",
    "rand_split",
    "voi",
    "voi_merge",
    "voi_split",
]


@documented
def cohens_kappa(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    weights: Literal["linear", "quadratic"] | None = None,
    spacing: Spacing = None,
    ignore_label: int | None = None,
    ignore_mask: ArrayLike | None = None,
    allow_negative_labels: bool = False,
) -> float:
    """Return Cohen's kappa of two label maps."""
    return score_label_maps(
        "cohens_kappa",
        reference,
        prediction,
        {"weights": weights},
        spacing=spacing,
        ignore_label=ignore_label,
        ignore_mask=ignore_mask,
        allow_negative_labels=allow_negative_labels,
    )


@documented
def voi(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_label: int | None = None,
    ignore_mask: ArrayLike | None = None,
    allow_negative_labels: bool = False,
) -> float:
    """Return the variation of information of two label maps, in bits."""
    return score_label_maps(
        "voi",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_label=ignore_label,
        ignore_mask=ignore_mask,
        allow_negative_labels=allow_negative_labels,
    )


@documented
def voi_split(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_label: int | None = None,
    ignore_mask: ArrayLike | None = None,
    allow_negative_labels: bool = False,
) -> float:
    """Return the entropy of the prediction given the reference, in bits."""
    return score_label_maps(
        "voi_split",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_label=ignore_label,
        ignore_mask=ignore_mask,
        allow_negative_labels=allow_negative_labels,
    )


@documented
def voi_merge(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_label: int | None = None,
    ignore_mask: ArrayLike | None = None,
    allow_negative_labels: bool = False,
) -> float:
    """Return the entropy of the reference given the prediction, in bits."""
    return score_label_maps(
        "voi_merge",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_label=ignore_label,
        ignore_mask=ignore_mask,
        allow_negative_labels=allow_negative_labels,
    )


@documented
def mutual_information(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_label: int | None = None,
    ignore_mask: ArrayLike | None = None,
    allow_negative_labels: bool = False,
) -> float:
    """Return the mutual information of two label maps, in bits."""
    return score_label_maps(
        "mutual_information",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_label=ignore_label,
        ignore_mask=ignore_mask,
        allow_negative_labels=allow_negative_labels,
    )


@documented
def normalized_mi(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_label: int | None = None,
    ignore_mask: ArrayLike | None = None,
    allow_negative_labels: bool = False,
) -> float:
    """Return the mutual information relative to the geometric mean of both entropies."""
    return score_label_maps(
        "normalized_mi",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_label=ignore_label,
        ignore_mask=ignore_mask,
        allow_negative_labels=allow_negative_labels,
    )


@documented
def adapted_rand_error(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    alpha: float = 0.5,
    spacing: Spacing = None,
    ignore_label: int | None = None,
    ignore_mask: ArrayLike | None = None,
    allow_negative_labels: bool = False,
) -> float:
    """Return the adapted Rand error; reference label 0 is left out."""
    return score_label_maps(
        "adapted_rand_error",
        reference,
        prediction,
        {"alpha": alpha},
        spacing=spacing,
        ignore_label=ignore_label,
        ignore_mask=ignore_mask,
        allow_negative_labels=allow_negative_labels,
    )


@documented
def rand_split(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_label: int | None = None,
    ignore_mask: ArrayLike | None = None,
    allow_negative_labels: bool = False,
) -> float:
    """Return the share of the reference's pairs of voxels that the prediction keeps together."""
    return score_label_maps(
        "rand_split",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_label=ignore_label,
        ignore_mask=ignore_mask,
        allow_negative_labels=allow_negative_labels,
    )


@documented
def rand_merge(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_label: int | None = None,
    ignore_mask: ArrayLike | None = None,
    allow_negative_labels: bool = False,
) -> float:
    """Return the share of the prediction's pairs of voxels that belong together."""
    return score_label_maps(
        "rand_merge",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_label=ignore_label,
        ignore_mask=ignore_mask,
        allow_negative_labels=allow_negative_labels,
    )
