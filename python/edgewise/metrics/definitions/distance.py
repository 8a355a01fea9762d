"""Distances between boundaries, whole masks and centroids."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final, Literal

from .row import GRID, IGNORE, Definition
from .sources import RELOADED, TAHA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .row import Need

__all__ = ["DEFINITIONS"]

_GERIG: Final = "Gerig et al., Valmet, MICCAI 2001"
_HUTTENLOCHER: Final = "Huttenlocher et al., IEEE TPAMI 15, 1993"

_BOUNDARY: Final[Mapping[str, object]] = {"boundary": None, "edge": None, **GRID}
_QUANTILE: Final[Mapping[str, object]] = {"combine": None, "percentile": None, **_BOUNDARY}


def _distance(
    name: str,
    title: str,
    formula: str,
    empty: tuple[str, str, str] = ("NaN", "inf", "inf"),
    *,
    needs: tuple[Need, ...] = ("counts", "distances"),
    unit: str = "mm",
    worst: Literal["diagonal"] | None = "diagonal",
    other: str = "",
    aliases: tuple[str, ...] = (),
    parameters: Mapping[str, object] = _BOUNDARY,
    id_parameter: str = "",
    source: str = TAHA,
) -> Definition:
    return Definition(
        name,
        title,
        formula,
        "distance",
        unit,
        0,
        inf,
        "smaller",
        worst,
        needs,
        empty,
        other=other,
        aliases=aliases,
        parameters={**parameters, **IGNORE},
        id_parameter=id_parameter,
        source=source,
    )


DEFINITIONS: Final = (
    _distance(
        "hd",
        "Hausdorff distance of the boundaries",
        "max(max D_RP, max D_PR)",
        source=_HUTTENLOCHER,
    ),
    _distance(
        "hd_ref_to_pred",
        "directed Hausdorff distance",
        "max D_RP",
        ("NaN", "NaN", "inf"),
        source=_HUTTENLOCHER,
    ),
    _distance(
        "hd_pred_to_ref",
        "directed Hausdorff distance",
        "max D_PR",
        ("NaN", "inf", "NaN"),
        source=_HUTTENLOCHER,
    ),
    _distance(
        "hd_quantile",
        "quantile of the boundary distances",
        "Q_q of D_RP and D_PR, joined as combine says",
        other="combine ref_to_pred (pred_to_ref) with an empty reference (prediction): NaN",
        parameters={"q": ..., **_QUANTILE},
        id_parameter="q",
        source=_HUTTENLOCHER,
    ),
    _distance(
        "hd95",
        "95th percentile of the boundary distances, the larger direction",
        "max(Q_95 of D_RP, Q_95 of D_PR)",
        parameters=_QUANTILE,
        source=RELOADED,
    ),
    _distance(
        "hd95_pooled",
        "95th percentile of the boundary distances of both directions together",
        "Q_95 of the union of D_RP and D_PR",
        parameters={"percentile": None, **_BOUNDARY},
        source="MedPy hd95",
    ),
    _distance(
        "asd_ref_to_pred",
        "mean distance of the reference's boundary",
        "mean of D_RP",
        ("NaN", "NaN", "inf"),
        source=_GERIG,
    ),
    _distance(
        "asd_pred_to_ref",
        "mean distance of the prediction's boundary",
        "mean of D_PR",
        ("NaN", "inf", "NaN"),
        source=_GERIG,
    ),
    _distance(
        "assd",
        "average symmetric surface distance (pooled mean)",
        "(sum of D_RP + sum of D_PR) / (W_R + W_P)",
        source="Heimann et al., IEEE TMI 28, 2009",
    ),
    _distance(
        "masd",
        "mean of the two directed mean distances",
        "(mean of D_RP + mean of D_PR) / 2",
        source=RELOADED,
    ),
    _distance(
        "rmsd",
        "root mean square symmetric surface distance",
        "sqrt((sum of D_RP^2 + sum of D_PR^2) / (W_R + W_P))",
        source="Heimann et al., IEEE TMI 28, 2009",
    ),
    _distance(
        "asd_std",
        "standard deviation of the boundary distances",
        "population standard deviation of the pooled list",
        ("NaN", "NaN", "NaN"),
        source=_GERIG,
    ),
    _distance(
        "asd_median", "median of the boundary distances", "Q_50 of the pooled list", source=_GERIG
    ),
    _distance(
        "ahd",
        "average Hausdorff distance over all voxels",
        "(mean over R of d(r, P) + mean over P of d(p, R)) / 2, 0 inside",
        parameters=GRID,
        aliases=("average_hausdorff",),
    ),
    _distance(
        "center_distance",
        "distance of the centroids",
        "|(mean index of P - mean index of R) s|",
        needs=("counts", "moments"),
        parameters=GRID,
        aliases=("centroid_distance",),
        source=RELOADED,
    ),
    _distance(
        "mahalanobis",
        "Mahalanobis distance of the centroids",
        "sqrt(D' S^-1 D), S = (|R| C_R + |P| C_P) / (|R| + |P|)",
        ("NaN", "NaN", "NaN"),
        needs=("counts", "moments"),
        other="S singular: NaN",
        parameters=GRID,
        unit="1",
        worst=None,
    ),
)
