"""Formulas on skeletons, components and boundary strips."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from .ratios import quotient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgewise.metrics.conventions import Convention
    from edgewise.metrics.ingredients import Ingredients

__all__ = ["FORMULAS"]


def _boundary_iou(ingredients: Ingredients, settings: Convention) -> float:
    if not ingredients.counts.n_union:
        return math.nan
    return quotient(*ingredients.strips(settings.strip, settings.width))


def _precision(ingredients: Ingredients, settings: Convention) -> float:
    skeletons = ingredients.skeletons(settings.thinning)
    return quotient(skeletons.pred_inside, skeletons.pred)


def _sensitivity(ingredients: Ingredients, settings: Convention) -> float:
    skeletons = ingredients.skeletons(settings.thinning)
    return quotient(skeletons.ref_inside, skeletons.ref)


def _cldice(ingredients: Ingredients, settings: Convention) -> float:
    counts = ingredients.counts
    if not (counts.n_ref and counts.n_pred):
        return 0.0 if counts.n_union else math.nan
    s = ingredients.skeletons(settings.thinning)
    if not (s.ref and s.pred):
        return math.nan
    # 2 tp ts / (tp + ts) with tp = pred_inside / pred, ts = ref_inside / ref
    below = s.pred_inside * s.ref + s.ref_inside * s.pred
    return quotient(2 * s.pred_inside * s.ref_inside, below) if below else 0.0


def _skeleton_length_ratio(ingredients: Ingredients, settings: Convention) -> float:
    skeletons = ingredients.skeletons(settings.thinning)
    return quotient(skeletons.pred, skeletons.ref)


def _betti_error(ingredients: Ingredients, settings: Convention) -> float:
    reference, prediction = ingredients.betti(settings.connectivity)
    errors = [abs(r - p) for r, p in zip(reference, prediction, strict=True)]
    return sum(errors) if settings.dim is None else errors[int(settings.dim)]


FORMULAS: Final[Mapping[str, Callable[[Ingredients, Convention], float]]] = {
    "boundary_iou": _boundary_iou,
    "cldice": _cldice,
    "topology_precision": _precision,
    "topology_sensitivity": _sensitivity,
    "skeleton_length_ratio": _skeleton_length_ratio,
    "betti_error": _betti_error,
    "components_ref": lambda i, c: i.components(c.connectivity)[0],
    "components_pred": lambda i, c: i.components(c.connectivity)[1],
}
