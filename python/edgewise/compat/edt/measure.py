"""Distances of checked labels, squared or not, with or without background outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from edgewise._arguments import as_threads
from edgewise.compat.originals import original
from edgewise.voxels import distance_transform, label_distance_transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edgewise._arguments import AnyArray

__all__ = ["Plan", "measured"]

_SHORTEST: Final = 1e-15  # float32 holds the squares of such steps
_LONGEST: Final = 1e15  # and of such ones, times many voxels


class Plan(NamedTuple):
    """What is measured, and how.

    Attributes
    ----------
    squared, black_border : bool
        Squared distances; background outside of the array.
    threads : int
        0 and below: all.
    """

    squared: bool
    black_border: bool
    threads: int


def measured(data: AnyArray, steps: Sequence[float], plan: Plan) -> NDArray[np.float32]:
    """Return the distances of labels of one to three axes, in the memory order of the labels."""
    labels = _whole_numbers(data)
    if labels is None or not all(_SHORTEST < step < _LONGEST for step in steps):
        return _theirs(data, steps, plan)
    threads = plan.threads if plan.threads > 0 else as_threads("auto")
    distances: NDArray[np.float32]
    if labels.dtype == np.bool_:
        distances = distance_transform(
            labels, spacing=steps, squared=plan.squared, threads=threads
        ).view(np.float32)
    else:
        distances = label_distance_transform(
            labels, spacing=steps, squared=plan.squared, threads=threads
        )
    if plan.black_border:
        _cut(distances, steps, squared=plan.squared)
    return distances


def _whole_numbers(data: AnyArray) -> AnyArray | None:
    """Return integers that differ where the values do; None if a value differs from itself.

    Raises
    ------
    TypeError
        If the values are no real numbers.
    """
    kind = data.dtype.kind
    if kind not in "biuf":
        message = f"labels must be numbers, got {data.dtype}"
        raise TypeError(message)
    labels = data.astype(data.dtype.newbyteorder("="), order="K", copy=False)
    if not labels.flags.forc:
        labels = np.ascontiguousarray(labels)
    if kind != "f":
        return labels
    wide = np.float32 if labels.dtype.itemsize <= 4 else np.float64
    values: AnyArray = np.add(labels, 0.0, dtype=wide, casting="same_kind")  # -0 is 0
    if np.isnan(values).any():
        return None
    bits: AnyArray = values.view(f"u{values.dtype.itemsize}")
    return bits


def _theirs(data: AnyArray, steps: Sequence[float], plan: Plan) -> NDArray[np.float32]:
    name = f"edt:edt{data.ndim}d{'sq' * plan.squared}"
    theirs = original(name, why="labels of NaN and spacings without a square")
    labels = data if data.flags.forc and data.flags.writeable else data.copy(order="K")
    if not labels.flags.forc:
        labels = np.ascontiguousarray(labels)
    anisotropy = steps[0] if data.ndim == 1 else tuple(steps)
    options = () if data.ndim == 1 else (max(plan.threads, 1),)
    found: NDArray[np.float32] = theirs(labels, anisotropy, plan.black_border, *options)
    return found


def _cut(distances: NDArray[np.float32], steps: Sequence[float], *, squared: bool) -> None:
    """Lower in place what is farther than the outside of the array."""
    for axis, (step, size) in enumerate(zip(steps, distances.shape, strict=True)):
        offsets = np.arange(1, size + 1)
        away = np.minimum(offsets, offsets[::-1]) * step
        limit = (away * away if squared else away).astype(np.float32)
        shape = [size if k == axis else 1 for k in range(distances.ndim)]
        np.minimum(distances, limit.reshape(shape), out=distances)
