"""Named inputs, made from seeds: nothing is downloaded."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
SIDE = 256


def _ball(center: tuple[float, float, float], radius: tuple[float, float, float]) -> Mask:
    z, y, x = np.ogrid[:SIDE, :SIDE, :SIDE]
    inside = sum(
        ((axis - c) / r) ** 2 for axis, c, r in zip((z, y, x), center, radius, strict=True)
    )
    return (inside <= 1.0).view(np.uint8)


@cache
def organ() -> tuple[Mask, Mask]:
    """Two blobs of Dice 0.98; the prediction misses a lobe and has five satellites."""
    reference = _ball((128, 120, 130), (70, 62, 80)) | _ball((100, 160, 100), (40, 45, 38))
    prediction = _ball((128, 121, 130), (70, 62, 79)) | _ball((101, 160, 100), (40, 45, 37))
    for k in range(5):
        prediction |= _ball((30 + 40 * k, 40, 30 + 35 * k), (4, 4, 5))
    return reference, prediction


@cache
def apart() -> tuple[Mask, Mask]:
    """Two blobs that do not touch."""
    return _ball((60, 60, 60), (40, 40, 40)), _ball((190, 190, 190), (45, 40, 40))


@cache
def noise() -> tuple[Mask, Mask]:
    """Two independent masks, each voxel set with probability one half."""
    rng = np.random.default_rng(1)
    return tuple(rng.integers(0, 2, (SIDE,) * 3, dtype=np.uint8) for _ in range(2))  # type: ignore[return-value]


@cache
def point() -> Mask:
    """Foreground everywhere but in one voxel: the farthest distances there are."""
    mask = np.ones((SIDE,) * 3, dtype=np.uint8)
    mask[17, 200, 101] = 0
    return mask


@cache
def boundary_zero() -> Mask:
    """Everything but the organ's boundary: what most libraries transform for a distance metric."""
    import edgewise

    mask, _ = organ()
    return (~edgewise.boundary(mask)).view(np.uint8)
