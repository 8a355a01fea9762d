"""All tiles of one volume, in the order in which they are run, and the voxels under each."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise.errors import ShapeError

from .windows import Window, axis_windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from .options import PadMode, Tiling

__all__ = ["Grid", "Tile", "cut", "make_grid"]


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: a window along each axis."""

    windows: tuple[Window, ...]

    @property
    def starts(self) -> tuple[int, ...]:
        """First voxel along each axis, negative in the padding."""
        return tuple(w.start for w in self.windows)

    @property
    def rows(self) -> tuple[int, int]:
        """First voxel along axis 0 that it answers for, and the one after its last."""
        return self.windows[0].lo, self.windows[0].hi

    @property
    def place(self) -> tuple[slice, ...]:
        """Voxels of the image that it answers for, axis 0 left out."""
        return tuple(slice(w.lo, w.hi) for w in self.windows[1:])

    @property
    def used(self) -> tuple[slice, ...]:
        """Voxels of the network's output that lie there."""
        return tuple(slice(w.crop, w.crop + w.hi - w.lo) for w in self.windows)


@dataclass(frozen=True)
class Grid:
    """The tiles of one volume; axis 0 is the slowest.

    Attributes
    ----------
    shape : tuple of int
        Of the volume.
    tile, output : tuple of int
        Voxels of a tile, and of the network's output for it; one value per axis of the volume.
    axes : tuple of tuple of Window
        The windows of each axis.
    """

    shape: tuple[int, ...]
    tile: tuple[int, ...]
    output: tuple[int, ...]
    axes: tuple[tuple[Window, ...], ...]

    def __len__(self) -> int:
        count = 1
        for windows in self.axes:
            count *= len(windows)
        return count

    def __iter__(self) -> Iterator[Tile]:
        return (Tile(windows) for windows in itertools.product(*self.axes))

    @cached_property
    def most_rows(self) -> int:
        """Rows of axis 0 that sums are held for while tiles of one row of tiles are run."""
        return max(w.hi - w.lo for w in self.axes[0])


def make_grid(shape: Sequence[int], tiling: Tiling, output: Sequence[int] | None = None) -> Grid:
    """Return the tiles of a volume.

    Parameters
    ----------
    shape : sequence of int
        Of the volume, channels left out.
    tiling : Tiling
        The tile may have one axis less, if `Tiling.slices` says along which axis it walks.
    output : sequence of int, optional
        Voxels of the network's output per axis of the tile. Default: the tile.

    Returns
    -------
    Grid
        With a tile of one voxel along the axis of slices.

    Raises
    ------
    ShapeError
        If the numbers of axes do not fit.
    """
    tile, halo, align = list(tiling.tile), [*_axes(tiling.halo)], [*_axes(tiling.align)]
    outputs = list(tile if output is None else output)
    steps = [tiling.step] * len(tile)
    if len(shape) != len(tile):
        walk = _slice_axis(shape, tiling)
        for values, one in ((tile, 1), (halo, 0), (align, 1), (outputs, 1)):
            values.insert(walk, one)
        steps.insert(walk, 1.0)
    rule = "nnunet" if tiling.preset == "nnunet_half" else tiling.preset
    axes = tuple(
        axis_windows(n, t, o, step=s, rule=rule, halo=h, align=a)
        for n, t, o, s, h, a in zip(shape, tile, outputs, steps, halo, align, strict=True)
    )
    return Grid(tuple(shape), tuple(tile), tuple(outputs), axes)


def _axes(values: int | Sequence[int]) -> tuple[int, ...]:
    return (values,) if isinstance(values, int) else tuple(values)  # Tiling holds tuples


def _slice_axis(shape: Sequence[int], tiling: Tiling) -> int:
    if len(shape) != len(tiling.tile) + 1 or tiling.slices is None:
        hint = ""
        if len(shape) == len(tiling.tile) + 1:
            hint = "; slices= names the axis along which a 2D network walks through a volume"
        message = f"tile {tiling.tile} has {len(tiling.tile)} axes, the image {len(shape)} beside "
        message += f"its channels (shape {tuple(shape)}){hint}"
        raise ShapeError(message)
    if not -len(shape) <= tiling.slices < len(shape):
        message = f"slices={tiling.slices} is no axis of an image of shape {tuple(shape)}"
        raise ShapeError(message)
    return tiling.slices % len(shape)


def cut(
    image: NDArray[Any], starts: Sequence[int], tile: Sequence[int], pad_mode: PadMode
) -> NDArray[np.float32]:
    """Return one tile of an image, padded where it reaches beyond.

    Parameters
    ----------
    image : array (C, ...)
        Any numbers; only the tile is converted.
    starts, tile : sequence of int
        First voxel and size along each axis after the channels.
    pad_mode : str
        As in `Tiling`.

    Returns
    -------
    float32 array (C, *tile)
        C-contiguous, its own memory.
    """
    result = np.zeros((image.shape[0], *tile), dtype=np.float32)
    if pad_mode != "constant":
        piece = image
        for axis, (start, size) in enumerate(zip(starts, tile, strict=True), 1):
            n = image.shape[axis]
            if start >= 0 and start + size <= n:
                piece = piece[(slice(None),) * axis + (slice(start, start + size),)]
            else:
                piece = np.take(piece, _folded(np.arange(start, start + size), n, pad_mode), axis)
        result[...] = piece
        return result
    source, target = [slice(None)], [slice(None)]
    for axis, (start, size) in enumerate(zip(starts, tile, strict=True), 1):
        lo, hi = max(start, 0), min(start + size, image.shape[axis])
        source.append(slice(lo, max(hi, lo)))
        target.append(slice(lo - start, max(hi, lo) - start))
    result[tuple(target)] = image[tuple(source)]
    return result


def _folded(index: NDArray[np.int64], size: int, mode: PadMode) -> NDArray[np.int64]:
    """Return the voxel that stands for each index outside, as NumPy's padding of that name."""
    if mode == "edge" or size == 1:
        return np.clip(index, 0, size - 1)
    if mode == "symmetric":  # the border voxel is repeated
        folded = index % (2 * size)
        return np.where(folded < size, folded, 2 * size - 1 - folded)
    folded = index % (2 * size - 2)
    return np.where(folded < size, folded, 2 * size - 2 - folded)
