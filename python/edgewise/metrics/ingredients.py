"""What metrics are made of: counts, distances, skeletons, ... of one label or region.

Everything is computed when it is first asked for, on the smallest box that holds both masks,
and once.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from edgewise import _core
from edgewise._arguments import AnyArray, as_connectivity
from edgewise.errors import ConfigError
from edgewise.voxels import betti_numbers

from .distance_list import DistanceList, ListPair
from .instance_matching import Matches, match_instances
from .joint import Box, JointHistogram, joint_histogram, table_of
from .moments import Moments
from .shapes import SkeletonCounts, skeleton_counts, strip_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from .conventions import Boundary, Edge, Strip, Thinning
    from .counts import Counts
    from .grids import Grid

__all__ = ["Ingredients", "make_distances"]

_T = TypeVar("_T")


class Ingredients:
    """The ingredients of one label or region of a pair, each made once.

    Parameters
    ----------
    grid : Grid
        The two label maps, squeezed or not as the convention wants.
    histogram : JointHistogram
        Of the whole pair.
    members : sequence of int
        The labels that make up the foreground.
    box : callable
        Returns the smallest box of both masks in the grid's axes; None if both are empty.
    packed : PackedPair, optional
        The two label maps as bits.
    voxel_volume : float
        Product of all spacings, those of squeezed axes included: a slice has a thickness.
    threads : int
        For the kernels.
    """

    def __init__(
        self,
        grid: Grid,
        histogram: JointHistogram,
        members: Sequence[int],
        box: Callable[[], Box | None],
        *,
        packed: _core.PackedPair | None,
        voxel_volume: float,
        threads: int,
    ) -> None:
        self.grid = grid
        self.histogram = histogram
        self.members = tuple(members)
        self.packed = packed
        self.voxel_volume: float = voxel_volume
        self.threads = threads
        self._find_box = box
        self._made: dict[tuple[object, ...], Any] = {}

    @cached_property
    def _box(self) -> Box | None:
        return self._find_box()

    @cached_property
    def counts(self) -> Counts:
        """The four counts."""
        return self.histogram.counts(self.members)

    @property
    def spacing(self) -> tuple[float, ...]:
        """Spacing of the grid."""
        return self.grid.spacing

    @cached_property
    def table(self) -> JointHistogram:
        """The 2 x 2 table of the label against the rest, with labels 0 and 1."""
        c = self.counts
        cells = {(1, 1): c.tp, (0, 1): c.fp, (1, 0): c.fn, (0, 0): c.tn}
        return table_of({pair: n for pair, n in cells.items() if n})

    def distances(self, boundary: Boundary, edge: Edge) -> ListPair:
        """Return the directed distance lists for a boundary convention."""
        return self._once(("distances", boundary, edge), lambda: self._distances(boundary, edge))

    @cached_property
    def moments(self) -> tuple[Moments, Moments]:
        """Exact moments of the reference and of the prediction."""
        self.grid.require_three_axes("a centroid")
        grid = self.grid
        return (
            Moments(*_core.moments(grid.reference, self._ref_members, self._box, grid.ignored)),
            Moments(*_core.moments(grid.prediction, self._pred_members, self._box, grid.ignored)),
        )

    def skeletons(self, thinning: Thinning | None) -> SkeletonCounts:
        """Return the lengths of both skeletons and of their parts inside the other mask."""
        self.grid.require_three_axes("a skeleton")
        return self._once(
            ("skeletons", thinning), lambda: skeleton_counts(*self._thick_crops, thinning=thinning)
        )

    def betti(self, connectivity: int | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the Betti numbers of reference and prediction."""
        self.grid.require_three_axes("a Betti number")
        given = self._connectivity(connectivity)
        if given not in (1, self.grid.ndim):
            message = f"Betti numbers need connectivity 1 or {self.grid.ndim}, got {given}"
            raise ConfigError(message)
        reference, prediction = self._crops
        return self._once(
            ("betti", given),
            lambda: (
                betti_numbers(reference, connectivity=given),
                betti_numbers(prediction, connectivity=given),
            ),
        )

    def components(self, connectivity: int | None) -> tuple[int, int]:
        """Return the numbers of connected components."""
        reference, prediction = self._components(connectivity)
        return reference[1], prediction[1]

    def strips(self, strip: Strip, width: float | None) -> tuple[int, int]:
        """Return the sizes of intersection and union of the inner boundary strips."""
        self.grid.require_three_axes("a boundary strip")
        return self._once(("strips", strip, width), lambda: self._strips(strip, width))

    def matches(self, connectivity: int | None) -> Matches:
        """Return the matched connected components."""
        return self._once(("matches", connectivity), lambda: self._matches(connectivity))

    def _once(self, key: tuple[object, ...], make: Callable[[], _T]) -> _T:
        if key not in self._made:
            self._made[key] = make()
        made: _T = self._made[key]
        return made

    def _connectivity(self, connectivity: int | None) -> int:
        return as_connectivity(connectivity, self.grid.ndim)

    @cached_property
    def _ref_members(self) -> tuple[int, ...] | None:
        return _members_or_all(self.members, self.histogram.rows)

    @cached_property
    def _pred_members(self) -> tuple[int, ...] | None:
        return _members_or_all(self.members, self.histogram.columns)

    def _distances(self, boundary: Boundary, edge: Edge) -> ListPair:
        self.grid.require_three_axes("a boundary distance")
        return self._plain_distances(edge) or _measured_distances([self], boundary, edge)[0]

    def _plain_distances(self, edge: Edge) -> ListPair | None:
        """Return the lists that the counts alone decide."""
        counts = self.counts
        if not counts.n_union:
            return ListPair(DistanceList.empty(), DistanceList.empty())
        plain = edge == "background" and self.grid.ignored is None
        if plain and not counts.n_pred:
            return ListPair(DistanceList.unreachable(), DistanceList.empty())
        if plain and not counts.n_ref:
            return ListPair(DistanceList.empty(), DistanceList.unreachable())
        return None

    @cached_property
    def _crops(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        box = self._box or tuple((0, 1) for _ in self.grid.shape)
        return self._masks(box)

    @cached_property
    def _thick_crops(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Both masks in a box that is one slice thick only where the grid is.

        Lee's thinning takes an array of one slice for an image, but not one slice of a volume.
        """
        box = self._box
        if box is None or all(stop - start > 1 for start, stop in box):
            return self._crops
        grown = zip(box, self.grid.shape, strict=True)
        return self._masks(tuple((max(0, a - 1), min(n, b + 1)) for (a, b), n in grown))

    def _masks(self, box: Box) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        where = tuple(slice(start, stop) for start, stop in box)
        keep = None if self.grid.ignored is None else self.grid.ignored[where] == 0
        reference = _membership(self.grid.reference[where], self._ref_members)
        prediction = _membership(self.grid.prediction[where], self._pred_members)
        if keep is not None:
            reference, prediction = reference & keep, prediction & keep
        return np.ascontiguousarray(reference), np.ascontiguousarray(prediction)

    def _components(
        self, connectivity: int | None
    ) -> tuple[tuple[NDArray[np.uint32], int], tuple[NDArray[np.uint32], int]]:
        self.grid.require_three_axes("a connected component")
        given = self._connectivity(connectivity)
        reference, prediction = self._crops
        return self._once(
            ("components", given),
            lambda: (
                _core.connected_components(
                    reference, connectivity=given, threads=self.threads, narrow=False
                ),
                _core.connected_components(
                    prediction, connectivity=given, threads=self.threads, narrow=False
                ),
            ),
        )

    def _strips(self, strip: Strip, width: float | None) -> tuple[int, int]:
        if width is None:
            diagonal = math.sqrt(sum(n * n for n in self.grid.shape))
            width = float(max(1, round(0.02 * diagonal)))
        ignored = self.grid.ignored
        if ignored is None:  # beyond the box is background, as beyond the image
            return strip_counts(*self._crops, None, strip, width, self.spacing)
        whole = self._masks(tuple((0, n) for n in self.grid.shape))
        return strip_counts(*whole, np.ascontiguousarray(ignored != 0), strip, width, self.spacing)

    def _matches(self, connectivity: int | None) -> Matches:
        (reference, _), (prediction, _) = self._components(connectivity)
        return match_instances(joint_histogram(reference, prediction, None, self.threads))


def make_distances(targets: Iterable[Ingredients], boundary: Boundary, edge: Edge) -> None:
    """Make the distance lists of many labels of one grid at once; what `distances` then returns."""
    key = ("distances", boundary, edge)
    missing = [
        one
        for one in targets
        if key not in one._made and one.grid.ndim <= 3 and one._plain_distances(edge) is None
    ]
    if missing:
        for one, lists in zip(missing, _measured_distances(missing, boundary, edge), strict=True):
            one._made[key] = lists


def _measured_distances(
    targets: Sequence[Ingredients], boundary: Boundary, edge: Edge
) -> list[ListPair]:
    """Return the lists of labels of one grid, each of which has a voxel at least."""
    grid = targets[0].grid
    found = _core.surface_distances(
        grid.reference,
        grid.prediction,
        packed=targets[0].packed,
        targets=[(one._ref_members, one._pred_members, one._box) for one in targets],
        ignored=grid.ignored,
        spacing=grid.spacing,
        boundary=boundary,
        edge=edge,
        threads=targets[0].threads,
    )
    return [ListPair(DistanceList(*there), DistanceList(*back)) for there, back in found]


def _members_or_all(members: Sequence[int], present: Any) -> tuple[int, ...] | None:  # noqa: ANN401
    """Return None, the kernels' word for every non-zero voxel, where the members are just that."""
    if 0 not in members and all(label in members for label in present if label):
        return None
    return tuple(label for label in members if label in present)


def _membership(labels: AnyArray, members: Sequence[int] | None) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_]
    if members is None:
        mask = labels != 0
    elif len(members) == 1:
        mask = labels == members[0]
    else:
        mask = np.isin(labels, members)
    return mask
