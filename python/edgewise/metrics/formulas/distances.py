"""Formulas on the two directed distance lists, and on centroids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edgewise.metrics.distance_list import DistanceList, ListPair, half_sum
from edgewise.metrics.moments import center_distance, mahalanobis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgewise.metrics.conventions import Boundary, Combine, Convention
    from edgewise.metrics.ingredients import Ingredients

__all__ = ["FORMULAS", "boundary_of"]

_SURFACES: Final = frozenset({"nsd", "surface_overlap_ref", "surface_overlap_pred"})
_FIXED: Final[Mapping[str, Boundary]] = {
    "nsd_grid": "face",
    "nsd_grid_mean": "face",
    "ahd": "none",
}
_LISTS: Final = frozenset(
    {
        "hd",
        "hd_ref_to_pred",
        "hd_pred_to_ref",
        "hd_quantile",
        "hd95",
        "hd95_pooled",
        "asd_ref_to_pred",
        "asd_pred_to_ref",
        "assd",
        "masd",
        "rmsd",
        "asd_std",
        "asd_median",
    }
)


def boundary_of(name: str, settings: Convention) -> Boundary | None:
    """Return the boundary whose distance lists a metric uses; None if it uses none."""
    if name in _LISTS:
        return settings.boundary
    if name in _SURFACES:
        return settings.nsd_boundary
    return _FIXED.get(name)


def _lists(name: str, ingredients: Ingredients, settings: Convention) -> ListPair:
    boundary = boundary_of(name, settings)
    assert boundary is not None
    return ingredients.distances(boundary, settings.edge)


def _quantile(
    lists: ListPair, q: float, settings: Convention, combine: Combine | None = None
) -> float:
    return lists.quantile(q, settings.percentile or "linear", combine or settings.combine)


def _ahd(ingredients: Ingredients, settings: Convention) -> float:
    lists = ingredients.distances("none", settings.edge)
    return half_sum(lists.ref_to_pred.mean(), lists.pred_to_ref.mean())


def _assd(ingredients: Ingredients, settings: Convention) -> float:
    if settings.assd == "ahd":
        return _ahd(ingredients, settings)
    lists = ingredients.distances(settings.boundary, settings.edge)
    return lists.mean_of_means() if settings.assd == "masd" else lists.pooled_mean()


def _share(distances: DistanceList, settings: Convention) -> float:
    return distances.fraction_within(settings.tolerance, settings.tie_rtol)


def _nsd(lists: ListPair, settings: Convention, combine: Combine) -> float:
    return lists.fraction_within(settings.tolerance, settings.tie_rtol, combine)


_OF_LISTS: Final[Mapping[str, Callable[[ListPair, Convention], float]]] = {
    "hd": lambda lists, _: lists.maximum(),
    "hd_ref_to_pred": lambda lists, _: lists.ref_to_pred.maximum(),
    "hd_pred_to_ref": lambda lists, _: lists.pred_to_ref.maximum(),
    "hd_quantile": lambda lists, c: _quantile(lists, c.q, c),
    "hd95": lambda lists, c: _quantile(lists, 95.0, c),
    "hd95_pooled": lambda lists, c: _quantile(lists, 95.0, c, "pooled"),
    "asd_ref_to_pred": lambda lists, _: lists.ref_to_pred.mean(),
    "asd_pred_to_ref": lambda lists, _: lists.pred_to_ref.mean(),
    "masd": lambda lists, _: lists.mean_of_means(),
    "rmsd": lambda lists, _: lists.pooled().root_mean_square(),
    "asd_std": lambda lists, _: lists.pooled().standard_deviation(),
    "asd_median": lambda lists, c: _quantile(lists, 50.0, c, "pooled"),
    "nsd": lambda lists, c: _nsd(lists, c, c.nsd_combine),
    "nsd_grid": lambda lists, c: _nsd(lists, c, "pooled"),
    "nsd_grid_mean": lambda lists, c: _nsd(lists, c, "mean"),
    "surface_overlap_ref": lambda lists, c: _share(lists.ref_to_pred, c),
    "surface_overlap_pred": lambda lists, c: _share(lists.pred_to_ref, c),
}


def _on_lists(
    name: str, formula: Callable[[ListPair, Convention], float]
) -> Callable[[Ingredients, Convention], float]:
    return lambda ingredients, settings: formula(_lists(name, ingredients, settings), settings)


def _mahalanobis(ingredients: Ingredients, _: Convention) -> float:
    reference, prediction = ingredients.moments
    return mahalanobis(reference, prediction)


def _center_distance(ingredients: Ingredients, _: Convention) -> float:
    reference, prediction = ingredients.moments
    return center_distance(reference, prediction, ingredients.spacing)


FORMULAS: Final[Mapping[str, Callable[[Ingredients, Convention], float]]] = {
    **{name: _on_lists(name, formula) for name, formula in _OF_LISTS.items()},
    "assd": _assd,
    "ahd": _ahd,
    "center_distance": _center_distance,
    "mahalanobis": _mahalanobis,
}
