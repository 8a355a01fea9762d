"""Random calls of surface-distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .call import Act, Call, Calls, function

if TYPE_CHECKING:
    from .draw import Draw

__all__ = ["CALLS"]

_LISTS: Final = (
    ("distances_gt_to_pred", "surfel_areas_gt"),
    ("distances_pred_to_gt", "surfel_areas_pred"),
)
_GONE: Final = (("Inf", np.inf), ("NaN", np.nan))  # names of numpy 1 that the released 0.1 reads


def _with_names_of_numpy_1(act: Act) -> Act:
    """Return the call as it is with numpy 1: that numpy 2 lacks names is one declared fault."""

    def named(space: Any, *args: Any) -> Any:
        missing = [(name, value) for name, value in _GONE if not hasattr(np, name)]
        for name, value in missing:
            setattr(np, name, value)
        try:
            return act(space, *args)
        finally:
            for name, _ in missing:
                delattr(np, name)

    return named


def _masks(draw: Draw) -> tuple[Any, Any]:
    shape = draw.shape(2, 3, voxels=300) if draw.chance(0.97) else draw.shape(1, 4, voxels=100)
    if draw.chance(0.02):
        shape = tuple(draw.choice((0, n)) for n in shape)
    first, second = draw.pair(shape)
    kind = draw.integer(0, 49)
    if kind == 0:
        return draw.choice(((first.tolist(), second), (first, second.astype("u1")), (None, first)))
    if kind == 1:
        return first, draw.mask(draw.shape(2, 3, voxels=100))
    if kind == 2:
        return first, draw.mask([draw.choice((1, n)) for n in shape])
    return draw.layout(first), draw.layout(second)


def _spacing(draw: Draw, ndim: int) -> Any:
    kind = draw.integer(0, 19)
    if kind == 0:
        return draw.choice((None, 1.0, (1.0,) * (ndim + 1), (None,) * ndim))
    if kind == 1:
        return tuple(draw.choice((0, -1.5, 1, 2.0)) for _ in range(ndim))
    spacing = draw.spacing(ndim)
    return draw.choice((spacing, list(spacing), np.array(spacing)))


def _by_name(space: Any, mask_gt: Any, mask_pred: Any, spacing_mm: Any) -> Any:
    found = space.compute_surface_distances(
        spacing_mm=spacing_mm, mask_pred=mask_pred, mask_gt=mask_gt
    )
    return _up_to_order(found)


def _by_place(space: Any, mask_gt: Any, mask_pred: Any, spacing_mm: Any) -> Any:
    return _up_to_order(space.compute_surface_distances(mask_gt, mask_pred, spacing_mm))


def _up_to_order(found: dict[str, Any]) -> dict[str, Any]:
    """Return the dict with the areas of distances that differ by rounding in ascending order."""
    for distances, areas in _LISTS:
        steps = np.diff(found[distances], prepend=-1.0)
        groups = np.cumsum(~(steps <= 1e-12 * found[distances]))
        found[areas] = found[areas][np.lexsort((found[areas], groups))]
    return found


def _distances(draw: Draw) -> Call:
    masks = _masks(draw)
    act = _with_names_of_numpy_1(draw.choice((_by_name, _by_place)))
    spacing = _spacing(draw, np.ndim(masks[0]))
    return Call(act, (*masks, spacing), {}, _unchecked(spacing))


def _unchecked(spacing: Any) -> str:
    steps = [step for step in np.atleast_1d(spacing).tolist() if isinstance(step, (int, float))]
    return "surface-distance-spacing-unchecked" if any(step <= 0 for step in steps) else ""


def _lists(draw: Draw) -> dict[str, Any]:
    """Return a dict as users hand it on, with lists of several elements, one or none."""
    found: dict[str, Any] = {}
    for distances, areas in _LISTS:
        n = draw.choice((0, 1, 2, 3, 9, 40))
        lengths = draw.rng.integers(0, 6, n) * draw.choice((1.0, 0.1, 0.3))
        if draw.chance(0.15):
            lengths[...] = np.inf
        found[distances] = np.sort(lengths)
        found[areas] = draw.rng.integers(1, 5, n) * draw.choice((1.0, 0.35))
    if draw.chance(0.03):
        del found[draw.choice(tuple(found))]
    elif draw.chance(0.03):
        found["distances_gt_to_pred"] = found["distances_gt_to_pred"][:-1]
    return found


def _of_lists(name: str, *levels: Any) -> Any:
    def drawn(draw: Draw) -> Call:
        args = (_lists(draw), *([draw.choice(levels)] if levels else []))
        return Call(_with_names_of_numpy_1(function(name)), args)

    return drawn


def _dice(draw: Draw) -> Call:
    first, second = _masks(draw)
    if draw.chance(0.2) and isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        kind = draw.choice(("u1", "i4", "f8"))
        first, second = first.astype(kind), 3 * second.astype(kind)
    return Call(_with_names_of_numpy_1(function("compute_dice_coefficient")), (first, second))


def _table(name: str) -> Any:
    def drawn(draw: Draw) -> Call:
        return Call(function(name), (_spacing(draw, draw.choice((2, 3, 3))),))

    return drawn


_TABLES: Final = (
    "lookup_tables.create_table_neighbour_code_to_contour_length",
    "lookup_tables.create_table_neighbour_code_to_surface_area",
)

CALLS: Final[Calls] = {
    "compute_surface_distances": _distances,
    "compute_average_surface_distance": _of_lists("compute_average_surface_distance"),
    "compute_robust_hausdorff": _of_lists(
        "compute_robust_hausdorff", 0, 5, 50, 95, 99.5, 100, 150, -1, "95", None
    ),
    **{
        name: _of_lists(name, 0, 0.1, 0.3, 0.6, 1, 2.0, 100, -1, np.inf, np.nan, "1", None)
        for name in ("compute_surface_overlap_at_tolerance", "compute_surface_dice_at_tolerance")
    },
    "compute_dice_coefficient": _dice,
    **{name: _table(name) for name in _TABLES},
}
