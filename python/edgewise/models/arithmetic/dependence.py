"""Which voxels of the image each voxel of the answer depends on: exact, along each axis.

Built once from the traced operations: every result is linked to the tensors it was made from by
one map per axis (`reach`). Following the links back from the output gives, for any output position,
the set of image positions along that axis. The sets of two paths are united where they meet.

Operations that see a whole axis (normalisation over space, global pooling, attention) carry no
positions; that a query met one is noted beside its set, with the reason.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .layout_rules import LAYOUT_RULES, elementwise
from .local_rules import LOCAL_RULES
from .mixing_rules import MIXING_RULES
from .placement import Link, Outcome, Placement, View
from .reach import WHOLE, Reach
from .tracing import trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from .tracing import Program

__all__ = ["Dependence", "Found", "dependence"]

_RULES: Final[dict[str, Callable[[View], Outcome]]] = {
    **LOCAL_RULES,
    **LAYOUT_RULES,
    **MIXING_RULES,
}
_ELEMENTWISE: Final = (  # those that PyTorch does not declare so, and PReLU with its weights
    "_prelu_kernel", "_to_copy", "alias", "alpha_dropout", "celu", "clone", "contiguous", "detach",
    "dropout", "elu", "feature_alpha_dropout", "feature_dropout", "gelu", "hardsigmoid",
    "hardswish", "hardtanh", "leaky_relu", "lift_fresh_copy", "mish", "native_dropout", "prelu",
    "relu6", "rrelu", "selu", "silu", "to", "type_as",
)  # fmt: skip
_FACTORIES: Final = (
    "empty", "empty_like", "full", "full_like", "new_empty", "new_full", "new_ones", "new_zeros",
    "ones", "ones_like", "scalar_tensor", "zeros", "zeros_like",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """What some output positions along one axis need of the image.

    Attributes
    ----------
    reach : Reach
        Image positions per query; positions outside the image stand for padding.
    whole : bool array (queries,)
        Whether the query met an operation that sees the whole axis.
    low, high : bool array (queries,)
        Whether it met padding at the beginning or at the end of any map on the way; only where the
        maps' ends were respected.
    """

    reach: Reach
    whole: NDArray[np.bool_]
    low: NDArray[np.bool_]
    high: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependence:
    """The links of a traced network.

    Attributes
    ----------
    program : Program
        What was traced.
    axes : int
        Spatial axes of the image.
    output : Placement
        Of the main output.
    jump, start : tuple of Fraction
        Per axis: output position k lies at image coordinate ``start + jump * k``.
    period : tuple of int
        Per axis: the network answers a shift of the image by so many voxels with a shift.
    reasons : tuple of str
        Why tiles of the image do not give what the whole image gives; empty if they do.
    """

    program: Program
    axes: int
    output: Placement
    jump: tuple[Fraction, ...]
    start: tuple[Fraction, ...]
    period: tuple[int, ...]
    reasons: tuple[str, ...]
    _steps: tuple[tuple[str, Outcome], ...]
    _sizes: dict[str, tuple[int, ...]]

    def follow(self, queries: Sequence[Reach], *, within: bool = False) -> tuple[Found, ...]:
        """Follow the links back from output positions.

        Parameters
        ----------
        queries : sequence of Reach
            Output positions along each axis. What one axis needs is asked for voxels that lie at
            any of the positions of the others.
        within : bool, default False
            Respect the ends of every map: positions beyond them are dropped, and noted. Otherwise
            maps go on for ever, as for an output voxel far from the border.

        Returns
        -------
        tuple of Found
            Per axis, one row per query.
        """
        walks = [_Walk(axis, one, self.program.output) for axis, one in enumerate(queries)]
        outcomes = dict(self._steps)
        for name in [*reversed(outcomes), self.program.image]:
            for walk in walks if within else ():
                walk.clip(name, self._sizes[name])
            for link in outcomes[name].links if name in outcomes else ():
                pulled = [walk.pull(name, link) for walk in walks]
                if all(one is None or one.table.any() for one in pulled):  # else no path at all
                    for walk, one in zip(walks, pulled, strict=True):
                        walk.go(name, link, one)
        return tuple(walk.found(self.program.image) for walk in walks)


class _Walk:
    """What has been found to be needed along one axis, map by map."""

    def __init__(self, axis: int, queries: Reach, output: str) -> None:
        self.axis = axis
        self.none = np.zeros(queries.table.shape[0], dtype=np.bool_)
        self.needed = {output: queries}
        self.whole: dict[str, NDArray[np.bool_]] = {}
        self.low, self.high = self.none.copy(), self.none.copy()

    def clip(self, name: str, sizes: tuple[int, ...]) -> None:
        reach, size = self.needed.get(name), sizes[self.axis]
        if reach is not None:
            low, high = reach.outside(size)
            self.low, self.high = self.low | low, self.high | high
            self.needed[name] = reach.clipped(size)

    def pull(self, name: str, link: Link) -> Reach | None:
        """Return what is needed of a link's source; None if nothing by position."""
        one, reach = link.maps[self.axis], self.needed.get(name)
        return None if one is WHOLE or reach is None else one.pull(reach)

    def go(self, name: str, link: Link, pulled: Reach | None) -> None:
        source, reach = link.source, self.needed.get(name)
        seen = self.whole.get(name, self.none)
        if link.maps[self.axis] is WHOLE and reach is not None:
            seen = seen | reach.any()
        self.whole[source] = self.whole.get(source, self.none) | seen
        if pulled is not None:
            self.needed[source] = pulled.union(self.needed.get(source))

    def found(self, image: str) -> Found:
        empty = Reach(0, np.zeros((len(self.none), 0), dtype=np.bool_))
        whole = self.whole.get(image, self.none)
        return Found(self.needed.get(image, empty), whole, self.low, self.high)


def dependence(model: Any, shape: Sequence[int]) -> Dependence:  # noqa: ANN401
    """Trace a network and link its maps; errors as `trace`.

    Parameters
    ----------
    model : torch.nn.Module
        Takes one tensor.
    shape : sequence of int
        (N, C, ...).

    Returns
    -------
    Dependence
        For an image of this shape.
    """
    program = trace(model, shape)
    axes = len(program.image_shape) - 2
    outcomes, placements = _outcomes(program, axes)
    used = _reachable(program, outcomes)
    output = placements[program.output]
    if output.lost and len(output.shape) == axes + 2:
        output = Placement(output.shape, (None, None, *range(axes)), lost=True)
    grids, uneven = _grids(program, used, placements)
    ours = [
        grids[program.output][axis] or _stretched(program.image_shape[axis + 2], output.size(axis))
        for axis in range(axes)
    ]
    for axis, (jump, _) in enumerate(ours):
        if jump != 1 and output.size(axis) == program.image_shape[axis + 2] > 1:
            uneven.append("stretches its answer to the size of the image, not by its stride")
    ours = [
        (Fraction(1), Fraction(0)) if jump == 1 and output.size(axis) == size else (jump, start)
        for axis, ((jump, start), size) in enumerate(
            zip(ours, program.image_shape[2:], strict=True)
        )
    ]  # an answer as large as the image is about its voxels
    reasons = [reason for _, outcome in used for reason in outcome.reasons] + uneven
    return Dependence(
        program=program,
        axes=axes,
        output=output,
        jump=tuple(jump for jump, _ in ours),
        start=tuple(start for _, start in ours),
        period=tuple(_period(grid[axis] for grid in grids.values()) for axis in range(axes)),
        reasons=tuple(dict.fromkeys(reasons)),
        _steps=tuple(used),
        _sizes={name: tuple(map(p.size, range(axes))) for name, p in placements.items()},
    )


def _outcomes(program: Program, axes: int) -> tuple[dict[str, Outcome], dict[str, Placement]]:
    """Ask the rules about every operation that depends on the image."""
    dims = (None, None, *range(axes))
    placements = {program.image: Placement(program.image_shape, dims)}
    shapes = {**program.shapes, program.image: program.image_shape}
    uniform: set[str] = set()
    upstream: dict[str, Any] = {}
    outcomes = {}
    for call in program.calls:
        view = View(call, axes, placements, shapes, uniform, upstream)
        shapes[call.name] = call.shape
        upstream[call.name] = call
        outcome = _outcome(view) if view.sources() else None
        if call.operation in _FACTORIES or (outcome is not None and not outcome.links):
            uniform.add(call.name)
        elif outcome is not None:
            outcomes[call.name] = outcome
            placements[call.name] = Placement(call.shape, outcome.dims, outcome.lost)
    return outcomes, placements


def _outcome(view: View) -> Outcome | None:
    operation = view.call.operation
    if operation in _FACTORIES:
        return None
    rule = _RULES.get(operation)
    if rule is not None:
        return rule(view)
    if operation in _ELEMENTWISE and len(view.call.shape) == len(view.place.shape):
        return _alone(view)
    if view.call.elementwise:
        return elementwise(view)
    return view.mixed(f"what {operation} sees is not known")


def _alone(view: View) -> Outcome:
    """Return the outcome of an element-wise operation on one map; weights are per channel."""
    place = view.place
    link = view.everything(view.source) if place.lost else Link(view.source, view.same())
    return Outcome(place.dims, (link,), lost=place.lost)


def _reachable(program: Program, outcomes: dict[str, Outcome]) -> list[tuple[str, Outcome]]:
    """Return what the main output is made of, in order."""
    wanted, used = {program.output}, []
    for name in reversed(outcomes):
        if name in wanted:
            used.append((name, outcomes[name]))
            wanted |= {link.source for link in outcomes[name].links}
    return used[::-1]


_Grid = tuple[Fraction, Fraction]


def _grids(
    program: Program, used: list[tuple[str, Outcome]], placements: dict[str, Placement]
) -> tuple[dict[str, list[_Grid | None]], list[str]]:
    """Return spacing and origin of every map's positions, in image voxels, and what is uneven.

    A map made of whole axes only has no grid along them.
    """
    axes = range(len(program.image_shape) - 2)
    grids: dict[str, list[_Grid | None]] = {
        program.image: [(Fraction(1), Fraction(0)) for _ in axes]
    }
    uneven = []
    for name, outcome in used:
        grids[name] = []
        for axis in axes:
            ours = set()
            for link in outcome.links:
                grid = grids[link.source][axis]
                ours.add(None if grid is None else link.maps[axis].grid(*grid))
            known = {grid for grid in ours if grid is not None}
            if len({jump for jump, _ in known}) > 1:
                uneven.append("joins maps of different resolution")
            image, size = program.image_shape[axis + 2], placements[name].size(axis)
            grids[name].append(_nearest(known, image, size) if known else None)
    return grids, uneven


def _nearest(grids: set[_Grid], image: int, size: int) -> _Grid:
    """Return the grid that puts the middle of the map closest to the middle of the image.

    Paths that meet may lie a fraction of a voxel apart (strided convolution down, transposed one
    up); the skip at full resolution has the voxels of the image.
    """

    def distance(grid: _Grid) -> tuple[Fraction, Fraction]:
        middle = grid[1] + grid[0] * Fraction(size - 1, 2)
        return abs(middle - Fraction(image - 1, 2)), abs(grid[1])

    return min(grids, key=distance)


def _stretched(image: int, size: int) -> _Grid:
    """Return the grid of a map that covers the whole image evenly."""
    jump = Fraction(image, size)
    return jump, (jump - 1) / 2


def _period(grids: Iterable[_Grid | None]) -> int:
    """Return the smallest whole shift of the image that moves every map by whole positions."""
    return math.lcm(*(grid[0].numerator for grid in grids if grid is not None))
