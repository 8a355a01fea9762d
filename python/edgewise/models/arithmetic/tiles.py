"""Tiles of an image whose answers, cropped and joined, are the network's answer for all of it.

Two conditions make that exact. Each tile starts at a multiple of the network's period, so that
pooling meets the same voxels in it as in the whole image. And of each tile's answer only those
voxels count that saw no padding at a cut; at the border of the image the network's own padding
belongs to the answer. A network without padding has no such voxels: its answer is smaller, and
tiles overlap by what it loses.

The plan says what to cut, what to keep and where it goes; `run_tiled` is the plain way to use it,
`edgewise.models.inference` the one with blending, batches and bounded memory. `plan_tiles` makes
plans.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import torch

from edgewise.errors import ConfigError, ShapeError
from edgewise.models.outputs import main_output

if TYPE_CHECKING:
    from fractions import Fraction

    from torch import Tensor

__all__ = ["AxisLayout", "Tile", "TilePlan", "lay_out", "run_tiled"]


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile.

    Attributes
    ----------
    image : tuple of slice
        What to cut out of the image.
    crop : tuple of slice
        What to keep of the tile's answer.
    output : tuple of slice
        Where that goes in the whole answer. The tiles' outputs cover it exactly once.
    """

    image: tuple[slice, ...]
    crop: tuple[slice, ...]
    output: tuple[slice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TilePlan:
    """How to answer for an image tile by tile.

    Attributes
    ----------
    shape : tuple of int
        Spatial shape of the image.
    output_shape : tuple of int
        Spatial shape of the answer.
    tile : tuple of int
        Spatial shape of every tile.
    halo : tuple of (int, int)
        Per axis: image voxels of context that a tile needs before and behind what is kept of it,
        where it ends inside the image. (0, 0) for networks without padding.
    period : tuple of int
        Tiles start at multiples.
    tiles : tuple of Tile
        In array order, the last axis fastest.
    exact : bool
        Whether the joined answer is that for the whole image, up to rounding.
    reason : str
        Why not, or why nothing is known; empty if exact.
    memory : int or None
        Bytes that one forward pass of a tile takes, weights included; None without a model.
    """

    shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    tile: tuple[int, ...]
    halo: tuple[tuple[int, int], ...]
    period: tuple[int, ...]
    tiles: tuple[Tile, ...]
    exact: bool
    reason: str
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class AxisLayout:
    """One axis of a plan.

    Attributes
    ----------
    image, whole : int
        Size of the image, and of its answer.
    tile, out : int
        Size of a tile, and of its answer.
    jump : Fraction
        Image voxels from one voxel of the answer to the next.
    period : int
        Tiles start at multiples.
    low, high : int
        Voxels of a tile's answer that a cut spoils at the beginning, and at the end.
    """

    image: int
    whole: int
    tile: int
    out: int
    jump: Fraction
    period: int
    low: int
    high: int

    def halo(self) -> tuple[int, int]:
        """Return the image voxels of context before and behind."""
        return math.ceil(self.low * self.jump), math.ceil(self.high * self.jump)

    def step(self) -> int:
        """Return the largest step between tiles that leaves no gap."""
        kept = (self.out - self.low - self.high) * self.jump
        return int(kept // self.period) * self.period

    def smallest(self) -> int:
        """Return a tile size with which tiles move on."""
        missing = self.period - (self.out - self.low - self.high) * self.jump
        return self.tile + math.ceil(missing / self.period) * self.period

    def spans(self) -> list[tuple[int, int, int]]:
        """Return per tile where it starts, and where its part of the answer starts and stops."""
        last = self.image - self.tile
        starts = [*range(0, last, self.step()), last] if last else [0]
        spans = []
        begin = 0
        for start in starts:
            offset = int(start / self.jump)
            stop = self.whole if start == last else offset + self.out - self.high
            spans.append((start, begin, stop))
            begin = stop
        return [(start, begin, stop) for start, begin, stop in spans if begin < stop]


def lay_out(axes: list[AxisLayout], reasons: list[str], memory: int | None) -> TilePlan:
    """Return the plan of one layout per axis.

    Parameters
    ----------
    axes : list of AxisLayout
        In array order.
    reasons : list of str
        Why the joined answer differs from that for the whole image.
    memory : int or None
        See `TilePlan`.

    Returns
    -------
    TilePlan
        Complete.

    Raises
    ------
    ConfigError
        If a tile keeps nothing beside its context.
    ShapeError
        If tiles cannot start at multiples of the period and end with the image.
    """
    for axis, one in enumerate(axes):
        _check(axis, one, reasons)
    rows = [one.spans() for one in axes]
    tiles = []
    for spans in product(*rows):
        parts = list(zip(axes, spans, strict=True))
        offsets = [int(start / one.jump) for one, (start, _, _) in parts]
        tiles.append(
            Tile(
                image=tuple(slice(start, start + one.tile) for one, (start, _, _) in parts),
                crop=tuple(
                    slice(begin - at, stop - at)
                    for at, (_, begin, stop) in zip(offsets, spans, strict=True)
                ),
                output=tuple(slice(begin, stop) for _, begin, stop in spans),
            )
        )
    return TilePlan(
        shape=tuple(one.image for one in axes),
        output_shape=tuple(one.whole for one in axes),
        tile=tuple(one.tile for one in axes),
        halo=tuple(one.halo() for one in axes),
        period=tuple(one.period for one in axes),
        tiles=tuple(tiles),
        exact=not reasons,
        reason="; ".join(reasons),
        memory=memory,
    )


def _check(axis: int, one: AxisLayout, reasons: list[str]) -> None:
    if one.image == one.tile:
        return
    if one.step() < 1:
        message = f"axis {axis}: a tile of {one.tile} voxels keeps nothing beside its context "
        message += f"{one.halo()}; use at least {one.smallest()}"
        message += f" (or another image size: {reasons[0]})" if reasons else ""
        raise ConfigError(message)
    rest = (one.image - one.tile) % one.period
    if rest:
        message = f"axis {axis}: image {one.image} and tile {one.tile} must differ by a multiple "
        message += f"of {one.period}; pad the image to {one.image + one.period - rest} voxels or "
        message += f"use tile {one.tile + rest}"
        raise ShapeError(message)
    if int((one.image - one.tile) / one.jump) + one.out != one.whole:
        message = f"axis {axis}: the answers for image {one.image} and tile {one.tile} have "
        message += f"{one.whole} and {one.out} voxels, which do not fit together; choose another"
        raise ShapeError(message)


def run_tiled(model: Any, image: Tensor, plan: TilePlan) -> Tensor:  # noqa: ANN401
    """Return a network's answer, made tile by tile.

    Parameters
    ----------
    model : torch.nn.Module
        Run as it is (put it into evaluation mode first), without gradients.
    image : Tensor (N, C, ...)
        Of the plan's shape, on the model's device.
    plan : TilePlan
        See `plan_tiles`.

    Returns
    -------
    Tensor
        The main output (N, classes, ...). Equal to that for the whole image if ``plan.exact``: to
        the bit where the convolution's result does not depend on the size of its input, else up to
        rounding.

    Raises
    ------
    ShapeError
        If the image has another shape, or a tile's answer another size than planned.
    """
    if tuple(image.shape[2:]) != plan.shape:
        message = f"the plan is for an image of shape {plan.shape}, not {tuple(image.shape[2:])}"
        raise ShapeError(message)
    joined = None
    everything = (slice(None), slice(None))
    with torch.no_grad():
        for tile in plan.tiles:
            answer = main_output(model(image[(*everything, *tile.image)]))
            kept = answer[(*everything, *tile.crop)]
            wanted = tuple(part.stop - part.start for part in tile.output)
            if tuple(kept.shape[2:]) != wanted:
                message = f"a tile's answer of shape {tuple(answer.shape[2:])} does not hold the "
                message += f"{wanted} voxels that the plan keeps; plan with model="
                raise ShapeError(message)
            if joined is None:
                joined = answer.new_empty((*answer.shape[:2], *plan.output_shape))
            joined[(*everything, *tile.output)] = kept
    return joined
