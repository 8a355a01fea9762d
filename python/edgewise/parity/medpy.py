"""Random calls of MedPy's binary metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .call import Call, Calls, function

if TYPE_CHECKING:
    from .draw import Draw

__all__ = ["CALLS"]

_DTYPES: Final = ("?", "u1", "i1", "u2", "i4", "u8", "i8", "f4", "f8")
_COUNTS: Final = (
    "dc",
    "jc",
    "precision",
    "recall",
    "sensitivity",
    "specificity",
    "true_negative_rate",
    "true_positive_rate",
    "positive_predictive_value",
    "ravd",
)


def _as_given(draw: Draw, mask: Any) -> Any:
    """Return the mask in some type and layout; now and then with values other than 0 and 1."""
    array = mask.astype(draw.choice(_DTYPES))
    if draw.chance(0.1) and array.dtype.kind == "f" and array.size:
        array[mask] = draw.choice((0.3, -2.0, np.nan))
    return draw.layout(array)


def _masks(draw: Draw, max_ndim: int = 4) -> tuple[Any, Any]:
    shape = draw.shape(1, max_ndim, voxels=300)
    first, second = draw.pair(shape)
    if draw.chance(0.04):  # other shapes: some broadcast, some do not
        second = draw.mask(draw.choice([draw.shape(1, 3, voxels=300), (1, *shape), shape[-1:]]))
    if draw.chance(0.02):
        return draw.choice([(first.tolist(), second), (first, second.tolist()), (first, None)])
    return _as_given(draw, first), _as_given(draw, second)


def _spacing(draw: Draw, ndim: int) -> Any:
    kind = draw.integer(0, 11)
    if kind < 4:
        return None
    if kind == 4:
        return draw.number(0.1, 5)
    if kind == 5:
        return (1.0,) * (ndim + draw.choice((-1, 1)))  # one too few or too many
    if kind == 6:
        return tuple(draw.choice((0.0, -1.5, 1.0, 2.0)) for _ in range(ndim))
    spacing = draw.spacing(ndim)
    return draw.choice((spacing, list(spacing), np.array(spacing)))


def _of_counts(name: str) -> Any:
    return lambda draw: Call(function(name), _masks(draw))


def _of_distances(name: str) -> Any:
    def drawn(draw: Draw) -> Call:
        masks = _masks(draw)
        spacing = _spacing(draw, np.ndim(masks[0]))
        connectivity = draw.choice((1, 1, 1, 2, 3, 5, 0))
        if draw.chance(0.5):
            args = (*masks, spacing, connectivity)
            return Call(function(name), args, declared=_unchecked(spacing))
        kwargs = {"voxelspacing": spacing, "connectivity": connectivity}
        return Call(function(name), masks, kwargs, _unchecked(spacing))

    return drawn


def _unchecked(spacing: Any) -> str:
    odd = spacing is not None and bool((np.asarray(spacing) <= 0).any())
    return "medpy-spacing-unchecked" if odd else ""


def _other_shapes(masks: Any) -> str:
    return "medpy-shapes-broadcast" if np.shape(masks[0]) != np.shape(masks[1]) else ""


def _of_objects(name: str, *, distances: bool) -> Any:
    def drawn(draw: Draw) -> Call:
        masks = _masks(draw, 3)
        kwargs: dict[str, Any] = {"connectivity": draw.choice((1, 1, 2, 3))}
        if distances:
            kwargs["voxelspacing"] = _spacing(draw, np.ndim(masks[0]))
        declared = _other_shapes(masks) or _unchecked(kwargs.get("voxelspacing"))
        return Call(function(name), masks, kwargs, declared)

    return drawn


def _of_volumes(name: str) -> Any:
    def act(space: Any, results: Any, references: Any) -> Any:
        found = getattr(space, name)(results, references)
        return float(found.statistic), float(found.pvalue)

    def drawn(draw: Draw) -> Call:
        rows = draw.integer(1, 6)
        arrays = [draw.rng.random((rows, 20)) < draw.rng.random((rows, 1)) for _ in range(2)]
        return Call(act, (list(arrays[0]), arrays[1]))

    return drawn


CALLS: Final[Calls] = {
    **{name: _of_counts(name) for name in _COUNTS},
    **{name: _of_distances(name) for name in ("hd", "hd95", "asd", "assd")},
    **{name: _of_objects(name, distances=True) for name in ("obj_asd", "obj_assd")},
    **{name: _of_objects(name, distances=False) for name in ("obj_fpr", "obj_tpr")},
    **{name: _of_volumes(name) for name in ("volume_correlation", "volume_change_correlation")},
}
