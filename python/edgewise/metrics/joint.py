"""The joint histogram of two label maps: voxels per pair of labels, and a box per label."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from edgewise import _core

from .counts import Counts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from edgewise._arguments import AnyArray

__all__ = ["Box", "JointHistogram", "joint_histogram", "table_of"]

Box: TypeAlias = tuple[tuple[int, int], ...]  # (start, stop) per axis


@dataclass(frozen=True, slots=True, eq=False)
class JointHistogram:
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
    """

    joint: Mapping[tuple[int, int], int]
    rows: Mapping[int, int]
    columns: Mapping[int, int]
    total: int
    ref_boxes: Mapping[int, Box]
    pred_boxes: Mapping[int, Box]

    def counts(self, members: Collection[int]) -> Counts:
        """Return the four counts of the region made of the labels `members`."""
        inside = set(members)
        n_ref = sum(self.rows.get(label, 0) for label in inside)
        n_pred = sum(self.columns.get(label, 0) for label in inside)
        if len(inside) ** 2 <= len(self.joint):
            tp = sum(self.joint.get((r, p), 0) for r in inside for p in inside)
        else:
            tp = sum(n for (r, p), n in self.joint.items() if r in inside and p in inside)
        return Counts(tp, n_pred - tp, n_ref - tp, self.total - n_ref - n_pred + tp)

    def box(self, members: Collection[int]) -> Box | None:
        """Return the smallest box around the region in both maps; None if it occurs in neither."""
        boxes = [self.ref_boxes[label] for label in members if label in self.ref_boxes]
        boxes += [self.pred_boxes[label] for label in members if label in self.pred_boxes]
        if not boxes:
            return None
        return tuple(
            (min(start for start, _ in axis), max(stop for _, stop in axis))
            for axis in zip(*boxes, strict=True)
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
    reference: AnyArray, prediction: AnyArray, ignored: AnyArray | None, threads: int
) -> JointHistogram:
    """Count the pairs of labels of two label maps in one pass; boxes up to three axes only."""
    boxed = reference.ndim <= 3
    if not boxed:  # contiguous, in one memory order: views
        reference, prediction = reference.ravel(order="K"), prediction.ravel(order="K")
        ignored = None if ignored is None else ignored.ravel(order="K")
    ref_labels, pred_labels, pairs, numbers, ref_boxes, pred_boxes = _core.joint_histogram(
        reference, prediction, ignored, threads=threads
    )
    table = table_of(
        dict(
            zip(
                zip(
                    ref_labels[pairs[:, 0]].tolist(), pred_labels[pairs[:, 1]].tolist(), strict=True
                ),
                numbers.tolist(),
                strict=True,
            )
        )
    )
    if not boxed:
        return table
    return replace(
        table,
        ref_boxes=dict(zip(ref_labels.tolist(), _boxes(ref_boxes), strict=True)),
        pred_boxes=dict(zip(pred_labels.tolist(), _boxes(pred_boxes), strict=True)),
    )


def _boxes(boxes: AnyArray) -> list[Box]:
    return [tuple(map(tuple, box)) for box in boxes.tolist()]
