"""Instances of two label maps: which overlap, how much, and which are partners."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from edgewise._arguments import as_threads
from edgewise._extras import require
from edgewise.metrics.joint import joint_histogram

from ._tensors import as_array

__all__ = ["Overlaps", "class_overlaps", "matched", "overlaps"]


class Overlaps(NamedTuple):
    """How much the instances of two label maps overlap.

    Attributes
    ----------
    iou : float32 array [instances of the reference, instances of the prediction]
        Ascending numbers.
    """

    iou: np.ndarray[Any, Any]


def overlaps(pred: Any, gt: Any) -> Overlaps:
    """Return the overlaps of all labels but 0 of int tensors."""
    return Overlaps(_iou(*_table(as_array(gt), as_array(pred))))


def class_overlaps(pred: Any, gt: Any, num_classes: int) -> list[Overlaps]:
    """Return the overlaps of every class of tensors [2, spatial...]: instances, their classes."""
    classes = []
    for instances, of_class in (gt, pred):
        numbers, labels = as_array(of_class), as_array(instances.int())
        whole = numbers.astype(np.int64)
        counts = (whole == numbers) & (whole >= 1) & (whole <= num_classes) & (labels != 0)
        # class and instance in one number; instances may be negative
        classes.append(np.where(counts, (whole << 32) + (labels.astype(np.int64) & 0xFFFFFFFF), 0))
    joint, rows, columns = _table(classes[0], classes[1])
    found = []
    for number in range(1, num_classes + 1):
        ours = [
            {key: n for key, n in one.items() if key >> 32 == number} for one in (rows, columns)
        ]
        found.append(Overlaps(_iou(joint, *ours)))
    return found


def matched(found: Overlaps, threshold: float) -> tuple[int, int, int, Any]:
    """Return the numbers of pairs, of predictions and of references alone, and the sum of IoU.

    Below a threshold of 0.5 the pairs are those of the largest sum; above, there is no choice.
    """
    iou = found.iou
    if threshold >= 0.5:
        values = torch.from_numpy(iou)
        kept: Any = values[values > threshold]
    else:
        optimize = require("scipy.optimize", extra="scipy")
        best = iou[optimize.linear_sum_assignment(-iou)]
        kept = best[best > threshold]
    n = len(kept)
    return n, iou.shape[1] - n, iou.shape[0] - n, kept.sum()


def _table(gt: np.ndarray[Any, Any], pred: np.ndarray[Any, Any]) -> tuple[Any, Any, Any]:
    if not gt.size:
        return {}, {}, {}
    first, second = (np.ascontiguousarray(one).reshape(-1) for one in (gt, pred))
    table = joint_histogram(first, second, None, as_threads("auto"))
    return table.joint, table.rows, table.columns


def _iou(joint: Any, rows: Any, columns: Any) -> np.ndarray[Any, Any]:
    ours = [{key: k for k, key in enumerate(sorted(set(one) - {0}))} for one in (rows, columns)]
    iou = np.zeros((len(ours[0]), len(ours[1])), np.float32)
    for (row, column), both in joint.items():
        if row in ours[0] and column in ours[1]:
            union = np.float32(rows[row] + columns[column] - both)
            iou[ours[0][row], ours[1][column]] = np.float32(both) / union
    return iou
