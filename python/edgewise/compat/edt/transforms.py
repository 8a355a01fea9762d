"""The distance of every labelled voxel from the nearest voxel of another label or of none.

Background is 0, every other value is a label, negative and fractional ones too. With
``black_border`` the outside of the array is background. Results are float32, in the memory order
of the labels; labels that are contiguous in neither order are taken in C order. Arguments of all
functions here:

data
    One to three axes of bool, integers or floating values; never modified.
anisotropy
    Distance between neighbouring voxels, in any unit: a number for one axis, else one number per
    axis. Default: 1.
black_border
    Whether there is background outside of the array. Default: False, and where there is no other
    label either, the distance is inf.
parallel
    Number of threads; 0 and below: all. Default: 1.
voxel_graph
    Which neighbours are connected: computed by edt itself.

Raises IndexError or ValueError for a wrong number of axes (`edt` and `edtsq`: TypeError),
IndexError for too few spacings, TypeError for values that are no numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise.compat.c_numbers import c_float, c_int
from edgewise.compat.originals import original

from .measure import Plan, measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "edt",
    "edt1d",
    "edt1dsq",
    "edt2d",
    "edt2dsq",
    "edt3d",
    "edt3dsq",
    "edtsq",
]


def edt(
    data: Any,
    anisotropy: Any = None,
    black_border: Any = False,
    parallel: Any = 1,
    voxel_graph: Any = None,
    order: Any = None,
) -> NDArray[np.float32]:
    """Return distances for labels of one to three axes, also as nested lists."""
    plan = _plan(black_border, parallel, squared=False)
    return _of_any_axes(data, anisotropy, voxel_graph, plan)


def edtsq(
    data: Any,
    anisotropy: Any = None,
    black_border: Any = False,
    parallel: Any = 1,
    voxel_graph: Any = None,
    order: Any = None,
) -> NDArray[np.float32]:
    """Return squared distances for labels of one to three axes, also as nested lists."""
    plan = _plan(black_border, parallel, squared=True)
    return _of_any_axes(data, anisotropy, voxel_graph, plan)


def edt1d(data: Any, anisotropy: Any = 1.0, black_border: Any = False) -> NDArray[np.float32]:
    """Return distances along one axis."""
    return _of_axes(1, data, anisotropy, None, _plan(black_border, 1, squared=False))


def edt1dsq(data: Any, anisotropy: Any = 1.0, black_border: Any = False) -> NDArray[np.float32]:
    """Return squared distances along one axis."""
    return _of_axes(1, data, anisotropy, None, _plan(black_border, 1, squared=True))


def edt2d(
    data: Any,
    anisotropy: Any = (1.0, 1.0),
    black_border: Any = False,
    parallel: Any = 1,
    voxel_graph: Any = None,
) -> NDArray[np.float32]:
    """Return distances in two axes."""
    plan = Plan(squared=False, black_border=bool(black_border), threads=parallel)
    return _of_axes(2, data, anisotropy, voxel_graph, plan)


def edt2dsq(
    data: Any,
    anisotropy: Any = (1.0, 1.0),
    black_border: Any = False,
    parallel: Any = 1,
    voxel_graph: Any = None,
) -> NDArray[np.float32]:
    """Return squared distances in two axes."""
    plan = Plan(squared=True, black_border=bool(black_border), threads=parallel)
    return _of_axes(2, data, anisotropy, voxel_graph, plan)


def edt3d(
    data: Any,
    anisotropy: Any = (1.0, 1.0, 1.0),
    black_border: Any = False,
    parallel: Any = 1,
    voxel_graph: Any = None,
) -> NDArray[np.float32]:
    """Return distances in three axes."""
    plan = _plan(black_border, parallel, squared=False)
    return _of_axes(3, data, anisotropy, voxel_graph, plan)


def edt3dsq(
    data: Any,
    anisotropy: Any = (1.0, 1.0, 1.0),
    black_border: Any = False,
    parallel: Any = 1,
    voxel_graph: Any = None,
) -> NDArray[np.float32]:
    """Return squared distances in three axes."""
    plan = _plan(black_border, parallel, squared=True)
    return _of_axes(3, data, anisotropy, voxel_graph, plan)


def _plan(black_border: Any, parallel: Any, *, squared: bool) -> Plan:
    return Plan(squared=squared, black_border=bool(black_border), threads=c_int(parallel))


def _of_any_axes(data: Any, anisotropy: Any, voxel_graph: Any, plan: Plan) -> NDArray[np.float32]:
    labels = np.array(data) if isinstance(data, list) else data
    ndim = len(labels.shape)
    if not labels.size:
        return np.zeros(labels.shape, np.float32)
    if voxel_graph is not None and ndim not in (2, 3):
        message = f"a voxel graph needs two or three axes, got {ndim}"
        raise TypeError(message)
    if ndim not in (1, 2, 3):
        message = f"labels must have one to three axes, got {ndim}"
        raise TypeError(message)
    if anisotropy is None:
        anisotropy = 1.0 if ndim == 1 else (1.0,) * ndim
    return _of_axes(ndim, labels, anisotropy, voxel_graph, plan)


def _of_axes(
    ndim: int, data: Any, anisotropy: Any, voxel_graph: Any, plan: Plan
) -> NDArray[np.float32]:
    if voxel_graph is not None:
        theirs = original(f"edt:edt{ndim}d{'sq' * plan.squared}", why="distances in voxel graphs")
        found: NDArray[np.float32] = theirs(
            data, anisotropy, plan.black_border, plan.threads, voxel_graph
        )
        return found
    shape = data.shape
    if len(shape) < ndim or not data.size:
        message = f"labels must have {ndim} axes and voxels, got shape {shape}"
        raise IndexError(message)
    steps: Sequence[float]
    if ndim > 1:  # the last axis is read first
        steps = [c_float(anisotropy[axis]) for axis in reversed(range(ndim))][::-1]
    if len(shape) > ndim:
        message = f"labels must have {ndim} axes, got shape {shape}"
        raise ValueError(message)
    if ndim == 1:
        steps = (c_float(anisotropy),)
    return measured(data, steps, plan._replace(threads=c_int(plan.threads)))
