"""What a run will take, computed before it starts and compared with what there is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from edgewise.errors import InputError
from edgewise.io.integrity import default_max_bytes

from .grid import Grid, make_grid
from .options import Execution, Tiling

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MemoryNeeded", "available_memory", "memory_needed", "memory_of_grid", "ran_out"]

_FLOAT: Final = 4  # bytes
_MIRRORED: Final = 3  # copies of a batch's logits: their sum, one run, and that run turned back
_MEMINFO: Final = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryNeeded:
    """Bytes that inference takes beside the image and the network's own layers.

    Attributes
    ----------
    sums : int
        Logits under construction, and their weights, for the rows held at once; sums in half
        precision are handed on in single precision, which is counted here.
    tiles : int
        One batch of tiles, its logits, and those of one tile weighted.
    result : int
        What is handed back; 0 if it is the sums themselves.
    classes, rows : int
        Channels, and rows of axis 0 that are held at once.
    shape : tuple of int
        Of the volume.
    """

    sums: int
    tiles: int
    result: int
    classes: int
    rows: int
    shape: tuple[int, ...]

    @property
    def total(self) -> int:
        """All together, bytes."""
        return self.sums + self.tiles + self.result

    def __str__(self) -> str:
        held = f"{self.rows} of {self.shape[0]} rows" if self.rows < self.shape[0] else "all rows"
        return (
            f"memory {_size(self.total)}: sums {_size(self.sums)} ({self.classes} classes, "
            f"{held}), tiles {_size(self.tiles)}, result {_size(self.result)}"
        )

    def check(self, limit: int | None = None, *, elsewhere: int = 0) -> None:
        """Raise unless it fits.

        Parameters
        ----------
        limit : int, optional
            Bytes. Default: `available_memory`.
        elsewhere : int, default 0
            Bytes of it that lie on an accelerator: they do not count without a limit.

        Raises
        ------
        InputError
            ``out_of_memory``; says what to change.
        """
        most = available_memory() if limit is None else limit
        if self.total - (elsewhere if limit is None else 0) <= most:
            return
        whole = self.rows >= self.shape[0] and not self.result
        logits = _FLOAT * self.classes * math.prod(self.shape)
        ways = ["segment() instead of sliding_window(), which holds only the rows of a tile"]
        ways = ways if whole else ["a smaller tile along axis 0"]
        ways += ["fewer classes", "a smaller batch_size"]
        ways += ["LogitsFile with dtype float16 for logits on disk"] * (self.result >= logits)
        shape = " x ".join(map(str, self.shape))
        word = "are available" if limit is None else "are allowed (memory_limit)"
        message = f"{shape} voxels need {self}, but {_size(most)} {word}; use {', or '.join(ways)}"
        raise InputError(message, code="out_of_memory")


def memory_needed(
    shape: Sequence[int],
    *,
    tile: Sequence[int],
    classes: int,
    in_channels: int = 1,
    batch_size: int = 1,
    step: float = 0.5,
    slices: int | None = None,
    slabs: bool = True,
    result_bytes: int = 1,
) -> MemoryNeeded:
    """Compute what a run will take beside the image and the network's own layers.

    Without mirrored runs, which hold two more copies of a batch's logits. Every run states its own
    needs in its first `TileEvent`.

    Parameters
    ----------
    shape : sequence of int
        Of the volume, channels left out.
    tile : sequence of int
        Voxels of a tile.
    classes, in_channels : int
        Of the network.
    batch_size, step, slices
        As for `sliding_window`.
    slabs : bool, default True
        Rows are handed on as they are finished (`segment`); False: the whole volume is held
        (`sliding_window`).
    result_bytes : int, default 1
        Of the result per voxel: 1 is a label map of up to 256 labels. Does not count without
        slabs, where the sums are the result.

    Returns
    -------
    MemoryNeeded

    Examples
    --------
    >>> str(memory_needed((600, 512, 512), tile=(128, 128, 128), classes=105))
    'memory 15.0 GiB: sums 13.2 GiB (105 classes, 128 of 600 rows), tiles 1.6 GiB, result 150 MiB'
    """
    grid = make_grid(shape, Tiling(tile=tuple(tile), step=step, slices=slices))
    execution = Execution(batch_size=batch_size)
    per_voxel = result_bytes if slabs else 0
    return memory_of_grid(
        grid, execution, classes=classes, in_channels=in_channels, slabs=slabs, result=per_voxel
    )


def memory_of_grid(
    grid: Grid,
    execution: Execution,
    *,
    classes: int,
    in_channels: int,
    slabs: bool,
    result: float,
    sum_bytes: int = _FLOAT,
) -> MemoryNeeded:
    """Compute what a run over a grid takes; `result` is bytes per voxel of the volume."""
    rows = grid.most_rows if slabs else grid.shape[0]
    held = rows * math.prod(grid.shape[1:])
    handed_on = classes * held * _FLOAT if sum_bytes < _FLOAT else 0
    # a batch is always filled for a compiled network
    batch = execution.batch_size if execution.compiled else min(execution.batch_size, len(grid))
    logits = classes * math.prod(grid.output)
    per_tile = in_channels * math.prod(grid.tile)
    per_tile += logits * (_MIRRORED if execution.mirror_axes else 1)
    return MemoryNeeded(
        sums=(classes + 1) * held * sum_bytes + handed_on,
        tiles=(batch * per_tile + logits) * _FLOAT,
        result=int(result * math.prod(grid.shape)),
        classes=classes,
        rows=rows,
        shape=grid.shape,
    )


def ran_out(error: BaseException) -> bool:
    """Whether an error says that memory is short; on the CPU torch has no type for it."""
    known = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    return known or "can't allocate memory" in str(error)


def available_memory() -> int:
    """Return the bytes that new work may take: unused memory, within the container's limit."""
    most = default_max_bytes()
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:  # not on Linux
        return most
    free = next((line for line in lines if line.startswith("MemAvailable:")), None)
    return most if free is None else min(most, int(free.split()[1]) * 1024)


def _size(count: int) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20)):
        if count >= size:
            value = count / size
            return f"{value:.1f} {unit}" if value < 100 else f"{value:.0f} {unit}"
    return f"{count} bytes" if 0 < count < 1024 else f"{count / 1024:.0f} KiB"
