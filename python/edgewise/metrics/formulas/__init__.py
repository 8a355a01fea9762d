"""The formulas of all metrics, each written once, on the ingredients of a pair."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

from edgewise.metrics.conventions import Boundary, Convention
from edgewise.metrics.ingredients import Ingredients

from . import agreement, distances, instances, ratios, topology

__all__ = ["FORMULAS", "Formula", "State", "measured", "state_of"]

Formula: TypeAlias = Callable[[Ingredients, Convention], float]
State: TypeAlias = Literal[
    "ok", "both_empty", "ref_empty", "pred_empty", "full", "undefined", "not_computed"
]

FORMULAS: Final[Mapping[str, Formula]] = {
    **ratios.FORMULAS,
    **distances.FORMULAS,
    **topology.FORMULAS,
    **agreement.FORMULAS,
    **instances.FORMULAS,
}


def measured(name: str, ingredients: Ingredients, settings: Convention) -> tuple[float, State]:
    """Return the value of a metric under a convention, and why it is not ordinary."""
    value = float(FORMULAS[name](ingredients, settings))
    state = state_of(name, value, ingredients, settings)
    if state in _EMPTY and settings.empty and name in settings.empty:
        value = settings.empty[name][_EMPTY[state]]
    return value, state


_EMPTY: Final[Mapping[str, int]] = {"ref_empty": 0, "pred_empty": 1, "both_empty": 2}


def state_of(name: str, value: float, ingredients: Ingredients, settings: Convention) -> State:
    """Return the state of a value: emptiness first, then a missing boundary, then 0/0."""
    counts = ingredients.counts
    n_ref, n_pred = counts.n_ref, counts.n_pred
    if not (n_ref or n_pred):
        return "both_empty"
    boundary: Boundary | None = distances.boundary_of(name, settings)
    lists = None if boundary is None else ingredients.distances(boundary, settings.edge)
    if not (n_ref and n_pred):
        if lists is not None and lists.are_empty:  # the other mask has no boundary either
            return "full"
        return "pred_empty" if n_ref else "ref_empty"
    if lists is not None and lists.has_empty:
        return "full"
    return "undefined" if math.isnan(value) else "ok"
