"""Moving image and labels together: flips, turns, rotation and scaling.

Values are taken linearly, labels from the nearest voxel; outside of the box is 0. Torch's
`grid_sample` does the sampling.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["Matrix", "flipped", "plane_rotations", "resampled", "source_size", "turned"]

Matrix: TypeAlias = "NDArray[np.float64]"


def plane_rotations(axes: int) -> list[Callable[[float], Matrix]]:
    """Return the rotations in each plane; in 3D number k is about axis k.

    Parameters
    ----------
    axes : int
        2 or 3.

    Returns
    -------
    list of callable
        From an angle, radians, to a matrix.
    """
    planes = {1: [], 2: [(0, 1)], 3: [(1, 2), (0, 2), (0, 1)]}[axes]
    return [_rotation(axes, a, b) for a, b in planes]


def _rotation(axes: int, a: int, b: int) -> Callable[[float], Matrix]:
    def matrix(angle: float) -> Matrix:
        turn = np.eye(axes)
        turn[a, a] = turn[b, b] = math.cos(angle)
        turn[a, b], turn[b, a] = -math.sin(angle), math.sin(angle)
        return turn

    return matrix


def source_size(motion: Matrix | None, patch: Sequence[int]) -> tuple[int, ...]:
    """Return the size of the box that `resampled` needs to fill a patch.

    It differs from the patch by an even number along each axis: the middle stays where it is.
    """
    if motion is None:
        return tuple(patch)
    reach = np.abs(motion) @ (np.asarray(patch, dtype=np.float64) - 1)
    growth = [math.ceil((r + 2 - n) / 2) for r, n in zip(reach, patch, strict=True)]
    return tuple(n + 2 * max(0, g) for n, g in zip(patch, growth, strict=True))


def resampled(
    image: NDArray[np.float32], labels: NDArray[Any], motion: Matrix, patch: Sequence[int]
) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Return the patch that `motion` sees in the middle of a larger box.

    Parameters
    ----------
    image : float32 array (C, ...)
        The box, at least as large as `source_size` says.
    labels : int array (...)
        Of the same box; labels below 2^24 stay exact.
    motion : float64 array (axes, axes)
        From offsets in the patch to offsets in the box, voxels from the middle.
    patch : sequence of int
        Size of the result.

    Returns
    -------
    image : float32 array (C, ...)
        Linearly interpolated.
    labels : int array (...)
        From the nearest voxel.
    """
    axes, box = len(patch), labels.shape
    offsets = np.meshgrid(
        *(np.arange(n, dtype=np.float64) - (n - 1) / 2 for n in patch), indexing="ij"
    )
    places = np.tensordot(motion, np.stack(offsets), axes=1)  # (axes, *patch)
    # grid_sample counts the last axis first, from -1 (centre of the first voxel) to 1
    scaled = [places[k] * (2 / max(1, box[k] - 1)) for k in reversed(range(axes))]
    grid = torch.from_numpy(np.stack(scaled, axis=-1).astype(np.float32))[None]
    moved = [
        functional.grid_sample(
            torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))[None],
            grid,
            mode=mode,
            padding_mode="zeros",
            align_corners=True,
        )[0].numpy()
        for values, mode in ((image, "bilinear"), (labels[np.newaxis], "nearest"))
    ]
    return moved[0], np.rint(moved[1][0]).astype(labels.dtype)


def flipped(
    image: NDArray[np.float32], labels: NDArray[Any], axes: Sequence[int]
) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Return both mirrored along the given spatial axes."""
    if not axes:
        return image, labels
    return np.flip(image, tuple(k + 1 for k in axes)), np.flip(labels, tuple(axes))


def turned(
    image: NDArray[np.float32], labels: NDArray[Any], plane: tuple[int, int], quarters: int
) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Return both turned by quarters of a circle in a plane of spatial axes."""
    first, second = plane
    return (
        np.rot90(image, quarters, (first + 1, second + 1)),
        np.rot90(labels, quarters, plane),
    )
