"""Operations that may look at whole dimensions: norms, means, softmax, products, attention.

Along channels they are harmless; along an axis of the image every position depends on all of it,
and the reason is noted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .layout_rules import elementwise
from .placement import Link, Outcome
from .reach import SAME, WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from .placement import View

__all__ = ["MIXING_RULES"]


def _per_channel_norm(view: View) -> Outcome:
    """Answer for batch and instance normalisation: element-wise with stored statistics."""
    fresh = bool(view.argument("use_input_stats") or view.argument("training"))
    if not fresh:
        return _itself(view)
    name = "instance" if "instance" in view.call.operation else "batch"
    return _with_statistics(view, f"{name} normalisation takes mean and variance over space")


def _group_norm(view: View) -> Outcome:
    return _with_statistics(view, "group normalisation takes mean and variance over space")


def _layer_norm(view: View) -> Outcome:
    count = len(view.argument("normalized_shape"))
    if not any(axis is not None for axis in view.place.dims[-count:]):
        return _itself(view)
    return _with_statistics(view, "layer normalisation takes mean and variance over space")


def _itself(view: View) -> Outcome:
    place = view.place
    if place.lost:
        return Outcome(place.dims, (view.everything(view.source),), lost=True)
    return Outcome(place.dims, (Link(view.source, view.same()),))


def _with_statistics(view: View, why: str) -> Outcome:
    """Return the outcome of values that are scaled by statistics of the whole image."""
    outcome = _itself(view)
    links = (*outcome.links, view.everything(view.source))
    return Outcome(outcome.dims, links, (why,), lost=outcome.lost)


def _softmax(view: View) -> Outcome:
    place = view.place
    axis = place.dims[int(view.argument("dim")) % len(place.shape)]
    if place.lost or axis is None:
        return _itself(view)
    return _over(view, {axis}, place.dims, f"{view.call.operation} over an axis of the image")


def _reduction(view: View) -> Outcome:
    if view.ref("other"):  # max and min of two maps
        return elementwise(view)
    place = view.place
    rank = len(place.shape)
    given = view.argument("dim", list(range(rank)))
    gone = {int(d) % rank for d in (given if isinstance(given, list) else [given])} or set(
        range(rank)
    )
    keep = bool(view.argument("keepdim"))
    dims = tuple(a for d, a in enumerate(place.dims) if keep or d not in gone)
    if place.lost:
        return Outcome((None,) * len(view.call.shape), (view.everything(view.source),), lost=True)
    axes = {axis for d, axis in enumerate(place.dims) if d in gone and axis is not None}
    return _over(view, axes, dims, f"{view.call.operation} over the whole axis (global pooling)")


def _over(view: View, axes: set[int], dims: tuple[int | None, ...], why: str) -> Outcome:
    maps = tuple(WHOLE if axis in axes else SAME for axis in range(view.axes))
    return Outcome(dims, (Link(view.source, maps),), (why,) if axes else ())


def _linear(view: View) -> Outcome:
    place = view.place
    if not view.is_source("input") or len(view.sources()) > 1:
        return view.mixed("a linear layer whose weights depend on the image")
    if place.lost:
        return Outcome(place.dims, (view.everything(view.source),), lost=True)
    axis = place.dims[-1]
    axes = set() if axis is None else {axis}
    dims = (*place.dims[:-1], None)
    return _over(view, axes, dims, "a linear layer over an axis of the image")


def _product(view: View) -> Outcome:
    """Answer for ``matmul``: rows of the first, columns of the second, sums over the rest."""
    first, second = (view.ref(*names) for names in (("self", "input"), ("mat2", "other")))
    rank = len(view.call.shape)
    dims: list[int | None] = [None] * rank
    axes: set[int] = set()
    for name, own, summed in ((first, -2, -1), (second, -1, -2)):
        place = view.placements.get(name)
        if place is None:
            continue
        if place.lost or len(place.shape) < 2:
            return view.mixed("attention, or another product of maps, sees the whole image")
        if place.dims[summed] is not None:
            axes.add(_axis(place.dims[summed]))
        for dim, axis in enumerate(place.dims[:-2], start=rank - len(place.dims)):
            dims[dim] = axis if axis is not None else dims[dim]
        dims[own] = place.dims[own]
    kept = [axis for axis in dims if axis is not None]
    if axes or len(set(kept)) < len(kept):
        return view.mixed("attention, or another product of maps, sees the whole image")
    links = tuple(view.spread(source, tuple(dims)) for source in view.sources())
    return Outcome(tuple(dims), links)


def _einsum(view: View) -> Outcome:
    return view.mixed("attention, or another product of maps, sees the whole image")


def _axis(axis: int | None) -> int:
    return -1 if axis is None else axis


def _attention(view: View) -> Outcome:
    query, key = (view.placements.get(view.ref(name)) for name in ("query", "key"))
    apart = query is not None and key is not None and not (query.lost or key.lost)
    if apart and key is not None and key.dims[-2] is None and key.dims[-1] is None:
        return _itself(view)
    return view.mixed("attention sees the whole image")


def _channels(view: View) -> Outcome:
    return _itself(view)


_REDUCTIONS: Final = (
    "mean", "sum", "amax", "amin", "max", "min", "var", "std", "var_mean", "std_mean", "argmax",
    "argmin", "prod", "logsumexp", "linalg_vector_norm", "norm", "any", "all",
)  # fmt: skip
MIXING_RULES: Final[dict[str, Callable[[View], Any]]] = {
    **dict.fromkeys(_REDUCTIONS, _reduction),
    **dict.fromkeys(("softmax", "_softmax", "log_softmax", "_log_softmax", "cumsum"), _softmax),
    "batch_norm": _per_channel_norm,
    "native_batch_norm": _per_channel_norm,
    "_native_batch_norm_legit": _per_channel_norm,
    "_native_batch_norm_legit_no_training": _itself,
    "instance_norm": _per_channel_norm,
    "group_norm": _group_norm,
    "native_group_norm": _group_norm,
    "layer_norm": _layer_norm,
    "native_layer_norm": _layer_norm,
    "linear": _linear,
    "matmul": _product,
    "bmm": _product,
    "einsum": _einsum,
    "mm": _product,
    "scaled_dot_product_attention": _attention,
    "channel_shuffle": _channels,
}
