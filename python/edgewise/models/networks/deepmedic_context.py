"""What the subsampled pathways of DeepMedic see around a segment.

Kamnitsas et al. 2017, section 2.2, and the sampling of the authors' program: single voxels,
`factor` apart, without smoothing; along an axis the first is at ``start + factor // 2 -
(factor - 1) / 2 * field`` for odd factors, and there are ``field + ceil(size / factor) - 1``.
Beyond the volume every sample is the mean of its eight corner voxels.

The program treats the low border in its own way: a grid that would begin before the volume restarts
at voxel 0, up to factor - 1 voxels away from where the phase of the grid would put it.
``border="deepmedic"`` does the same, for weights trained so; "aligned" keeps the grid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from edgewise.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["context_of", "first_sample"]


def context_of(
    volume: Tensor,
    *,
    start: Sequence[int],
    size: Sequence[int],
    factor: int,
    field: int,
    border: Literal["aligned", "deepmedic"] = "aligned",
) -> Tensor:
    """Return the subsampled surroundings of a segment.

    Parameters
    ----------
    volume : Tensor (N, C, D, H, W)
        The whole volume.
    start : sequence of int
        First voxel of the segment (of the full-resolution pathway's input) in it.
    size : sequence of int
        Voxels of the segment's answer along each axis.
    factor : int
        Voxels between two samples.
    field : int
        Samples that the pathway sees along an axis (17 with eight convolutions).
    border : {"aligned", "deepmedic"}, default "aligned"
        What happens before the first voxel of the volume.

    Returns
    -------
    Tensor (N, C, d, h, w)
        With ``field + ceil(size / factor) - 1`` samples along each axis.

    Raises
    ------
    ConfigError
        For an unknown `border`.
    """
    if border not in ("aligned", "deepmedic"):
        message = f"border {border!r}: choose 'aligned' or 'deepmedic'"
        raise ConfigError(message)
    beyond = _mean_of_corners(volume)
    samples = volume
    for axis, (first, n) in enumerate(zip(start, size, strict=True), start=2):
        count = field + -(-n // factor) - 1
        before, voxel = _first(first, factor, field, border)
        samples = _sample(samples, beyond, axis, count, factor, min(before, count), voxel)
    return samples


def first_sample(start: int, factor: int, field: int) -> int:
    """Return the voxel of the first sample around a segment; negative: before the volume.

    Parameters
    ----------
    start, factor, field : int
        As for `context_of`, along one axis.
    """
    if factor % 2:
        return start + factor // 2 - (factor - 1) // 2 * field
    return start + factor // 2 - 1 - ((factor - 2) // 2 * field + field // 2)


def _mean_of_corners(volume: Tensor) -> Tensor:
    for axis in (2, 3, 4):
        n = volume.shape[axis]
        volume = (volume.narrow(axis, 0, 1) + volume.narrow(axis, n - 1, 1)) / 2
    return volume  # (N, C, 1, 1, 1)


def _first(start: int, factor: int, field: int, border: str) -> tuple[int, int]:
    """Return how many samples lie before the volume, and the voxel of the first inside it."""
    first = first_sample(start, factor, field)
    if first >= 0:
        return 0, first
    if border == "deepmedic":
        return -first // factor, 0
    before = -(first // factor)
    return before, first + before * factor


def _sample(
    volume: Tensor, beyond: Tensor, axis: int, count: int, factor: int, before: int, voxel: int
) -> Tensor:
    """Take `count` samples along an axis, `beyond` where there is no volume."""
    n = volume.shape[axis]
    inside = max(0, min(count - before, -(-(n - voxel) // factor)))
    parts = [_filled(volume, beyond, axis, before)]
    if inside:
        index = [slice(None)] * volume.ndim
        index[axis] = slice(voxel, voxel + (inside - 1) * factor + 1, factor)
        parts.append(volume[tuple(index)])
    parts.append(_filled(volume, beyond, axis, count - before - inside))
    return torch.cat([part for part in parts if part.shape[axis]], dim=axis)


def _filled(volume: Tensor, beyond: Tensor, axis: int, count: int) -> Tensor:
    shape = list(volume.shape)
    shape[axis] = count
    return beyond.expand(shape)
