"""The smallest box around the foreground of a mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["box_of"]


def box_of(mask: NDArray[np.bool_]) -> tuple[slice, ...] | None:
    """Return one slice per axis; None if there is no foreground."""
    box = []
    for axis in range(mask.ndim):
        others = tuple(k for k in range(mask.ndim) if k != axis)
        where = np.flatnonzero(mask.any(axis=others) if others else mask)
        if not where.size:
            return None
        box.append(slice(int(where[0]), int(where[-1]) + 1))
    return tuple(box)
