"""Checks of what the fully connected CRF and its tuning are given.

Every complaint is one sentence with the argument's name, its value and what to do. All numbers go
on in single precision: what would overflow or vanish there is refused here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from edgewise._arguments import AnyArray, as_array
from edgewise.errors import ConfigError, LabelError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "as_costs",
    "as_image",
    "as_number",
    "as_probabilities",
    "as_sigma",
    "as_weight",
    "as_whole",
    "check_name",
]

_ROUNDING: Final = 1e-3  # by how much a probability may miss [0, 1]: 1 - p of a rounded p does
_STRONGEST: Final = 1e9  # a weight, times a cost, times all voxels of the largest volume is finite
_WIDEST: Final = 1e30  # a sigma, and its inverse, in voxels


def as_probabilities(values: ArrayLike) -> NDArray[np.float32]:
    """Return probabilities (labels, ...) in C order and single precision."""
    array = as_array(values, "probabilities")
    if array.ndim < 2:
        message = (
            f"probabilities must have an axis of labels and those of the grid, got {array.shape}"
        )
        raise ShapeError(message)
    low, high = float(array.min()), float(array.max())
    if math.isnan(low):
        message = "probabilities must lie in [0, 1], found NaN; numpy.nan_to_num replaces it"
        raise LabelError(message)
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        message = (
            f"probabilities must lie in [0, 1], found {low} to {high}; "
            "take the softmax of a network's output first"
        )
        raise LabelError(message)
    return np.ascontiguousarray(array, dtype=np.float32)


def as_image(values: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return an image (channels, ...) in C order and single precision; None has no channels."""
    if values is None:
        return np.empty((0, *shape), np.float32)
    array = as_array(values, "image")
    if array.shape[1:] != shape:
        message = (
            f"image must have shape (channels, {', '.join(map(str, shape))}), got {array.shape}; "
            "channels come first, one channel is image[None]"
        )
        raise ShapeError(message)
    with np.errstate(over="ignore"):  # what overflows is seen below
        single = np.ascontiguousarray(array, dtype=np.float32)
    if not (np.isfinite(single.min()) and np.isfinite(single.max())):
        message = (
            "image must be finite, found NaN, infinity or a number beyond 3.4e38; "
            "numpy.nan_to_num and numpy.clip replace them"
        )
        raise ConfigError(message)
    return single


def as_sigma(values: object, name: str, steps: AnyArray, what: str = "axis") -> list[float]:
    """Return one sigma per axis (or channel), each divided by its step."""
    count = len(steps)
    try:
        array: AnyArray = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty((0, 0))
    if array.shape not in {(), (count,)}:
        message = f"{name} must be one number or one per {what} ({count}), got {values!r}"
        raise ConfigError(message)
    if not (np.isfinite(array) & (array > 0)).all():
        message = f"{name} must be finite and positive, got {values!r}"
        raise ConfigError(message)
    elements = array / steps
    if not ((elements > 1 / _WIDEST) & (elements < _WIDEST)).all():
        message = (
            f"{name} must be 1e-30 to 1e30 times the step along every {what}, "
            f"got {values!r} for steps of {steps.tolist()}"
        )
        raise ConfigError(message)
    return [float(element) for element in elements]


def as_number(value: object, name: str) -> float:
    """Return one finite number."""
    try:
        number = math.nan if isinstance(value, str) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        message = f"{name} must be one finite number, got {value!r}"
        raise ConfigError(message)
    return number


def as_weight(value: float, name: str) -> float:
    """Return the weight of a Gaussian."""
    weight = as_number(value, name)
    if abs(weight) > _STRONGEST:
        message = f"{name} must be at most {_STRONGEST:g}, got {value!r}"
        raise ConfigError(message)
    return weight


def as_costs(values: Literal["potts"] | ArrayLike, labels: int) -> list[float] | None:
    """Return what labels cost each other, row by row; None for Potts."""
    if isinstance(values, str):
        check_name(values, "compatibility", ("potts",))
        return None
    try:
        array: AnyArray = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        message = f"compatibility must be 'potts' or an array of numbers, got {values!r}"
        raise ConfigError(message) from None
    if array.shape != (labels, labels):
        message = f"compatibility must have shape ({labels}, {labels}), got {array.shape}"
        raise ShapeError(message)
    alike = np.allclose(array, array.T, rtol=1e-6, atol=0)  # sums may be in another order
    if not (np.abs(array) <= _STRONGEST).all() or not alike:
        message = (
            f"compatibility must be finite, at most {_STRONGEST:g} and symmetric, "
            f"got {array.tolist()}"
        )
        raise ConfigError(message)
    return [float(cost) for cost in array.flat]


def as_whole(value: object, name: str, least: int) -> int:
    """Return a whole number that is not absurdly large."""
    whole = hasattr(value, "__index__") and not isinstance(value, bool)
    if not whole or not least <= value <= 10**6:  # type: ignore[operator]
        message = f"{name} must be a whole number of at least {least}, got {value!r}"
        raise ConfigError(message)
    return int(value)  # type: ignore[call-overload, no-any-return]


def check_name(name: str, argument: str, names: tuple[str, ...]) -> None:
    """Raise ConfigError unless a name is known."""
    if name not in names:
        message = f"{argument} must be one of {', '.join(names)}, got {name!r}"
        raise ConfigError(message)
