"""Nearest neighbour from one grid onto another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .array import Image

__all__ = ["nearest_neighbour"]

Shape: TypeAlias = tuple[int, int, int]

_NEGLIGIBLE: Final = 1e-10  # voxels over a whole axis: rounding of a solved matrix


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
    source = prediction.array.reshape(_three(prediction.shape))
    shape = _three(reference.shape)
    to_source: NDArray[np.float64] = np.asarray(
        np.linalg.solve(prediction.affine, reference.affine), dtype=np.float64
    )
    to_reference: NDArray[np.float64] = np.asarray(np.linalg.inv(to_source), dtype=np.float64)
    there, back = _partners(to_source, shape), _partners(to_reference, source.shape)
    if there is not None and back is not None:
        return _along_axes(source, to_source, there, shape), _lost_along_axes(
            source, to_reference, back, shape
        )
    return _everywhere(source, to_source, shape), _lost(source, to_reference, shape)


def _three(shape: tuple[int, ...]) -> Shape:
    x, y, z = (*shape, 1, 1)[:3]
    return x, y, z


def _partners(matrix: NDArray[np.float64], shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the axis that each axis of the other grid runs along; None if a grid is oblique."""
    weight = np.abs(matrix[:3, :3]) * np.array(shape)
    partner = weight.argmax(axis=1)
    weight[(0, 1, 2), partner] = 0.0
    if sorted(partner) != [0, 1, 2] or weight.max() > _NEGLIGIBLE:
        return None
    return tuple(partner.tolist())


def _indices(
    matrix: NDArray[np.float64], partners: tuple[int, ...], shape: tuple[int, ...]
) -> list[NDArray[np.int64]]:
    """Return, per axis of the other grid, the nearest index for each index of its partner."""
    return [
        _up(matrix[axis, partner] * np.arange(shape[partner]) + matrix[axis, 3])
        for axis, partner in enumerate(partners)
    ]


def _up(exact: NDArray[np.float64]) -> NDArray[np.int64]:
    # halves go up, also when rounding left them a hair below
    return np.asarray(np.floor(exact + (0.5 + 1e-9)), dtype=np.int64)


def _along_axes(
    source: NDArray[Any], to_source: NDArray[np.float64], partners: tuple[int, ...], shape: Shape
) -> NDArray[Any]:
    """Grids with parallel axes: each axis is looked up on its own."""
    near = _indices(to_source, partners, shape)
    inside = [(n >= 0) & (n < size) for n, size in zip(near, source.shape, strict=True)]
    picked = source[np.ix_(*(n[k] for n, k in zip(near, inside, strict=True)))]
    order = np.argsort(partners)
    turned = picked.transpose(order)
    if turned.shape == shape:
        return np.asfortranarray(turned)
    out = np.zeros(shape, dtype=source.dtype, order="F")
    out[np.ix_(*(np.flatnonzero(inside[axis]) for axis in order))] = turned
    return out


def _lost_along_axes(
    source: NDArray[Any], to_reference: NDArray[np.float64], partners: tuple[int, ...], shape: Shape
) -> int:
    near = _indices(to_reference, partners, source.shape)
    kept = [np.flatnonzero((n >= 0) & (n < size)) for n, size in zip(near, shape, strict=True)]
    # those that stay are a box: neighbouring indices along every axis
    box = tuple(
        slice(int(k[0]), int(k[-1]) + 1) if k.size else slice(0)
        for k in (kept[axis] for axis in np.argsort(partners))
    )
    return int(np.count_nonzero(source)) - int(np.count_nonzero(source[box]))


def _everywhere(source: NDArray[Any], to_source: NDArray[np.float64], shape: Shape) -> NDArray[Any]:
    """Oblique grids: plane by plane, so that the coordinates never fill a volume."""
    out = np.zeros(shape, dtype=source.dtype, order="F")
    plane = np.indices((*shape[:2], 1)).reshape(3, -1)
    for k in range(shape[2]):
        plane[2] = k
        near = _nearest(to_source, plane)
        inside = _within(near, source.shape)
        out[plane[0, inside], plane[1, inside], k] = source[tuple(near[:, inside])]
    return out


def _lost(source: NDArray[Any], to_reference: NDArray[Any], shape: Shape) -> int:
    lost = 0
    for k in range(source.shape[2]):
        i, j = np.nonzero(source[:, :, k])
        near = _nearest(to_reference, np.stack([i, j, np.full_like(i, k)]))
        lost += int((~_within(near, shape)).sum())
    return lost


def _nearest(matrix: NDArray[Any], index: NDArray[np.int64]) -> NDArray[np.int64]:
    return _up(matrix[:3, :3] @ index + matrix[:3, 3:])


def _within(index: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.asarray(((index >= 0) & (index < np.array(shape)[:, None])).all(axis=0))
