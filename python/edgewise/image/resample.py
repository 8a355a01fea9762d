"""Nearest neighbour from one grid onto another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .array import Image

__all__ = ["nearest_neighbour"]


def nearest_neighbour(reference: Image, prediction: Image) -> tuple[NDArray[Any], int]:
    """Return the prediction's values at the reference's voxels; 0 outside the prediction.

    Parameters
    ----------
    reference, prediction : Image
        With affines and at most three axes.

    Returns
    -------
    array
        With three axes, in Fortran order.
    lost : int
        Voxels of the prediction that are not 0 and whose centre lies outside the reference.
    """
    assert reference.affine is not None
    assert prediction.affine is not None
    source = prediction.array.reshape((*prediction.shape, 1, 1)[:3])
    x, y, z = (*reference.shape, 1, 1)[:3]
    to_source = np.linalg.solve(prediction.affine, reference.affine)
    out = np.zeros((x, y, z), dtype=source.dtype, order="F")
    plane = np.indices((x, y, 1)).reshape(3, -1)
    for k in range(z):  # plane by plane: the coordinates never fill a volume
        plane[2] = k
        near = _nearest(to_source, plane)
        inside = _within(near, source.shape)
        out[plane[0, inside], plane[1, inside], k] = source[tuple(near[:, inside])]
    return out, _lost(source, np.linalg.inv(to_source), out.shape)


def _lost(source: NDArray[Any], to_reference: NDArray[Any], shape: tuple[int, ...]) -> int:
    lost = 0
    for k in range(source.shape[2]):
        i, j = np.nonzero(source[:, :, k])
        near = _nearest(to_reference, np.stack([i, j, np.full_like(i, k)]))
        lost += int((~_within(near, shape)).sum())
    return lost


def _nearest(matrix: NDArray[Any], index: NDArray[np.int64]) -> NDArray[np.int64]:
    exact = matrix[:3, :3] @ index + matrix[:3, 3:]
    # halves go up, also when rounding left them a hair below
    return np.asarray(np.floor(exact + (0.5 + 1e-9)), dtype=np.int64)


def _within(index: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.asarray(((index >= 0) & (index < np.array(shape)[:, None])).all(axis=0))
