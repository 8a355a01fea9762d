"""The four counts of a pair of masks."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Counts"]


class Counts(NamedTuple):
    """How many voxels lie in both masks, in one, in none; exact integers.

    Ignored voxels are in none of the four.
    """

    tp: int
    fp: int
    fn: int
    tn: int

    @classmethod
    def of_sizes(cls, both: int, n_ref: int, n_pred: int, n: int) -> Counts:
        """Return the counts of masks of these sizes that share `both` voxels, among `n`."""
        return cls(both, n_pred - both, n_ref - both, n - n_ref - n_pred + both)

    @property
    def n(self) -> int:
        """All voxels that count."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def n_ref(self) -> int:
        """Voxels of the reference."""
        return self.tp + self.fn

    @property
    def n_pred(self) -> int:
        """Voxels of the prediction."""
        return self.tp + self.fp

    @property
    def n_union(self) -> int:
        """Voxels of either."""
        return self.tp + self.fp + self.fn
