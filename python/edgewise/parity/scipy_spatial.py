"""Random calls of SciPy's directed Hausdorff distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .call import Call, Calls

if TYPE_CHECKING:
    from .draw import Draw

__all__ = ["CALLS"]


def _act(space: Any, u: Any, v: Any, how: str, value: Any) -> Any:
    """Call it; without points on one side the index there is whatever SciPy finds in memory.

    `how` says by which argument the random numbers are given; a pair is a generator of that seed,
    which is compared afterwards.
    """
    random = np.random.default_rng(value[1]) if isinstance(value, tuple) else value
    calls: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
        "": ((), {}),
        "place": ((random,), {}),
        "rng": ((), {"rng": random}),
        "seed": ((), {"seed": random}),
        "place and seed": ((random,), {"seed": 1}),
        "both": ((), {"rng": random, "seed": 1}),
        "two places": ((random, 1), {}),
        "another": ((), {"random": random}),
    }
    args, kwargs = calls[how]
    distance, *indices = space.directed_hausdorff(u, v, *args, **kwargs)
    kept = [index for index, points in zip(indices, (u, v), strict=True) if np.shape(points)[0]]
    return distance, *kept, float(random.random()) if isinstance(value, tuple) else None


def _points(draw: Draw, columns: int) -> Any:
    rows = draw.choice((0, 1, 2, 3, 7, 20, 60)) if draw.chance(0.9) else draw.integer(1, 300)
    kind = draw.integer(0, 4)
    points: Any
    if kind == 0:
        points = draw.rng.normal(size=(rows, columns))
    elif kind == 1:
        points = draw.rng.integers(0, 3, (rows, columns)) * draw.number(0.1, 2)
    elif kind == 2:
        points = np.argwhere(draw.mask(draw.shape(columns, columns))) * draw.spacing(columns)
    else:
        points = draw.rng.integers(-3, 4, (rows, columns))
    if draw.chance(0.05) and points.size:
        points = points.astype(float)
        points[draw.integer(0, len(points) - 1), -1] = draw.choice((np.nan, np.inf, 1e200, -np.inf))
        return draw.layout(points)
    if draw.chance(0.2):
        return points.tolist() if len(points) else points
    return draw.layout(points.astype(draw.choice(("f8", "f8", "f4", "i4"))))


def _random(draw: Draw) -> tuple[str, Any]:
    if draw.chance(0.6):
        return "", None
    if draw.chance(0.1):
        how = draw.choice(("place and seed", "both", "two places", "another"))
        return how, 1
    value = draw.choice((0, 1, 7, 2**31, np.int64(3), [1, 2], True, ("generator", 3)))
    if draw.chance(0.1):
        value = draw.choice((-1, "x", 1.5))
    return draw.choice(("place", "rng", "seed")), value


def _directed_hausdorff(draw: Draw) -> Call:
    columns = draw.choice((1, 2, 3, 3, 4))
    u, v = _points(draw, columns), _points(draw, columns)
    kind = draw.integer(0, 29)
    if kind == 0:
        v = _points(draw, columns + 1)
    elif kind == 1:
        u = draw.choice((np.zeros(3), np.zeros((2, columns, 1)), np.zeros((2, 0)), "a", None))
    elif kind == 2:
        u, v = np.zeros((draw.integer(1, 9), 0)), np.zeros((draw.integer(1, 9), 0))
    elif kind == 3:
        v = u
    return Call(_act, (u, v, *_random(draw)))


CALLS: Final[Calls] = {"distance.directed_hausdorff": _directed_hausdorff}
