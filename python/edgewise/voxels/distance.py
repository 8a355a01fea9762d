"""Distance of every voxel to the border of a mask."""

from __future__ import annotations

from functools import partial
from typing import Literal, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from edgewise import _core
from edgewise._arguments import (
    Spacing,
    Threads,
    as_label_map,
    as_mask,
    as_spacing,
    as_threads,
)
from edgewise.errors import ConfigError, ShapeError

__all__ = ["distance_transform", "label_distance_transform"]

Distances: TypeAlias = NDArray[np.float32] | NDArray[np.float64] | NDArray[np.uint32]
Indices: TypeAlias = NDArray[np.int32]

_Dtype: TypeAlias = Literal["float32", "float64", "uint32"]
_DTYPES: tuple[_Dtype, ...] = ("float32", "float64", "uint32")


@overload
def distance_transform(
    mask: ArrayLike,
    *,
    spacing: Spacing = None,
    squared: bool = False,
    signed: bool = False,
    return_indices: Literal[False] = False,
    dtype: DTypeLike = "float32",
    threads: Threads = "auto",
) -> Distances: ...
@overload
def distance_transform(
    mask: ArrayLike,
    *,
    spacing: Spacing = None,
    squared: bool = False,
    signed: bool = False,
    return_indices: Literal[True],
    dtype: DTypeLike = "float32",
    threads: Threads = "auto",
) -> tuple[Distances, Indices]: ...


def distance_transform(
    mask: ArrayLike,
    *,
    spacing: Spacing = None,
    squared: bool = False,
    signed: bool = False,
    return_indices: bool = False,
    dtype: DTypeLike = "float32",
    threads: Threads = "auto",
) -> Distances | tuple[Distances, Indices]:
    """Return the exact Euclidean distance of each foreground voxel to the nearest background voxel.

    Distances are measured between voxel centres. Outside the array there is no background.

    Parameters
    ----------
    mask : array of bool, or of numbers that are all 0 or 1, any number of axes
        Foreground is 1. Any memory order; never modified.
    spacing : float or sequence of float, optional
        Distance between neighbouring voxels along each axis of the array, in mm. Default: 1.
    squared : bool, default False
        Squared distances, in squared units of `spacing`.
    signed : bool, default False
        Background voxels get minus the distance to the nearest foreground voxel instead of 0.
    return_indices : bool, default False
        Also return the nearest voxel of the other kind for each voxel.
    dtype : {"float32", "float64", "uint32"}, default "float32"
        Type of the distances. ``float64`` is correctly rounded from the offset to the nearest
        voxel, ``float32`` has a relative error below 1e-6. ``uint32`` is exact: squared distances
        only, for spacings that are whole numbers.
    threads : int or "auto", default "auto"
        Number of threads; the result does not depend on it.

    Returns
    -------
    distances : array of `dtype`, shape and memory order of `mask`
        0 in the background unless `signed`; ``inf`` (``uint32``: 4294967295) everywhere if there is
        no background; ``-inf`` everywhere if `signed` and there is no foreground.
    indices : array of int32, one axis before those of `mask`, only if `return_indices`
        ``indices[k]`` is the index of the nearest background voxel along axis ``k``: of the voxel
        itself in the background (with `signed`: of the nearest foreground voxel). -1 if there is
        none. Of several nearest voxels the one with the least index along the last axis, of these
        the one with the least index along the axis before, and so on; memory order changes nothing.

    Raises
    ------
    TypeError
        If `mask` does not hold numbers.
    LabelError
        If `mask` holds anything but 0 and 1.
    ShapeError
        If `mask` has no axes or an axis of length 0.
    SpacingError
        If `spacing` is not finite and positive, or not one value per axis; for ``uint32`` also if a
        squared distance may not be a whole number below 2**32.
    ConfigError
        If `dtype` is none of the three, or ``uint32`` without `squared` or with `signed`, or
        `threads` is not a positive whole number or "auto".

    See Also
    --------
    boundary : voxels at distance 0 from the border.

    Notes
    -----
    With ``t_k = offset_k * spacing_k`` the square is ``t_0**2 + t_1**2 + ...`` in axis order, as
    ``scipy.ndimage.distance_transform_edt`` computes it; that function assigns finite distances to
    a mask without background. Signed distances have the convention of ``edt.sdf``. Indices are
    those of that function where the squares of `spacing` are exact (whole numbers, halves); for
    other spacings its rounding decides between voxels that are equally near.

    References
    ----------
    .. [1] T. Saito and J. Toriwaki, "New algorithms for Euclidean distance transformation of an
       n-dimensional digitized picture with applications", Pattern Recognition 27, 1994.

    Examples
    --------
    >>> distance_transform([0, 1, 1, 1], spacing=2)
    array([0., 2., 4., 6.], dtype=float32)
    >>> distance_transform([0, 1, 1, 1], signed=True)
    array([-1.,  1.,  2.,  3.], dtype=float32)
    """
    array = as_mask(mask)
    measure = partial(
        _core.distance_transform,
        spacing=as_spacing(spacing, array.ndim),
        squared=squared,
        dtype=_as_dtype(dtype, whole=squared and not signed),
        indices=return_indices,
        threads=as_threads(threads),
    )
    distances, indices = measure(array)
    if signed:
        outside, others = measure(array == 0)
        np.subtract(distances, outside, out=distances)
        if indices is not None and others is not None:
            np.copyto(indices, others, where=array == 0)
    return distances if indices is None else (distances, indices)


def _as_dtype(dtype: DTypeLike, *, whole: bool) -> _Dtype:
    wanted = np.dtype(dtype).name
    for name in _DTYPES:
        if wanted == name:
            if name == "uint32" and not whole:
                message = "dtype uint32 needs squared=True and signed=False"
                raise ConfigError(message)
            return name
    message = f"dtype must be float32, float64 or uint32, got {wanted}"
    raise ConfigError(message)


def label_distance_transform(
    labels: ArrayLike,
    *,
    spacing: Spacing = None,
    squared: bool = False,
    threads: Threads = "auto",
) -> NDArray[np.float32]:
    """Return the distance of each labelled voxel to the nearest voxel of another label.

    The distance transform of every label, all others and 0 being its background, in one array.

    Parameters
    ----------
    labels : array_like of bool or integers, one to three axes
        0 is background; negative values are labels too. Any memory order; never modified.
    spacing : float or sequence of float, optional
        Distance between neighbouring voxels along each axis of the array, in mm. Default: 1.
    squared : bool, default False
        Squared distances, in squared units of `spacing`.
    threads : int or "auto", default "auto"
        Number of threads; the result does not depend on it.

    Returns
    -------
    array of float32, shape and memory order of `labels`
        Between voxel centres, relative error below 1e-6; 0 where the label is 0, ``inf`` where
        there is no other label. Outside the array there is no label.

    Raises
    ------
    LabelError
        If a floating value is no whole number.
    ShapeError
        If there are no axes or more than three, or an axis has length 0.
    SpacingError
        If `spacing` is not finite and positive, or not one value per axis.

    See Also
    --------
    distance_transform : of a single mask, with indices, signs and other types.

    Notes
    -----
    The values are those of ``edt.edt(labels, black_border=False)``, `squared` of ``edt.edtsq``.
    Memory beyond the result: 2 bytes a voxel (4 with more than 65 536 labels).

    Examples
    --------
    >>> label_distance_transform([7, 7, 7, 0, 2, 2], spacing=0.5)
    array([1.5, 1. , 0.5, 0. , 0.5, 1. ], dtype=float32)
    """
    array = as_label_map(labels, allow_negative_labels=True)
    if array.ndim > 3:
        message = f"labels must have one to three axes, got {array.ndim}"
        raise ShapeError(message)
    steps = as_spacing(spacing, array.ndim)
    return _core.label_distance_transform(
        array, steps, squared=squared, threads=as_threads(threads)
    )
