"""Which erosions and dilations are computed here, and what is wrong with arguments."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from .arguments import TYPES, check_output, foreground, is_centred, is_every_axis
from .structures import Neighbourhood, neighbourhood_given

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Task", "task_of"]

_FEW: Final = 4  # repetitions within a mask; SciPy follows the changed elements alone


class Task(NamedTuple):
    """One erosion or dilation that is computed here.

    Attributes
    ----------
    source : array
        As given.
    mask : array of bool
        Its foreground, in C order.
    around : Neighbourhood
    times : int
        Below 1: until nothing changes.
    allowed : array of bool, optional
        Where elements may change.
    outside : bool
        Whether foreground lies outside of the array.
    """

    source: NDArray[Any]
    mask: NDArray[np.bool_]
    around: Neighbourhood
    times: int
    allowed: NDArray[np.bool_] | None
    outside: bool


def task_of(
    input: Any,
    structure: Any,
    iterations: Any,
    mask: Any,
    output: Any,
    border_value: Any,
    origin: Any,
    axes: Any,
    *,
    dilation: bool,
) -> Task | None:
    """Check arguments; None if SciPy has to compute it, or to say what is wrong with them.

    Raises
    ------
    TypeError
        If `input` or `output` is complex, or `iterations` or `border_value` is no whole number.
    RuntimeError
        If a shape or a number of axes does not fit.
    IndexError
        If the structure of a dilation has too few axes.
    """
    array = np.asarray(input)
    if not is_every_axis(axes, array.ndim):
        return None
    if dilation and structure is not None and (few := np.ndim(structure)) < array.ndim:
        message = f"structure has {few} axes, input {array.ndim}"
        raise IndexError(message)
    times = _whole(iterations)
    if array.dtype.kind == "c":
        message = "input is complex; compare it with something first"
        raise TypeError(message)
    around = neighbourhood_given(structure, array.ndim)
    allowed = _allowed(mask, array.shape)
    centred = is_centred(origin, array.ndim)
    check_output(output, array.shape)
    if around is None or not centred or not _is_supported(array, output):
        return None
    if allowed is not None and (allowed := _limits(allowed, around, times, output)) is None:
        return None
    outside = operator.index(border_value) != 0
    return Task(array, foreground(array), around, times, allowed, outside)


def _whole(iterations: Any) -> int:
    try:
        return operator.index(iterations)
    except TypeError as error:
        message = f"iterations must be a whole number, got {iterations!r}"
        raise TypeError(message) from error


def _allowed(mask: Any, shape: tuple[int, ...]) -> NDArray[Any] | None:
    if mask is None:
        return None
    array = np.asarray(mask)
    if array.shape != shape:
        message = f"mask has shape {array.shape}, input {shape}"
        raise RuntimeError(message)
    return array


def _is_supported(array: NDArray[Any], output: Any) -> bool:
    types = [array.dtype.char]
    if isinstance(output, np.ndarray):
        types.append(output.dtype.char)
    return 1 <= array.ndim <= 3 and array.size > 0 and TYPES.issuperset(types)


def _limits(
    allowed: NDArray[Any], around: Neighbourhood, times: int, output: Any
) -> NDArray[np.bool_] | None:
    """Return where a mask is true; None if SciPy reads or writes otherwise when it repeats.

    It then casts the mask to int8, where 256 and 0.3 are 0, and reads the first byte of what it has
    written to `output`.
    """
    if times > _FEW or (times < 1 and around.radius > 1):
        return None
    if times != 1 and isinstance(output, np.ndarray) and output.dtype.itemsize > 1:
        return None
    if allowed.dtype.kind == "b":
        return allowed
    if allowed.dtype.char not in TYPES:
        return None
    true: NDArray[np.bool_] = allowed != 0
    if times == 1 or allowed.dtype.itemsize == 1:
        return true
    with np.errstate(invalid="ignore"):
        later = allowed.astype(np.int8) != 0
    return true if np.array_equal(true, later) else None
