"""Distances of images that are wider than high, as torchmetrics reads them.

Its distance transform writes the distance of row i and column j to place ``i * height + j``
instead of ``i * width + j``. What is read at an element is then another element's distance, of
several the last one's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgewise.voxels import boundary

from .lengths import nearest

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
    written = np.zeros(border.size, np.float32)
    # of several the last one
    written[rows * border.shape[0] + columns] = nearest(~other, other, metric, steps)
    return np.float32(written[border.ravel()].max())
