"""Skeletons, components and holes."""

from __future__ import annotations

from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .row import GRID, IGNORE, Definition
from .sources import RELOADED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .row import Better, Need

__all__ = ["DEFINITIONS"]

_SHIT: Final = "Shit et al., clDice, CVPR 2021"


def _topology(
    name: str,
    title: str,
    formula: str,
    empty: tuple[str, str, str],
    *,
    needs: Need,
    high: float = 1,
    better: Better | None = "larger",
    worst: float | None = 0,
    other: str = "",
    unit: str = "1",
    parameters: Mapping[str, object] = MappingProxyType({}),
    id_parameter: str = "",
    source: str = _SHIT,
) -> Definition:
    own = "thinning" if needs == "skeletons" else "connectivity"
    return Definition(
        name,
        title,
        formula,
        "topology",
        unit,
        0,
        high,
        better,
        worst,
        ("counts", needs),
        empty,
        other=other,
        parameters={**parameters, own: None, **GRID, **IGNORE},
        id_parameter=id_parameter,
        source=source,
    )


DEFINITIONS: Final = (
    _topology(
        "cldice",
        "centreline Dice",
        "2 tp ts / (tp + ts)",
        ("NaN", "0", "0"),
        needs="skeletons",
        other="both non-empty, no overlap: 0; no skeleton: NaN",
    ),
    _topology(
        "topology_precision",
        "share of the prediction's skeleton inside the reference",
        "|S(P) and R| / |S(P)|",
        ("NaN", "0", "NaN"),
        needs="skeletons",
    ),
    _topology(
        "topology_sensitivity",
        "share of the reference's skeleton inside the prediction",
        "|S(R) and P| / |S(R)|",
        ("NaN", "NaN", "0"),
        needs="skeletons",
    ),
    _topology(
        "skeleton_length_ratio",
        "length of the prediction's skeleton over the reference's",
        "|S(P)| / |S(R)|",
        ("NaN", "inf", "0"),
        needs="skeletons",
        high=inf,
        better="one",
    ),
    _topology(
        "betti_error",
        "difference of the numbers of components, tunnels and cavities",
        "sum over k of |b_k(R) - b_k(P)|",
        ("0", "value", "value"),
        needs="components",
        high=inf,
        better="smaller",
        worst=None,
        parameters={"dim": None},
        id_parameter="dim",
        source="Hu et al., Topology-preserving segmentation, NeurIPS 2019",
    ),
    _topology(
        "components_ref",
        "connected components of the reference",
        "b_0(R)",
        ("0", "0", "value"),
        needs="components",
        high=inf,
        better=None,
        worst=None,
        unit="components",
        source=RELOADED,
    ),
    _topology(
        "components_pred",
        "connected components of the prediction",
        "b_0(P)",
        ("0", "value", "0"),
        needs="components",
        high=inf,
        better=None,
        worst=None,
        unit="components",
        source=RELOADED,
    ),
)
