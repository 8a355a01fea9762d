"""Images to train a network on: a ball and a cube under noise and a bias field.

A voxel is its label plus normal noise, times a smooth field, as coils of a scanner make it. Noise
hides the edges from a threshold, the field makes one label as bright here as another there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from edgewise import io
from edgewise._arguments import Spacing, as_spacing
from edgewise.errors import ConfigError, ShapeError
from edgewise.image import Image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["TRAINING_LABELS", "TrainingSet", "ball_and_cube", "write_training_set"]

TRAINING_LABELS: Final[Mapping[int, str]] = {1: "ball", 2: "cube"}

_RADII: Final = (0.16, 0.25)  # of the shortest side
_SIDES: Final = (0.22, 0.34)
_SMALLEST: Final = 12  # voxels along an axis
_ATTEMPTS: Final = 200
_MOST_CASES: Final = 1000


def ball_and_cube(
    shape: Sequence[int], *, noise: float = 0.4, bias: float = 0.3, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return an image of a ball (label 1) and a cube (label 2) and its label map.

    Parameters
    ----------
    shape : sequence of int
        2 or 3 axes of at least 12 voxels.
    noise : float, default 0.4
        Standard deviation of the noise; neighbouring labels differ by 1.
    bias : float, default 0.3
        Largest deviation of the field from 1, in [0, 1).
    seed : int, default 0
        Of places, sizes, noise and field.

    Returns
    -------
    image : float32 array
        ``(label + noise) * field``.
    labels : uint8 array
        Both shapes lie inside the image and do not touch.

    Raises
    ------
    ShapeError
        If the shape has other axes, or one is too short.
    ConfigError
        If noise, bias or seed are out of range.

    Examples
    --------
    >>> image, labels = ball_and_cube((32, 32, 32), noise=0.4, bias=0.3, seed=1)
    >>> image.dtype, sorted(set(labels.ravel().tolist()))
    (dtype('float32'), [0, 1, 2])
    """
    if len(shape) not in (2, 3) or min(shape) < _SMALLEST:
        message = f"shape must have 2 or 3 axes of at least {_SMALLEST} voxels, got {tuple(shape)}"
        raise ShapeError(message)
    if not (noise >= 0 and 0 <= bias < 1):
        message = f"noise must be at least 0 and bias in [0, 1), got {noise} and {bias}"
        raise ConfigError(message)
    if not hasattr(seed, "__index__") or seed < 0:
        message = f"seed must be a whole number of at least 0, got {seed!r}"
        raise ConfigError(message)
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 0xBA11])))
    labels = _labels(tuple(shape), rng)
    values = labels + noise * rng.standard_normal(labels.shape)
    return (values * _field(labels.shape, bias, rng)).astype(np.float32), labels


def _labels(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.uint8]:
    side = min(shape)
    coordinates = np.indices(shape, dtype=np.float64)
    for _ in range(_ATTEMPTS):
        radius = side * rng.uniform(*_RADII)
        middle = np.array([rng.uniform(radius, n - 1 - radius) for n in shape])
        squares = sum((coordinates[k] - middle[k]) ** 2 for k in range(len(shape)))
        ball = squares <= radius**2
        edge = round(side * rng.uniform(*_SIDES))
        start = [int(rng.integers(0, n - edge + 1)) for n in shape]
        cube = tuple(slice(a, a + edge) for a in start)
        around = tuple(slice(max(0, a - 1), a + edge + 1) for a in start)
        if not ball[around].any():
            break
    labels = np.zeros(shape, dtype=np.uint8)
    labels[cube] = 2
    labels[ball] = 1
    return labels


def _field(shape: tuple[int, ...], bias: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return 1 plus half a wave along each axis, with a deviation of at most `bias`."""
    field: NDArray[np.float64] = np.zeros((1,) * len(shape))
    for axis, n in enumerate(shape):
        phase = rng.uniform(0, 2 * np.pi)
        wave = np.cos(np.pi * np.arange(n) / n + phase)
        field = field + wave.reshape([-1 if k == axis else 1 for k in range(len(shape))])
    return np.asarray(1 + bias * field / np.abs(field).max())


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Where a written data set lies.

    Attributes
    ----------
    images, labels : Path
        Folders: ``case_0_0000.nii.gz`` beside ``case_0.nii.gz``, as nnU-Net names them.
    names : tuple of str
        Of the cases.
    """

    images: Path
    labels: Path
    names: tuple[str, ...]


def write_training_set(
    directory: str | Path,
    *,
    cases: int = 12,
    shape: Sequence[int] = (32, 32, 32),
    noise: float = 0.4,
    bias: float = 0.3,
    spacing: Spacing = 1.0,
    seed: int = 0,
) -> TrainingSet:
    """Write phantoms of `ball_and_cube` as NIfTI files.

    Parameters
    ----------
    directory : path
        Gets the folders ``images`` and ``labels``; files of the same name are replaced.
    cases : int, default 12
        How many; case k has the seed ``1000 * seed + k``.
    shape, noise, bias
        As in `ball_and_cube`, 3 axes.
    spacing : float or sequence of float, default 1.0
        Voxel size, mm.
    seed : int, default 0
        Another seed gives other phantoms.

    Returns
    -------
    TrainingSet
        Where they are.

    Raises
    ------
    ShapeError, ConfigError
        As `ball_and_cube`.
    """
    if not hasattr(cases, "__index__") or not 1 <= cases <= _MOST_CASES:
        message = f"cases must be a whole number in [1, {_MOST_CASES}], got {cases!r}"
        raise ConfigError(message)
    root = Path(directory)
    images, labels = root / "images", root / "labels"
    for folder in (images, labels):
        folder.mkdir(parents=True, exist_ok=True)
    steps = as_spacing(spacing, len(shape))
    affine = np.diag([*steps, *[1.0] * (4 - len(steps))])
    names = tuple(f"case_{k}" for k in range(cases))
    for k, name in enumerate(names):
        image, label_map = ball_and_cube(shape, noise=noise, bias=bias, seed=1000 * seed + k)
        io.write(images / f"{name}_0000.nii.gz", Image(image, affine=affine))
        io.write(labels / f"{name}.nii.gz", Image(label_map, affine=affine))
    return TrainingSet(images, labels, names)
