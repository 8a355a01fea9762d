"""Drop-in for ``scipy.spatial.distance.directed_hausdorff`` of SciPy 1.17.1."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.compat.originals import original
from edgewise.metrics import point_sets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Orders = tuple[NDArray[np.int64], NDArray[np.int64]]

__all__ = ["directed_hausdorff"]

_HUGE: Final = 1e150  # squares of larger numbers overflow
_FEW: Final = 1 << 14  # points whose order is kept for the next call


def directed_hausdorff(u: Any, v: Any, *args: Any, **kwargs: Any) -> tuple[float, int, int]:
    """Return the greatest distance of any point of `u` to the nearest point of `v`.

    Called as ``directed_hausdorff(u, v, rng=0, *, seed=None)``.

    Parameters
    ----------
    u, v : array, one row a point
        As many columns in both. Scale the columns for spacings.
    rng : int, Generator or None, default 0
        Of several pairs at the same distance SciPy returns the one that its shuffles favour, and so
        does this: the same numbers are drawn. By name what ``numpy.random.default_rng`` takes, by
        position as `seed`.
    seed : int, Generator or None, optional
        The same for ``numpy.random.RandomState``, as in former versions.

    Returns
    -------
    distance : float
        0.0 without points in `u`, inf without points in `v`.
    index_u, index_v : int
        Rows of the two points; 0 for the side without points, where SciPy returns what is not a
        row.

    Raises
    ------
    ValueError
        If the numbers of columns differ, or a seed is out of range.
    IndexError
        If an array has a single axis.
    TypeError
        If more than one of `rng` and `seed` is given, or one is of another type.
    """
    given = _given(args, kwargs)
    first, second = (np.asarray(one, dtype=np.float64, order="C") for one in (u, v))
    if first.shape[1] != second.shape[1] or first.ndim != 2 or second.ndim != 2:
        message = f"u and v must have the same columns, got shapes {first.shape}, {second.shape}"
        raise ValueError(message)
    if not (_is_plain(first) and _is_plain(second)):
        theirs = original("scipy.spatial.distance:directed_hausdorff", why="points without bounds")
        return theirs(first, second, *args, **kwargs)  # type: ignore[no-any-return]
    order_u, order_v = _orders(len(first), len(second), given)
    if not len(first):
        return 0.0, 0, int(order_v[0]) if len(second) else 0
    if not len(second):
        return np.inf, int(order_u[0]), 0
    if not first.shape[1]:
        return 0.0, int(order_u[-1]), int(order_v[0])
    # of the farthest points SciPy keeps the last and of the nearest the first; the kernel the first
    order_u = order_u[::-1]
    far, one, other = point_sets.directed_hausdorff(first[order_u], second[order_v])
    return far, int(order_u[one]), int(order_v[other])


directed_hausdorff.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        inspect.Parameter("u", inspect.Parameter.POSITIONAL_OR_KEYWORD),
        inspect.Parameter("v", inspect.Parameter.POSITIONAL_OR_KEYWORD),
        inspect.Parameter("rng", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=0),
        inspect.Parameter("seed", inspect.Parameter.KEYWORD_ONLY, default=None),
    ]
)


def _given(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str, Any]:
    """Return how the random numbers are asked for, "rng" or "seed", and what was given."""
    unknown = sorted(set(kwargs) - {"rng", "seed"})
    if unknown or len(args) > 1 or len(args) + len(kwargs) > 1:
        message = (
            f"directed_hausdorff has no argument {unknown[0]!r}"
            if unknown
            else "directed_hausdorff takes u, v and one of rng and seed"
        )
        raise TypeError(message)
    if "rng" in kwargs:
        return "rng", np.random.default_rng(kwargs["rng"])
    return "seed", args[0] if args else kwargs.get("seed", 0)


def _is_plain(points: NDArray[np.float64]) -> bool:
    """Return whether all numbers are finite and their squares are; NaN is neither."""
    return not points.size or bool(points.max() < _HUGE and points.min() > -_HUGE)


def _orders(n_first: int, n_second: int, given: tuple[str, Any]) -> _Orders:
    """Return the order in which SciPy visits the points of each side."""
    kind, value = given
    usual = kind == "seed" and type(value) is int and value == 0
    if usual and n_first + n_second <= _FEW:
        return _usual_orders(n_first, n_second)
    random = value if isinstance(value, np.random.Generator) else np.random.RandomState(value)
    return _shuffled(n_first, n_second, random)


@lru_cache(maxsize=32)
def _usual_orders(n_first: int, n_second: int) -> _Orders:
    return _shuffled(n_first, n_second, np.random.RandomState(0))


def _shuffled(n_first: int, n_second: int, random: Any) -> _Orders:
    orders = np.arange(n_first), np.arange(n_second)
    for order in orders:
        random.shuffle(order)
    return orders
