"""The ingredients of every label and region of one pair, made when they are first asked for."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

from .ingredients import Ingredients, make_distances
from .joint import JointHistogram, joint_histogram

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .conventions import Boundary, Edge
    from .grids import Grid
    from .joint import Box

__all__ = ["PairIngredients"]


class PairIngredients:
    """Two label maps, counted in one pass.

    Parameters
    ----------
    grid : Grid
        As the caller gave it, with its axes of length 1.
    threads : int
        For the kernels.
    distances : bool, default False
        Whether boundary distances will be asked for: bits are then kept of masks that are counted.
    """

    def __init__(self, grid: Grid, threads: int, *, distances: bool = False) -> None:
        self.grid = grid
        self.threads = threads
        self._distances = distances
        self._squeezed = grid.squeezed()
        self._made: dict[tuple[tuple[int, ...], bool], Ingredients] = {}

    @cached_property
    def histogram(self) -> JointHistogram:
        """The joint histogram with the boxes in the axes of the squeezed grid."""
        grid = self._squeezed
        return joint_histogram(
            grid.reference,
            grid.prediction,
            grid.ignored,
            self.threads,
            keep=self._distances,
        )

    def of(self, members: tuple[int, ...], *, squeeze: bool) -> Ingredients:
        """Return the ingredients of the region made of the labels `members`."""
        squeeze = squeeze or self._squeezed is self.grid
        key = (members, squeeze)
        if key not in self._made:
            self._made[key] = Ingredients(
                self._squeezed if squeeze else self.grid,
                self.histogram,
                members,
                lambda: self._box(members, squeeze=squeeze),
                packed=self.histogram.packed if squeeze else None,
                voxel_volume=math.prod(self.grid.spacing),
                threads=self.threads,
            )
        return self._made[key]

    def make_distances(
        self,
        regions: Iterable[tuple[int, ...]],
        boundary: Boundary,
        edge: Edge,
        *,
        squeeze: bool,
    ) -> None:
        """Make the distance lists of many regions at once."""
        made = [self.of(members, squeeze=squeeze) for members in regions]
        make_distances(made, boundary, edge)

    def _box(self, members: tuple[int, ...], *, squeeze: bool) -> Box | None:
        box = self.histogram.box(members)
        return box if box is None or squeeze else self.grid.unsqueezed_box(box)

    def forget(self, members: tuple[int, ...]) -> None:
        """Release what was made for a region."""
        for squeeze in (True, False):
            self._made.pop((members, squeeze), None)
