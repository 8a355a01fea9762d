"""Edges of two masks and the distances of their elements, one mask pair at a time."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from edgewise.compat.originals import original
from edgewise.voxels import boundary, distance_transform, surfels
from edgewise.voxels.chamfer import chamfer_transform

from ._boundaries import METRICS
from ._boxes import box_of
from ._tensors import as_array, ones_of, plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["get_edge_surface_distance", "get_mask_edges", "get_surface_distance"]


def get_mask_edges(
    seg_pred: Any,
    seg_gt: Any,
    label_idx: int = 1,
    crop: bool = True,
    spacing: Any = None,
    always_return_as_numpy: bool = False,
) -> tuple[Any, ...]:
    """Return the elements of both masks that have a neighbour outside, across a face.

    Parameters
    ----------
    seg_pred, seg_gt : Tensor or array [spatial...]
        Of one shape. What is not bool is compared with `label_idx`.
    label_idx : int, default 1
        The label that is foreground.
    crop : bool, default True
        Whether the result is the smallest box around both masks and one element more on every
        side, also beyond the array; two empty masks keep their shape.
    spacing : sequence of two or three numbers, optional
        If given, edges are the blocks of 2 x 2 (x 2) elements that hold both foreground and
        background, one block less than elements along each axis, and their lengths or areas are
        returned as well.
    always_return_as_numpy : bool, default False
        Whether tensors come back as arrays.

    Returns
    -------
    edges_pred, edges_gt : Tensor or array of bool
    areas_pred, areas_gt : Tensor or array
        Only with `spacing`; float32 in three axes, float64 in two.

    Raises
    ------
    ValueError
        If the shapes differ, or there are not two or three spacings.
    """
    if seg_pred.shape != seg_gt.shape:
        message = f"seg_pred has shape {tuple(seg_pred.shape)}, seg_gt {tuple(seg_gt.shape)}"
        raise ValueError(message)
    tensors = isinstance(seg_pred, torch.Tensor) and not always_return_as_numpy
    masks = [_labelled(one, label_idx) for one in (seg_pred, seg_gt)]
    if crop:
        box = box_of(masks[0] | masks[1])
        if box is None:
            nothing = np.zeros(masks[0].shape, bool)
            empty = (torch.from_numpy(nothing),) * 2 if tensors else (nothing,) * 2
            return empty if spacing is None else empty * 2
        masks = [np.pad(mask[box], 1) for mask in masks]
    elif spacing is not None and len(spacing) in (2, 3) and not isinstance(seg_pred, torch.Tensor):
        message = "blocks of whole arrays are not computed: give tensors, or crop=True"
        raise TypeError(message)
    found = _edges(masks) if spacing is None else _blocks(masks, spacing)
    if not tensors:
        return found
    return tuple(torch.from_numpy(one).to(seg_pred.device) for one in found)


def get_surface_distance(
    seg_pred: Any, seg_gt: Any, distance_metric: str = "euclidean", spacing: Any = None
) -> Any:
    """Return the distance of every element of one edge from the nearest element of another.

    Parameters
    ----------
    seg_pred, seg_gt : Tensor or array of bool [spatial...]
        The edges, of one shape.
    distance_metric : {"euclidean", "chessboard", "taxicab"}
    spacing : number or sequence of one number per axis, optional
        For Euclidean distances. Default: 1.

    Returns
    -------
    Tensor or array of float32
        In C order of the elements of `seg_pred`; inf if `seg_gt` has none. If only `seg_pred` has
        none: inf for every element of `seg_gt`.

    Raises
    ------
    ValueError
        If there is no such metric.
    """
    edges = [as_array(one) for one in (seg_pred, seg_gt)]
    own, other = (edge if edge.dtype == np.bool_ else edge.astype(bool) for edge in edges)
    if not other.any():
        found = np.full(np.count_nonzero(own), np.inf, np.float32)
    elif not own.any():
        found = np.full(np.count_nonzero(other), np.inf, np.float32)
    else:
        if distance_metric not in METRICS:
            message = f"distance_metric is one of {', '.join(METRICS)}, got {distance_metric!r}"
            raise ValueError(message)
        box = box_of(own | other)
        own, other = own[box], np.ascontiguousarray(other[box])
        found = _transform(other, distance_metric, spacing)[own].astype(np.float32)
    if not isinstance(seg_pred, torch.Tensor):
        return found
    return torch.from_numpy(found).to(seg_pred.device)


def get_edge_surface_distance(
    y_pred: Any,
    y: Any,
    distance_metric: str = "euclidean",
    spacing: Any = None,
    use_subvoxels: bool = False,
    symmetric: bool = False,
    class_index: int = -1,
    mask: Any = None,
    warn_empty: bool = True,
) -> tuple[Any, ...]:
    """Return the edges of two masks, the distances of their elements and their sizes.

    Parameters
    ----------
    y_pred, y : Tensor [spatial...]
    distance_metric, spacing
        As in `get_surface_distance`.
    use_subvoxels : bool, default False
        Whether edges are the blocks that `get_mask_edges` makes of a spacing.
    symmetric : bool, default False
        Whether distances are returned from `y` to `y_pred` as well.
    class_index : int, optional
        For the warning of an empty mask.
    mask : Tensor of bool, optional
        The edge elements that count.
    warn_empty : bool, default True
        Whether empty masks are warned of.

    Returns
    -------
    edges, distances, sizes : tuple of Tensor
        Of the prediction and the reference; distances are one tensor unless `symmetric`, sizes
        none unless `use_subvoxels`.
    """
    steps = None
    if use_subvoxels:
        steps = [1] * y_pred.ndim if spacing is None else spacing
    found = get_mask_edges(y_pred, y, crop=mask is None, spacing=steps)
    edges = [torch.as_tensor(one, device=y_pred.device) for one in found[:2]]
    if mask is not None:
        kept = torch.as_tensor(mask, dtype=torch.bool, device=y_pred.device)
        before = [bool(edge.any()) for edge in edges]
        edges = [edge & kept for edge in edges]
        quiet = [had or not kept.any() for had in before]
    else:
        quiet = [False, False]
    for number in (1, 0):
        if warn_empty and not quiet[number] and not edges[number].any():
            what = ("prediction", "ground truth")[number]
            word = "Unknown" if class_index == -1 else class_index
            message = f"the {what} of class {word} is all 0: distances are infinite or undefined"
            warnings.warn(message, stacklevel=2)
    pairs = [edges, edges[::-1]] if symmetric else [edges]
    distances = tuple(
        get_surface_distance(one, other, distance_metric, spacing) for one, other in pairs
    )
    return tuple(edges), distances, tuple(found[2:])


def _labelled(segmentation: Any, label_idx: int) -> NDArray[np.bool_]:
    if isinstance(segmentation, torch.Tensor):
        segmentation = plain(segmentation)
    if segmentation.dtype in (bool, torch.bool):
        mask: NDArray[np.bool_] = as_array(segmentation)
        return mask
    return ones_of(segmentation) if label_idx == 1 else as_array(segmentation == label_idx)


def _edges(masks: list[NDArray[np.bool_]]) -> tuple[NDArray[Any], ...]:
    if masks[0].ndim > 3:
        erosion = original("scipy.ndimage:binary_erosion", why="edges in more than three axes")
        return tuple(mask & ~erosion(mask) for mask in masks)
    return tuple(np.ascontiguousarray(boundary(np.ascontiguousarray(mask))) for mask in masks)


def _blocks(masks: list[NDArray[np.bool_]], spacing: Any) -> tuple[NDArray[Any], ...]:
    """Return where blocks of neighbours are mixed, and their sizes."""
    if len(spacing) not in (2, 3):
        message = f"lengths and areas need two or three spacings, got {spacing}"
        raise ValueError(message)
    if len(spacing) != masks[0].ndim or min(masks[0].shape) < 2:
        message = f"blocks of two elements along {len(spacing)} axes in shape {masks[0].shape}"
        raise RuntimeError(message)
    inner = (slice(1, -1),) * masks[0].ndim
    kind = np.float32 if len(spacing) == 3 else np.float64
    steps = [abs(float(step)) for step in spacing]
    sizes = [surfels(np.ascontiguousarray(mask), spacing=steps)[inner] for mask in masks]
    edges = (size > 0 for size in sizes)
    return (*edges, *(np.ascontiguousarray(size, dtype=kind) for size in sizes))


def _transform(edge: NDArray[np.bool_], distance_metric: Any, spacing: Any) -> NDArray[Any]:
    """Return the distance of every element from the edge."""
    if distance_metric != "euclidean":
        steps_away: Any = distance_metric  # chamfer_transform refuses what it does not know
        far: NDArray[Any] = chamfer_transform(~edge, metric=steps_away)
        return far
    steps = np.abs(np.broadcast_to(1.0 if spacing is None else spacing, edge.ndim).astype(float))
    if not all(math.isfinite(step) for step in steps):
        message = f"spacing must be finite, got {spacing}"
        raise ValueError(message)
    flat = tuple(axis for axis, step in enumerate(steps) if step == 0)
    seen = edge.any(axis=flat) if flat else edge
    if seen.ndim == 0:
        return np.zeros(edge.shape)
    distances = distance_transform(~seen, spacing=steps[steps > 0], dtype="float64")
    return np.broadcast_to(np.expand_dims(distances, flat), edge.shape) if flat else distances
