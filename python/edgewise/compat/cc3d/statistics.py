"""Sizes, boxes and centroids of the labels of a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .label_runs import measured_labels

if TYPE_CHECKING:
    from edgewise._arguments import AnyArray

__all__ = ["statistics"]


def statistics(out_labels: Any, no_slice_conversion: Any = False) -> dict[str, Any]:
    """Return the size, the box and the centroid of every label up to the largest.

    Parameters
    ----------
    out_labels : array of bool or integers, one to three axes
        Labels from 0 to at most the number of voxels. A line is a plane of one column.
    no_slice_conversion : bool, default False
        Boxes as an array.

    Returns
    -------
    dict
        ``voxel_counts`` : uint32 by label. ``bounding_boxes`` : a tuple of slices by label, None
        for labels that do not occur (in arrays of more than 65535 voxels a slice that holds
        nothing); as an array (uint16, or uint32 for axes longer than 65535) the first and the last
        index along each axis. ``centroids`` : float64, one row per label, NaN for labels that do
        not occur. All None for an empty array.

    Raises
    ------
    ValueError
        If a label is negative or larger than the number of voxels.
    OverflowError
        If all labels are negative, or one is beyond 64 bit.
    TypeError
        If the labels are no integers, or there are more than three axes.
    """
    labels: AnyArray = out_labels
    while labels.ndim < 2:
        labels = labels[..., np.newaxis]
    if not labels.size:
        return dict.fromkeys(("voxel_counts", "bounding_boxes", "centroids"))
    largest = int(labels.max())
    if not 0 <= largest < 2**64:
        message = (
            f"labels must be 0 to {labels.size}, the number of voxels: the largest is {largest}"
        )
        raise OverflowError(message)
    if largest > labels.size:
        message = f"labels must be at most {labels.size}, the number of voxels, got {largest}"
        raise ValueError(message)
    if labels.dtype.kind == "i" and labels.min() < 0:
        message = f"labels must be 0 or more, got {labels.min()}"
        raise ValueError(message)
    if labels.dtype.kind not in "biu" or labels.ndim > 3:
        message = f"labels must be integers in one to three axes, got {labels.dtype}"
        raise TypeError(message)
    found = measured_labels(labels, largest)
    return {
        "voxel_counts": found.counts,
        "bounding_boxes": found.boxes
        if no_slice_conversion
        else _as_slices(found.boxes, labels.size),
        "centroids": found.centroids,
    }


def _as_slices(boxes: AnyArray, voxels: int) -> list[tuple[slice, ...] | None]:
    firsts, ends = boxes[:, ::2], boxes[:, 1::2].astype(np.int64) + 1
    axes = [map(slice, *pair) for pair in zip(firsts.T.tolist(), ends.T.tolist(), strict=True)]
    slices: list[tuple[slice, ...] | None] = list(zip(*axes, strict=True))
    for label in np.flatnonzero(firsts.max(axis=1) >= voxels):  # as the library tells absent ones
        slices[label] = None
    return slices
