"""The table behind every count: how often each reference label meets each predicted one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgewise.errors import ConfigError

from .scoring import table_of_label_maps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["confusion_matrix"]


def confusion_matrix(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    labels: Sequence[int] | None = None,
    ignore_label: int | None = None,
    ignore_mask: ArrayLike | None = None,
    allow_negative_labels: bool = False,
) -> tuple[list[int], NDArray[np.int64]]:
    """Return the labels and how many voxels have each pair of them.

    Parameters
    ----------
    reference, prediction : array_like of integers
        Label maps of the same shape, any number of axes and memory order; never modified.
    labels : sequence of int, optional
        Rows and columns, in this order; voxels with another label on either side are left out.
        Default: every label of either map, ascending, background included.
    ignore_label : int, optional
        Voxels with this reference label do not count.
    ignore_mask : array_like of bool, optional
        Voxels that do not count; one of the two only.
    allow_negative_labels : bool, default False
        Whether negative values are ordinary labels.

    Returns
    -------
    labels : list of int
        Of the rows and of the columns.
    matrix : int64 array, one row and one column per label
        Rows are the reference, columns the prediction.

    Raises
    ------
    ShapeError
        If the shapes differ or an axis has length 0.
    LabelError
        If an array is no label map.
    ConfigError
        If a label is given twice.

    Examples
    --------
    >>> labels, matrix = confusion_matrix([0, 1, 1, 2], [0, 1, 2, 2])
    >>> labels, matrix.tolist()
    ([0, 1, 2], [[1, 0, 0], [0, 1, 1], [0, 0, 1]])
    """
    table = table_of_label_maps(
        reference,
        prediction,
        spacing=None,
        ignore_label=ignore_label,
        ignore_mask=ignore_mask,
        allow_negative_labels=allow_negative_labels,
    )
    if labels is None:
        chosen = sorted({*table.rows, *table.columns})
    else:
        chosen = [int(label) for label in labels]
    place = {label: k for k, label in enumerate(chosen)}
    if len(place) != len(chosen):
        message = f"labels must differ from one another, got {chosen}"
        raise ConfigError(message)
    matrix = np.zeros((len(chosen), len(chosen)), np.int64)
    for (row, column), n in table.joint.items():
        if row in place and column in place:
            matrix[place[row], place[column]] = n
    return chosen, matrix
