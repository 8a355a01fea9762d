"""Operations that look at a neighbourhood: convolution, pooling, interpolation, padding, slices."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from .placement import Link, Outcome, Placement
from .reach import FIXED, SAME, WHOLE, AxisMap, Resample, Spread, Window
from .tracing import Ref

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .placement import View

__all__ = ["LOCAL_RULES"]

_GLOBAL_POOLING: Final = "global pooling sees the whole axis"


def _convolution(view: View) -> Outcome:
    if not (view.is_source("input") and len(view.sources()) == 1):
        return view.mixed("convolves with a kernel that depends on the image")
    weight = view.shapes[view.ref("weight")]
    transposed = "transpose" in view.call.operation or bool(view.argument("transposed"))
    kernel = weight[2:]
    count = len(kernel)
    stride = _each(view.argument("stride", 1), count)
    dilation = _each(view.argument("dilation", 1), count)
    padding = view.argument("padding", 0)
    if padding == "same":
        padding = [d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True)]
    padding = _each(0 if padding == "valid" else padding, count)
    kind = Spread if transposed else Window
    sizes = zip(kernel, stride, padding, dilation, strict=True)
    return _windows(view, [kind(*one) for one in sizes], mixes_channels=True)


def _pooling(view: View) -> Outcome:
    kernel, stride, padding, dilation = pool_sizes(view.call.arguments, len(view.call.shape))
    sizes = zip(kernel, stride, padding, dilation, strict=True)
    return _windows(view, [Window(*one) for one in sizes])


def pool_sizes(
    arguments: Mapping[str, Any], rank: int
) -> tuple[list[int], list[int], list[int], list[int]]:
    """Return kernel, stride, padding and dilation of a pooling call, one value per axis each.

    Parameters
    ----------
    arguments : mapping
        By the names of the operation's schema.
    rank : int
        Of the pooled tensor.
    """
    given = arguments["kernel_size"]
    count = len(given) if isinstance(given, list) and len(given) > 1 else rank - 2
    kernel = _each(given, count)
    stride = _each(arguments.get("stride") or kernel, count)
    padding = _each(arguments.get("padding") or 0, count)
    return kernel, stride, padding, _each(arguments.get("dilation") or 1, count)


def _unpooling(view: View) -> Outcome:
    indices = view.call.arguments.get("indices")
    pool = view.upstream.get(indices.name) if isinstance(indices, Ref) else None
    if pool is not None and pool.operation == "getitem":
        pool = view.upstream.get(pool.arguments["source"].name)
    if pool is None or "kernel_size" not in pool.arguments:
        return view.mixed("unpools with indices that come from no pooling of this network")
    kernel, stride, padding, _ = pool_sizes(pool.arguments, len(view.call.shape))
    maps = [Spread(*one) for one in zip(kernel, stride, padding, strict=True)]
    outcomes = [_windows(view, maps, source=source) for source in view.sources()]
    links = tuple(link for outcome in outcomes for link in outcome.links)
    return Outcome(outcomes[0].dims, links, outcomes[0].reasons)


def _adaptive_pooling(view: View) -> Outcome:
    place = _anchored(view, view.source, 0)
    count = len(_each(view.argument("output_size"), len(place.shape) - 2))
    maps: list[AxisMap] = []
    reasons = []
    for before, after in zip(place.shape[-count:], view.call.shape[-count:], strict=True):
        if before == after:
            maps.append(SAME)
        elif after == 1:
            maps.append(WHOLE)
            reasons.append(_GLOBAL_POOLING)
        else:
            maps.append(Window(before // after, before // after) if not before % after else WHOLE)
            reasons.append("adaptive pooling: its windows grow with the image")
    return _windows(view, maps, reasons=reasons)


def _interpolation(view: View) -> Outcome:
    operation = view.call.operation
    count = next(n for n in (1, 2, 3) if f"{n}d" in operation)
    place = _anchored(view, view.source, count)
    factors = view.argument("scale_factors") or [
        view.argument(name) for name in ("scales", "scales_d", "scales_h", "scales_w")
    ]
    factors = [f for f in factors if f is not None][-count:]
    corners = bool(view.argument("align_corners"))
    maps: list[AxisMap] = []
    reasons = []
    for q in range(count):
        before, after = place.shape[q - count], view.call.shape[q - count]
        factor = factors[q] if len(factors) == count else None
        one, why = _resampling(operation, before, after, factor, corners=corners)
        maps.append(one)
        reasons += [why] if why else []
    return _windows(view, maps, reasons=reasons)


def _resampling(
    operation: str, before: int, after: int, factor: float | None, *, corners: bool
) -> tuple[AxisMap, str]:
    """Return the map from `after` positions to `before`, and why it depends on the image's size.

    Formulas: PyTorch's ``Upsample``, see `interpolated_size`.
    """
    if before == 1:
        return FIXED, ""
    if before == after and factor in (None, 1):
        return SAME, ""
    ratio = Fraction(before, after)
    if factor is not None and int(before * Fraction(factor)) == after:
        ratio = 1 / Fraction(factor).limit_denominator(1 << 20)
    a, c = ratio.numerator, ratio.denominator
    why = ""
    if a != 1 and c != 1:
        why = f"interpolates {before} positions to {after}: no whole factor"
    if "nearest" in operation:
        exact = "exact" in operation
        centre = Fraction(a - c, 2 * c) if exact or a < c else Fraction(0)
        return Resample(2 * a if exact else a, a if exact else 0, 2 * c if exact else c,
                        centre=centre), why  # fmt: skip
    below, above = (1, 2) if "cubic" in operation else (0, 1)
    if corners:
        why = "align_corners=True: where a voxel lies depends on the size of the image"
        area = Fraction(before - after, 2 * after)
        one = Resample(before - 1, 0, max(after - 1, 1), below, above, ratio=ratio, centre=area)
        return one, why
    return Resample(2 * a, a - c, 2 * c, below, above), why


def _padding(view: View) -> Outcome:
    amounts = view.argument("pad") or view.argument("padding") or [0]
    mode = view.argument("mode", "constant")
    count = len(amounts) // 2
    before = [int(amounts[2 * (count - 1 - q)]) for q in range(count)]
    outcome = _windows(view, [Window(padding=p) for p in before])
    if mode != "circular":
        return outcome
    links = (*outcome.links, view.everything(view.source))
    return Outcome(outcome.dims, links, ("circular padding continues at the other end",))


def _slice(view: View) -> Outcome:
    place, dim = view.place, int(view.argument("dim", 0)) % len(view.place.shape)
    size = place.shape[dim]
    start = int(view.argument("start", 0))
    start = max(start + size, 0) if start < 0 else min(start, size)
    step = int(view.argument("step", 1))
    return _along(view, dim, Window(stride=step, padding=-start))


def _write_slice(view: View) -> Outcome:
    """Answer for ``slice_scatter``: one tensor written into another."""
    target, written = view.call.arguments["self"], view.call.arguments["src"]
    rank = len(view.call.shape)
    dim = int(view.argument("dim", 0)) % rank
    start, step = int(view.argument("start", 0)), int(view.argument("step", 1))
    start += view.call.shape[dim] if start < 0 else 0
    first = view.placements[view.source]
    if first.lost or step != 1:
        return view.mixed("writes into a part of a tensor whose axes are mixed")
    axis = first.dims[dim]
    links = []
    if target.name in view.placements:
        links.append(view.spread(target.name, first.dims))
    if written.name in view.placements:
        maps = [SAME] * view.axes if axis is None else [
            Window(padding=start) if one == axis else SAME for one in range(view.axes)
        ]  # fmt: skip
        links.append(Link(written.name, tuple(maps)))
    both = len(links) > 1 and axis is not None
    reasons = ("writes into a fixed part of a map",) if both else ()
    return Outcome(first.dims, tuple(links), reasons)


def _pixel_shuffle(view: View) -> Outcome:
    factor = int(view.argument("upscale_factor"))
    one = Resample(1, 0, factor, centre=Fraction(1 - factor, 2 * factor))
    return _windows(view, [one, one], mixes_channels=True)


def _pixel_unshuffle(view: View) -> Outcome:
    factor = int(view.argument("downscale_factor"))
    return _windows(view, [Window(factor, factor)] * 2, mixes_channels=True)


def _repeat_each(view: View) -> Outcome:
    factor, dim = view.argument("repeats"), view.argument("dim")
    if not isinstance(factor, int) or dim is None:
        return view.mixed("repeats voxels a number of times that is not fixed")
    one = Resample(1, 0, factor, centre=Fraction(1 - factor, 2 * factor))
    return _along(view, int(dim) % len(view.place.shape), one)


def _along(view: View, dim: int, one: AxisMap) -> Outcome:
    """Return the outcome of a map along one dimension."""
    place = view.place
    if place.lost:
        return Outcome(place.dims, (view.everything(view.source),), lost=True)
    axis = place.dims[dim]
    maps = tuple(one if a == axis and axis is not None else SAME for a in range(view.axes))
    return Outcome(place.dims, (Link(view.source, maps),))


def _windows(
    view: View,
    windows: Sequence[AxisMap],
    *,
    source: str | None = None,
    mixes_channels: bool = False,
    reasons: list[str] | None = None,
) -> Outcome:
    """Return the outcome of maps along the last dimensions of a tensor."""
    source = view.source if source is None else source
    place = _anchored(view, source, len(windows))
    rank = len(place.shape)
    if mixes_channels and place.dims[rank - len(windows) - 1] is not None:
        return view.mixed("convolves over channels that hold positions of the image")
    if view.placements[source].lost:
        lost = place.dims == (None,) * rank
        return Outcome(place.dims, (view.everything(source),), tuple(reasons or ()), lost=lost)
    maps: list[AxisMap] = []
    for axis in range(view.axes):
        at = place.dims.index(axis) - rank if axis in place.dims else -rank
        maps.append(windows[at] if at >= -len(windows) else SAME)
    return Outcome(place.dims, (Link(source, tuple(maps)),), tuple(dict.fromkeys(reasons or ())))


def _anchored(view: View, source: str, count: int) -> Placement:
    """Return where a tensor has its axes; one that lost them gets them back as (N, C, ...).

    A layer for as many axes as the image has takes maps again: tokens that were reshaped.
    """
    place = view.placements[source]
    if place.lost and count == view.axes and len(place.shape) == view.axes + 2:
        return Placement(place.shape, view.standard_dims())
    return place


def _each(value: Any, count: int) -> list[int]:  # noqa: ANN401
    values = list(value) if isinstance(value, tuple | list) else [value]
    return [int(v) for v in (values * count if len(values) == 1 else values)]


_KINDS: Final[dict[str, Callable[[View], Outcome]]] = {
    "conv{}d": _convolution,
    "conv_transpose{}d": _convolution,
    "max_pool{}d": _pooling,
    "max_pool{}d_with_indices": _pooling,
    "avg_pool{}d": _pooling,
    "max_unpool{}d": _unpooling,
    "adaptive_avg_pool{}d": _adaptive_pooling,
    "_adaptive_avg_pool{}d": _adaptive_pooling,
    "adaptive_max_pool{}d": _adaptive_pooling,
    "upsample_nearest{}d": _interpolation,
    "_upsample_nearest_exact{}d": _interpolation,
    "reflection_pad{}d": _padding,
    "replication_pad{}d": _padding,
}
LOCAL_RULES: Final[dict[str, Callable[[View], Outcome]]] = {
    **{name.format(n): rule for name, rule in _KINDS.items() for n in (1, 2, 3)},
    "convolution": _convolution,
    "upsample_linear1d": _interpolation,
    "upsample_bilinear2d": _interpolation,
    "upsample_trilinear3d": _interpolation,
    "upsample_bicubic2d": _interpolation,
    "pad": _padding,
    "constant_pad_nd": _padding,
    "slice": _slice,
    "slice_scatter": _write_slice,
    "pixel_shuffle": _pixel_shuffle,
    "pixel_unshuffle": _pixel_unshuffle,
    "repeat_interleave": _repeat_each,
}
