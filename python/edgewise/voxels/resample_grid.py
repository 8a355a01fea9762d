"""What resampling works on: where elements lie in memory, which axes are linear, which labels win.

Shared by `resample` and `resampler`; nothing is computed here.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgewise._arguments import AnyArray, Spacing, as_array, as_spacing
from edgewise.errors import ConfigError, LabelError, ShapeError

__all__ = [
    "LabelArray",
    "Labelling",
    "Order",
    "Shape3",
    "as_elements",
    "as_labelling",
    "as_shape",
    "linear_axes",
    "place",
    "three_axes",
]

Order: TypeAlias = Literal[0, 1]
LabelArray: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
Shape3: TypeAlias = tuple[int, int, int]
Place: TypeAlias = tuple[int, Sequence[int], Sequence[int]]

_T = TypeVar("_T")

_ANISOTROPIC: Final = 3.0  # nnU-Net's threshold for thick slices
_LARGEST: Final = 65535


def as_elements(values: ArrayLike, name: str) -> tuple[AnyArray, str]:
    """Return an array of native numbers and the name of their type, copied only if it must be.

    float16, and bfloat16 of tensors and arrays of `ml_dtypes`, come as their bits in uint16.
    """
    given: Any = values
    kind = str(getattr(given, "dtype", ""))
    if kind == "torch.bfloat16":
        given = given.view(sys.modules["torch"].int16)
    elif kind == "bfloat16":
        given = np.asarray(given).view(np.uint16)
    array = as_array(given, name)
    if kind.endswith("bfloat16"):
        return array.view(np.uint16), "bfloat16"
    if array.dtype.kind == "b":
        return array.view(np.uint8), "bool"
    if array.dtype.itemsize > 8:
        message = f"{name} must hold numbers of at most 64 bits, got {array.dtype}"
        raise TypeError(message)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if array.dtype == np.float16:
        return array.view(np.uint16), "float16"
    return array, array.dtype.name


def as_shape(shape: Sequence[int], ndim: int, name: str) -> tuple[int, ...]:
    """Return a shape of so many axes, none of length 0."""
    try:
        lengths = tuple(operator.index(n) for n in shape)
    except TypeError:
        lengths = ()
    if len(lengths) != ndim or min(lengths, default=0) < 1:
        message = f"{name} must be {ndim} whole numbers of at least 1, got {shape!r}"
        raise ShapeError(message)
    return lengths


def linear_axes(
    ndim: int,
    order: Order,
    separate_axis: int | None,
    spacings: tuple[Spacing, Spacing] = (None, None),
) -> tuple[bool, ...]:
    """Return for each axis whether it is interpolated linearly, else the nearest voxel counts."""
    if not isinstance(order, int | np.integer) or isinstance(order, bool) or order not in (0, 1):
        message = f"order must be 0 (nearest) or 1 (linear), got {order!r}"
        raise ConfigError(message)
    separate = _separate_axis(ndim, separate_axis, spacings)
    return tuple(order == 1 and axis != separate for axis in range(ndim))


def _separate_axis(
    ndim: int, separate_axis: int | None, spacings: tuple[Spacing, Spacing]
) -> int | None:
    """Return the axis that is asked for, or that of thick slices of the source or the target."""
    given = [as_spacing(spacing, ndim) for spacing in spacings if spacing is not None]
    if separate_axis is None:
        thick = (spacing for spacing in given if max(spacing) > _ANISOTROPIC * min(spacing))
        return _coarsest_axis(next(thick, None))
    whole = isinstance(separate_axis, int | np.integer) and not isinstance(separate_axis, bool)
    if not whole or not -ndim <= separate_axis < ndim:
        message = f"separate_axis must be an axis of the {ndim} or None, got {separate_axis!r}"
        raise ConfigError(message)
    return int(separate_axis) % ndim


def _coarsest_axis(spacing: tuple[float, ...] | None) -> int | None:
    """Return the axis of the largest spacing unless there are several."""
    if spacing is None or spacing.count(max(spacing)) > 1:
        return None
    return spacing.index(max(spacing))


def three_axes(values: Sequence[_T], *, missing: _T, slabs: bool = False) -> tuple[_T, _T, _T]:
    """Return values per axis for z, y, x: missing axes come first, or after z if z is slabs."""
    first = 1 if slabs else 0
    filled = [missing] * (3 - len(values))
    z, y, x = *values[:first], *filled, *values[first:]
    return z, y, x


def place(array: AnyArray) -> tuple[AnyArray, Place]:
    """Return the memory that an array lies in as one axis, and where: start, shape and strides.

    Copies only what numpy cannot see as whole elements (fields of records).
    """
    size = array.itemsize
    if not array.flags.aligned or any(stride % size for stride in array.strides):
        array = np.ascontiguousarray(array)
    strides = [stride // size for stride in array.strides]
    ways = [(n - 1) * stride for n, stride in zip(array.shape, strides, strict=True)]
    start = -sum(way for way in ways if way < 0)
    length = start + sum(way for way in ways if way > 0) + 1
    lowest = tuple(slice(-1, None) if stride < 0 else slice(1) for stride in strides)
    memory = np.lib.stride_tricks.as_strided(array[lowest], (length,), (size,), writeable=False)
    return memory, (start, array.shape, strides)


@dataclass(frozen=True, slots=True)
class Labelling:
    """Which label each class gives: the greatest value wins, or the last one above 0."""

    labels: tuple[int, ...]
    background: int
    last_positive: bool

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        """The smaller type that holds all labels."""
        return np.uint8 if max(*self.labels, self.background) <= 255 else np.uint16

    def new_array(self, shape: tuple[int, ...], out: LabelArray | None) -> LabelArray:
        """Return `out`, if it can hold the result, or a new array."""
        if out is None:
            return (
                np.empty(shape, np.uint8) if self.dtype is np.uint8 else np.empty(shape, np.uint16)
            )
        if not isinstance(out, np.ndarray) or out.dtype not in (np.uint8, np.uint16):
            message = "out must be an array of uint8 or uint16"
            raise TypeError(message)
        if out.shape != shape:
            message = f"out has shape {out.shape}, the result {shape}"
            raise ShapeError(message)
        if not out.flags.writeable:
            message = "out is read-only"
            raise ValueError(message)
        if np.iinfo(out.dtype).max < np.iinfo(self.dtype).max:
            largest = max(*self.labels, self.background)
            message = f"out is uint8 and cannot hold label {largest}; give a uint16 array"
            raise LabelError(message)
        return out


def as_labelling(
    classes: int,
    labels: Sequence[int] | None,
    background: int,
    regions: Sequence[int] | None,
) -> Labelling:
    """Return which label each of the classes gives."""
    if labels is not None and regions is not None:
        message = "labels and regions exclude each other: give one of them"
        raise ConfigError(message)
    given, name = (labels, "labels") if regions is None else (regions, "regions")
    values = range(classes) if given is None else given
    if isinstance(values, str | Mapping | Set) or not np.iterable(values):
        message = f"{name} must be one whole number per class in their order, got {given!r}"
        raise LabelError(message)
    found = tuple(_as_label(value, name) for value in values)
    if len(found) != classes:
        message = f"{name} must name one label per class ({classes}), got {len(found)}"
        raise LabelError(message)
    return Labelling(found, _as_label(background, "background"), regions is not None)


def _as_label(value: object, name: str) -> int:
    try:
        label = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        label = -1
    if isinstance(value, bool) or not 0 <= label <= _LARGEST:
        message = f"{name} must be whole numbers from 0 to {_LARGEST}, got {value!r}"
        raise LabelError(message)
    return label
