"""DeepMedic over a whole volume, segment by segment.

Kamnitsas et al. 2017, section 2.1: inference on segments larger than the receptive field, each
answered in one pass. A general sliding window would cut the surroundings off at the segment's
border; here every segment's contexts are taken from the volume.

Where the pathways are joined by a padded 3 x 3 x 3 layer, a segment is answered with one voxel more
on the sides it shares with others, so that no seam meets padding. The authors' program does not:
``border="deepmedic"`` shows its seams.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F  # noqa: N812

from edgewise.errors import ConfigError, ShapeError
from edgewise.models.networks.deepmedic_context import context_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from edgewise.models.networks.deepmedic import DeepMedic

__all__ = ["dense_logits"]


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
        of the network's stride where it is that large. Memory grows with its cube; the answer does
        not depend on it.
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
    if volume.ndim != 4:
        message = f"volume needs axes (channels, z, y, x), not shape {tuple(volume.shape)}"
        raise ShapeError(message)
    if segment < network.field:
        message = f"segment {segment}: at least the receptive field of {network.field} voxels"
        raise ConfigError(message)
    padded = _padded(volume[None], network.field // 2)
    answered = segment - network.field + 1
    reach = 0
    if border == "aligned":
        answered = answered // network.stride * network.stride or answered
        reach = network.fused_reach
    shape = volume.shape[1:]
    logits = volume.new_empty((network.classes, *shape), dtype=torch.float32)
    for start in product(*(range(0, n, answered) for n in shape)):
        stop = [min(s + answered, n) for s, n in zip(start, shape, strict=True)]
        before = [min(reach, s) for s in start]
        after = [min(reach, n - t) for t, n in zip(stop, shape, strict=True)]
        answer = _answer(network, padded, start, stop, before, after, border)
        inner = [slice(b, b + t - s) for s, t, b in zip(start, stop, before, strict=True)]
        outer = [slice(s, t) for s, t in zip(start, stop, strict=True)]
        logits[(slice(None), *outer)] = answer[(0, slice(None), *inner)].float()
    return logits


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
