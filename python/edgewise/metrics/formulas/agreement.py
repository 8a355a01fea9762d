"""Entropies, pair counts and kappa of a joint histogram of labels; rows are the reference."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal

from edgewise.metrics.joint import JointHistogram, table_of

from .ratios import quotient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from edgewise.metrics.conventions import Convention
    from edgewise.metrics.ingredients import Ingredients

__all__ = ["FORMULAS", "OF_TABLE"]


def _conditional(table: JointHistogram, given: Mapping[int, int], side: int) -> float:
    """Return the entropy, in bits, of one map's labels where those of side `side` are known."""
    terms = (n * math.log2(given[pair[side]] / n) for pair, n in table.joint.items())
    return math.fsum(terms) / table.total if table.total else math.nan


def _voi_split(table: JointHistogram) -> float:
    return _conditional(table, table.rows, 0)


def _voi_merge(table: JointHistogram) -> float:
    return _conditional(table, table.columns, 1)


def _entropy(sizes: Iterable[int], total: int) -> float:
    return math.fsum(n * math.log2(total / n) for n in sizes) / total


def _mutual_information(table: JointHistogram) -> float:
    if not table.total:
        return math.nan
    terms = (
        n * math.log2(n * table.total / (table.rows[row] * table.columns[column]))
        for (row, column), n in table.joint.items()
    )
    return math.fsum(terms) / table.total


def _normalized_mi(table: JointHistogram) -> float:
    if not table.total:
        return math.nan
    product = _entropy(table.rows.values(), table.total) * _entropy(
        table.columns.values(), table.total
    )
    return _mutual_information(table) / math.sqrt(product) if product else math.nan


def _pairs(sizes: Iterable[int]) -> int:
    """Return the ordered pairs of different voxels that share a label."""
    return sum(n * (n - 1) for n in sizes)


def _without_background(table: JointHistogram) -> tuple[int, int, int]:
    """Return the pairs together in both maps, in the reference, in the prediction.

    Voxels of reference label 0 are left out.
    """
    kept = table_of({pair: n for pair, n in table.joint.items() if pair[0] != 0})
    return _pairs(kept.joint.values()), _pairs(kept.rows.values()), _pairs(kept.columns.values())


def _adapted_rand_error(table: JointHistogram, alpha: float) -> float:
    both, reference, prediction = _without_background(table)
    below = Fraction(alpha) * reference + (1 - Fraction(alpha)) * prediction
    return quotient(below - both, below)


def _rand_split(table: JointHistogram) -> float:
    both, reference, _ = _without_background(table)
    return quotient(both, reference)


def _rand_merge(table: JointHistogram) -> float:
    both, _, prediction = _without_background(table)
    return quotient(both, prediction)


def _disagreement(distance: int, weights: Literal["linear", "quadratic"] | None) -> int:
    if weights is None:
        return int(distance != 0)
    return distance if weights == "linear" else distance * distance


def _cohens_kappa(table: JointHistogram, weights: Literal["linear", "quadratic"] | None) -> float:
    """Return 1 - observed / expected disagreement; labels count by their rank."""
    ranks = {label: k for k, label in enumerate(sorted({*table.rows, *table.columns}))}
    observed = sum(
        n * _disagreement(abs(ranks[r] - ranks[p]), weights) for (r, p), n in table.joint.items()
    )
    if weights is None:
        expected = table.total**2 - sum(n * table.columns.get(k, 0) for k, n in table.rows.items())
    else:
        expected = sum(
            n * m * _disagreement(abs(ranks[r] - ranks[p]), weights)
            for r, n in table.rows.items()
            for p, m in table.columns.items()
        )
    return quotient(expected - observed * table.total, expected) if expected else math.nan


OF_TABLE: Final[Mapping[str, Callable[[JointHistogram, Convention], float]]] = {
    "cohens_kappa": lambda table, settings: _cohens_kappa(table, settings.weights),
    "voi": lambda table, _: _voi_split(table) + _voi_merge(table),
    "voi_split": lambda table, _: _voi_split(table),
    "voi_merge": lambda table, _: _voi_merge(table),
    "mutual_information": lambda table, _: _mutual_information(table),
    "normalized_mi": lambda table, _: _normalized_mi(table),
    "adapted_rand_error": lambda table, settings: _adapted_rand_error(table, settings.alpha),
    "rand_split": lambda table, _: _rand_split(table),
    "rand_merge": lambda table, _: _rand_merge(table),
}


def _on_table(
    formula: Callable[[JointHistogram, Convention], float],
) -> Callable[[Ingredients, Convention], float]:
    return lambda ingredients, settings: formula(ingredients.table, settings)


FORMULAS: Final[Mapping[str, Callable[[Ingredients, Convention], float]]] = {
    name: _on_table(formula) for name, formula in OF_TABLE.items()
}
