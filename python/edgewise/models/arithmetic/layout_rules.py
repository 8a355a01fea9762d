"""Operations that move numbers without combining them: views, permutations, joining, choosing."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from .placement import Link, Outcome
from .reach import SAME, WHOLE, AxisMap, Resample, Window
from .tracing import Ref

if TYPE_CHECKING:
    from collections.abc import Callable

    from .placement import View

__all__ = ["LAYOUT_RULES", "elementwise"]


def elementwise(view: View) -> Outcome:
    """Return the outcome of an element-wise operation with broadcasting.

    Values that do not depend on the image but vary along space (position embeddings) tie the
    network to one place and size.
    """
    rank = len(view.call.shape)
    dims: list[int | None] = [None] * rank
    sources = view.sources()
    kept = [s for s in sources if not view.placements[s].lost]
    for source in kept:
        place = view.placements[source]
        offset = rank - len(place.shape)
        for dim, axis in enumerate(place.dims):
            if axis is None:
                continue
            if dims[dim + offset] not in (None, axis) or axis in dims[: dim + offset]:
                return view.mixed("combines maps whose axes are in different order")
            if place.shape[dim] > 1 or view.call.shape[dim + offset] == 1:
                dims[dim + offset] = axis
    if not kept:
        return Outcome(tuple(dims), tuple(view.everything(source) for source in sources), lost=True)
    links = tuple(view.spread(source, tuple(dims)) for source in sources)
    return Outcome(tuple(dims), links, _place_bound(view, tuple(dims)))


def _place_bound(view: View, dims: tuple[int | None, ...]) -> tuple[str, ...]:
    for name in view.refs():
        if name in view.placements or name in view.uniform:
            continue
        shape = view.shapes[name]
        offset = len(dims) - len(shape)
        if any(n > 1 and dims[d + offset] is not None for d, n in enumerate(shape)):
            return ("adds or multiplies values that belong to places, such as an embedding",)
    return ()


def _permute(view: View) -> Outcome:
    place, rank = view.place, len(view.place.shape)
    order = list(range(rank))
    if view.call.operation == "permute":
        order = [int(d) % rank for d in view.argument("dims")]
    elif view.call.operation == "transpose":
        first, second = int(view.argument("dim0")) % rank, int(view.argument("dim1")) % rank
        order[first], order[second] = second, first
    else:  # t
        order.reverse()
    return _moved(view, tuple(place.dims[d] for d in order))


def _moved(view: View, dims: tuple[int | None, ...]) -> Outcome:
    if view.place.lost:
        dims = (None,) * len(view.call.shape)
        return Outcome(dims, (view.everything(view.source),), lost=True)
    return Outcome(dims, (Link(view.source, view.same()),))


def _unsqueeze(view: View) -> Outcome:
    dim = int(view.argument("dim")) % len(view.call.shape)
    dims = view.place.dims
    return _moved(view, (*dims[:dim], None, *dims[dim:]))


def _squeeze(view: View) -> Outcome:
    place = view.place
    given = view.argument("dim", list(range(len(place.shape))))
    given = given if isinstance(given, list) else [given]
    gone = {int(d) % len(place.shape) for d in given}
    gone = {d for d in gone if place.shape[d] == 1}
    return _moved(view, tuple(a for d, a in enumerate(place.dims) if d not in gone))


def _expand(view: View) -> Outcome:
    """Answer for ``expand``: one value spread, which is element-wise with nothing."""
    place = view.place
    dims = (None,) * (len(view.call.shape) - len(place.dims)) + place.dims
    if place.lost:
        return _moved(view, dims)
    return Outcome(dims, (view.spread(view.source, dims),))


def _repeat(view: View) -> Outcome:
    place, times = view.place, [int(n) for n in view.argument("repeats")]
    dims = (None,) * (len(times) - len(place.dims)) + place.dims
    if any(n > 1 and axis is not None for n, axis in zip(times, dims, strict=True)):
        return view.mixed("repeats the image")
    return _moved(view, dims)


def _view(view: View) -> Outcome:
    """Answer for reshaping: axes that stay apart survive, also in blocks of a fixed size."""
    place, after = view.place, view.call.shape
    if place.lost:
        return _moved(view, ())
    dims: list[int | None] = [None] * len(after)
    maps: list[AxisMap] = [SAME] * view.axes
    for old, new in _groups(place.shape, after):
        axes = [place.dims[d] for d in old if place.dims[d] is not None and place.shape[d] > 1]
        if not axes:
            continue
        large = [d for d in old if place.shape[d] > 1]
        targets = [d for d in new if after[d] > 1]
        axis = axes[0]
        if len(axes) > 1 or axis is None or place.dims[large[0]] != axis:
            return view.mixed("reshapes axes into one: what follows may see the whole image")
        dims[targets[0]] = axis
        if len(large) == 1 and len(targets) == 2:
            block = after[targets[1]]
            maps[axis] = Window(block, block)
        elif len(large) == 2 and len(targets) == 1:
            block = place.shape[large[1]]
            maps[axis] = Resample(1, 0, block, centre=Fraction(1 - block, 2 * block))
        elif len(large) != 1 or len(targets) != 1:
            return view.mixed("reshapes axes into one: what follows may see the whole image")
    return Outcome(tuple(dims), (Link(view.source, tuple(maps)),))


def _groups(before: tuple[int, ...], after: tuple[int, ...]) -> list[tuple[list[int], list[int]]]:
    """Return which dimensions of both shapes hold the same numbers, the finest such grouping."""
    groups = []
    i = j = 0
    while i < len(before) or j < len(after):
        old, new = [], []
        left = right = 1
        while True:
            if i < len(before) and (left <= right or j >= len(after)):
                left *= before[i]
                old.append(i)
                i += 1
            elif j < len(after):
                right *= after[j]
                new.append(j)
                j += 1
            else:
                break
            if left == right and old and new:
                break
        groups.append((old, new))
    return groups


def _join(view: View) -> Outcome:
    """Answer for ``cat``."""
    rank = len(view.call.shape)
    dim = int(view.argument("dim", 0)) % rank
    kept = [s for s in view.sources() if not view.placements[s].lost]
    if not kept:
        return view.mixed("joins maps whose axes are mixed")
    dims = view.placements[kept[0]].dims
    if any(view.placements[s].dims != dims for s in kept):
        return view.mixed("joins maps whose axes are in different order")
    axis = dims[dim]
    if axis is None:
        links = tuple(view.spread(source, dims) for source in view.sources())
        return Outcome(dims, links)
    if len(kept) < len(view.sources()):
        return view.mixed("joins maps whose axes are mixed")
    return _join_along(view, dims, dim, axis)


def _join_along(view: View, dims: tuple[int | None, ...], dim: int, axis: int) -> Outcome:
    offset, links = 0, []
    several = len(view.sources()) > 1  # else the constant pieces are padding
    for one in view.argument("tensors"):
        size = view.shapes[one.name][dim]
        if one.name in view.placements:
            piece = Window(padding=offset, size=size if several else None)
            maps = [piece if a == axis else SAME for a in range(view.axes)]
            links.append(Link(one.name, tuple(maps)))
        offset += size
    reasons = ("joins maps end to end",) if len(links) > 1 else ()
    return Outcome(dims, tuple(links), reasons)


def _stack(view: View) -> Outcome:
    dim = int(view.argument("dim", 0)) % len(view.call.shape)
    sources = view.sources()
    dims = view.placements[sources[0]].dims
    if any(view.placements[s].lost or view.placements[s].dims != dims for s in sources):
        return view.mixed("stacks maps whose axes are mixed")
    links = tuple(Link(source, view.same()) for source in sources)
    return Outcome((*dims[:dim], None, *dims[dim:]), links)


def _split(view: View) -> Outcome:
    """Answer for ``split``, ``chunk`` and ``unbind``; `_pick` shifts along an axis."""
    place, dim = view.place, int(view.argument("dim", 0)) % len(view.place.shape)
    if view.call.operation != "unbind":
        return _moved(view, place.dims)
    if place.dims[dim] is not None:
        return view.mixed("takes an axis apart")
    return _moved(view, (*place.dims[:dim], *place.dims[dim + 1 :]))


def _pick(view: View) -> Outcome:
    """Answer for the choice of one of several results."""
    source = view.call.arguments["source"]
    parent = view.upstream[source.name]
    outcome = _moved(view, view.place.dims)
    if "split" not in parent.operation and parent.operation != "chunk":
        return outcome
    given = parent.arguments.get("dim")
    dim = int(0 if given is None else given) % len(parent.shape)
    axis = view.place.dims[dim]
    if axis is None or view.place.lost:
        return outcome
    start = sum(shape[dim] for shape in parent.shapes[: view.call.arguments["index"]])
    maps = tuple(Window(padding=-start) if a == axis else SAME for a in range(view.axes))
    return Outcome(view.place.dims, (Link(view.source, maps),))


def _select(view: View) -> Outcome:
    place, dim = view.place, int(view.argument("dim", 0)) % len(view.place.shape)
    dims = (*place.dims[:dim], *place.dims[dim + 1 :])
    axis = place.dims[dim]
    if axis is None or place.lost:
        return _moved(view, dims)
    maps = tuple(WHOLE if a == axis else SAME for a in range(view.axes))
    return Outcome(dims, (Link(view.source, maps),), ("takes one fixed place",))


def _turn(view: View) -> Outcome:
    place = view.place
    given = view.argument("dims", [])
    moved = {int(d) % len(place.shape) for d in (given if isinstance(given, list) else [given])}
    if place.lost or not any(place.dims[d] is not None for d in moved):
        return _moved(view, place.dims)
    return view.mixed(f"{view.call.operation} moves voxels across the image")


def _copy(view: View) -> Outcome:
    """Answer for ``copy``: the values of `src` in the shape of `self`."""
    written: Any = view.call.arguments["src"]
    if isinstance(written, Ref) and written.name in view.placements:
        place = view.placements[written.name]
        dims = (None,) * (len(view.call.shape) - len(place.dims)) + place.dims
        return Outcome(dims, (view.spread(written.name, dims),), lost=place.lost)
    return Outcome((None,) * len(view.call.shape), ())


LAYOUT_RULES: Final[dict[str, Callable[[View], Outcome]]] = {
    "permute": _permute,
    "transpose": _permute,
    "t": _permute,
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "expand": _expand,
    "repeat": _repeat,
    "view": _view,
    "_unsafe_view": _view,
    "reshape": _view,
    "cat": _join,
    "stack": _stack,
    "split": _split,
    "split_with_sizes": _split,
    "chunk": _split,
    "unbind": _split,
    "getitem": _pick,
    "select": _select,
    "flip": _turn,
    "roll": _turn,
    "copy": _copy,
}
