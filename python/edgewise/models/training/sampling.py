"""Where patches are cut: random positions, and positions on a class that is present.

The rule is nnU-Net's (Isensee et al. 2021, Nature Methods 18): sample j of a batch of B is forced
to contain foreground unless ``j < round(B * (1 - share))``; then a class that the case contains is
chosen, all equally likely, and one of its voxels becomes the centre of the patch, which is moved
into the volume. Two things differ. A patch is also moved in at the far end, so that no forced patch
is padded where the volume is large enough. And where rounding would force none of a batch or all of
it, as in batches of one, each sample is forced with a probability of `share`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["ClassVoxels", "cut", "is_forced", "patch_corner"]

_MOST_PER_CASE: Final = 40_000  # remembered voxels: 160 kB a case
_MOST_PER_CLASS: Final = 10_000
_FEWEST_PER_CLASS: Final = 100
_SLAB: Final = 1 << 20  # voxels looked at together


def is_forced(index: int, batch_size: int, share: float, rng: np.random.Generator) -> bool:
    """Whether sample `index` of a batch must contain foreground; `rng` decides where B cannot.

    Examples
    --------
    >>> rng = np.random.Generator(np.random.PCG64(0))
    >>> [is_forced(j, 2, 0.33, rng) for j in range(2)]
    [False, True]
    >>> abs(sum(is_forced(0, 1, 0.33, rng) for _ in range(1000)) - 330) < 50
    True
    """
    free = round(batch_size * (1 - share))
    if free in (0, batch_size) and 0 < share < 1:
        return rng.random() < share
    return index >= free


@dataclass(frozen=True, slots=True, eq=False)
class ClassVoxels:
    """Where the classes of one case lie.

    Attributes
    ----------
    shape : tuple of int
        Of the label map.
    positions : mapping of int to int32 or int64 array
        Per class that is present, flat positions (C order) of its voxels: all, or if there are
        many a random choice of 10,000, fewer if the case holds more than four classes.
    """

    shape: tuple[int, ...]
    positions: dict[int, NDArray[np.integer[Any]]]

    @classmethod
    def of(cls, labels: NDArray[Any], *, ignore_label: int | None, seed: int) -> ClassVoxels:
        """Look a label map through once; background and the ignored label are no classes."""
        flat = np.ascontiguousarray(labels).reshape(-1)
        counts = np.zeros(0, dtype=np.int64)
        for start in range(0, flat.size, _SLAB):
            part = np.bincount(flat[start : start + _SLAB])
            counts = _sum(counts, part)
        skipped = {0} if ignore_label is None else {0, ignore_label}
        present = [int(c) for c in np.flatnonzero(counts) if int(c) not in skipped]
        share = _MOST_PER_CASE // max(1, len(present))
        most = min(_MOST_PER_CLASS, max(_FEWEST_PER_CLASS, share))
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, labels.size])))
        ranks = {c: _ranks(int(counts[c]), most, rng) for c in present}
        return cls(tuple(labels.shape), _positions(flat, ranks))

    def draw(self, rng: np.random.Generator) -> tuple[int, ...] | None:
        """Return a voxel of a class that is present; None if there is only background."""
        if not self.positions:
            return None
        classes = sorted(self.positions)
        voxels = self.positions[classes[int(rng.integers(len(classes)))]]
        place = int(voxels[int(rng.integers(len(voxels)))])
        return tuple(int(i) for i in np.unravel_index(place, self.shape))


def _sum(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    longer, shorter = (first, second) if first.size >= second.size else (second, first)
    total = longer.astype(np.int64)
    total[: shorter.size] += shorter
    return total


def _ranks(count: int, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Which voxels of a class are remembered, as ranks in C order, ascending."""
    if count <= most:
        return np.arange(count, dtype=np.int64)
    return np.sort(rng.choice(count, size=most, replace=False)).astype(np.int64)


def _positions(
    flat: NDArray[Any], ranks: dict[int, NDArray[np.int64]]
) -> dict[int, NDArray[np.integer[Any]]]:
    seen = dict.fromkeys(ranks, 0)
    found: dict[int, list[NDArray[np.int64]]] = {c: [] for c in ranks}
    for start in range(0, flat.size, _SLAB):
        part = flat[start : start + _SLAB]
        places = np.flatnonzero(part)
        # stable: within a class the places stay in C order
        order = places[np.argsort(part[places], kind="stable")]
        values = part[order]
        for c in np.unique(values).tolist():
            if c not in ranks:
                continue
            low, high = np.searchsorted(values, [c, c + 1])
            first, last = np.searchsorted(ranks[c], [seen[c], seen[c] + high - low])
            chosen = ranks[c][first:last] - seen[c] + low
            found[c].append(order[chosen] + start)
            seen[c] += int(high - low)
    kind = np.int32 if flat.size < 2**31 else np.int64
    return {c: np.concatenate(parts).astype(kind) for c, parts in found.items()}


def patch_corner(
    shape: Sequence[int],
    patch: Sequence[int],
    rng: np.random.Generator,
    *,
    center: Sequence[int] | None = None,
) -> tuple[int, ...]:
    """Return the first voxel of a patch.

    Parameters
    ----------
    shape, patch : sequence of int
        Sizes of the volume and of the patch.
    rng : numpy.random.Generator
        Source of the position, used only without `center`.
    center : sequence of int, optional
        Voxel that comes to lie in the middle, as far as the patch stays in the volume. Default: any
        position in the volume, all equally likely.

    Returns
    -------
    tuple of int
        Where the patch is larger than the volume the volume lies in its middle, and the corner is
        negative.
    """
    corner = []
    for axis, (size, width) in enumerate(zip(shape, patch, strict=True)):
        room = size - width
        if room <= 0:
            corner.append(-(-room // 2))
        elif center is None:
            corner.append(int(rng.integers(room + 1)))
        else:
            corner.append(min(max(0, center[axis] - width // 2), room))
    return tuple(corner)


def cut(array: NDArray[Any], corner: Sequence[int], size: Sequence[int]) -> NDArray[Any]:
    """Return a box of the last axes of an array, as a copy; 0 outside of it."""
    axes = len(size)
    spatial = array.shape[-axes:]
    out = np.zeros((*array.shape[:-axes], *size), dtype=array.dtype)
    sources: list[Any] = [...]
    targets: list[Any] = [...]
    for start, width, length in zip(corner, size, spatial, strict=True):
        low, high = max(0, start), min(length, start + width)
        if low >= high:
            return out
        sources.append(slice(low, high))
        targets.append(slice(low - start, high - start))
    out[tuple(targets)] = array[tuple(sources)]
    return out
