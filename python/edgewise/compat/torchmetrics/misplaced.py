"""Distances of images that are wider than high, as torchmetrics reads them.

Its distance transform writes the distance of row i and column j to place ``i * height + j``
instead of ``i * width + j``. What is read at an element is then another element's distance, of
several the last one's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgewise.voxels import boundary, distance_transform

from .lengths import rounded, shortest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["farthest_misplaced"]


def farthest_misplaced(
    preds: NDArray[np.bool_],
    target: NDArray[np.bool_],
    metric: str,
    steps: Sequence[float],
    *,
    directed: bool,
) -> np.float32:
    """Return the Hausdorff distance that torchmetrics finds; neither mask is empty."""
    first, second = (np.pad(boundary(mask), 1) for mask in (preds, target))
    found = _read_misplaced(first, second, metric, steps)
    if directed:
        return found
    return max(found, _read_misplaced(second, first, metric, steps))


def _read_misplaced(
    border: NDArray[np.bool_], other: NDArray[np.bool_], metric: str, steps: Sequence[float]
) -> np.float32:
    rows, columns = np.nonzero(~other)
    if metric == "euclidean" and all(0 < abs(step) < np.inf for step in steps):
        spacing = [abs(float(step)) for step in steps]
        field = distance_transform(~other, spacing=spacing, dtype="float64")
        lengths = rounded(field[rows, columns].astype(np.float64), steps)
    else:
        lengths = shortest(np.stack([rows, columns], axis=1), np.argwhere(other), metric, steps)
    written = np.zeros(border.size, np.float32)
    written[rows * border.shape[0] + columns] = lengths  # of several the last one
    return np.float32(written[border.ravel()].max())
