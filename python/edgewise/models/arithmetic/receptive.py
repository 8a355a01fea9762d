"""The receptive field of a network: how much of the image one voxel of the answer depends on.

Any torch module, by the links of `dependence`: exact along each axis and for each position in the
network's period, since behind pooling two neighbouring voxels see different stretches. The chain
formula (`chain_field`) and the gradient (`GradientCheck`) are independent checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .dependence import dependence
from .reach import Reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .dependence import Dependence

__all__ = ["ReceptiveField", "field_of", "receptive_field"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceptiveField:
    """What the voxels of the answer see, far from the border.

    One entry per axis, and within it one per phase: the phase of output voxel k is k modulo the
    number of phases.

    Attributes
    ----------
    width : tuple of tuple of int
        Voxels of the image, from the first to the last that count.
    left, right : tuple of tuple of float
        How far it reaches before and behind the place of the output voxel.
    first : tuple of tuple of int
        First image index seen by the output voxels 0, 1, ... of one period; negative where a
        padded network looks beyond the image.
    start : tuple of float
        Image coordinate of output voxel 0; voxel k lies at ``start + stride * k``.
    stride : tuple of float
        Image voxels from one output voxel to the next.
    period : tuple of int
        Shifting the image by so many voxels shifts the answer; tiles must start at multiples.
    exact : bool
        Whether cutting the image so that each voxel keeps its field gives the same answer.
    reason : str
        Why not, empty if exact.
    local : ReceptiveField or None
        For a network with operations over a whole axis, whose `width` is that of the image: the
        field without those operations.
    """

    width: tuple[tuple[int, ...], ...]
    left: tuple[tuple[float, ...], ...]
    right: tuple[tuple[float, ...], ...]
    first: tuple[tuple[int, ...], ...]
    start: tuple[float, ...]
    stride: tuple[float, ...]
    period: tuple[int, ...]
    exact: bool
    reason: str
    local: ReceptiveField | None = None

    @property
    def widest(self) -> tuple[int, ...]:
        """Largest width along each axis."""
        return tuple(max(widths) for widths in self.width)

    @property
    def reach(self) -> tuple[float, ...]:
        """Largest distance along each axis from an output voxel to a voxel it depends on."""
        pairs = zip(self.left, self.right, strict=True)
        return tuple(max(*left, *right) for left, right in pairs)


def receptive_field(model: Any, input_shape: Sequence[int]) -> ReceptiveField:  # noqa: ANN401
    """Return what each voxel of a network's answer depends on.

    Parameters
    ----------
    model : torch.nn.Module
        Takes one tensor (N, C, ...); seen in evaluation mode. Its weights are not read, so it may
        be on the meta device.
    input_shape : sequence of int
        (N, C, ...), a size that the network takes. It need not be as large as the field.

    Returns
    -------
    ReceptiveField
        Of the main output.

    Raises
    ------
    ShapeError
        If the network does not take this shape.
    ConfigError
        If ``torch.export`` cannot follow the network.

    Notes
    -----
    Batch normalisation counts as element-wise (stored statistics). Instance, group and layer
    normalisation over space, attention, global pooling and squeeze-and-excitation see the whole
    axis: ``exact`` is False, ``reason`` names them and ``local`` leaves them out. A voxel counts
    as seen if the operations allow it, whatever the weights are.

    Examples
    --------
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Conv2d(1, 4, 5), nn.MaxPool2d(2), nn.Conv2d(4, 2, 3, padding=1))
    >>> field = receptive_field(net, (1, 1, 32, 32))
    >>> field.widest, field.stride, field.start, field.exact
    ((10, 10), (2, 2), (2.5, 2.5), True)
    """
    return field_of(dependence(model, input_shape))


def field_of(links: Dependence) -> ReceptiveField:
    """Return the receptive field of a network that was traced before.

    Parameters
    ----------
    links : Dependence
        See `dependence`.

    Returns
    -------
    ReceptiveField
        As `receptive_field`.
    """
    counts = [phases(links, axis) for axis in range(links.axes)]
    middles = [  # far from the border
        (links.output.size(axis) - count) // 2 // count * count for axis, count in enumerate(counts)
    ]
    found = links.follow([Reach.of(k, n) for k, n in zip(middles, counts, strict=True)])
    spans = []
    for one, jump, middle in zip(found, links.jump, middles, strict=True):
        ends, back = one.reach.ends(), int(jump * middle)
        spans.append([(int(a) - back, int(b) - back) for a, b in zip(*ends, strict=True)])
    local = _field(links, spans, None)
    if not any(one.whole.any() for one in found):
        return local
    sizes = links.program.image_shape[2:]
    everything = [
        [(0, sizes[axis] - 1) if seen else span for span, seen in zip(row, one.whole, strict=True)]
        for axis, (row, one) in enumerate(zip(spans, found, strict=True))
    ]
    return _field(
        links, everything, local if any(b >= a for row in spans for a, b in row) else None
    )


def phases(links: Dependence, axis: int) -> int:
    """Return after how many output voxels the same view comes again, at most the output's size."""
    period = Fraction(links.period[axis]) / links.jump[axis]
    size = links.output.size(axis)
    return max(1, min(int(period), size) if period.denominator == 1 else size)


def _field(
    links: Dependence, spans: list[list[tuple[int, int]]], local: ReceptiveField | None
) -> ReceptiveField:
    left, right = [], []
    for axis, row in enumerate(spans):
        places = [links.start[axis] + links.jump[axis] * k for k in range(len(row))]
        left.append(tuple(_plain(x - a) for x, (a, _) in zip(places, row, strict=True)))
        right.append(tuple(_plain(b - x) for x, (_, b) in zip(places, row, strict=True)))
    return ReceptiveField(
        width=tuple(tuple(b - a + 1 for a, b in row) for row in spans),
        left=tuple(left),
        right=tuple(right),
        first=tuple(tuple(a for a, _ in row) for row in spans),
        start=tuple(map(_plain, links.start)),
        stride=tuple(map(_plain, links.jump)),
        period=links.period,
        exact=not links.reasons,
        reason="; ".join(links.reasons),
        local=local,
    )


def _plain(value: Fraction) -> float:
    return int(value) if value.denominator == 1 else float(value)
