"""Lengths of steps between elements, with the roundings that torchmetrics' have."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise._extras import require
from edgewise.voxels import distance_transform
from edgewise.voxels.chamfer import chamfer_transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["nearest", "rounded"]

torch = require("torch", extra="torch")

_BLOCK: Final = 1 << 18  # pairs of elements at a time: they stay in the cache
_EXACT: Final = 2.0**25  # distances whose squares are whole numbers that float64 holds


def rounded(distances: NDArray[np.float64], steps: Sequence[float]) -> NDArray[np.float32]:
    """Return Euclidean distances in single precision.

    Between whole numbers torchmetrics rounds the square first, then its root.
    """
    if all(isinstance(step, Integral) for step in steps) and distances.max() < _EXACT:
        return np.sqrt(np.rint(distances * distances).astype(np.float32))
    return distances.astype(np.float32)


def nearest(
    border: NDArray[np.bool_], other: NDArray[np.bool_], metric: str, steps: Sequence[float]
) -> NDArray[np.float32]:
    """Return the length from each element of a mask to the nearest of another, in raster order.

    Parameters
    ----------
    border, other : array of bool
        Masks of one shape; `other` has foreground.
    metric : {"euclidean", "chessboard", "taxicab"}
        Length of a step.
    steps : sequence of float
        Spacing per axis; of whole numbers lengths are whole until the last step.
    """
    if metric == "euclidean" and all(0 < abs(step) < np.inf for step in steps):
        spacing = [abs(float(step)) for step in steps]
        field = distance_transform(~other, spacing=spacing, dtype="float64")
        return rounded(field[border].astype(np.float64), steps)
    alike = isinstance(steps[0], Integral) and all(step == steps[0] for step in steps)
    if metric != "euclidean" and alike and steps[0] > 0:
        word: Any = metric
        return (chamfer_transform(~other, metric=word)[border] * steps[0]).astype(np.float32)
    return _shortest(np.argwhere(border), np.argwhere(other), metric, steps)


def _shortest(
    elements: NDArray[np.int64], others: NDArray[np.int64], metric: str, steps: Sequence[float]
) -> NDArray[np.float32]:
    """Return the length from each place to the nearest of the others, all pairs measured."""
    first, second = torch.from_numpy(elements), torch.from_numpy(others)
    rows = max(1, _BLOCK // max(1, len(others)))
    found = [
        _lengths(first[start : start + rows], second, metric, steps).amin(dim=1)
        for start in range(0, len(first), rows)
    ]
    return np.asarray(torch.cat(found).numpy())


def _lengths(first: Tensor, second: Tensor, metric: str, steps: Sequence[float]) -> Tensor:
    legs = [
        step * (first[:, axis, None] - second[None, :, axis]).abs()
        for axis, step in enumerate(steps)
    ]
    total = legs[0] ** 2 if metric == "euclidean" else legs[0]
    for leg in legs[1:]:
        if metric == "euclidean":
            total = total + leg**2
        else:
            total = total + leg if metric == "taxicab" else torch.max(total, leg)
    return total.sqrt() if metric == "euclidean" else total.float()
