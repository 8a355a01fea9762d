"""Connected components of label maps and masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.compat.c_numbers import c_int
from edgewise.compat.originals import original
from edgewise.voxels.components import counted_components, narrow_components

from .blocks import numbered_by_blocks
from .errors import dimension_error
from .sizes import result_type

if TYPE_CHECKING:
    from edgewise._arguments import AnyArray

__all__ = ["connected_components"]

_FLAT: Final = {4: 1, 6: 1, 8: 2, 18: 2, 26: 2}  # two axes
_DEEP: Final = {6: 1, 18: 2, 26: 3}


def connected_components(
    data: Any,
    max_labels: Any = -1,
    connectivity: Any = 26,
    return_N: Any = False,
    delta: Any = 0,
    out_dtype: Any = None,
    out_file: Any = None,
    periodic_boundary: Any = False,
    binary_image: Any = False,
) -> Any:
    """Return the connected components of the equal values of an array, numbered from 1.

    Parameters
    ----------
    data : array or torch tensor, one to three axes
        0 is background. bool, integers, floating values (labels by value). Never modified.
    max_labels : int
        Not read, as in the library.
    connectivity : {4, 8, 6, 18, 26}, default 26
        Number of neighbours; 4 and 8 for two axes only. 6 has the faces, 18 the edges too, 26 the
        corners.
    return_N : bool, default False
        Also return the number of components.
    delta : number, default 0
        Join neighbours that differ by no more: other than 0 computed by cc3d itself.
    out_dtype : {uint16, uint32, uint64}, optional
        Type of the result. Default: the smallest that holds as many components as there could be.
    out_file : str or file, optional
        Write the result to a file: done by cc3d itself.
    periodic_boundary : bool, default False
        Opposite edges touch: computed by cc3d itself.
    binary_image : bool, default False
        All values other than 0 are one label, as in arrays of bool.

    Returns
    -------
    array, or (array, int)
        In the memory order of `data`, numbered along the memory: components of which the first
        voxel comes first. Two axes of bool with 8 neighbours are numbered by blocks of 2 by 2.
        A tensor for a tensor.

    Raises
    ------
    DimensionError
        If there are not one to three axes.
    ValueError
        If there is no such connectivity for as many axes, or `out_dtype` is none of the three or
        could be too small.
    TypeError
        If the type of `data` is not one of those.
    """
    c_int(max_labels)
    connectivity, return_N = c_int(connectivity), bool(return_N)
    array = data.cpu().numpy() if hasattr(data, "cpu") else data
    touching = _touching(array, connectivity)
    if periodic_boundary or out_file is not None:
        return _theirs(
            data,
            connectivity,
            return_N,
            delta,
            out_dtype,
            out_file,
            periodic_boundary,
            binary_image,
        )
    if not array.size:
        empty = np.zeros(array.shape, array.dtype if out_dtype is None else out_dtype)
        return (empty, 0) if return_N else empty
    labels = _labels(array, binary=bool(binary_image))
    if labels is None or _is_difference(delta, array.dtype):
        return _theirs(data, connectivity, return_N, delta, out_dtype, None, False, binary_image)
    in_memory = labels.T if labels.flags.f_contiguous else labels
    components, number = _numbered(in_memory, connectivity, touching, out_dtype)
    if labels.flags.f_contiguous:
        components = components.T
    if array is not data:
        import torch

        components = torch.from_numpy(components)
    return (components, number) if return_N else components


def _numbered(
    labels: AnyArray, connectivity: int, touching: int, out_dtype: Any
) -> tuple[AnyArray, int]:
    """Return the components in the library's type, and their number."""
    if out_dtype is None and labels.dtype != np.bool_ and labels.shape[-1] > 1:
        # fewer runs than 16 bits count are what the library takes 16 bits for
        narrow = narrow_components(labels, connectivity=touching)
        if narrow is not None:
            return narrow
    dtype = result_type(labels, connectivity, out_dtype)
    found, number = counted_components(labels, connectivity=touching)
    if labels.dtype == np.bool_ and connectivity == 8:
        found = numbered_by_blocks(found, number)
    return found.astype(dtype, copy=False), number


def _touching(array: Any, connectivity: int) -> int:
    """Return the connectivity as edgewise counts it: axes along which neighbours may differ."""
    ndim = len(array.shape)
    if ndim not in (1, 2, 3):
        message = f"data must have one to three axes, got {ndim}"
        raise dimension_error()(message)
    known = _FLAT if ndim == 2 else _DEEP
    if connectivity not in known:
        message = f"connectivity must be one of {tuple(known)} for {ndim} axes, got {connectivity}"
        raise ValueError(message)
    return min(known[connectivity], ndim)


def _labels(array: AnyArray, *, binary: bool) -> AnyArray | None:
    """Return contiguous integers or bool that differ where the values do; None if that cannot be.

    Raises
    ------
    TypeError
        If the values are of another type, or in another byte order.
    """
    dtype = array.dtype
    if dtype.kind not in "biuf" or not dtype.isnative or dtype.itemsize > 8:
        message = f"data must be bool, integers or floating values of this machine, got {dtype}"
        raise TypeError(message)
    labels = array if array.flags.forc else np.ascontiguousarray(array)
    if dtype == np.float16:  # told apart by their bits: -0 is a label
        labels = labels.view(np.uint16)
    if binary or dtype.kind == "b":
        mask: AnyArray = labels if dtype.kind == "b" else np.not_equal(labels, 0)
        return mask
    if labels.dtype.kind != "f":
        return labels
    labels = labels + dtype.type(0)  # -0 is 0
    if np.isnan(labels).any():  # equal to nothing
        return None
    bits: AnyArray = labels.view(f"u{dtype.itemsize}")
    return bits


def _is_difference(delta: Any, dtype: np.dtype[Any]) -> bool:
    """Return whether neighbours of other values are to be joined; refuses what is no number."""
    if dtype == np.float16 and delta != 0:
        message = f"delta must be 0 for float16, got {delta!r}"
        raise TypeError(message)
    return bool(float(delta) if dtype in (np.float32, np.float64) else int(delta))


def _theirs(
    data: Any,
    connectivity: int,
    return_N: bool,
    delta: Any,
    out_dtype: Any,
    out_file: Any,
    periodic_boundary: Any,
    binary_image: Any,
) -> Any:
    theirs = original(
        "cc3d.fastcc3d:connected_components",
        why="components of similar values, across opposite edges and in files",
    )
    return theirs(
        data,
        connectivity=connectivity,
        return_N=return_N,
        delta=delta,
        out_dtype=out_dtype,
        out_file=out_file,
        periodic_boundary=periodic_boundary,
        binary_image=binary_image,
    )
