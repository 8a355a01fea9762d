"""Which positions along one axis are needed: sets, and how each kind of layer maps them back.

A `Reach` holds one set of positions for each of several output voxels. A map takes the positions
needed of a layer's output and answers with those needed of its input. Sets, not intervals: the
holes of dilated convolutions stay, so the ends are right even where a layer skips positions.
Positions below 0 and beyond the end stand for what padding invents, and are kept.

Rules (k kernel, s stride, p padding, d dilation), output position o, input position i:

- convolution, pooling: ``i = o s - p + j d`` for j = 0..k-1
- transposed convolution: all i with ``o = i s - p + j d`` for a j in 0..k-1
- interpolation: the positions beside ``(A o + B) / C``, in whole numbers
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FIXED",
    "SAME",
    "WHOLE",
    "AxisMap",
    "Fixed",
    "Reach",
    "Resample",
    "Same",
    "Spread",
    "Whole",
    "Window",
]


@dataclass(frozen=True, slots=True)
class Reach:
    """One set of positions per query.

    Attributes
    ----------
    start : int
        Position of the first column.
    table : bool array (queries, columns)
        Whether the query needs the position ``start + column``.
    """

    start: int
    table: NDArray[np.bool_]

    @classmethod
    def of(cls, first: int, count: int) -> Reach:
        """Return `count` queries, the k-th for position ``first + k`` alone."""
        return cls(first, np.eye(count, dtype=np.bool_))

    def any(self) -> NDArray[np.bool_]:
        """Whether each query needs anything."""
        return _rows(self.table)

    def union(self, other: Reach | None) -> Reach:
        """Return what either needs."""
        if other is None:
            return self
        start = min(self.start, other.start)
        stop = max(self.start + self.table.shape[1], other.start + other.table.shape[1])
        table = np.zeros((self.table.shape[0], stop - start), dtype=np.bool_)
        for one in (self, other):
            at = one.start - start
            table[:, at : at + one.table.shape[1]] |= one.table
        return Reach(start, table)

    def outside(self, size: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether each query needs a position below 0, and one from `size` on."""
        below = min(max(-self.start, 0), self.table.shape[1])
        beyond = min(max(size - self.start, 0), self.table.shape[1])
        return _rows(self.table[:, :below]), _rows(self.table[:, beyond:])

    def clipped(self, size: int) -> Reach:
        """Return the positions from 0 to ``size - 1``."""
        low = min(max(-self.start, 0), self.table.shape[1])
        high = min(max(size - self.start, low), self.table.shape[1])
        return Reach(max(self.start, 0), self.table[:, low:high])

    def ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return first and last position of each query; first above last where it needs none."""
        if self.table.shape[1] == 0:
            none = np.full(self.table.shape[0], self.start, dtype=np.int64)
            return none, none - 1
        first = self.start + self.table.argmax(axis=1)
        last = self.start + self.table.shape[1] - 1 - self.table[:, ::-1].argmax(axis=1)
        return first, np.where(self.any(), last, first - 1)


def _rows(table: NDArray[np.bool_]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.any(table, axis=1)
    return found


class AxisMap(Protocol):
    """How one layer connects output positions with input positions along one axis."""

    def pull(self, reach: Reach) -> Reach:
        """Return what is needed of the input."""
        ...

    def grid(self, jump: Fraction, start: Fraction) -> tuple[Fraction, Fraction] | None:
        """Return spacing and origin of the output's positions, given those of the input's.

        In image voxels; None where output positions have no place of their own.
        """
        ...


@dataclass(frozen=True, slots=True)
class Same:
    """Each position needs itself: element-wise layers, channels, batch normalisation."""

    def pull(self, reach: Reach) -> Reach:
        """Return `reach`."""
        return reach

    def grid(self, jump: Fraction, start: Fraction) -> tuple[Fraction, Fraction] | None:
        """Return the grid as it is."""
        return jump, start


@dataclass(frozen=True, slots=True)
class Fixed:
    """Every position needs position 0: one value spread over an axis."""

    def pull(self, reach: Reach) -> Reach:
        """Return position 0 for each query that needs anything."""
        return Reach(0, reach.any()[:, None])

    def grid(self, jump: Fraction, start: Fraction) -> tuple[Fraction, Fraction] | None:
        """Return nothing: one value has no grid."""
        return None


@dataclass(frozen=True, slots=True)
class Whole:
    """Every position needs the whole axis; kept apart from the sets, see `dependence`."""

    def pull(self, reach: Reach) -> Reach:
        """Return no position: the whole axis is noted elsewhere."""
        return Reach(0, np.zeros((reach.table.shape[0], 0), dtype=np.bool_))

    def grid(self, jump: Fraction, start: Fraction) -> tuple[Fraction, Fraction] | None:
        """Return nothing."""
        return None


@dataclass(frozen=True, slots=True)
class Window:
    """Convolution, pooling, cropping (``padding=-start``), constant padding, strided slices.

    With `size`, only the positions from 0 to ``size - 1`` exist: a piece of a joined map.
    """

    kernel: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    size: int | None = None

    def pull(self, reach: Reach) -> Reach:
        """Return ``o s - p + j d`` for all j."""
        queries, width = reach.table.shape
        span = max(width - 1, 0) * self.stride + 1
        columns = span + (self.kernel - 1) * self.dilation if width else 0
        table = np.zeros((queries, columns), dtype=np.bool_)
        for j in range(self.kernel if width else 0):
            at = j * self.dilation
            table[:, at : at + span : self.stride] |= reach.table
        found = Reach(reach.start * self.stride - self.padding, table)
        return found if self.size is None else found.clipped(self.size)

    def grid(self, jump: Fraction, start: Fraction) -> tuple[Fraction, Fraction] | None:
        """Return the centres of the windows."""
        middle = Fraction((self.kernel - 1) * self.dilation, 2) - self.padding
        return jump * self.stride, start + jump * middle


@dataclass(frozen=True, slots=True)
class Spread:
    """Transposed convolution and unpooling: each input position writes a window of outputs."""

    kernel: int
    stride: int
    padding: int = 0
    dilation: int = 1

    def pull(self, reach: Reach) -> Reach:
        """Return all i with ``o = i s - p + j d``."""
        queries, width = reach.table.shape
        k, s, p, d = self.kernel, self.stride, self.padding, self.dilation
        low = -((-(reach.start + p - (k - 1) * d)) // s)
        high = (reach.start + width - 1 + p) // s
        table = np.zeros((queries, max(high - low + 1, 0)), dtype=np.bool_)
        for j in range(k if table.shape[1] else 0):
            first = (j * d - p - reach.start) % s  # first column whose position fits this j
            fitting = reach.table[:, first::s]
            at = (reach.start + first + p - j * d) // s - low
            table[:, at : at + fitting.shape[1]] |= fitting
        return Reach(low, table)

    def grid(self, jump: Fraction, start: Fraction) -> tuple[Fraction, Fraction] | None:
        """Return the output's places: where the middle of the kernel puts them."""
        middle = self.padding - Fraction((self.kernel - 1) * self.dilation, 2)
        return jump / self.stride, start + jump * middle / self.stride


@dataclass(frozen=True, slots=True)
class Resample:
    """Interpolation: the value at input coordinate ``(a o + b) / c`` for output position o.

    `below` and `above` are the positions used before and after ``floor``: 0 and 0 for nearest, 0
    and 1 for linear, 1 and 2 for cubic. At a whole coordinate the others have weight 0.
    """

    a: int
    b: int
    c: int
    below: int = 0
    above: int = 0
    ratio: Fraction | None = None  # input voxels per output voxel if not a / c
    centre: Fraction | None = None  # where output voxel 0 lies if not at b / c

    def pull(self, reach: Reach) -> Reach:
        """Return the positions beside the coordinate."""
        queries, width = reach.table.shape
        if not width:
            return Reach(0, np.zeros((queries, 0), dtype=np.bool_))
        places = self.a * (reach.start + np.arange(width, dtype=np.int64)) + self.b
        floors, between = places // self.c, places % self.c != 0
        start = int(floors[0]) - self.below
        stop = int(floors[-1]) + self.above + 1
        table = np.zeros((queries, stop - start), dtype=np.bool_)
        for column, floor, inside in zip(reach.table.T, floors, between, strict=True):
            taps = range(-self.below, self.above + 1) if inside else (0,)
            for tap in taps:
                table[:, floor + tap - start] |= column
        return Reach(start, table)

    def grid(self, jump: Fraction, start: Fraction) -> tuple[Fraction, Fraction] | None:
        """Return the places of voxels as areas; the coordinates may differ by less than one."""
        offset = Fraction(self.b, self.c) if self.centre is None else self.centre
        ratio = Fraction(self.a, self.c) if self.ratio is None else self.ratio
        return jump * ratio, start + jump * offset


SAME = Same()
FIXED = Fixed()
WHOLE = Whole()
