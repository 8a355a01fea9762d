"""Region growing as ITK does it: floods whose interval is found from the image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edgewise.methods import region_growing
from edgewise.voxels import erode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["Confident", "Isolated", "confident", "grown", "isolated", "neighbourhood"]

_NO_VARIANCE = 0.1 * float(np.finfo(float).eps)  # what ITK takes as 0


def grown(
    image: NDArray[Any],
    seeds: Sequence[Sequence[int]],
    lower: float,
    upper: float,
    *,
    full: bool,
) -> NDArray[np.bool_]:
    """Return what is connected to seeds within an interval; seeds outside the image are none."""
    if lower != lower or upper != upper:
        return np.zeros(image.shape, bool)
    return region_growing.region_grow(
        image,
        inside(image, seeds),
        lower=lower,
        upper=upper,
        connectivity=None if full else 1,
    )


def inside(image: NDArray[Any], seeds: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """Return the seeds that lie in an image."""
    return [
        tuple(seed) for seed in seeds if all(i < n for i, n in zip(seed, image.shape, strict=True))
    ]


def neighbourhood(
    image: NDArray[Any],
    seeds: Sequence[Sequence[int]],
    lower: float,
    upper: float,
    radius: Sequence[int],
) -> NDArray[np.bool_]:
    """Return what is connected to seeds through elements whose whole box lies in an interval."""
    within = np.ascontiguousarray(~((image < lower) | (image > upper)))  # NaN is never outside
    if len(set(radius)) == 1:
        kept = erode(within, connectivity=None, iterations=radius[0], edge="foreground")
    else:
        kept = within
        for axis, reach in enumerate(radius):
            for _ in range(min(reach, image.shape[axis])):
                kept = _eroded(kept, axis)
    for seed in inside(image, seeds):  # starts, whatever lies around it
        kept[seed] = True
    return grown(kept, seeds, 1, 1, full=False)


def _eroded(mask: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    """Return the mask without what touches background along an axis."""
    first = (slice(None),) * axis
    eroded = mask.copy()
    eroded[(*first, slice(1, None))] &= mask[(*first, slice(None, -1))]
    eroded[(*first, slice(None, -1))] &= mask[(*first, slice(1, None))]
    return eroded


class Confident(NamedTuple):
    """A region with the mean and the variance from which its interval was taken."""

    region: NDArray[np.bool_]
    mean: float
    variance: float


def confident(
    image: NDArray[Any],
    seeds: Sequence[Sequence[int]],
    *,
    iterations: int,
    multiplier: float,
    radius: int,
) -> Confident | None:
    """Return the region within some standard deviations of its own mean.

    Returns
    -------
    Confident, optional
        None if a variance is not a number, for which ITK's result is arbitrary.
    """
    kept = inside(image, seeds)
    if not kept:
        return Confident(np.zeros(image.shape, bool), 0.0, 0.0)
    mean, variance = _of_boxes(image, kept, radius)
    values = [float(image[seed]) for seed in kept]
    region = None
    for _ in range(iterations + 1):
        if region is not None:
            again = _repeated(region, kept)  # ITK counts a seed as often as it is given
            samples = np.concatenate([image[region], image[again]]).astype(np.float64)
            total, count = float(samples.sum()), float(samples.size)
            if not count:
                return None
            mean = total / count
            variance = _quotient(float(samples @ samples) - total * total / count, count - 1.0)
            if abs(variance) <= _NO_VARIANCE:
                break
        if not variance >= 0.0:
            return None
        reach = multiplier * math.sqrt(variance)
        lower, upper = _clipped(image.dtype, min(mean - reach, *values), max(mean + reach, *values))
        region = grown(image, kept, lower, upper, full=False)
    return None if region is None else Confident(region, mean, variance)


def _repeated(region: NDArray[np.bool_], seeds: Sequence[tuple[int, ...]]) -> tuple[list[int], ...]:
    """Return the index, as numpy takes it, of every seed of a region that was given before."""
    more = [seed for k, seed in enumerate(seeds) if seed in seeds[:k] and region[seed]]
    return tuple([seed[axis] for seed in more] for axis in range(region.ndim))


def _of_boxes(
    image: NDArray[Any], seeds: Sequence[tuple[int, ...]], radius: int
) -> tuple[float, float]:
    """Return mean and variance of the boxes around seeds; the image's edge is repeated outwards."""
    means = squares = 0.0
    size = (2 * radius + 1) ** image.ndim
    for seed in seeds:
        sides = [
            np.clip(np.arange(i - radius, i + radius + 1), 0, n - 1)
            for i, n in zip(seed, image.shape, strict=True)
        ]
        values = image[np.ix_(*sides)].astype(np.float64).ravel()
        means += float(values.sum()) / size
        squares += float(values @ values)
    count = float(len(seeds) * size)
    mean = means / len(seeds)
    if radius:
        return mean, (squares - mean * mean * count) / (count - 1.0)
    total = means
    return mean, _quotient(squares - total * total / count, count - 1.0)


def _quotient(above: float, below: float) -> float:
    return above / below if below else math.nan


def _clipped(dtype: np.dtype[Any], lower: float, upper: float) -> tuple[float, float]:
    limits: Any = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    lower, upper = max(lower, float(limits.min)), min(upper, float(limits.max))
    if dtype.kind == "f":
        return float(dtype.type(lower)), float(dtype.type(upper))
    return int(lower), int(upper)


class Isolated(NamedTuple):
    """A region, the limit that was found, and whether it fails to part the seeds."""

    region: NDArray[np.bool_]
    value: float
    failed: bool


def isolated(
    image: NDArray[Any],
    first: tuple[int, ...],
    second: tuple[int, ...],
    limits: tuple[float, float],
    *,
    tolerance: float,
    find_upper: bool,
) -> Isolated:
    """Return what is connected to one seed and not to another, one limit found by halving.

    The halves of whole numbers are whole.
    """
    lower, upper = limits

    def region(limit: float) -> NDArray[np.bool_]:
        ends = (limits[0], limit) if find_upper else (limit, limits[1])
        return grown(image, [first], *ends, full=False)

    half: Callable[[float], float] = (
        (lambda total: total / 2)
        if image.dtype.kind == "f"
        else (lambda total: int(total / 2))  # towards 0
    )
    guess = upper if find_upper else lower
    while (lower + tolerance < guess) if find_upper else (guess < upper - tolerance):
        if bool(region(guess)[second]) == find_upper:
            upper = guess
        else:
            lower = guess
        guess = half(upper + lower)
    value = lower if find_upper else upper
    found = region(value)
    return Isolated(found, value, not found[first] or bool(found[second]))
