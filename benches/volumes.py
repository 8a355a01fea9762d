"""Named inputs, made from seeds and kept on disk: nothing is downloaded.

Arrays are in C order, axes z, y, x. Sizes: m = 256^3, l = 300 x 512 x 512, xl = 400 x 512 x 512;
`quick` sizes are small ones of the same proportions.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Shape = tuple[int, int, int]

ISO = (1.0, 1.0, 1.0)
ANI = (3.0, 0.8, 0.8)

_FULL: dict[str, Shape] = {
    "s": (128,) * 3,
    "m": (256,) * 3,
    "l": (300, 512, 512),
    "xl": (400, 512, 512),
    "c": (512,) * 3,
}
_QUICK: dict[str, Shape] = {
    "s": (88,) * 3,
    "m": (88,) * 3,
    "l": (88, 96, 96),
    "xl": (92, 96, 96),
    "c": (96,) * 3,
}


def shape_of(size: str, *, quick: bool) -> Shape:
    return (_QUICK if quick else _FULL)[size]


def folder() -> Path:
    named = os.environ.get("EDGEWISE_BENCH_DATA")
    return Path(named) if named else Path(tempfile.gettempdir()) / "edgewise-bench"


def kept(name: str, shape: tuple[int, ...], make: Callable[[], Array]) -> Array:
    """The array of that name, made and written once."""
    path = folder() / f"{name}-{'x'.join(map(str, shape))}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            np.save(file, make())
        part.replace(path)
    return np.load(path)


def waves(shape: Shape, seed: int, *, terms: int = 10, fastest: float = 4.0) -> Array:
    """A smooth random field of about unit amplitude: a sum of products of cosines."""
    rng = np.random.default_rng(seed)
    field = np.zeros(shape, np.float32)
    turns = [np.linspace(0, 2 * np.pi, n, dtype=np.float32) for n in shape]
    for _ in range(terms):
        frequency, phase = rng.uniform(0.5, fastest, 3), rng.uniform(0, 2 * np.pi, 3)
        height = np.float32(rng.normal() * 1.6 / np.sqrt(terms))
        z, y, x = (
            np.cos(f * turn + p).astype(np.float32)
            for f, turn, p in zip(frequency, turns, phase, strict=True)
        )
        field += (height * z)[:, None, None] * np.multiply.outer(y, x)
    return field


def _radius(shape: Shape, center: tuple[float, ...], radii: tuple[float, ...]) -> Array:
    """Distance from the centre in units of the radii; both as fractions of the axes."""
    square = np.zeros((1, 1, 1), np.float32)
    for axis, (n, c, r) in enumerate(zip(shape, center, radii, strict=True)):
        along = ((np.arange(n, dtype=np.float32) - c * n) / (r * n)) ** 2
        square = square + np.expand_dims(along, tuple(k for k in range(3) if k != axis))
    return np.sqrt(square)


def stamp(mask: Array, center: Array, radius: float) -> None:
    """Set the voxels of a ball; nothing outside the array."""
    reach = int(np.ceil(radius))
    low = [max(0, round(float(c)) - reach) for c in center]
    high = [min(n, round(float(c)) + reach + 1) for c, n in zip(center, mask.shape, strict=True)]
    z, y, x = np.ogrid[tuple(map(slice, low, high))]
    inside = (z - center[0]) ** 2 + (y - center[1]) ** 2 + (x - center[2]) ** 2 <= radius**2
    mask[tuple(map(slice, low, high))] |= inside


def organ(shape: Shape) -> Array:
    """Two blobs of Dice 0.98; the second has five satellites."""

    def make() -> Array:
        center = (0.48, 0.5, 0.52)
        depth = _radius(shape, center, (0.22, 0.24, 0.2)) + 0.18 * waves(shape, 1)
        reference = depth < 1
        depth += 0.03 * waves(shape, 2, terms=12, fastest=9.0)
        prediction = depth < 1
        rng = np.random.default_rng(3)
        for _ in range(5):
            direction = rng.normal(size=3)
            place = np.array(center) + 0.33 * direction / np.linalg.norm(direction)
            radius = int(rng.integers(2, 7))
            edges = radius + 1, np.array(shape) - radius - 2
            stamp(prediction, np.clip(place * shape, *edges).astype(int), radius)
        return np.stack([reference, prediction])

    return kept("organ", shape, make)


def far(shape: Shape) -> Array:
    """Two blobs in opposite corners."""

    def make() -> Array:
        bumps = 0.15 * waves(shape, 4)
        first = _radius(shape, (0.25, 0.25, 0.25), (0.12,) * 3) + bumps < 1
        second = _radius(shape, (0.75, 0.72, 0.7), (0.13,) * 3) + bumps < 1
        return np.stack([first, second])

    return kept("far", shape, make)


def tree(shape: Shape) -> Array:
    """Vessels that branch; the second misses branches and wobbles."""
    return kept("tree", shape, lambda: _tree(shape))


def _tree(shape: Shape) -> Array:
    rng = np.random.default_rng(5)
    size = np.array(shape, float)
    path: list[tuple[Array, float, int]] = []  # place, radius, branch

    def grow(
        place: Array, heading: Array, radius: float, length: float, forks: int, branch: int
    ) -> None:
        for _ in range(int(length)):
            heading = heading + 0.12 * rng.normal(size=3)
            heading /= np.linalg.norm(heading)
            place = place + heading
            if (place < 8).any() or (place > size - 9).any():
                return
            path.append((place, radius, branch))
        if forks:
            for side in (0, 1):
                turned = heading + 0.6 * rng.normal(size=3)
                thinner = max(0.8 * radius, 1.0)
                grow(place, turned, thinner, 0.85 * length, forks - 1, 2 * branch + side)

    grow(size * (0.1, 0.5, 0.5), np.array([1.0, 0.0, 0.0]), 5.0, 0.22 * size.min(), 7, 1)
    branches = {branch for _, _, branch in path}
    missed = {branch for branch in branches if branch >= 32 and rng.random() < 0.15}
    masks = np.zeros((2, *shape), bool)
    for k, (place, radius, branch) in enumerate(path):
        stamp(masks[0], place, radius)
        if branch not in missed:
            wobble = 0.8 * np.array([np.sin(k / 40), np.cos(k / 33), np.sin(k / 27)])
            stamp(masks[1], place + wobble, max(1.0, radius + 0.4 * np.sin(k / 21)))
    return masks


def organs(shape: Shape, count: int = 117) -> Array:
    """Two maps of so many organs, background between them; the second with ragged borders."""
    return kept(f"organs{count}", shape, lambda: _organs(shape, count))


def _organs(shape: Shape, count: int) -> Array:
    rng = np.random.default_rng(6)
    half = tuple(n // 2 for n in shape)
    places = rng.uniform(0.14, 0.86, (4 * count, 3))
    places = places[(((places - 0.5) / 0.38) ** 2).sum(1) < 1][:count] * half
    reach = rng.uniform(0.055, 0.11, len(places)) * min(half)
    nearest = np.full(half, np.inf, np.float32)
    labels = np.zeros(half, np.uint8)
    for k, place in enumerate(places):
        low = np.maximum(0, np.floor(place - reach.max()).astype(int))
        high = np.minimum(half, np.ceil(place + reach.max()).astype(int) + 1)
        box = tuple(map(slice, low, high))
        z, y, x = np.ogrid[box]
        distance = (z - place[0]) ** 2 + (y - place[1]) ** 2 + (x - place[2]) ** 2
        closer = distance < nearest[box]
        nearest[box][closer] = distance[closer]
        labels[box][closer] = np.where(distance[closer] < reach[k] ** 2, k + 1, 0)
    return np.stack([_warped(labels, shape, 0.0), _warped(labels, shape, 1.5)])


def _warped(labels: Array, shape: Shape, ragged: float) -> Array:
    """The half-size map at full size, bent by smooth waves and, if `ragged`, by quick ones."""
    out = np.empty(shape, np.uint8)
    y, x = np.ogrid[: shape[1], : shape[2]]
    for k in range(shape[0]):
        slow = (
            np.sin(y / 17 + 1) * np.cos(x / 23 + k / 19),
            np.sin(y / 21 + k / 15) * np.sin(x / 19),
            np.cos(y / 18) * np.sin(x / 25 + k / 22),
        )
        quick = (
            np.sin(y / 9 + k / 7) * np.sin(x / 11 + 2),
            np.cos(y / 8) * np.sin(x / 7 + k / 10),
            np.cos(y / 10 + k / 9) * np.cos(x / 8),
        )
        index = [
            np.clip((grid + 3 * s + ragged * q) / 2, 0, n - 1).astype(np.int32)
            for grid, s, q, n in zip((k, y, x), slow, quick, labels.shape, strict=True)
        ]
        out[k] = labels[tuple(index)]
    return out


def intensities(shape: Shape) -> Array:
    """A float32 image, smooth structure with fine noise, about 0 to 1000."""

    def make() -> Array:
        noise = np.random.default_rng(9).standard_normal(shape, dtype=np.float32)
        return 500 + 200 * waves(shape, 8, terms=14, fastest=5.0) + 15 * noise

    return kept("intensities", shape, make)


def coin(shape: tuple[int, ...], seed: int = 1, density: float = 0.5) -> Array:
    """Each voxel set with the same probability."""
    return np.random.default_rng(seed).random(shape, dtype=np.float32) < density


def landscape(side: int) -> Array:
    """A 2D mask of smooth islands."""
    rng = np.random.default_rng(0)
    turn = np.linspace(0, 2 * np.pi, side, dtype=np.float32)
    field = np.zeros((side, side), np.float32)
    for _ in range(12):
        k, p = rng.uniform(1, 12, 2), rng.uniform(0, 2 * np.pi, 2)
        field += np.multiply.outer(np.cos(k[0] * turn + p[0]), np.cos(k[1] * turn + p[1]))
    return field > 0.2
