"""From cases to batches of patches: sample number k of an epoch is a function of (seed, epoch, k).

Nothing is carried from one sample to the next. Any worker may make any batch, in any order, and a
training that starts again in the middle sees the same patches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .geometry import source_size
from .sampling import cut, is_forced, patch_corner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .data import TrainingCase
    from .pool import CasePool
    from .settings import Settings

__all__ = ["Batch", "make_batch", "make_sample"]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Patches of one step.

    Attributes
    ----------
    images : float32 array (B, C, ...)
        The patches.
    labels : int array (B, ...)
        Their label maps.
    names : tuple of str
        The cases that they come from.
    spacings : tuple of tuple of float
        Of those cases, mm.
    """

    images: NDArray[np.float32]
    labels: NDArray[Any]
    names: tuple[str, ...]
    spacings: tuple[tuple[float, ...], ...]


def make_batch(
    pool: CasePool,
    settings: Settings,
    epoch: int,
    step: int,
    *,
    answered: Sequence[int] | None = None,
) -> Batch:
    """Return the batch of a step of an epoch, both counted from 0.

    Parameters
    ----------
    pool : CasePool
        The cases.
    settings : Settings
        Patch size, batch size, augmentation, seed.
    epoch, step : int
        Which batch.
    answered : sequence of int, optional
        Size of the middle of a patch that the network answers. Default: the patch.

    Raises
    ------
    ConfigError
        If too few cases are good.
    """
    size = settings.batch_size
    samples = [
        make_sample(pool, settings, epoch, step * size + j, answered or settings.patch_size)
        for j in range(size)
    ]
    images, labels, cases = zip(*samples, strict=True)
    names = tuple(case.name for case in cases)
    return Batch(np.stack(images), np.stack(labels), names, tuple(c.spacing for c in cases))


def make_sample(
    pool: CasePool, settings: Settings, epoch: int, index: int, answered: Sequence[int]
) -> tuple[NDArray[np.float32], NDArray[Any], TrainingCase]:
    """Return sample `index` of an epoch: image patch, label patch, the case it is from.

    The generator is seeded by (seed, epoch, index) and is asked in this order: case, rotation and
    scaling, position, the other changes. What is answered lies inside the volume; what is seen
    around it may not.
    """
    rng = np.random.Generator(
        np.random.PCG64(np.random.SeedSequence([settings.seed, epoch, index]))
    )
    number, case = pool.draw(rng)
    patch, change = settings.patch_size, settings.augmentation
    motion = change.motion(rng, patch, case.spacing)
    center = None
    place = index % settings.batch_size
    if is_forced(place, settings.batch_size, settings.oversample_foreground, rng):
        center = pool.voxels(number, case).draw(rng)
    corner = patch_corner(case.labels.shape, answered, rng, center=center)
    box = source_size(motion, patch)
    start = _around(_around(corner, answered, patch), patch, box)
    image, labels = cut(case.image, start, box), cut(case.labels, start, box)
    image, labels = change.apply(
        image, labels, rng, patch=patch, spacing=case.spacing, motion=motion
    )
    return image, labels, case


def _around(corner: Sequence[int], patch: Sequence[int], box: Sequence[int]) -> tuple[int, ...]:
    """Return the corner of a larger box with the same middle."""
    return tuple(c - (b - p) // 2 for c, p, b in zip(corner, patch, box, strict=True))
