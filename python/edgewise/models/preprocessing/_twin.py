"""Interpolation in numpy until the kernel is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["resample", "resample_argmax"]


def resample(image: NDArray[Any], shape: Sequence[int], *, order: int) -> NDArray[np.float32]:
    """Interpolate one axis after the other."""
    for axis, after in enumerate(shape):
        image = _axis(image, axis, after, order)
    return image


def _axis(image: NDArray[Any], axis: int, after: int, order: int) -> NDArray[Any]:
    before = image.shape[axis]
    if before == after:
        return image
    if order == 0:
        rows = np.floor((np.arange(after) + 0.5) * before / after).astype(int)
        return np.take(image, np.clip(rows, 0, before - 1), axis=axis)
    place = np.clip((np.arange(after) + 0.5) * before / after - 0.5, 0, before - 1)
    low = np.minimum(place.astype(int), max(before - 2, 0))
    high = np.minimum(low + 1, before - 1)
    weight = (place - low).astype(np.float32).reshape([-1] + [1] * (image.ndim - axis - 1))
    first, second = np.take(image, low, axis=axis), np.take(image, high, axis=axis)
    return first + (second - first) * weight


def resample_argmax(
    logits: NDArray[Any],
    shape: Sequence[int],
    *,
    separate_axis: int | None,
    regions: Sequence[int] | None,
) -> NDArray[Any]:
    """Interpolate every channel, then choose."""
    channels = np.asarray(logits, dtype=np.float32)
    for axis, after in enumerate(shape):
        channels = _axis(channels, axis + 1, after, 0 if axis == separate_axis else 1)
    largest = len(channels) - 1 if regions is None else max(regions)
    kind = np.uint8 if largest < 255 else np.uint16
    if regions is None:
        return channels.argmax(0).astype(kind)
    labels = np.zeros(tuple(shape), kind)
    for channel, label in zip(channels, regions, strict=True):
        labels[channel > 0] = label
    return labels
