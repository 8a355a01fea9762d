"""Changes of one channel's values: blur, contrast, low resolution, gamma."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["adjust_contrast", "adjust_gamma", "blur", "lower_resolution"]


def blur(channel: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Return the channel under a Gaussian of `sigma` voxels, cut at 4 sigma; edges continue."""
    radius = math.ceil(4 * sigma)
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = torch.from_numpy((weights / weights.sum()).astype(np.float32))[None, None]
    values = torch.from_numpy(np.ascontiguousarray(channel))
    for axis in range(channel.ndim):
        lines = values.movedim(axis, -1)
        shape = lines.shape
        padded = functional.pad(lines.reshape(-1, 1, shape[-1]), (radius, radius), mode="replicate")
        values = functional.conv1d(padded, kernel).reshape(shape).movedim(-1, axis)
    blurred: NDArray[np.float32] = values.contiguous().numpy()
    return blurred


def adjust_contrast(channel: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """Return mean + factor * (value - mean), within the range of the channel."""
    mean = channel.mean(dtype=np.float64).astype(np.float32)
    changed = mean + np.float32(factor) * (channel - mean)
    return np.clip(changed, channel.min(), channel.max())


def lower_resolution(channel: NDArray[np.float32], zoom: float) -> NDArray[np.float32]:
    """Return the channel sampled at `zoom` of its voxels per axis (nearest), and back (linear)."""
    values = torch.from_numpy(np.ascontiguousarray(channel))[None, None]
    size = [max(1, round(n * zoom)) for n in channel.shape]
    small = functional.interpolate(values, size=size, mode="nearest-exact")
    linear = {1: "linear", 2: "bilinear", 3: "trilinear"}[channel.ndim]
    back = functional.interpolate(small, size=channel.shape, mode=linear, align_corners=False)
    restored: NDArray[np.float32] = back[0, 0].numpy()
    return restored


def adjust_gamma(channel: NDArray[np.float32], exponent: float) -> NDArray[np.float32]:
    """Return values^exponent on the channel scaled to [0, 1], with its mean and deviation."""
    low, high = channel.min(), channel.max()
    if not high > low:
        return channel
    mean, deviation = channel.mean(dtype=np.float64), channel.std(dtype=np.float64)
    curved = ((channel - low) / (high - low)) ** np.float32(exponent)
    spread = max(float(curved.std(dtype=np.float64)), 1e-8)
    centred = (curved - np.float32(curved.mean(dtype=np.float64))) * np.float32(deviation / spread)
    return (centred + np.float32(mean)).astype(np.float32)
