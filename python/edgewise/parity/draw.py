"""Random arguments, each drawn from one generator: masks, label maps, spacings, layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Draw"]

_T = TypeVar("_T")

_PATTERNS: Final = ("blobs", "blobs", "blobs", "random", "sparse", "one", "empty", "full", "edge")
_LAYOUTS: Final = ("C", "C", "F", "reversed", "strided", "read-only")
_SIDES: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12)
_STEPS: Final = (0.1, 0.3, 0.5, 0.7, 1.0, 1.25, 2.0, 3.0, 5.0)


class Draw:
    """Draws of one call; the same seed draws the same call.

    Attributes
    ----------
    rng : numpy.random.Generator
    """

    def __init__(self, *seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def chance(self, share: float) -> bool:
        """Return True in this share of calls."""
        return bool(self.rng.random() < share)

    def choice(self, of: Sequence[_T]) -> _T:
        """Return one of several values."""
        return of[int(self.rng.integers(len(of)))]

    def integer(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def number(self, low: float, high: float) -> float:
        """Return a number between two limits."""
        return float(self.rng.uniform(low, high))

    def shape(self, min_ndim: int = 1, max_ndim: int = 3, *, voxels: int = 600) -> tuple[int, ...]:
        """Return a shape of few voxels: compact, or with a side of 63, 64 or 65."""
        ndim = self.integer(min_ndim, max_ndim)
        sides: list[int] = []
        room = voxels
        for _ in range(ndim):
            if room >= 65 and self.chance(0.1):
                side = self.choice((63, 64, 65))
            else:
                side = self.choice([n for n in _SIDES if n <= room])
            sides.append(side)
            room //= side
        return tuple(int(n) for n in self.rng.permutation(sides))

    def mask(self, shape: Sequence[int], *, empty: bool = True) -> NDArray[np.bool_]:
        """Return a bool mask of one of many patterns; without `empty` none without foreground."""
        kind = self.choice(_PATTERNS if empty else [k for k in _PATTERNS if k != "empty"])
        mask = self._pattern(kind, tuple(shape))
        if not empty and mask.size and not mask.any():
            mask.flat[self.integer(0, mask.size - 1)] = True
        return mask

    def pair(
        self, shape: Sequence[int], *, empty: bool = True
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return two masks; half of the second ones are the first, moved or changed a little."""
        first = self.mask(shape, empty=empty)
        if self.chance(0.5) or not first.size:
            return first, self.mask(shape, empty=empty)
        second = np.roll(first, 1, axis=self.integer(0, first.ndim - 1))
        if self.chance(0.5):
            second = second ^ (self.rng.random(first.shape) < 0.05)
        if not empty and not second.any():
            second.flat[0] = True
        return first, second

    def labels(self, shape: Sequence[int], *, largest: int = 4) -> NDArray[np.int64]:
        """Return a label map with labels 0 to at most `largest`."""
        labels = np.zeros(tuple(shape), np.int64)
        for label in range(1, largest + 1):
            kind = self.choice(("empty", "one", "blobs", "blobs", "sparse"))
            labels[self._pattern(kind, labels.shape)] = label
        return labels

    def spacing(self, ndim: int) -> tuple[float, ...]:
        """Return positive steps, one per axis: ones, equal ones, plain or odd ones."""
        kind = self.integer(0, 3)
        if kind == 0:
            return (1.0,) * ndim
        if kind == 1:
            return (self.choice(_STEPS),) * ndim
        if kind == 2:
            return tuple(self.choice(_STEPS) for _ in range(ndim))
        return tuple(self.number(0.1, 10) for _ in range(ndim))

    def layout(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return the same values in another memory layout."""
        kind = self.choice(_LAYOUTS)
        if kind == "F":
            return np.asfortranarray(array)
        if kind == "reversed":
            backwards = (slice(None, None, -1),) * array.ndim
            return np.ascontiguousarray(array[backwards])[backwards]
        if kind == "strided":
            roomy = np.zeros(tuple(2 * n for n in array.shape), array.dtype)
            every_other = (slice(None, None, 2),) * array.ndim
            roomy[every_other] = array
            return roomy[every_other]
        copy = array.copy(order="C")
        if kind == "read-only":
            copy.flags.writeable = False
        return copy

    def _pattern(self, kind: str, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        if kind in ("empty", "full"):
            return np.full(shape, kind == "full")
        mask = np.zeros(shape, bool)
        if not mask.size:
            return mask
        if kind == "one":
            mask[tuple(int(self.rng.integers(0, n)) for n in shape)] = True
        elif kind == "edge":
            mask[...] = True
            mask[tuple(slice(1, -1) if n > 2 else slice(None) for n in shape)] = False
        elif kind == "blobs":
            for _ in range(self.integer(1, 3)):
                start = [int(self.rng.integers(0, n)) for n in shape]
                stop = [int(self.rng.integers(a, n)) + 1 for a, n in zip(start, shape, strict=True)]
                mask[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = True
        else:
            mask = self.rng.random(shape) < (0.5 if kind == "random" else 0.05)
        return mask
