"""What a call came to, and whether two calls came to the same."""

from __future__ import annotations

import copy
import math
import numbers
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from .call import Call

__all__ = ["Result", "difference", "outcome"]


class Result(NamedTuple):
    """What a call came to: `error` or `value`, and the arguments as they were afterwards."""

    value: Any
    error: BaseException | None
    arguments: Any


def outcome(call: Call, space: Any) -> Result:
    """Make a call on copies of its arguments, in a library's or a drop-in's namespace."""
    arguments = _copied((call.args, call.kwargs))
    args, kwargs = arguments
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            value = call.act(space, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  whatever a library raises is its answer
            return Result(None, error, arguments)
    return Result(value, None, arguments)


def _copied(value: Any) -> Any:
    """Copy arguments, arrays in their own memory layout."""
    if isinstance(value, np.ndarray):
        return _copied_array(value)
    if type(value) in (tuple, list):
        return type(value)(_copied(one) for one in value)
    if type(value) is dict:
        return {key: _copied(one) for key, one in value.items()}
    return copy.deepcopy(value)


def _copied_array(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.flags.forc or not array.size:
        twin = array.copy(order="K")
    else:  # a copy would close the gaps: lay the values into the same view of a new block
        block = array if array.base is None else array.base
        if not isinstance(block, np.ndarray) or block.dtype != array.dtype:
            return array.copy()
        offset = array.__array_interface__["data"][0] - block.__array_interface__["data"][0]
        twin = np.ndarray(array.shape, array.dtype, block.copy(order="K"), offset, array.strides)
    twin.flags.writeable = array.flags.writeable
    return twin


def difference(theirs: Result, ours: Result, *, rtol: float, atol: float) -> str:
    """Return in words what differs; nothing if both came to the same.

    Exceptions are the same if ours is of the type of theirs, or of one made from it.
    """
    if theirs.error is not None or ours.error is not None:
        return _error_difference(theirs, ours)
    return _difference(theirs.value, ours.value, "", rtol, atol) or _difference(
        theirs.arguments, ours.arguments, "changed argument ", rtol, atol
    )


def _error_difference(theirs: Result, ours: Result) -> str:
    if theirs.error is None:
        return f"raises {_told(ours.error)} instead of {theirs.value!r:.200}"
    if ours.error is None:
        return f"returns {ours.value!r:.200} instead of {_told(theirs.error)}"
    if isinstance(ours.error, type(theirs.error)):
        return ""
    return f"raises {_told(ours.error)} instead of {_told(theirs.error)}"


def _told(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}"


def _difference(theirs: Any, ours: Any, where: str, rtol: float, atol: float) -> str:
    handlers: tuple[tuple[type | tuple[type, ...], Callable[..., str]], ...] = (
        (dict, _dict_difference),
        ((tuple, list), _sequence_difference),
        (np.ndarray, _array_difference),
        (numbers.Number, _number_difference),
    )
    if hasattr(theirs, "detach"):  # a tensor
        if not hasattr(ours, "detach"):
            return f"{where}is a {type(ours).__name__}, not a tensor"
        if (theirs.dtype, theirs.device) != (ours.dtype, ours.device):
            return f"{where}is {ours.dtype} on {ours.device}, not {theirs.dtype} on {theirs.device}"
        theirs, ours = _tensor_values(theirs), _tensor_values(ours)
    if type(theirs) is not type(ours):
        if type(theirs).__name__ == type(ours).__name__:  # classes mirrored here
            return _difference(vars(theirs), vars(ours), where, rtol, atol)
        return f"{where}is a {type(ours).__name__}, not a {type(theirs).__name__}"
    for kind, handler in handlers:
        if isinstance(theirs, kind):
            return handler(theirs, ours, where, rtol, atol)
    return "" if theirs is ours or theirs == ours else f"{where}is {ours!r}, not {theirs!r}"


def _tensor_values(tensor: Any) -> Any:
    """Return a tensor as an array; numpy has no bfloat16, float32 holds it."""
    values = tensor.detach().cpu()
    return (values.float() if values.element_size() == 2 else values).numpy()


def _dict_difference(
    theirs: dict[Any, Any], ours: dict[Any, Any], where: str, rtol: float, atol: float
) -> str:
    if list(theirs) != list(ours):
        return f"{where}has keys {list(ours)}, not {list(theirs)}"
    found = (_difference(theirs[k], ours[k], f"{where}[{k!r}] ", rtol, atol) for k in theirs)
    return next(filter(None, found), "")


def _sequence_difference(
    theirs: list[Any], ours: list[Any], where: str, rtol: float, atol: float
) -> str:
    if len(theirs) != len(ours):
        return f"{where}has {len(ours)} items, not {len(theirs)}"
    pairs = enumerate(zip(theirs, ours, strict=True))
    found = (_difference(a, b, f"{where}[{i}] ", rtol, atol) for i, (a, b) in pairs)
    return next(filter(None, found), "")


def _array_difference(
    theirs: np.ndarray[Any, Any], ours: np.ndarray[Any, Any], where: str, rtol: float, atol: float
) -> str:
    if theirs.dtype != ours.dtype:
        return f"{where}has dtype {ours.dtype}, not {theirs.dtype}"
    if theirs.shape != ours.shape:
        return f"{where}has shape {ours.shape}, not {theirs.shape}"
    if theirs.dtype.kind in "fc":
        with np.errstate(invalid="ignore", over="ignore"):
            near = np.abs(theirs - ours) <= atol + rtol * np.abs(theirs)
        same = (theirs == ours) | near | (np.isnan(theirs) & np.isnan(ours))
    else:
        same = np.asarray(theirs == ours)
    if same.all():
        return ""
    at = tuple(int(i) for i in np.argwhere(~same)[0])
    return f"{where}holds {ours[at]!r} at {at}, not {theirs[at]!r} ({(~same).sum()} differ)"


def _number_difference(theirs: Any, ours: Any, where: str, rtol: float, atol: float) -> str:
    if theirs == ours or (theirs != theirs and ours != ours):
        return ""
    gap = abs(theirs - ours)
    if math.isfinite(gap) and gap <= atol + rtol * abs(theirs):
        return ""
    return f"{where}is {ours!r}, not {theirs!r}"
