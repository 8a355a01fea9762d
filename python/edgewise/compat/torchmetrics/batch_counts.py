"""Counts of many pairs of masks, until metrics.batches is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgewise.metrics.joint import count_masks

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["count_batch"]


def count_batch(reference: NDArray[np.bool_], prediction: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the sizes of both, of the reference and of the prediction, pair by pair."""
    first, second = np.ascontiguousarray(reference), np.ascontiguousarray(prediction)
    found = []
    for one, other in zip(first, second, strict=True):
        counts = count_masks(one, other, None, 1)
        found.append((counts.tp, counts.n_ref, counts.n_pred))
    return np.array(found, np.int64).reshape(-1, 3)
