"""Structuring elements applied to themselves."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from .arguments import one_per_axis
from .binary import binary_dilation

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["iterate_structure"]


def iterate_structure(structure: Any, iterations: Any, origin: Any = None) -> Any:
    """Return a structuring element applied to itself.

    Parameters
    ----------
    structure : array
    iterations : int
        How often; below 2 the structure itself.
    origin : int or sequence of int, optional
        Given: the origin of the result, `iterations` times this one, is returned as well.

    Returns
    -------
    array of bool, or (array of bool, list of int)
        For ``iterations < 2`` a copy of `structure`, whatever its type.
    """
    given = np.asarray(structure)
    if iterations < 2:
        return given.copy()
    more = operator.index(iterations) - 1
    shape = [n + more * (n - 1) for n in given.shape]
    first = [more * (n // 2) for n in given.shape]
    grown: NDArray[np.bool_] = np.zeros(shape, bool)
    grown[tuple(slice(a, a + n) for a, n in zip(first, given.shape, strict=True))] = given != 0
    grown = binary_dilation(grown, given, iterations=more)
    if origin is None:
        return grown
    return grown, [iterations * one for one in one_per_axis(origin, given.ndim)]
