"""Drop-in for the binary morphology of ``scipy.ndimage``.

What is not zero is foreground. Results are bool arrays in C order, or written into `output` if
that is an array; any other `output` is ignored, as SciPy does.

Computed here: one to three axes, all of them at once, origin 0, and structuring elements that are
by their values ``generate_binary_structure(ndim, c)`` (the default is c = 1), boxes of ones of an
odd side, or these applied to themselves. SciPy itself computes the rest: other structuring
elements, `axes` that name fewer than all axes, other origins, more than three axes, and repeated
erosions and dilations within a `mask`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.compat.originals import original
from edgewise.voxels import fill_holes

from .arguments import deliver
from .regions import dilated, dilated_within, eroded
from .task import task_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "binary_closing",
    "binary_dilation",
    "binary_erosion",
    "binary_fill_holes",
    "binary_opening",
    "binary_propagation",
]

_WHY: Final = "structuring elements, axes and origins other than the usual ones"


def binary_erosion(
    input: Any,
    structure: Any = None,
    iterations: Any = 1,
    mask: Any = None,
    output: Any = None,
    border_value: Any = 0,
    origin: Any = 0,
    brute_force: Any = False,
    *,
    axes: Any = None,
) -> NDArray[Any]:
    """Return the elements whose whole neighbourhood is foreground.

    Parameters
    ----------
    input : array of real numbers
    structure : array, optional
        Structuring element, as many axes as `input`. Default: the neighbours across faces.
    iterations : int, default 1
        How many times; below 1 until nothing changes.
    mask : array, optional
        Elements where it is 0 keep their value.
    output : array, optional
        Receives the result, in its own type.
    border_value : int, default 0
        What lies outside of the array; not 0 is foreground.
    origin : int or sequence of int, default 0
        Shift of the structuring element.
    brute_force : bool, default False
        Changes how SciPy computes, not the result.
    axes : int or sequence of int, optional
        Axes of `structure` and `origin`. Default: all.

    Returns
    -------
    array of bool, or `output`

    Raises
    ------
    TypeError
        If `input` or `output` is complex, or `iterations` or `border_value` is no whole number.
    RuntimeError
        If a shape or a number of axes does not fit, or a type is not supported. Dilations of a
        structure with too few axes raise IndexError.
    """
    task = task_of(
        input, structure, iterations, mask, output, border_value, origin, axes, dilation=False
    )
    if task is None:
        found: NDArray[Any] = _scipy("binary_erosion")(
            input, structure, iterations, mask, output, border_value, origin, brute_force, axes=axes
        )
        return found
    if task.allowed is None:
        result = eroded(task.mask, task.around, task.times, outside=task.outside)
    else:  # outside its mask nothing changes: dilation of the background
        result = np.logical_not(task.mask)
        result = dilated_within(
            result, task.allowed, task.around, task.times, outside=not task.outside
        )
        np.logical_not(result, out=result)
    return deliver(result, output, task.source)


def binary_dilation(
    input: Any,
    structure: Any = None,
    iterations: Any = 1,
    mask: Any = None,
    output: Any = None,
    border_value: Any = 0,
    origin: Any = 0,
    brute_force: Any = False,
    *,
    axes: Any = None,
) -> NDArray[Any]:
    """Return the elements with foreground in their neighbourhood; arguments as `binary_erosion`."""
    task = task_of(
        input, structure, iterations, mask, output, border_value, origin, axes, dilation=True
    )
    if task is None:
        found: NDArray[Any] = _scipy("binary_dilation")(
            input, structure, iterations, mask, output, border_value, origin, brute_force, axes=axes
        )
        return found
    if task.allowed is None:
        result = dilated(task.mask, task.around, task.times, outside=task.outside)
    else:
        result = dilated_within(
            task.mask, task.allowed, task.around, task.times, outside=task.outside
        )
    return deliver(result, output, task.source)


def binary_opening(
    input: Any,
    structure: Any = None,
    iterations: Any = 1,
    output: Any = None,
    origin: Any = 0,
    mask: Any = None,
    border_value: Any = 0,
    brute_force: Any = False,
    *,
    axes: Any = None,
) -> NDArray[Any]:
    """Return the dilation of the erosion, both with the same arguments as `binary_erosion`."""
    between = binary_erosion(
        input, structure, iterations, mask, None, border_value, origin, brute_force, axes=axes
    )
    return binary_dilation(
        between, structure, iterations, mask, output, border_value, origin, brute_force, axes=axes
    )


def binary_closing(
    input: Any,
    structure: Any = None,
    iterations: Any = 1,
    output: Any = None,
    origin: Any = 0,
    mask: Any = None,
    border_value: Any = 0,
    brute_force: Any = False,
    *,
    axes: Any = None,
) -> NDArray[Any]:
    """Return the erosion of the dilation, both with the same arguments as `binary_erosion`.

    With ``border_value=0`` the erosion takes away what lies at the edge of the array.
    """
    between = binary_dilation(
        input, structure, iterations, mask, None, border_value, origin, brute_force, axes=axes
    )
    return binary_erosion(
        between, structure, iterations, mask, output, border_value, origin, brute_force, axes=axes
    )


def binary_propagation(
    input: Any,
    structure: Any = None,
    mask: Any = None,
    output: Any = None,
    border_value: Any = 0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> NDArray[Any]:
    """Return the dilation within `mask` until nothing changes; arguments as `binary_erosion`."""
    return binary_dilation(input, structure, -1, mask, output, border_value, origin, axes=axes)


def binary_fill_holes(
    input: Any,
    structure: Any = None,
    output: Any = None,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> NDArray[Any] | None:
    """Return the foreground with the background that does not reach the edge of the array.

    Parameters
    ----------
    input : array of any numbers
    structure : array, optional
        How the background hangs together. Default: by faces.
    output : array, optional
        Receives the result, and nothing is returned.
    origin, axes
        As `binary_erosion`.

    Returns
    -------
    array of bool, or None
    """
    array = np.asarray(input)
    task = None
    if array.dtype.kind in "buifc":
        mask = array if array.dtype.kind == "b" else array != 0
        task = task_of(mask, structure, 1, None, output, 1, origin, axes, dilation=True)
    if task is None or task.around.radius != 1:
        found: NDArray[Any] | None = _scipy("binary_fill_holes")(
            input, structure, output, origin, axes=axes
        )
        return found
    filled = fill_holes(task.mask, connectivity=task.around.connectivity)
    if not isinstance(output, np.ndarray):
        return filled
    np.copyto(output, filled, casting="unsafe")
    return None


def _scipy(name: str) -> Any:
    return original(f"scipy.ndimage:{name}", why=_WHY)
