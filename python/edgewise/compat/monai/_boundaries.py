"""Distances between the boundaries of many pairs of masks."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import torch

from edgewise.compat.mask_pairs import boundary_lists
from edgewise.errors import ConfigError
from edgewise.metrics.batches import distance_lists_of_batch
from edgewise.metrics.distance_list import DistanceList, ListPair
from edgewise.voxels import boundary, surfels
from edgewise.voxels.chamfer import chamfer_transform

from ._boxes import box_of
from ._tensors import as_array, as_single, ones_of, rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgewise.metrics.conventions import Boundary
    from edgewise.voxels.chamfer import Metric

__all__ = ["METRICS", "Pairs", "lists_of", "opened", "prepared_spacing", "warn_of_empties"]

METRICS: Final = ("euclidean", "chessboard", "taxicab")


class Pairs(NamedTuple):
    """The lists of all channels of a batch.

    Attributes
    ----------
    lists : list of ListPair
        Of every channel of every sample.
    shape : tuple of int
        Samples, channels.
    device : torch.device
        Of the predictions.
    """

    lists: list[ListPair]
    shape: tuple[int, int]
    device: Any


_Masks = Any  # bool array [pairs, spatial...] in C order
_Step = Any  # a number, one per axis, or None


def opened(
    y_pred: Any,
    y: Any,
    spacing: Any,
    *,
    include_background: bool,
    distance_metric: str,
    without: int | None = None,
    ignored: Any = None,
) -> Pairs:
    """Return the lists of tensors or arrays [B, C, spatial...]; foreground is what is 1 in float32.

    Class `without` is taken as empty. The voxels of `ignored` [B, 1, spatial...] make no boundary.

    Raises
    ------
    ValueError
        If the shapes differ, there is no such metric, or the spacing does not fit.
    """
    if not include_background:
        y_pred, y = (one[:, 1:] if one.shape[1] > 1 else one for one in (y_pred, y))
    if y.shape != y_pred.shape or y.ndim < 3:
        message = f"y_pred has shape {tuple(y_pred.shape)}, y {tuple(y.shape)}"
        raise ValueError(message)
    samples, channels = y.shape[:2]
    spacings = prepared_spacing(spacing, samples, y.ndim - 2)
    masks = [ones_of(as_single(one)) for one in (y, y_pred)]
    channel = -1 if without is None else without - (0 if include_background else 1)
    if 0 <= channel < channels:
        masks = [mask.copy() for mask in masks]
        for mask in masks:
            mask[:, channel] = False
    left_out = None if ignored is None else as_array(ignored[:, 0])
    reference, prediction = map(rows_of, masks)
    lists = lists_of(reference, prediction, spacings, distance_metric, ignored=left_out)
    device = y_pred.device if isinstance(y_pred, torch.Tensor) else "cpu"
    return Pairs(lists, (samples, channels), device)


def prepared_spacing(spacing: Any, batch_size: int, img_dim: int) -> list[Any]:
    """Return a spacing for every sample: numbers as they are, None for 1.

    Parameters
    ----------
    spacing : number, sequence of one number per axis, sequence of such sequences, None
    batch_size, img_dim : int

    Raises
    ------
    ValueError
        If it is none of these, or of the wrong length, or mixes types.
    """
    if spacing is None or isinstance(spacing, (int, float)):
        return [spacing] * batch_size
    if not isinstance(spacing, (Sequence, np.ndarray)):
        message = f"spacing is a number, a sequence of numbers or one per sample, got {spacing!r}"
        raise ValueError(message)
    items = list(spacing)
    kind = type(spacing[0])
    if not all(isinstance(one, kind) for one in items):
        message = f"spacing mixes types: {spacing}"
        raise ValueError(message)
    if isinstance(spacing[0], (Sequence, np.ndarray)):
        numbers = all(isinstance(step, (int, float)) for one in items for step in list(one))
        if len(items) != batch_size or any(len(one) != img_dim for one in items) or not numbers:
            message = f"spacing needs {img_dim} numbers for each of {batch_size} samples: {spacing}"
            raise ValueError(message)
        return items
    if not isinstance(spacing[0], (int, float)) or len(items) != img_dim:
        message = f"spacing needs {img_dim} numbers, got {spacing}"
        raise ValueError(message)
    return [spacing] * batch_size


def lists_of(
    reference: _Masks,
    prediction: _Masks,
    spacings: Sequence[_Step],
    distance_metric: Any = "euclidean",
    *,
    subvoxels: bool = False,
    ignored: Any = None,
) -> list[ListPair]:
    """Return the directed lists of every pair; outside of the array is background.

    Parameters
    ----------
    reference, prediction : bool array [samples * channels, spatial...]
    spacings : sequence
        One per sample, for Euclidean distances.
    distance_metric : {"euclidean", "chessboard", "taxicab"}
    subvoxels : bool, default False
        Whether boundaries are surface elements with sizes, in two or three axes; spacings are
        then positive.
    ignored : bool array [samples, spatial...], optional
        Voxels that are neither foreground nor background: they belong to no mask and make no
        boundary.

    Raises
    ------
    ValueError
        If there is no such metric and there is a pair to be measured.
    """
    axes = tuple(range(1, reference.ndim))
    if not reference.size:
        return [ListPair(DistanceList.empty(), DistanceList.empty())] * len(reference)
    if distance_metric not in METRICS:
        if (reference.any(axis=axes) & prediction.any(axis=axes)).any():
            message = f"distance_metric is one of {', '.join(METRICS)}, got {distance_metric!r}"
            raise ValueError(message)
        distance_metric = "euclidean"
    channels = len(reference) // len(spacings)
    kind: Boundary = "surfel" if subvoxels else "face"
    if ignored is not None:
        unknown = np.repeat(ignored, channels, axis=0)
        reference, prediction = (_without(masks, unknown) for masks in (reference, prediction))
        kind = "none"
    rows: dict[tuple[float, ...], list[int]] = defaultdict(list)
    for sample, spacing in enumerate(spacings):
        rows[_steps(spacing, len(axes))] += range(sample * channels, (sample + 1) * channels)
    found: dict[int, ListPair] = {}
    for steps, where in rows.items():
        some = (reference, prediction) if len(rows) == 1 else (reference[where], prediction[where])
        if distance_metric == "euclidean":
            lists = _euclidean_lists(*some, steps, kind)
        else:
            pairs = zip(*some, strict=True)
            lists = [_chamfer_lists(*pair, distance_metric, steps, kind) for pair in pairs]
        found.update(zip(where, lists, strict=True))
    return [found[row] for row in range(len(reference))]


def warn_of_empties(
    lists: Sequence[ListPair], channels: int, first: int, ignored: int | None, stacklevel: int = 3
) -> None:
    """Warn of every mask without foreground, but for those of an ignored class."""
    for row, pair in enumerate(lists):
        number = first + row % channels
        for one, what in ((pair.ref_to_pred, "ground truth"), (pair.pred_to_ref, "prediction")):
            if one.is_empty and number != ignored:
                message = f"the {what} of class {number} is all 0: distances are inf or NaN"
                warnings.warn(message, stacklevel=stacklevel + 1)


def _steps(spacing: _Step, ndim: int) -> tuple[float, ...]:
    """Return the spacing per axis; its sign does not matter, and it may be 0."""
    steps = np.abs(np.broadcast_to(1.0 if spacing is None else spacing, (ndim,)).astype(float))
    if not np.isfinite(steps).all():
        message = f"spacing must be finite, got {spacing}"
        raise ValueError(message)
    return tuple(steps.tolist())


def _without(masks: _Masks, ignored: NDArray[np.bool_]) -> _Masks:
    """Return the boundaries that are left: elements with a neighbour that is certainly outside."""
    rows = zip(masks, ignored, strict=True)
    return np.array([boundary(mask | out) & mask & ~out for mask, out in rows])


def _euclidean_lists(
    reference: _Masks, prediction: _Masks, steps: tuple[float, ...], kind: Boundary
) -> list[ListPair]:
    if len(steps) <= 3 and all(steps):
        return distance_lists_of_batch(reference, prediction, spacing=steps, boundary=kind)
    if kind == "none":
        message = f"ignored voxels need one to three axes and spacings other than 0, got {steps}"
        raise ConfigError(message)
    pairs = zip(reference, prediction, strict=True)
    return [boundary_lists(first, second, steps) for first, second in pairs]


def _chamfer_lists(
    reference: NDArray[np.bool_],
    prediction: NDArray[np.bool_],
    distance_metric: Metric,
    steps: tuple[float, ...],
    kind: Boundary,
) -> ListPair:
    """Return the lists of distances counted in steps from element to element."""
    empty = [not mask.any() for mask in (reference, prediction)]
    if any(empty):
        unknown = DistanceList.unreachable(), DistanceList.empty()
        return ListPair(*(unknown[one] for one in empty))
    box = box_of(reference | prediction)
    masks: list[NDArray[Any]] = [
        np.ascontiguousarray(mask[box]) for mask in (reference, prediction)
    ]
    sizes: list[NDArray[Any]] = masks
    if kind == "surfel":
        sizes = [surfels(mask, spacing=steps) for mask in masks]
    elif kind == "face":
        sizes = [boundary(mask) for mask in masks]
    edges = [size > 0 for size in sizes]
    far = [chamfer_transform(~edge, metric=distance_metric) for edge in edges]
    return ListPair(
        _list_of(far[1][edges[0]], sizes[0][edges[0]]),
        _list_of(far[0][edges[1]], sizes[1][edges[1]]),
    )


def _list_of(distances: NDArray[Any], sizes: NDArray[Any]) -> DistanceList:
    values, places = np.unique(distances, return_inverse=True)
    counts = np.bincount(places, minlength=len(values))
    weights = np.bincount(places, sizes, minlength=len(values)).astype(np.float64)
    return DistanceList(values.astype(np.float64), counts, weights)
