"""The largest distance between the boundaries of two masks, for every pair of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise._extras import require
from edgewise.metrics.batches import distance_lists_of_batch
from edgewise.voxels import boundary

from .lengths import nearest, rounded
from .misplaced import farthest_misplaced
from .overlap import as_mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["farthest"]

torch = require("torch", extra="torch")

_Fault = tuple[type[Exception], str]
_EMPTY: Final[_Fault] = (RuntimeError, "a pair of empty masks has no Hausdorff distance")
_OTHER: Final[_Fault] = (ValueError, "masks must hold only 0 and 1")


def farthest(
    preds: Tensor,
    target: Tensor,
    metric: str,
    spacing: Sequence[float] | Tensor | None,
    *,
    directed: bool,
    corrected: bool,
) -> NDArray[np.float32]:
    """Return the Hausdorff distance of every pair, ``[N, C]``.

    Parameters
    ----------
    preds, target : Tensor
        Masks ``[N, C, ...]``.
    metric : {"euclidean", "chessboard", "taxicab"}
        Length of a step.
    spacing : sequence of float or Tensor, optional
        One per axis. Default: 1.
    directed : bool
        From the prediction's boundary to the target's only.
    corrected : bool
        See `hausdorff_distance`.

    Raises
    ------
    ValueError, RuntimeError, IndexError
        Of the first pair that torchmetrics does not measure.
    """
    samples, classes, *shape = preds.shape
    if not samples * classes:
        return np.zeros((samples, classes), np.float32)
    if classes > target.shape[1]:  # pairs before the first without partner may raise as well
        kept = preds[:1, : target.shape[1]], target[:1]
        farthest(*kept, metric, spacing, directed=directed, corrected=corrected)
        message = f"preds has {classes} classes, target {target.shape[1]}"
        raise IndexError(message)
    if not (1 if corrected else 2) <= len(shape) <= 3:
        message = f"masks must have two axes, got {len(shape)}"
        raise ValueError(message)
    sides = [side[:, :classes].detach().cpu() for side in (preds, target)]
    first, second = (_binary(side) for side in sides)
    some, others = (_foreground(mask) for mask in (first, second))
    both = some & others
    if not corrected:
        _check(sides, some, others, _refused(spacing, shape))
    elif any(_strange(side).any() for side in sides):
        raise _OTHER[0](_OTHER[1])
    values = np.where(some | others, np.float32(np.inf), np.float32(np.nan))
    if both.any():
        steps = _steps(spacing, len(shape))
        pairs = first[both], second[both]
        if corrected or shape[0] == shape[1]:
            values[both] = _measured(*pairs, metric, steps, directed=directed)
        else:
            values[both] = [
                farthest_misplaced(one, other, metric, steps, directed=directed)
                for one, other in zip(*pairs, strict=True)
            ]
    return values.reshape(samples, classes)


def _binary(side: Tensor) -> NDArray[np.bool_]:
    """Return the masks one after the other, whatever is not 0 as foreground."""
    mask = as_mask(side)
    if mask is None:
        mask = np.asarray((side != 0).numpy())
    return mask.reshape(-1, *mask.shape[2:])


def _foreground(masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which masks have any."""
    return np.asarray(masks.reshape(len(masks), -1).any(axis=1))


def _strange(side: Tensor) -> NDArray[np.bool_]:
    """Return which masks hold anything but 0 and 1."""
    if as_mask(side) is not None:
        return np.zeros(side.shape[0] * side.shape[1], bool)
    other = (side != 0) & (side != 1)
    return np.asarray(other.reshape(side.shape[0] * side.shape[1], -1).any(dim=1).numpy())


def _refused(spacing: Sequence[float] | Tensor | None, shape: Sequence[int]) -> _Fault | None:
    """Return what torchmetrics raises once it measures a pair."""
    if len(shape) == 3:
        return ValueError, "volumes are measured with corrected=True only"
    if spacing is not None and not isinstance(spacing, list):
        return ValueError, "a tensor as spacing is taken with corrected=True only"
    if spacing is not None and len(spacing) != 2:
        return ValueError, f"spacing must have one value per axis (2), got {len(spacing)}"
    if shape[0] > shape[1]:
        return IndexError, "images higher than wide are measured with corrected=True only"
    return None


def _check(
    sides: Sequence[Tensor],
    some: NDArray[np.bool_],
    others: NDArray[np.bool_],
    refused: _Fault | None,
) -> None:
    """Raise what the first pair that has a fault raises."""
    strange = _strange(sides[0]) | _strange(sides[1])
    wrong = strange | (~some & ~others)
    if refused is not None:
        wrong |= some & others
    if not wrong.any():
        return
    at = int(np.argmax(wrong))
    kind, message = _EMPTY
    if strange[at]:
        kind, message = _OTHER
    elif some[at] and refused is not None:
        kind, message = refused
    raise kind(message)


def _steps(spacing: Sequence[float] | Tensor | None, axes: int) -> list[Any]:
    if spacing is None:
        return [1] * axes
    steps: Any = spacing if isinstance(spacing, list) else np.asarray(spacing).tolist()
    if len(steps) != axes:
        message = f"spacing must have one value per axis ({axes}), got {len(steps)}"
        raise ValueError(message)
    return list(steps)


def _measured(
    preds: NDArray[np.bool_],
    target: NDArray[np.bool_],
    metric: str,
    steps: Sequence[float],
    *,
    directed: bool,
) -> NDArray[np.float32]:
    """Return the distances of masks of which none is empty."""
    if metric == "euclidean" and all(0 < abs(step) < np.inf for step in steps):
        spacing = [abs(float(step)) for step in steps]
        lists = distance_lists_of_batch(target, preds, spacing=spacing)
        found = [one.pred_to_ref.maximum() if directed else one.maximum() for one in lists]
        return rounded(np.array(found), steps)
    values = []
    for one, other in zip(preds, target, strict=True):
        first, second = boundary(one), boundary(other)
        both_ways = [nearest(first, second, metric, steps).max()]
        if not directed:
            both_ways.append(nearest(second, first, metric, steps).max())
        values.append(np.max(both_ways))
    return np.array(values, np.float32)
