"""Planning tiles: which size, how much context, where each starts.

With a network everything is read from its links; without one, halo and stride are believed.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise.errors import ConfigError, ShapeError

from .admissible import admits
from .dependence import Dependence, dependence
from .memory import forward_bytes
from .padding import border_flags
from .reach import Reach
from .receptive import phases
from .tiles import AxisLayout, TilePlan, lay_out
from .tracing import input_tensor_shape, trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["plan_tiles"]

_TRIES = 64  # how far from a size that does not fit its neighbours are looked for


def plan_tiles(
    shape: Sequence[int],
    *,
    model: Any = None,  # noqa: ANN401
    tile: int | Sequence[int] | None = None,
    halo: int | Sequence[int] | None = None,
    stride: int | Sequence[int] | None = None,
    memory_limit: int | None = None,
    channels: int | None = None,
) -> TilePlan:
    """Plan how to answer for an image tile by tile.

    Parameters
    ----------
    shape : sequence of int
        Spatial shape of the image.
    model : torch.nn.Module, optional
        Takes one tensor (N, C, ...); seen in evaluation mode, its weights are not read. Without
        it, `halo` says what is needed, and the answer is taken to be as large as the image.
    tile : int or sequence of int, optional
        Spatial shape of what goes through the network at once, context included. Axes on which the
        image is smaller take the image's size. Default: the largest within `memory_limit`.
    halo : int or sequence of int, optional
        Image voxels of context on each side. Default: what the model needs.
    stride : int or sequence of int, optional
        Tiles start at multiples of it. Default: the model's period, or 1 without a model.
    memory_limit : int, optional
        Bytes that one forward pass may take.
    channels : int, optional
        Of the image. Default: ``model.in_channels``, or those of the first convolution.

    Returns
    -------
    TilePlan
        All tiles have the same shape; the last one along an axis ends with the image.

    Raises
    ------
    ConfigError
        If neither `model` nor `halo` is given, neither `tile` nor `memory_limit`, a tile does not
        fit into `memory_limit`, or is too small for its context.
    ShapeError
        If the model does not take the image or the tile; the message names the nearest sizes. Also
        if image and tile do not differ by a multiple of the period.

    Notes
    -----
    The halo is found by following the model's links at the size of a tile: the output voxels that
    met padding at an end. For a padded U-Net of depth 1 to 4 with two 3-convolutions a stage these
    are 8, 22, 46 and 94.

    Examples
    --------
    >>> plan = plan_tiles((100,), tile=40, halo=4)
    >>> [(t.image[0].start, t.output[0].start, t.output[0].stop) for t in plan.tiles]
    [(0, 0, 36), (32, 36, 68), (60, 68, 100)]
    """
    image = tuple(int(n) for n in shape)
    if not image or min(image) < 1:
        message = f"shape must have at least one axis and no empty one, got {image}"
        raise ShapeError(message)
    if tile is None and memory_limit is None:
        message = "say how large a tile may be: tile=, or memory_limit= with model="
        raise ConfigError(message)
    if model is None:
        return _without_model(image, tile, halo, stride)
    return _with_model(image, model, tile, halo, stride, memory_limit, channels)


def _without_model(
    image: tuple[int, ...],
    tile: int | Sequence[int] | None,
    halo: int | Sequence[int] | None,
    stride: int | Sequence[int] | None,
) -> TilePlan:
    if halo is None or tile is None:
        message = "without a model plan_tiles needs tile= and halo="
        raise ConfigError(message)
    count = len(image)
    sizes = _sizes(tile, image)
    margins, periods = _each(halo, count, "halo", 0), _each(stride or 1, count, "stride", 1)
    axes = [
        AxisLayout(n, n, t, t, Fraction(1), p, h, h)
        for n, t, p, h in zip(image, sizes, periods, margins, strict=True)
    ]
    reason = "no model given: that halo and stride are enough is not checked"
    return lay_out(axes, [reason], None)


def _with_model(
    image: tuple[int, ...],
    model: Any,  # noqa: ANN401
    tile: int | Sequence[int] | None,
    halo: int | Sequence[int] | None,
    stride: int | Sequence[int] | None,
    memory_limit: int | None,
    channels: int | None,
) -> TilePlan:
    count = len(image)
    whole = _linked(model, image, channels, "image")
    if tile is None:
        sizes = _fitting(model, whole, int(memory_limit or 0), channels)
    else:
        sizes = _sizes(tile, image)
    part = whole if sizes == image else _linked(model, sizes, channels, "tile")
    memory = forward_bytes(part.program)
    if memory_limit is not None and memory > memory_limit:
        shown = " x ".join(map(str, sizes))
        message = f"a tile of {shown} needs about {memory:,} bytes, memory_limit is "
        message += f"{memory_limit:,}; leave tile out to get the largest that fits"
        raise ConfigError(message)
    margins = (None,) * count if halo is None else _each(halo, count, "halo", 0)
    steps = (None,) * count if stride is None else _each(stride, count, "stride", 1)
    axes, reasons = [], [*whole.reasons, *part.reasons] if sizes != image else []
    spoilt = [_spoilt(low, high) for low, high in border_flags(part)]
    views = list(zip(_first_views(whole), _first_views(part), strict=True))
    for axis in range(count):
        one, why = _axis(whole, part, axis, spoilt[axis], margins[axis], steps[axis])
        if views[axis][0] != views[axis][1] and sizes[axis] != image[axis]:
            why.append("what a voxel sees depends on the size of the image")
        axes.append(one)
        reasons += why
    return lay_out(axes, list(dict.fromkeys(reasons)), memory)


def _axis(
    whole: Dependence,
    part: Dependence,
    axis: int,
    spoilt: tuple[int, int],
    halo: int | None,
    stride: int | None,
) -> tuple[AxisLayout, list[str]]:
    """Return one axis of the plan, and why it is not exact."""
    low, high = spoilt
    jump, period, reasons = part.jump[axis], math.lcm(part.period[axis], whole.period[axis]), []
    if Fraction(period) / jump % 1:
        reasons.append(f"output voxels lie {jump} image voxels apart: they never meet a tile's")
        jump = Fraction(whole.program.image_shape[axis + 2], whole.output.size(axis))
    if halo is not None:
        given = math.ceil(halo / jump)
        if given < max(low, high):
            need = math.ceil(max(low, high) * jump)
            reasons.append(f"halo {halo} is less than the {need} voxels that the network needs")
        low = high = given
    if stride is not None:
        if stride % period:
            reasons.append(f"stride {stride} is no multiple of the network's period {period}")
        period = stride
    size, tile = (links.program.image_shape[axis + 2] for links in (whole, part))
    if size == tile:  # nothing is cut
        low, high, reasons = 0, 0, []
    out = part.output.size(axis)
    one = AxisLayout(size, whole.output.size(axis), tile, out, jump, period, low, high)
    return one, reasons


def _spoilt(low: NDArray[np.bool_], high: NDArray[np.bool_]) -> tuple[int, int]:
    """Return how many output voxels at each end of a tile met padding, from the flags of all."""
    last_low, first_high = np.flatnonzero(low), np.flatnonzero(high)
    before = int(last_low[-1]) + 1 if last_low.size else 0
    behind = len(high) - int(first_high[0]) if first_high.size else 0
    return before, behind


def _first_views(links: Dependence) -> list[list[tuple[int, int]]]:
    """Return per axis what the first output voxels see, if maps went on for ever."""
    first = [Reach.of(0, min(phases(links, axis), _TRIES)) for axis in range(links.axes)]
    ends = [found.reach.ends() for found in links.follow(first)]
    return [list(zip(a.tolist(), b.tolist(), strict=True)) for a, b in ends]


def _linked(model: Any, spatial: tuple[int, ...], channels: int | None, what: str) -> Dependence:  # noqa: ANN401
    """Trace at a size, or say which sizes would do."""
    shown = " x ".join(map(str, spatial))
    if not admits(model, spatial, channels=channels):
        near = (_neighbours(model, n, len(spatial), channels) for n in spatial)
        fits = " x ".join(" or ".join(map(str, one)) or "no size near" for one in near)
        message = f"{what} {shown} does not fit {type(model).__name__}; nearest that lose no voxel:"
        message += f" {fits} (pad or crop)"
        raise ShapeError(message)
    links = dependence(model, input_tensor_shape(model, spatial, channels))
    if len(links.output.shape) != links.axes + 2:
        message = f"{type(model).__name__} answers with shape {links.output.shape}, which is no map"
        raise ShapeError(message)
    return links


def _neighbours(model: Any, n: int, count: int, channels: int | None) -> list[int]:  # noqa: ANN401
    """Return the nearest sizes up to `n` and from it on that fit along all axes."""
    found = []
    for sizes in (range(n, max(n - _TRIES, 0), -1), range(n, n + _TRIES)):
        fits = (k for k in sizes if admits(model, (k,) * count, channels=channels))
        found += [k for k in [next(fits, None)] if k is not None]
    return sorted(set(found))


def _fitting(
    model: Any,  # noqa: ANN401
    whole: Dependence,
    memory_limit: int,
    channels: int | None,
) -> tuple[int, ...]:
    """Return the largest tile, in the proportions of the image, within a limit of memory."""
    image = whole.program.image_shape[2:]
    if forward_bytes(whole.program) <= memory_limit:
        return image
    best, low, high = None, 0.0, 1.0
    for _ in range(7):  # steps of less than one per cent of the image
        share = (low + high) / 2
        sizes = tuple(
            n - math.ceil(n * (1 - share) / period) * period
            for n, period in zip(image, whole.period, strict=True)
        )
        if min(sizes) < 1 or not admits(model, sizes, channels=channels):
            low = share
            continue
        shape = input_tensor_shape(model, sizes, channels)
        if forward_bytes(trace(model, shape)) <= memory_limit:
            best, low = sizes, share
        else:
            high = share
    if best is None:
        message = f"no tile fits into memory_limit {memory_limit:,}: the whole image needs about "
        message += f"{forward_bytes(whole.program):,} bytes; raise the limit or use fewer channels"
        raise ConfigError(message)
    return best


def _sizes(tile: int | Sequence[int], image: tuple[int, ...]) -> tuple[int, ...]:
    sizes = _each(tile, len(image), "tile", 1)
    return tuple(min(t, n) for t, n in zip(sizes, image, strict=True))


def _each(value: int | Sequence[int], count: int, name: str, least: int) -> tuple[int, ...]:
    values = (value,) * count if isinstance(value, int) else tuple(int(v) for v in value)
    if len(values) != count or min(values) < least:
        message = f"{name} must be one number or {count}, each at least {least}, got {value}"
        raise ConfigError(message)
    return values
