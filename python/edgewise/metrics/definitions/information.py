"""Information and agreement of label maps with any labels."""

from __future__ import annotations

from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .row import IGNORE, Definition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .row import Better

__all__ = ["DEFINITIONS"]

_ARGANDA: Final = "Arganda-Carreras et al., Frontiers in Neuroanatomy 9:142, 2015"
_MEILA: Final = "Meila, J. Multivariate Analysis 98, 2007"


def _information(
    name: str,
    title: str,
    formula: str,
    empty: tuple[str, str, str],
    *,
    low: float = 0,
    high: float = 1,
    better: Better = "smaller",
    worst: float | None = None,
    unit: str = "1",
    other: str = "",
    parameters: Mapping[str, object] = MappingProxyType({}),
    aliases: tuple[str, ...] = (),
    source: str = _MEILA,
) -> Definition:
    labels = {"ignore_label": None, **IGNORE, "allow_negative_labels": False}
    return Definition(
        name,
        title,
        formula,
        "information",
        unit,
        low,
        high,
        better,
        worst,
        ("joint",),
        empty,
        other=other,
        aliases=aliases,
        parameters={**parameters, "spacing": None, **labels},
        source=source,
    )


DEFINITIONS: Final = (
    _information(
        "cohens_kappa",
        "Cohen's kappa",
        "(p_o - p_e) / (1 - p_e)",
        ("NaN", "0", "0"),
        low=-1,
        better="larger",
        worst=-1,
        other="p_e = 1: NaN",
        parameters={"weights": None},
        aliases=("kappa",),
        source="Cohen, Educational and Psychological Measurement 20, 1960",
    ),
    _information(
        "voi",
        "variation of information",
        "H(P|R) + H(R|P)",
        ("0", "value", "value"),
        high=inf,
        unit="bits",
        aliases=("variation_of_information",),
    ),
    _information(
        "voi_split",
        "conditional entropy: splits",
        "H(P|R)",
        ("0", "value", "value"),
        high=inf,
        unit="bits",
    ),
    _information(
        "voi_merge",
        "conditional entropy: merges",
        "H(R|P)",
        ("0", "value", "value"),
        high=inf,
        unit="bits",
    ),
    _information(
        "mutual_information",
        "mutual information",
        "sum of p_ij log2(p_ij / (p_i p_j))",
        ("0", "value", "value"),
        high=inf,
        better="larger",
        worst=0,
        unit="bits",
    ),
    _information(
        "normalized_mi",
        "normalised mutual information",
        "MI / sqrt(H_R H_P)",
        ("NaN", "NaN", "NaN"),
        better="larger",
        worst=0,
        other="an entropy of 0: NaN",
        source="Strehl and Ghosh, J. Machine Learning Research 3, 2002",
    ),
    _information(
        "adapted_rand_error",
        "adapted Rand error",
        "1 - S / (a S_R + (1 - a) S_P), reference label 0 left out",
        ("NaN", "NaN", "value"),
        worst=1,
        parameters={"alpha": 0.5},
        source=_ARGANDA,
    ),
    _information(
        "rand_split",
        "share of the reference's pairs kept together",
        "S / S_R",
        ("NaN", "NaN", "value"),
        better="larger",
        worst=0,
        source=_ARGANDA,
    ),
    _information(
        "rand_merge",
        "share of the prediction's pairs that belong together",
        "S / S_P",
        ("NaN", "NaN", "value"),
        better="larger",
        worst=0,
        source=_ARGANDA,
    ),
)
