"""DeepMedic over a whole volume, segment by segment.

Kamnitsas et al. 2017, section 2.1: inference on segments larger than the receptive field, each
answered in one pass. A general sliding window would cut the surroundings off at the segment's
border; here every segment's contexts are taken from the volume.

Where the pathways are joined by a padded 3 x 3 x 3 layer, a segment is answered with one voxel more
on the sides it shares with others, so that no seam meets padding. The authors' program does not:
``border="deepmedic"`` shows its seams.
"""

from __future__ import annotations

import math
import time
from itertools import product
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from edgewise.errors import ConfigError, ShapeError
from edgewise.models.networks.deepmedic_context import context_of

from .forward import Forward
from .memory import MemoryNeeded
from .options import Execution
from .stream import TileEvent, as_image, refuse_probabilities
from .sums import refuse_nan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from edgewise.models.networks.deepmedic import DeepMedic

    from .consumers import Consumer
    from .stream import Progress

__all__ = ["dense_logits", "stream_dense"]

NOT_MIRRORED: Final = (
    "mirror_axes: this network takes samples of the whole image, which mirrored runs would place "
    "elsewhere; leave them out"
)


@torch.inference_mode()
def dense_logits(
    network: DeepMedic,
    volume: Tensor,
    *,
    segment: int = 46,
    border: Literal["aligned", "deepmedic"] = "aligned",
) -> Tensor:
    """Return logits of every voxel of a volume.

    Parameters
    ----------
    network : DeepMedic
        Evaluated as it is; call ``eval()`` first.
    volume : Tensor (C, D, H, W)
        On the network's device. Half a receptive field is added around it by reflection (by
        repeating the outermost voxels where an axis is too short to reflect).
    segment : int, default 46
        Side of a segment, voxels; each answers ``segment - 16`` voxels, rounded down to a multiple
        of the network's stride where it is that large: then the answer does not depend on it.
        Memory grows with its cube.
    border : {"aligned", "deepmedic"}, default "aligned"
        See `context_of`. With "deepmedic" every segment answers ``segment - 16`` voxels on its own,
        as in the authors' program; the answer then depends on `segment`.

    Returns
    -------
    Tensor (classes, D, H, W)
        float32.

    Raises
    ------
    ShapeError
        If `volume` has not four axes.
    ConfigError
        If `segment` is smaller than the receptive field.
    """
    _check_volume(volume.shape)
    if segment < network.field:
        message = f"segment {segment}: at least the receptive field of {network.field} voxels"
        raise ConfigError(message)
    segments = _Segments(network, volume, segment, border)
    logits = volume.new_empty((network.classes, *volume.shape[1:]), dtype=torch.float32)
    for start in product(*segments.starts):
        place, answer = segments.answer(start)
        logits[(slice(None), *place)] = answer
    return logits


def stream_dense(
    image: Any,  # noqa: ANN401
    network: DeepMedic,
    consumer: Consumer,
    *,
    segment: int = 46,
    execution: Execution | None = None,
    progress: Progress | None = None,
) -> Any:  # noqa: ANN401
    """Answer a volume as `dense_logits` does and hand finished rows of logits to a consumer.

    Parameters
    ----------
    image : array or Tensor (C, D, H, W)
        Prepared for the network; any number type. All of it goes to the network's device.
    network : DeepMedic
        Run in evaluation mode, and found as it was.
    consumer : Consumer
        What becomes of the logits.
    segment : int, default 46
        As for `dense_logits`; a smaller one than answers a stride is enlarged.
    execution : Execution, optional
        Device, precision, determinism and memory limit count; segments are run one by one.
    progress : callable, optional
        Called with a `TileEvent` before the first segment and after every one.

    Returns
    -------
    object
        The consumer's result.

    Raises
    ------
    ConfigError
        For mirrored runs: the grid of the subsampled voxels would be another.
    ShapeError
        If the image has not four axes.
    InputError
        ``out_of_memory`` before the start if the run does not fit, ``not_finite`` if the network
        answers NaN.
    """
    execution = Execution() if execution is None else execution
    if execution.mirror_axes:
        raise ConfigError(NOT_MIRRORED)
    refuse_probabilities(consumer, execution)
    start = time.monotonic()
    voxels = as_image(image)
    _check_volume(voxels.shape)
    try:
        with Forward(network, execution, axes=3) as forward, forward.precision():
            least = network.field + network.stride - 1  # answers begin at multiples
            tensor = torch.from_numpy(np.array(voxels, dtype=np.float32))
            volume = tensor.to(forward.device, forward.dtype)
            segments = _Segments(network, volume, max(segment, least), "aligned")
            consumer.begin(network.classes, voxels.shape[1:])
            memory = segments.memory(consumer)
            memory.check(execution.memory_limit)
            total = math.prod(len(starts) for starts in segments.starts)
            for done, _ in enumerate(segments.hand_on(consumer)):
                if progress is not None:
                    elapsed = time.monotonic() - start
                    eta = elapsed / done * (total - done) if done else float("nan")
                    progress(TileEvent(done, total, elapsed, eta, memory))
            return consumer.result()
    finally:
        consumer.close()


def _check_volume(shape: Sequence[int]) -> None:
    if len(shape) != 4:
        message = f"volume needs axes (channels, z, y, x), not shape {tuple(shape)}"
        raise ShapeError(message)


class _Segments:
    """The segments of one volume, on the network's device."""

    def __init__(
        self,
        network: DeepMedic,
        volume: Tensor,
        segment: int,
        border: Literal["aligned", "deepmedic"],
    ) -> None:
        self._network, self._border = network, border
        self._shape = tuple(volume.shape[1:])
        self._padded = _padded(volume[None], network.field // 2)
        answered = segment - network.field + 1
        self._reach = 0
        if border == "aligned":
            answered = answered // network.stride * network.stride or answered
            self._reach = network.fused_reach
        self.answered = answered
        self.starts = [range(0, n, answered) for n in self._shape]

    def answer(self, start: Sequence[int]) -> tuple[tuple[slice, ...], Tensor]:
        """Return the voxels of a segment that begins at `start`, and their logits."""
        stop = [min(s + self.answered, n) for s, n in zip(start, self._shape, strict=True)]
        before = [min(self._reach, s) for s in start]
        after = [min(self._reach, n - t) for t, n in zip(stop, self._shape, strict=True)]
        answer = _answer(self._network, self._padded, start, stop, before, after, self._border)
        inner = [slice(b, b + t - s) for s, t, b in zip(start, stop, before, strict=True)]
        outer = tuple(slice(s, t) for s, t in zip(start, stop, strict=True))
        return outer, answer[(0, slice(None), *inner)].float()

    def memory(self, consumer: Consumer) -> MemoryNeeded:
        """Return what rows under construction, one segment and the result take."""
        classes, voxels = self._network.classes, math.prod(self._shape)
        rows = min(self.answered, self._shape[0])
        return MemoryNeeded(
            sums=4 * classes * rows * math.prod(self._shape[1:]),
            tiles=4 * classes * self.answered**3,
            result=int(consumer.bytes_per_voxel * voxels),
            classes=classes,
            rows=rows,
            shape=self._shape,
        )

    def hand_on(self, consumer: Consumer) -> Iterator[None]:
        """Answer segment by segment, yielding before the first and after each."""
        yield
        for first in self.starts[0]:
            size = min(self.answered, self._shape[0] - first)
            shape = (self._network.classes, size, *self._shape[1:])
            rows = self._padded.new_empty(shape, dtype=torch.float32)
            for start in product(*self.starts[1:]):
                (_, *place), logits = self.answer((first, *start))
                rows[(slice(None), slice(None), *place)] = logits
                yield
            refuse_nan(rows)
            consumer.take(rows, first)


def _answer(
    network: DeepMedic,
    padded: Tensor,
    start: Sequence[int],
    stop: Sequence[int],
    before: Sequence[int],
    after: Sequence[int],
    border: Literal["aligned", "deepmedic"],
) -> Tensor:
    """Answer the voxels from start - before to stop + after, contexts in the phase of `start`."""
    contexts, early = [], []
    for factor in network.factors:
        # a context that begins a whole sample early keeps its phase
        lead = [factor if b else 0 for b in before]
        contexts.append(
            context_of(
                padded,
                start=[s - n for s, n in zip(start, lead, strict=True)],
                size=[t + a - s + n for s, t, a, n in zip(start, stop, after, lead, strict=True)],
                factor=factor,
                field=network.field,
                border=border,
            )
        )
        early.append([n - b for n, b in zip(lead, before, strict=True)])
    window = [
        slice(s - b, t + a + network.field - 1)
        for s, t, b, a in zip(start, stop, before, after, strict=True)
    ]
    return network(padded[(..., *window)], contexts, early)


def _padded(volume: Tensor, margin: int) -> Tensor:
    """Reflect each axis about its outermost voxels, or repeat those where it is too short."""
    for axis in (2, 3, 4):
        mode = "reflect" if volume.shape[axis] > margin else "replicate"
        pads = [0, 0] * (4 - axis) + [margin, margin] + [0, 0] * (axis - 2)
        volume = F.pad(volume, pads, mode=mode)
    return volume
