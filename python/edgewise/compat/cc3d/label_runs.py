"""What the labels of a map measure: from the kernels, and from runs along the memory.

A run is a stretch of one label within a row. Few labels are measured by the kernels, one table for
all and a walk over each label's box; many labels, or boxes that lie in each other, by the runs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from edgewise._arguments import as_threads
from edgewise.metrics.joint import joint_histogram
from edgewise.metrics.moments import moments_of_label
from edgewise.voxels import count_labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from edgewise._arguments import AnyArray

__all__ = ["LabelMeasures", "label_counts", "measured_labels"]

_PER_LABEL: Final = 2048  # voxels that are walked over while one label is entered in a table
_OVERLAP: Final = 4  # boxes may hold as many times the voxels of the array
_CHUNK: Final = 1 << 19  # voxels that are cut into runs at once


class LabelMeasures(NamedTuple):
    """Measures by label.

    Attributes
    ----------
    counts : uint32 array
        Number of voxels.
    boxes : uint16 or uint32 array
        Per axis the first and the last index; of absent labels the largest number and 0.
    centroids : float64 array
        Mean index along each axis; NaN of absent labels.
    """

    counts: NDArray[np.uint32]
    boxes: AnyArray
    centroids: NDArray[np.float64]


class _Found(NamedTuple):
    """What is being measured, by label; sums of indices and boxes in the order of the memory."""

    counts: NDArray[np.int64]
    boxes: NDArray[np.int64]
    sums: NDArray[np.float64]


class _Runs(NamedTuple):
    """Runs of foreground in the order of the memory."""

    labels: NDArray[np.intp]
    starts: NDArray[np.intp]  # index along the last axis
    lengths: NDArray[np.intp]
    places: tuple[NDArray[np.intp], ...]  # index along each axis but the last


def label_counts(labels: AnyArray, largest: int) -> NDArray[np.int64]:
    """Return the number of voxels of each label from 0 to the largest."""
    counts = np.zeros(largest + 1, np.int64)
    if _are_few(labels, largest):
        found = count_labels(labels)
        counts[list(found)] = list(found.values())
        return counts
    for runs in _foreground(_in_memory(labels)):
        counts += np.bincount(runs.labels, runs.lengths, largest + 1).astype(np.int64)
    counts[0] = labels.size - counts.sum()
    return counts


def measured_labels(labels: AnyArray, largest: int) -> LabelMeasures:
    """Measure the labels 0 to `largest` of an array of two or three axes."""
    in_memory = _in_memory(labels)
    wide = np.uint32 if max(labels.shape) > np.iinfo(np.uint16).max else np.uint16
    number = largest + 1
    found = _Found(
        np.zeros(number, np.int64),
        np.zeros((number, labels.ndim, 2), np.int64),
        np.zeros((number, labels.ndim)),
    )
    found.boxes[:, :, 0] = np.iinfo(wide).max
    if not (_are_few(labels, largest) and _by_boxes(in_memory, found)):
        _by_runs(in_memory, found)
    found.sums[0] = [labels.size * (n - 1) / 2 for n in in_memory.shape] - found.sums.sum(axis=0)
    with np.errstate(invalid="ignore"):
        centroids = found.sums / found.counts[:, np.newaxis]
    boxes = found.boxes
    if in_memory.strides != labels.strides and labels.flags.f_contiguous:
        boxes, centroids = boxes[:, ::-1], centroids[:, ::-1]
    return LabelMeasures(
        found.counts.astype(np.uint32),
        boxes.astype(wide, order="C").reshape(number, -1),
        np.ascontiguousarray(centroids),
    )


def _are_few(labels: AnyArray, largest: int) -> bool:
    """Whether a table of the labels costs less than a walk over the voxels."""
    return largest * _PER_LABEL <= labels.size


def _by_boxes(labels: AnyArray, found: _Found) -> bool:
    """Measure labels one by one; False, and nothing measured, if their boxes lie in each other."""
    table = joint_histogram(labels, labels, None, as_threads("auto"))
    boxes = {label: box for label, box in table.ref_boxes.items() if label}
    voxels = sum(math.prod(stop - start for start, stop in box) for box in boxes.values())
    if voxels > _OVERLAP * labels.size:
        return False
    for label, box in table.ref_boxes.items():
        found.counts[label] = table.rows[label]
        found.boxes[label] = box
        found.boxes[label, :, 1] -= 1
    for label, box in boxes.items():
        found.sums[label] = moments_of_label(labels, label, box).sums
    return True


def _by_runs(labels: AnyArray, found: _Found) -> None:
    counts = found.counts
    for runs in _foreground(labels):
        _add_sums(found.sums, runs)
        counts += np.bincount(runs.labels, runs.lengths, len(counts)).astype(np.int64)
        _widen(found.boxes, runs)
    counts[0] = labels.size - counts.sum()
    if counts[0]:
        found.boxes[0] = _box_of_background(labels)


def _add_sums(sums: NDArray[np.float64], runs: _Runs) -> None:
    """Add up indices by label; whole numbers below 2**53, so exact."""
    number, ndim = sums.shape
    along = (2 * runs.starts + runs.lengths - 1) * runs.lengths // 2
    sums[:, ndim - 1] += np.bincount(runs.labels, along, number)
    for axis, place in enumerate(runs.places):
        sums[:, axis] += np.bincount(runs.labels, place * runs.lengths, number)


def _widen(boxes: NDArray[np.int64], runs: _Runs) -> None:
    """Widen the boxes, first and last index per axis, so that they hold the runs."""
    ends = runs.starts + runs.lengths - 1
    for axis, (lows, highs) in enumerate([*((p, p) for p in runs.places), (runs.starts, ends)]):
        np.minimum.at(boxes[:, axis, 0], runs.labels, lows)
        np.maximum.at(boxes[:, axis, 1], runs.labels, highs)


def _box_of_background(labels: AnyArray) -> list[tuple[int, int]]:
    """Return the first and the last index of 0 along each axis; there must be one."""
    box = []
    for axis, size in enumerate(labels.shape):
        planes = np.moveaxis(labels, axis, 0)
        first = next(k for k in range(size) if not planes[k].all())
        last = next(k for k in reversed(range(size)) if not planes[k].all())
        box.append((first, last))
    return box


def _in_memory(labels: AnyArray) -> AnyArray:
    """Return the array in C order, its axes reversed if they lie so; nothing is copied then."""
    if labels.flags.f_contiguous and not labels.flags.c_contiguous:
        return labels.T
    return np.ascontiguousarray(labels)


def _foreground(labels: AnyArray) -> Iterator[_Runs]:
    """Yield the runs of foreground, one part of the array after another."""
    rows = labels.reshape(-1, labels.shape[-1])
    width = rows.shape[1]
    step = max(1, _CHUNK // width)
    for begin in range(0, len(rows), step):
        flat = rows[begin : begin + step].ravel()
        change = np.empty(flat.size, bool)
        np.not_equal(flat[1:], flat[:-1], out=change[1:])
        change[::width] = True
        at = np.flatnonzero(change)
        lengths = np.diff(at, append=flat.size)
        found = flat[at]
        inside = np.flatnonzero(found)
        at = at[inside]
        row = at // width
        starts = at - row * width
        row += begin
        places: tuple[NDArray[np.intp], ...] = (row,)
        if labels.ndim == 3:
            plane = row // labels.shape[1]
            places = (plane, row - plane * labels.shape[1])
        yield _Runs(found[inside].astype(np.intp), starts, lengths[inside], places)
