"""Ratios of the four counts of two masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .documentation import documented
from .scoring import score_masks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from edgewise._arguments import Spacing

__all__ = [
    "accuracy",
    "balanced_accuracy",
    "dice",
    "dor",
    "fbeta",
    "fdr",
    "fnr",
    "for_",
    "fowlkes_mallows",
    "fpr",
    "iou",
    "lr_minus",
    "lr_plus",
    "markedness",
    "mcc",
    "net_benefit",
    "npv",
    "ppv",
    "prevalence",
    "sensitivity",
    "specificity",
    "youden",
]


@documented
def dice(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the Dice similarity coefficient."""
    return score_masks(
        "dice",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def iou(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the intersection over union (Jaccard index)."""
    return score_masks(
        "iou",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def fbeta(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    beta: float = 1.0,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the F-beta score."""
    return score_masks(
        "fbeta",
        reference,
        prediction,
        {"beta": beta},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def sensitivity(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of the reference that was found (recall)."""
    return score_masks(
        "sensitivity",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def specificity(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of the background that was left alone."""
    return score_masks(
        "specificity",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def ppv(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of the prediction that is right (precision)."""
    return score_masks(
        "ppv",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def npv(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of the predicted background that is right."""
    return score_masks(
        "npv",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def fpr(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of the background that was taken for foreground."""
    return score_masks(
        "fpr",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def fnr(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of the reference that was missed."""
    return score_masks(
        "fnr",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def fdr(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of the prediction that is wrong."""
    return score_masks(
        "fdr",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def for_(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of the predicted background that is wrong."""
    return score_masks(
        "for_",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def accuracy(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of all voxels that are right."""
    return score_masks(
        "accuracy",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def balanced_accuracy(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the mean of sensitivity and specificity."""
    return score_masks(
        "balanced_accuracy",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def youden(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return Youden's J, sensitivity + specificity - 1."""
    return score_masks(
        "youden",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def markedness(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the markedness, ppv + npv - 1."""
    return score_masks(
        "markedness",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def mcc(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the Matthews correlation coefficient."""
    return score_masks(
        "mcc",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def lr_plus(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the positive likelihood ratio."""
    return score_masks(
        "lr_plus",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def lr_minus(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the negative likelihood ratio."""
    return score_masks(
        "lr_minus",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def dor(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the diagnostic odds ratio."""
    return score_masks(
        "dor",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def fowlkes_mallows(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the geometric mean of precision and sensitivity."""
    return score_masks(
        "fowlkes_mallows",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def prevalence(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of the reference in the image."""
    return score_masks(
        "prevalence",
        reference,
        prediction,
        {},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def net_benefit(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    exchange_rate: float = 1.0,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the net benefit at an exchange rate."""
    return score_masks(
        "net_benefit",
        reference,
        prediction,
        {"exchange_rate": exchange_rate},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )
