"""Drop-in for ``scipy.ndimage.label`` and ``find_objects``."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.compat.originals import original
from edgewise.errors import MissingExtraError
from edgewise.metrics.joint import joint_histogram
from edgewise.voxels.components import counted_components

from .arguments import TYPES, foreground, threads_for
from .structures import Neighbourhood, neighbourhood_given

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["find_objects", "label"]

_SMALL: Final = (
    1 << 12
)  # elements a label; SciPy's plain table of boxes is as fast for smaller ones


def label(input: Any, structure: Any = None, output: Any = None) -> tuple[NDArray[Any], int] | int:
    """Return the connected pieces of the foreground, numbered.

    Parameters
    ----------
    input : array of real numbers
        What is not zero is foreground; values do not matter.
    structure : array, optional
        Which elements touch: 3 along each axis, the same seen from the other side. Default: those
        that share a face. Others than ``generate_binary_structure(ndim, c)`` are left to SciPy, as
        are more than three axes.
    output : dtype or array, optional
        Type of the numbers, or an array that receives them. Default: int32.

    Returns
    -------
    labels : array, in C order, only if `output` is no array
        0 in the background, from 1 in the order of the pieces' first elements (last axis fastest).
    number : int

    Raises
    ------
    TypeError
        If `input` is complex, or a type is not supported.
    RuntimeError
        If `structure` has another number of axes, or the numbers do not fit into `output`.
    ValueError
        If `structure` is not 3 along each axis, or `output` has another shape.
    AssertionError
        If `structure` is not symmetric.
    """
    array = np.asarray(input)
    if array.dtype.kind == "c":
        message = "input is complex; compare it with something first"
        raise TypeError(message)
    around = _around(structure, array.ndim)
    given = output if isinstance(output, np.ndarray) else None
    if given is not None and given.shape != array.shape:
        message = f"output has shape {given.shape}, input {array.shape}"
        raise ValueError(message)
    dtype = np.dtype(np.int32 if output is None else output) if given is None else given.dtype
    if around is None or not _is_ours(array, dtype) or not _is_plain(given):
        theirs = original("scipy.ndimage:label", why="other structures, types and numbers of axes")
        return theirs(input, structure, output)  # type: ignore[no-any-return]
    numbers, number = counted_components(
        foreground(array), connectivity=around.connectivity, threads=threads_for(array)
    )
    if dtype.kind != "f" and number > np.iinfo(dtype).max:
        message = f"{number} labels do not fit into {dtype}"
        raise RuntimeError(message)
    if given is not None:
        np.copyto(given, numbers, casting="unsafe")
        return number
    signed = numbers.view(np.int32)
    return (signed if dtype == signed.dtype else signed.astype(dtype)), number


def _around(structure: Any, ndim: int) -> Neighbourhood | None:
    around = neighbourhood_given(structure, ndim)
    if structure is not None and any(n != 3 for n in np.shape(structure)):
        message = f"structure must be 3 along each axis, got shape {np.shape(structure)}"
        raise ValueError(message)
    return around


def _is_ours(array: NDArray[Any], dtype: np.dtype[Any]) -> bool:
    """Return whether the kernel numbers an array; float32 counts to 2**24 and bool to 1 only."""
    if not 1 <= array.ndim <= 3 or not 0 < array.size < 2**31 - 2:
        return False
    if dtype.char == "?" or (dtype.char == "f" and array.size > 2**24):
        return False
    types = array.dtype, dtype
    return all(one.char in TYPES and one.isnative for one in types)


def _is_plain(output: NDArray[Any] | None) -> bool:
    """Return whether an output array is ours to fill.

    In another memory order SciPy numbers the pieces otherwise; it writes into what is read-only.
    """
    return output is None or (output.flags.c_contiguous and output.flags.writeable)


def find_objects(input: Any, max_label: Any = 0) -> list[tuple[slice[int, int, None], ...] | None]:
    """Return the box around each label.

    Parameters
    ----------
    input : array of integers
        Values below 1 are ignored.
    max_label : int, default 0
        The last label that is looked for; below 1: the largest value.

    Returns
    -------
    list of (tuple of slice, one per axis) or None
        Item ``i`` is the box of label ``i + 1``, None if that does not occur.

    Raises
    ------
    TypeError
        If `input` is complex, or the largest value or `max_label` is no whole number.
    ValueError
        If `input` is empty and `max_label` is not given.
    """
    array = np.asarray(input)
    if array.dtype.kind == "c":
        message = "input is complex; labels are whole numbers"
        raise TypeError(message)
    last = operator.index(array.max() if max_label < 1 else max_label)
    if array.dtype.kind not in "ui" or not 1 <= array.ndim <= 3 or array.size == 0:
        return _scipy_boxes()(array, last)  # type: ignore[no-any-return]
    if last * _SMALL > array.size:
        try:
            return _scipy_boxes()(array, last)  # type: ignore[no-any-return]
        except MissingExtraError:
            pass
    if not array.flags.forc or not array.dtype.isnative:
        array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
    boxes = joint_histogram(array, array, None, threads_for(array)).ref_boxes
    found = (boxes.get(one) for one in range(1, last + 1))
    return [box if box is None else tuple(slice(a, b) for a, b in box) for box in found]


def _scipy_boxes() -> Any:
    return original("scipy.ndimage:find_objects", why="boxes of more than three axes")
