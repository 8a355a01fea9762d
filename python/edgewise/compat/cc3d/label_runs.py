"""What the labels of a map measure, from runs: stretches of one label along the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgewise._arguments import AnyArray
    from numpy.typing import NDArray

__all__ = ["LabelMeasures", "label_counts", "measured_labels"]

_CHUNK: Final = 1 << 21  # voxels that are cut into runs at once


class LabelMeasures(NamedTuple):
    """Measures by label.

    Attributes
    ----------
    counts : uint32 array
        Number of voxels.
    boxes : uint16 or uint32 array
        Per axis the first and the last index.
    centroids : float64 array
        Mean index along each axis.
    """

    counts: NDArray[np.uint32]
    boxes: AnyArray
    centroids: NDArray[np.float64]


class _Runs(NamedTuple):
    """Runs in the order of the memory: label, first index and length, index of their row."""

    labels: AnyArray
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    rows: NDArray[np.int64]


def label_counts(labels: AnyArray, largest: int) -> NDArray[np.int64]:
    """Return the number of voxels of each label from 0 to the largest."""
    counts = np.zeros(largest + 1, np.int64)
    for runs in _foreground(_in_memory(labels)):
        counts += np.bincount(runs.labels, runs.lengths, largest + 1).astype(np.int64)
    counts[0] = labels.size - counts.sum()
    return counts


def measured_labels(labels: AnyArray, largest: int) -> LabelMeasures:
    """Measure the labels 0 to `largest` of an array of up to three axes."""
    in_memory = _in_memory(labels)
    shape = in_memory.shape
    number, ndim = largest + 1, labels.ndim
    counts = np.zeros(number, np.int64)
    sums = np.zeros((ndim, number))
    wide = np.uint32 if max(shape) > np.iinfo(np.uint16).max else np.uint16
    first = np.full((ndim, number), np.iinfo(wide).max, np.int64)
    last = np.zeros((ndim, number), np.int64)
    for runs in _runs(in_memory):
        ends = runs.starts + runs.lengths
        counts += np.bincount(runs.labels, runs.lengths, number).astype(np.int64)
        along = (runs.starts + ends - 1) * runs.lengths // 2
        sums[-1] += np.bincount(runs.labels, along, number)
        np.minimum.at(first[-1], runs.labels, runs.starts)
        np.maximum.at(last[-1], runs.labels, ends - 1)
        for axis, places in enumerate(np.unravel_index(runs.rows, shape[:-1])):
            sums[axis] += np.bincount(runs.labels, places * runs.lengths, number)
            np.minimum.at(first[axis], runs.labels, places)
            np.maximum.at(last[axis], runs.labels, places)
    with np.errstate(invalid="ignore"):
        centroids = sums / counts
    if in_memory is not labels and labels.flags.f_contiguous:
        first, last, centroids = first[::-1], last[::-1], centroids[::-1]
    boxes = np.stack([first, last], axis=1).reshape(2 * ndim, number).T
    return LabelMeasures(
        counts.astype(np.uint32),
        np.ascontiguousarray(boxes, dtype=wide),
        np.ascontiguousarray(centroids.T),
    )


def _in_memory(labels: AnyArray) -> AnyArray:
    """Return the array in C order, its axes reversed if they lie so; nothing is copied then."""
    if labels.flags.f_contiguous and not labels.flags.c_contiguous:
        return labels.T
    return np.ascontiguousarray(labels)


def _runs(labels: AnyArray) -> Iterator[_Runs]:
    """Yield the runs of one part of the array after another."""
    rows = labels.reshape(-1, labels.shape[-1])
    width = rows.shape[1]
    step = max(1, _CHUNK // width)
    for begin in range(0, len(rows), step):
        part = rows[begin : begin + step]
        flat = part.ravel()
        change = np.empty(flat.size, bool)
        np.not_equal(flat[1:], flat[:-1], out=change[1:])
        change[::width] = True
        at = np.flatnonzero(change)
        lengths = np.diff(at, append=flat.size)
        row, start = np.divmod(at, width)
        yield _Runs(flat[at].astype(np.intp), start, lengths, row + begin)


def _foreground(labels: AnyArray) -> Iterator[_Runs]:
    for runs in _runs(labels):
        inside = runs.labels != 0
        yield _Runs(*(values[inside] for values in runs))
