"""The joint histogram of two label maps: voxels per pair of labels, and a box per label."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from edgewise import _core

from .counts import Counts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from edgewise._arguments import AnyArray

__all__ = ["Box", "JointHistogram", "count_masks", "joint_histogram", "table_of"]

Box: TypeAlias = tuple[tuple[int, int], ...]  # (start, stop) per axis


class JointHistogram(NamedTuple):
    """Counts of pairs of labels; rows are the reference, columns the prediction.

    Attributes
    ----------
    joint : mapping
        (reference label, prediction label) to the number of voxels, pairs that occur only.
    rows, columns : mapping
        Label to its number of voxels in the reference, in the prediction; ascending labels.
    total : int
        Number of voxels, ignored ones left out.
    ref_boxes, pred_boxes : mapping
        Label to the smallest box around its voxels.
    packed : PackedPair, optional
        Both maps as bits, if they were to be kept and hold only 0 and 1.
    """

    joint: Mapping[tuple[int, int], int]
    rows: Mapping[int, int]
    columns: Mapping[int, int]
    total: int
    ref_boxes: Mapping[int, Box]
    pred_boxes: Mapping[int, Box]
    packed: _core.PackedPair | None = None

    def counts(self, members: Collection[int]) -> Counts:
        """Return the four counts of the region made of the labels `members`."""
        if len(members) == 1:  # as nearly always
            (label,) = members
            tp, n_ref = self.joint.get((label, label), 0), self.rows.get(label, 0)
            return Counts.of_sizes(tp, n_ref, self.columns.get(label, 0), self.total)
        inside = set(members)
        n_ref = sum(self.rows.get(label, 0) for label in inside)
        n_pred = sum(self.columns.get(label, 0) for label in inside)
        if len(inside) ** 2 <= len(self.joint):
            tp = sum(self.joint.get((r, p), 0) for r in inside for p in inside)
        else:
            tp = sum(n for (r, p), n in self.joint.items() if r in inside and p in inside)
        return Counts.of_sizes(tp, n_ref, n_pred, self.total)

    def box(self, members: Collection[int]) -> Box | None:
        """Return the smallest box around the region in both maps; None if it occurs in neither."""
        boxes = [self.ref_boxes[label] for label in members if label in self.ref_boxes]
        boxes += [self.pred_boxes[label] for label in members if label in self.pred_boxes]
        if not boxes:
            return None
        return reduce(_around, boxes)


def _around(one: Box, other: Box) -> Box:
    """Return the smallest box around two."""
    return tuple(
        (a if a < b else b, c if c > d else d) for (a, c), (b, d) in zip(one, other, strict=True)
    )


def table_of(joint: Mapping[tuple[int, int], int]) -> JointHistogram:
    """Return the histogram with the margins of given pair counts, without boxes."""
    rows: dict[int, int] = {}
    columns: dict[int, int] = {}
    for (row, column), n in joint.items():
        rows[row] = rows.get(row, 0) + n
        columns[column] = columns.get(column, 0) + n
    return JointHistogram(
        dict(joint),
        dict(sorted(rows.items())),
        dict(sorted(columns.items())),
        sum(rows.values()),
        {},
        {},
    )


def joint_histogram(
    reference: AnyArray,
    prediction: AnyArray,
    ignored: AnyArray | None,
    threads: int,
    *,
    keep: bool = False,
) -> JointHistogram:
    """Count the pairs of labels of two label maps in one pass; boxes up to three axes only.

    `keep` says that masks will be measured, which then need not be read again.
    """
    boxed = reference.ndim <= 3
    if not boxed:  # contiguous, in one memory order: views
        reference, prediction = reference.ravel(order="K"), prediction.ravel(order="K")
        ignored = None if ignored is None else ignored.ravel(order="K")
    joint, rows, columns, ref_boxes, pred_boxes, packed = _core.joint_histogram(
        reference, prediction, ignored, keep=keep and boxed, threads=threads
    )
    total = sum(rows.values())
    if not boxed:
        return JointHistogram(joint, rows, columns, total, {}, {})
    return JointHistogram(joint, rows, columns, total, ref_boxes, pred_boxes, packed)


def count_masks(
    reference: AnyArray, prediction: AnyArray, ignored: AnyArray | None, threads: int
) -> Counts:
    """Count two masks, without the boxes and the table of `joint_histogram`."""
    return Counts.of_sizes(*_core.mask_counts(reference, prediction, ignored, threads=threads))
