"""Skeletons, components and holes of two masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .documentation import documented
from .scoring import score_masks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from edgewise._arguments import Spacing

    from .conventions import Thinning

__all__ = [
    "betti_error",
    "cldice",
    "components_pred",
    "components_ref",
    "skeleton_length_ratio",
    "topology_precision",
    "topology_sensitivity",
]


@documented
def cldice(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    thinning: Thinning | None = None,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the centreline Dice."""
    return score_masks(
        "cldice",
        reference,
        prediction,
        {"thinning": thinning, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def topology_precision(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    thinning: Thinning | None = None,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of the prediction's skeleton inside the reference."""
    return score_masks(
        "topology_precision",
        reference,
        prediction,
        {"thinning": thinning, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def topology_sensitivity(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    thinning: Thinning | None = None,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the share of the reference's skeleton inside the prediction."""
    return score_masks(
        "topology_sensitivity",
        reference,
        prediction,
        {"thinning": thinning, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def skeleton_length_ratio(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    thinning: Thinning | None = None,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the length of the prediction's skeleton relative to the reference's."""
    return score_masks(
        "skeleton_length_ratio",
        reference,
        prediction,
        {"thinning": thinning, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def betti_error(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    dim: int | None = None,
    connectivity: int | None = None,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Return the difference of the numbers of components, tunnels and cavities."""
    return score_masks(
        "betti_error",
        reference,
        prediction,
        {"dim": dim, "connectivity": connectivity, "squeeze": squeeze},
        spacing=spacing,
        ignore_mask=ignore_mask,
        preset=preset,
    )


@documented
def components_ref(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    connectivity: int | None = None,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> int:
    """Return the number of connected components of the reference."""
    return int(
        score_masks(
            "components_ref",
            reference,
            prediction,
            {"connectivity": connectivity, "squeeze": squeeze},
            spacing=spacing,
            ignore_mask=ignore_mask,
            preset=preset,
        )
    )


@documented
def components_pred(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    connectivity: int | None = None,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> int:
    """Return the number of connected components of the prediction."""
    return int(
        score_masks(
            "components_pred",
            reference,
            prediction,
            {"connectivity": connectivity, "squeeze": squeeze},
            spacing=spacing,
            ignore_mask=ignore_mask,
            preset=preset,
        )
    )
