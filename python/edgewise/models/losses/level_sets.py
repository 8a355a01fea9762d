"""Signed distance to the border of each class: what boundary and Hausdorff losses multiply with.

numpy in, numpy out, no torch, so that a data worker computes them beside the training step. The
distances are those of `edgewise.voxels.distance_transform`, exact, with spacing; classes run in
parallel threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from edgewise._arguments import Spacing, Threads, as_label_map, as_spacing, as_threads
from edgewise.errors import ConfigError, LabelError
from edgewise.voxels import distance_transform

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["boundary_map", "level_sets"]


def boundary_map(
    labels: ArrayLike,
    classes: int,
    *,
    spacing: Spacing = None,
    inner_zero: bool = False,
    ignore_index: int | None = None,
    threads: Threads = "auto",
) -> NDArray[np.float32]:
    """Return for each class the signed distance to its border: negative inside, positive outside.

    Parameters
    ----------
    labels : array of integers (...)
        One case, 0 to ``classes - 1``.
    classes : int
        Number of classes, background included.
    spacing : float or sequence of float, optional
        Distance between neighbouring voxels along each axis, in mm. Default: 1.
    inner_zero : bool, default False
        Distances are between voxel centres: -1 and 1 beside the border at spacing 1. True: the
        least spacing is taken off inside, which puts 0 on the inner voxels of the border at
        spacing 1, as the code of the paper does (it takes off 1 at any spacing).
    ignore_index : int, optional
        Voxels of this label belong to no class.
    threads : int or "auto", default "auto"
        Number of threads; the result does not depend on it. 1 in a data worker.

    Returns
    -------
    array of float32 (classes, ...)
        In the unit of `spacing`; 0 everywhere for a class that is absent or fills the image.

    Raises
    ------
    LabelError
        If a label is no class.
    SpacingError
        If `spacing` is not finite and positive, or not one value per axis.
    ConfigError
        If `classes` is below 1, or no integer.

    References
    ----------
    .. [1] H. Kervadec et al., "Boundary loss for highly unbalanced segmentation",
       arXiv:1812.07032, 2019.

    Examples
    --------
    >>> boundary_map([0, 0, 1, 1, 1], 2)[1]
    array([ 2.,  1., -1., -2., -3.], dtype=float32)
    >>> boundary_map([0, 0, 1, 1, 1], 2, inner_zero=True)[1]
    array([ 2.,  1.,  0., -1., -2.], dtype=float32)
    """
    if not isinstance(classes, Integral) or classes < 1:
        message = f"classes must be at least 1, and an integer, got {classes!r}"
        raise ConfigError(message)
    array = as_label_map(labels, allow_negative_labels=True)
    counted = array if ignore_index is None else array[array != ignore_index]
    low, high = (int(counted.min()), int(counted.max())) if counted.size else (0, 0)
    if low < 0 or high >= classes:
        message = f"labels must be 0 to {classes - 1} for {classes} classes, found "
        message += f"{low if low < 0 else high}; ignore_index= leaves one label out"
        raise LabelError(message)
    maps = np.zeros((int(classes), *array.shape), np.float32)
    wanted = [c for c in range(classes) if c != ignore_index]
    jobs = [partial(_class_level_set, maps[c], array, c) for c in wanted]
    steps = as_spacing(spacing, array.ndim)
    _run(jobs, steps, inner_zero=inner_zero, threads=threads)
    return maps


def level_sets(
    masks: NDArray[np.bool_],
    *,
    spacing: Spacing = None,
    inner_zero: bool = False,
    threads: Threads = "auto",
) -> NDArray[np.float32]:
    """Return the signed distance to its border for each of many masks, as `boundary_map` does.

    Parameters
    ----------
    masks : array of bool (M, ...)
        C order.
    spacing, inner_zero, threads
        See `boundary_map`.

    Returns
    -------
    array of float32 (M, ...)
        Its magnitude is ``edt(foreground) + edt(background)``.
    """
    maps = np.empty(masks.shape, np.float32)
    jobs = [partial(_level_set, maps[i], masks[i]) for i in range(len(masks))]
    steps = as_spacing(spacing, masks.ndim - 1)
    _run(jobs, steps, inner_zero=inner_zero, threads=threads)
    return maps


def _run(
    jobs: Sequence[Callable[..., None]],
    spacing: tuple[float, ...],
    *,
    inner_zero: bool,
    threads: Threads,
) -> None:
    """Run every job; masks in parallel where there are enough of them, else voxels."""
    number = as_threads(threads)
    workers = max(1, min(number, len(jobs)))
    inside = max(1, number // workers)

    def run(job: Callable[..., None]) -> None:
        job(spacing=spacing, inner_zero=inner_zero, threads=inside)

    if workers == 1:
        for job in jobs:
            run(job)
        return
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(run, jobs):  # raises what a job raised
            pass


def _class_level_set(
    out: NDArray[np.float32],
    labels: NDArray[np.integer],
    label: int,
    *,
    spacing: tuple[float, ...],
    inner_zero: bool,
    threads: int,
) -> None:
    _level_set(out, labels == label, spacing=spacing, inner_zero=inner_zero, threads=threads)


def _level_set(
    out: NDArray[np.float32],
    mask: NDArray[np.bool_],
    *,
    spacing: tuple[float, ...],
    inner_zero: bool,
    threads: int,
) -> None:
    inward = distance_transform(mask, spacing=spacing, signed=True, threads=threads)
    if not np.isfinite(inward.flat[0]):  # there is no border
        out.fill(0)
        return
    np.negative(inward, out=out)
    if inner_zero:
        np.add(out, np.float32(min(spacing)), out=out, where=mask)
