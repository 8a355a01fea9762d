"""Formulas on matched instances."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from .ratios import quotient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgewise.metrics.conventions import Convention
    from edgewise.metrics.ingredients import Ingredients
    from edgewise.metrics.instance_matching import Matches

__all__ = ["FORMULAS", "OF_MATCHES"]


def _pq(m: Matches) -> float:
    below = 2 * m.tp + m.fp + m.fn
    return 2 * math.fsum(m.scores) / below if below else math.nan


def _sq(m: Matches) -> float:
    return math.fsum(m.scores) / m.tp if m.tp else math.nan


OF_MATCHES: Final[Mapping[str, Callable[[Matches], float]]] = {
    "pq": _pq,
    "sq": _sq,
    "rq": lambda m: quotient(2 * m.tp, 2 * m.tp + m.fp + m.fn),
    "instance_tp": lambda m: m.tp,
    "instance_fp": lambda m: m.fp,
    "instance_fn": lambda m: m.fn,
}


def _on_matches(formula: Callable[[Matches], float]) -> Callable[[Ingredients, Convention], float]:
    return lambda ingredients, settings: formula(ingredients.matches(settings.connectivity))


FORMULAS: Final[Mapping[str, Callable[[Ingredients, Convention], float]]] = {
    name: _on_matches(formula) for name, formula in OF_MATCHES.items()
}
