"""One value of two masks or two label maps: what every function of the room does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewise._arguments import Spacing, as_threads, threads_for

from .conventions import Convention, chosen
from .definitions import METRICS
from .formulas import measured, measured_counts
from .formulas.agreement import OF_TABLE
from .formulas.ratios import OF_COUNTS
from .grids import open_label_maps, open_masks
from .joint import count_masks
from .pair_ingredients import PairIngredients

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from .joint import JointHistogram

__all__ = ["score_label_maps", "score_masks", "table_of_label_maps"]


def score_masks(
    name: str,
    reference: ArrayLike,
    prediction: ArrayLike,
    overrides: Mapping[str, object],
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
    preset: str = "edgewise",
) -> float:
    """Measure two masks; `overrides` replace the preset's choices unless they are None."""
    settings: Convention = chosen(preset, overrides)
    grid = open_masks(reference, prediction, spacing=spacing, ignore_mask=ignore_mask)
    threads = threads_for(grid.reference.size)
    if name in OF_COUNTS:
        counts = count_masks(grid.reference, grid.prediction, grid.ignored, threads)
        return measured_counts(name, counts, settings)
    pair = PairIngredients(grid, threads, distances="distances" in METRICS[name].needs)
    value, _ = measured(name, pair.of((1,), squeeze=settings.squeeze), settings)
    return value


def table_of_label_maps(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing,
    ignore_label: int | None,
    ignore_mask: ArrayLike | None,
    allow_negative_labels: bool,
) -> JointHistogram:
    """Return the joint histogram of two label maps."""
    grid = open_label_maps(
        reference,
        prediction,
        spacing=spacing,
        ignore_label=ignore_label,
        ignore_mask=ignore_mask,
        allow_negative_labels=allow_negative_labels,
    )
    return PairIngredients(grid, as_threads("auto")).histogram


def score_label_maps(
    name: str,
    reference: ArrayLike,
    prediction: ArrayLike,
    overrides: Mapping[str, object],
    *,
    spacing: Spacing,
    ignore_label: int | None,
    ignore_mask: ArrayLike | None,
    allow_negative_labels: bool,
) -> float:
    """Measure the agreement of two label maps with any labels."""
    settings = chosen("edgewise", overrides)
    table = table_of_label_maps(
        reference,
        prediction,
        spacing=spacing,
        ignore_label=ignore_label,
        ignore_mask=ignore_mask,
        allow_negative_labels=allow_negative_labels,
    )
    return OF_TABLE[name](table, settings)
