"""The formulas of all metrics, each written once, on the ingredients of a pair."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from edgewise.metrics.conventions import Boundary, Convention
from edgewise.metrics.ingredients import Ingredients

from . import agreement, distances, instances, ratios, topology

if TYPE_CHECKING:
    from edgewise.metrics.counts import Counts

__all__ = ["FORMULAS", "Formula", "State", "emptiness", "measured", "measured_counts", "state_of"]

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
    return (_of_empty(name, state, settings, value) if settings.empty else value), state


def measured_counts(name: str, counts: Counts, settings: Convention) -> float:
    """Return the value of a metric that is made of the counts alone."""
    value = float(ratios.OF_COUNTS[name](counts, settings))
    if settings.empty and (state := emptiness(counts)):
        return _of_empty(name, state, settings, value)
    return value


_EMPTY: Final[Mapping[str, int]] = {"ref_empty": 0, "pred_empty": 1, "both_empty": 2}


def _of_empty(name: str, state: State, settings: Convention, value: float) -> float:
    """Return what the convention says of empty masks instead of a value."""
    if state in _EMPTY and settings.empty and name in settings.empty:
        return settings.empty[name][_EMPTY[state]]
    return value


def emptiness(counts: Counts) -> State | None:
    """Return which mask is empty; None if neither is."""
    if counts.tp:
        return None
    n_ref, n_pred = counts.fn, counts.fp
    if n_ref and n_pred:
        return None
    return "pred_empty" if n_ref else "ref_empty" if n_pred else "both_empty"


def state_of(name: str, value: float, ingredients: Ingredients, settings: Convention) -> State:
    """Return the state of a value: emptiness first, then a missing boundary, then 0/0."""
    state = emptiness(ingredients.counts)
    if state == "both_empty":
        return state
    boundary: Boundary | None = distances.boundary_of(name, settings)
    if boundary is not None:
        lists = ingredients.distances(boundary, settings.edge)
        # of an empty mask: the other mask has no boundary either
        if lists.are_empty if state else lists.has_empty:
            return "full"
    return state or ("undefined" if math.isnan(value) else "ok")
