"""A network over a volume: tiles in order, their weighted sums, finished rows to a consumer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch

from edgewise.errors import ConfigError, InputError, ShapeError

from .blending import blend_weights
from .consumers import Logits
from .forward import Forward
from .grid import Grid, Tile, cut, make_grid
from .memory import MemoryNeeded, memory_of_grid, ran_out
from .options import Execution, Tiling
from .sums import SlabSums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .consumers import Consumer

__all__ = ["Progress", "TileEvent", "stream"]


@dataclass(frozen=True, slots=True)
class TileEvent:
    """How far a volume has come.

    Attributes
    ----------
    done, total : int
        Tiles; the first event comes before any memory is claimed.
    elapsed, eta : float
        Seconds; `eta` is NaN before the first tile is done.
    memory : MemoryNeeded
        What the run takes.
    """

    done: int
    total: int
    elapsed: float
    eta: float
    memory: MemoryNeeded


Progress: TypeAlias = Callable[[TileEvent], None]


def stream(
    image: Any,  # noqa: ANN401
    network: Callable[[Any], Any],
    consumer: Consumer,
    *,
    tiling: Tiling,
    execution: Execution | None = None,
    slabs: bool = True,
    progress: Progress | None = None,
) -> Any:  # noqa: ANN401
    """Run a network over a volume and hand finished rows of logits to a consumer.

    Parameters
    ----------
    image : array or Tensor (C, ...)
        Prepared for the network; any number type, any memory order, also a memory map.
    network : torch.nn.Module or callable
        (N, C, *tile) to logits (N, classes, ...). An output smaller than the tile lies over its
        middle.
    consumer : Consumer
        What becomes of the logits.
    tiling : Tiling
        How the volume is cut.
    execution : Execution, optional
        How the network is run.
    slabs : bool, default True
        Hold only the rows of axis 0 that a tile still touches, and hand on the others; False: hold
        all and hand them on at the end. The values are the same, bit by bit.
    progress : callable, optional
        Called with a `TileEvent` before the first tile and after every batch.

    Returns
    -------
    object
        The consumer's result.

    Raises
    ------
    ShapeError
        If image, tile and network do not fit one another.
    ConfigError
        If the device cannot be used, or the consumer takes logits and gets probabilities.
    InputError
        ``out_of_memory`` before the start if the run does not fit, ``not_finite`` if the network
        answers NaN.
    """
    execution = Execution() if execution is None else execution
    refuse_probabilities(consumer, execution)
    voxels = as_image(image)
    grid = make_grid(voxels.shape[1:], tiling)
    walk = None
    if len(grid.shape) > len(tiling.tile):
        walk = (tiling.slices or 0) % len(grid.shape)
    try:
        with Forward(network, execution, axes=len(tiling.tile), squeeze=walk) as forward:
            return _Run(voxels, forward, consumer, tiling, execution, progress).run(
                grid, slabs=slabs
            )
    finally:
        consumer.close()


def refuse_probabilities(consumer: Consumer, execution: Execution) -> None:
    """Raise ConfigError if a consumer that decides by logits would get probabilities."""
    if execution.mirror_average == "softmax" and getattr(consumer, "needs_logits", False):
        message = "mirror_average='softmax' makes probabilities; regions and Probabilities need "
        message += "logits: use 'logits'"
        raise ConfigError(message)


def as_image(image: Any) -> NDArray[Any]:  # noqa: ANN401
    """Return an image (C, ...) as an array of numbers.

    Raises
    ------
    ShapeError
        If it has no voxel, no channels, or holds something else.
    """
    if isinstance(image, torch.Tensor):
        image = image.detach().cpu()
        image = (image.float() if image.dtype == torch.bfloat16 else image).numpy()
    array = np.asarray(image)
    if array.ndim < 2 or 0 in array.shape:
        message = f"image must have channels first and at least one voxel, got shape {array.shape}"
        raise ShapeError(message)
    if array.dtype.kind not in "buif":
        message = f"image must hold numbers, got dtype {array.dtype}"
        raise ShapeError(message)
    return array


class _Run:
    """One volume on its way through the network."""

    def __init__(
        self,
        image: NDArray[Any],
        forward: Forward,
        consumer: Consumer,
        tiling: Tiling,
        execution: Execution,
        progress: Progress | None,
    ) -> None:
        self._image = image
        self._forward = forward
        self._consumer = consumer
        self._tiling = tiling
        self._execution = execution
        self._progress = progress
        self._start = time.monotonic()

    def run(self, grid: Grid, *, slabs: bool) -> Any:  # noqa: ANN401
        logits = self._answer(grid, [next(iter(grid))])
        output = tuple(logits.shape[2:])
        if output != grid.output:  # a network of valid convolutions: tiles reach beyond the image
            grid = self._regrid(grid, output)
            logits = self._answer(grid, [next(iter(grid))])
        self._check_mirroring(grid)
        classes = int(logits.shape[1])
        self._consumer.begin(classes, grid.shape)
        held, device = self._claim(grid, classes, slabs=slabs)
        weights = blend_weights(grid.output, self._tiling.blend, self._tiling.preset)
        plane = grid.shape[1:]
        dtype = torch.float16 if self._tiling.sum_bytes == 2 else torch.float32
        sums = SlabSums(classes, held.rows, plane, torch.from_numpy(weights), device, dtype)
        done = 0
        self._tell(done, grid, held)
        for tiles in self._batches(grid):
            if logits is None:
                logits = self._answer(grid, tiles, sums)
            for k, tile in enumerate(tiles):
                if slabs and tile.rows[0] > sums.first:
                    self._hand_on(sums, tile.rows[0] - sums.first)
                sums.add(tile, logits[k])
            logits = None  # released before the network runs again
            done += len(tiles)
            self._tell(done, grid, held)
        self._hand_on(sums, grid.shape[0] - sums.first, last=True)
        return self._consumer.result()

    def _regrid(self, grid: Grid, output: tuple[int, ...]) -> Grid:
        if len(output) != len(grid.output):
            message = f"the network answers a tile of {len(grid.tile)} axes with {len(output)} axes"
            raise ShapeError(message)
        sizes = list(output)
        if len(sizes) > len(self._tiling.tile):
            del sizes[(self._tiling.slices or 0) % len(sizes)]
        return make_grid(grid.shape, self._tiling, sizes)

    def _check_mirroring(self, grid: Grid) -> None:
        for tile, output in zip(grid.tile, grid.output, strict=True):
            if self._execution.mirror_axes and (tile - output) % 2:
                message = f"the network answers {tile} voxels with {output}: mirrored runs lie one "
                message += "voxel apart; use another tile, or no mirror_axes"
                raise ConfigError(message)

    def _claim(self, grid: Grid, classes: int, *, slabs: bool) -> tuple[MemoryNeeded, torch.device]:
        """Compute what the run takes and where sums are kept; refuse it if that is too much."""
        needed = memory_of_grid(
            grid,
            self._execution,
            classes=classes,
            in_channels=self._image.shape[0],
            slabs=slabs,
            result=self._consumer.bytes_per_voxel,
            sum_bytes=self._tiling.sum_bytes,
        )
        device = self._sums_device(needed)
        beside = device.type != "cpu"
        if isinstance(self._consumer, Logits) and not (slabs or beside):
            needed = replace(needed, result=0)  # it keeps the sums
        needed.check(self._execution.memory_limit, elsewhere=needed.sums if beside else 0)
        return needed, device

    def _sums_device(self, needed: MemoryNeeded) -> torch.device:
        """Return where sums are kept: beside the network, if that leaves it half of the memory."""
        device = self._forward.device
        if device.type != "cuda":
            return torch.device("cpu")
        # by number: not every torch takes a device here
        index = torch.cuda.current_device() if device.index is None else device.index
        free, _ = torch.cuda.mem_get_info(index)
        return device if needed.sums <= free // 2 else torch.device("cpu")

    def _batches(self, grid: Grid) -> Iterator[list[Tile]]:
        """Yield tiles in order, the first alone: it was run to see what comes out."""
        tiles = iter(grid)
        yield [next(tiles)]
        while batch := list(islice(tiles, self._execution.batch_size)):
            yield batch

    def _answer(self, grid: Grid, tiles: list[Tile], sums: SlabSums | None = None) -> torch.Tensor:
        """Return the logits of some tiles; if memory is short, the sums make room."""
        batch = np.stack(
            [cut(self._image, tile.starts, grid.tile, self._tiling.pad_mode) for tile in tiles]
        )
        if self._execution.compiled:  # one shape, or torch compiles again for the last batch
            missing = self._execution.batch_size - len(tiles)
            batch = np.concatenate([batch, *[batch[-1:]] * missing])
        tensor = torch.from_numpy(batch)
        try:
            return self._forward(tensor)[: len(tiles)]
        except (RuntimeError, MemoryError) as error:
            if not ran_out(error):
                raise
            if sums is None or sums.device.type == "cpu":
                message = (
                    f"no memory for the network on {len(tiles)} tile(s) of {grid.tile}; use a "
                )
                message += "smaller tile or batch_size, or precision bfloat16"
                raise InputError(message, code="out_of_memory") from error
        sums.to_cpu()
        torch.cuda.empty_cache()
        return self._answer(grid, tiles, sums)

    def _hand_on(self, sums: SlabSums, rows: int, *, last: bool = False) -> None:
        first = sums.first
        self._consumer.take(sums.finish(rows).float(), first)
        if not last:
            sums.drop(rows)

    def _tell(self, done: int, grid: Grid, memory: MemoryNeeded) -> None:
        if self._progress is None:
            return
        elapsed = time.monotonic() - self._start
        eta = elapsed / done * (len(grid) - done) if done else float("nan")
        self._progress(TileEvent(done, len(grid), elapsed, eta, memory))
