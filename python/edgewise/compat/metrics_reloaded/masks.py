"""Two masks and the numbers that every binary measure starts from, in the types of the library.

`pair_of` gives a `MaskPair`, counted by the kernels, if both arrays hold zeros and ones only and
have one shape; else an `ArrayPair`, counted as numpy counts whatever is there.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edgewise._arguments import as_same_order, threads_for
from edgewise.metrics.grids import Grid
from edgewise.metrics.joint import count_masks
from edgewise.metrics.pair_ingredients import PairIngredients

from .arrays import ONES_IN_FLOAT32, as_plain, sum_of_ones

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edgewise.metrics.counts import Counts
    from edgewise.metrics.distance_list import ListPair
    from edgewise.metrics.shapes import SkeletonCounts

__all__ = ["ArrayPair", "MaskPair", "Sums", "pair_of"]


class Sums(NamedTuple):
    """Numbers of voxels as sums of float32 maps."""

    tp: Any
    fp: Any
    fn: Any
    tn: Any
    union: Any


def pair_of(pred: Any, ref: Any, *, exact: bool) -> MaskPair | ArrayPair:
    """Return the pair; `exact` makes its counts int64 and float64 instead of the library's."""
    if getattr(pred, "shape", None) == getattr(ref, "shape", ()):
        plain = as_plain(ref), as_plain(pred)
        if plain[0] is not None and plain[1] is not None:
            return MaskPair(pred, ref, *as_same_order(plain[0], plain[1]), exact=exact)
    return ArrayPair(pred, ref)


class ArrayPair:
    """Two arrays, lists or numbers of any values and shapes that numpy can combine.

    Parameters
    ----------
    pred, ref
        As given.
    """

    def __init__(self, pred: Any, ref: Any) -> None:
        self.pred = pred
        self.ref = ref

    @cached_property
    def n_pos_ref(self) -> Any:
        """Sum of the reference."""
        return np.sum(self.ref)

    @cached_property
    def n_pos_pred(self) -> Any:
        """Sum of the prediction."""
        return np.sum(self.pred)

    @cached_property
    def n_neg_ref(self) -> Any:
        """Sum of what the reference lacks to 1."""
        return np.sum(1 - self.ref)

    @cached_property
    def n_neg_pred(self) -> Any:
        """Sum of what the prediction lacks to 1."""
        return np.sum(1 - self.pred)

    @cached_property
    def n_intersection(self) -> Any:
        """Sum of the products."""
        return np.sum(np.multiply(self.ref, self.pred))

    @cached_property
    def n_union(self) -> Any:
        """Number of elements whose sum is above one half, a float32."""
        return _sum_where((self.ref + self.pred) > 0.5)

    @cached_property
    def tp(self) -> Any:
        """Number of elements whose sum is above 1, a float32."""
        ref, pred = self._float32
        return _sum_where((ref + pred) > 1.0)

    @cached_property
    def fp(self) -> Any:
        """Number of elements that are larger in the prediction, a float32."""
        ref, pred = self._float32
        return _sum_where((pred - ref) > 0.0)

    @cached_property
    def fn(self) -> Any:
        """Number of elements that are larger in the reference, a float32."""
        ref, pred = self._float32
        return _sum_where((ref - pred) > 0.0)

    @cached_property
    def tn(self) -> Any:
        """Number of elements whose sum is below one half, a float32."""
        ref, pred = self._float32
        return _sum_where((ref + pred) < 0.5)

    def chance_agreement(self) -> Any:
        """Return the sum over the reference's values of the products of both shares."""
        return sum(
            (_share(self.pred, value) * _share(self.ref, value) for value in np.unique(self.ref)), 0
        )

    def overlaps(self) -> bool:
        """Return whether the sum of the products is positive."""
        return bool(np.sum(self.pred * self.ref) > 0)

    @property
    def _float32(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return np.asarray(self.ref, np.float32), np.asarray(self.pred, np.float32)


def _sum_where(condition: Any) -> Any:
    return np.sum(np.asarray(condition, np.float32))


def _share(values: Any, value: Any) -> Any:
    """Return the share of elements that have a value, summed in the type of the array."""
    ones = np.where(values == value, np.ones_like(values), np.zeros_like(values))
    return np.sum(ones) / np.prod(values.shape)


class MaskPair:
    """Two masks of one shape, read once.

    Parameters
    ----------
    pred, ref : array
        As given: their types decide those of the numbers.
    reference, prediction : array of bool
        The same masks, contiguous in one order.
    exact : bool
        Numbers as int64 and float64 instead of what numpy's sums have.
    """

    def __init__(
        self,
        pred: NDArray[Any],
        ref: NDArray[Any],
        reference: NDArray[np.bool_],
        prediction: NDArray[np.bool_],
        *,
        exact: bool,
    ) -> None:
        self.pred = pred
        self.ref = ref
        self.masks = reference, prediction
        self.exact = exact
        self.threads = threads_for(ref.size)
        self.counts: Counts = count_masks(reference, prediction, None, self.threads)

    @cached_property
    def n_pos_ref(self) -> Any:
        """Size of the reference, in the type of a sum over it."""
        return self._sum(self.counts.n_ref, self.ref)

    @cached_property
    def n_pos_pred(self) -> Any:
        """Size of the prediction, in the type of a sum over it."""
        return self._sum(self.counts.n_pred, self.pred)

    @cached_property
    def n_neg_ref(self) -> Any:
        """Voxels outside the reference, in the type of a sum over it."""
        return self._sum(self.counts.n - self.counts.n_ref, self.ref, negative=True)

    @cached_property
    def n_neg_pred(self) -> Any:
        """Voxels outside the prediction, in the type of a sum over it."""
        return self._sum(self.counts.n - self.counts.n_pred, self.pred, negative=True)

    @cached_property
    def n_intersection(self) -> Any:
        """Voxels in both, in the type of a sum over the product."""
        if self.exact:
            return np.int64(self.counts.tp)
        found = sum_of_ones(self.counts.tp, np.result_type(self.ref.dtype, self.pred.dtype))
        return np.sum(np.multiply(self.ref, self.pred)) if found is None else found

    @property
    def n_union(self) -> Any:
        """Voxels in either, a float32."""
        return self._sums.union

    @property
    def tp(self) -> Any:
        """Voxels in both, a float32."""
        return self._sums.tp

    @property
    def fp(self) -> Any:
        """Voxels in the prediction only, a float32."""
        return self._sums.fp

    @property
    def fn(self) -> Any:
        """Voxels in the reference only, a float32."""
        return self._sums.fn

    @property
    def tn(self) -> Any:
        """Voxels in neither, a float32."""
        return self._sums.tn

    def chance_agreement(self) -> Any:
        """Return the sum over the reference's values of the products of both shares."""
        n = np.int64(self.ref.size)
        shares: Any = 0
        if self.counts.n_ref < self.counts.n:
            shares += (self.n_neg_pred / n) * (self.n_neg_ref / n)
        if self.counts.n_ref:
            shares += (self.n_pos_pred / n) * (self.n_pos_ref / n)
        return shares

    def overlaps(self) -> bool:
        """Return whether a voxel is in both."""
        return self.counts.tp > 0

    def strips(self, width: float) -> tuple[int, int]:
        """Return the sizes of intersection and union of the strips nearer to the border."""
        return self._unit.of((1,), squeeze=False).strips("edt_lt", width)

    @cached_property
    def skeletons(self) -> SkeletonCounts:
        """The sizes of both skeletons and of their parts inside the other mask."""
        return self._unit.of((1,), squeeze=False).skeletons(None)

    def distances(self, steps: Sequence[float]) -> ListPair:
        """Return the directed lists of boundary distances for one positive step per axis."""
        if all(step == 1.0 for step in steps):
            return self._unit.of((1,), squeeze=False).distances("face", "background")
        grid = self._unit.grid._replace(spacing=tuple(steps))
        pair = PairIngredients(grid, self.threads, distances=True)
        return pair.of((1,), squeeze=False).distances("face", "background")

    def window(self) -> tuple[slice, ...]:
        """Return the smallest box around both masks."""
        box = self._unit.histogram.box((1,))
        if box is None:
            return (slice(0, 0),) * self.ref.ndim
        if len(box) < self.ref.ndim:
            box = self._unit.grid.unsqueezed_box(box)
        return tuple(slice(*ends) for ends in box)

    @cached_property
    def _unit(self) -> PairIngredients:
        grid = Grid(*self.masks, None, (1.0,) * self.ref.ndim)
        return PairIngredients(grid, self.threads, distances=True)

    @cached_property
    def _sums(self) -> Sums:
        counts = self.counts
        if self.exact:
            return Sums(*(np.float64(n) for n in (*counts, counts.n_union)))
        if max(*counts, counts.n_union) <= ONES_IN_FLOAT32:
            return Sums(*(np.float32(n) for n in (*counts, counts.n_union)))
        return Sums(*self._summed(0, self.ref.size))

    def _summed(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return the float32 sums over a part as numpy makes them: by halves, rounded each time."""
        n = stop - start
        if n <= ONES_IN_FLOAT32:
            first, second = (mask.ravel(order="K")[start:stop] for mask in self.masks)
            counts = count_masks(first, second, None, self.threads)
            return np.array([*counts, counts.n_union], np.float32)
        half = start + n // 2 - n // 2 % 8
        return self._summed(start, half) + self._summed(half, stop)

    def _sum(self, count: int, given: NDArray[Any], *, negative: bool = False) -> Any:
        if self.exact:
            return np.int64(count)
        found = sum_of_ones(count, given.dtype)
        if found is not None:
            return found
        return np.sum(1 - given) if negative else np.sum(given)
