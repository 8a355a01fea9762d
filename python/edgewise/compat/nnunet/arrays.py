"""Masks of labels and regions, and the four counts of two masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from edgewise.compat.mask_pairs import count_pair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgewise.metrics.counts import Counts

__all__ = ["Class", "compute_tp_fp_fn_tn", "region_or_label_to_mask"]

Class: TypeAlias = "int | tuple[int, ...]"  # a label, or the labels of a region


def region_or_label_to_mask(
    segmentation: NDArray[Any], region_or_label: Class
) -> NDArray[np.bool_]:
    """Return where a segmentation has a label, or any label of a region.

    Parameters
    ----------
    segmentation : array
        Labels.
    region_or_label : int or sequence of int
        A region is the union of its labels.
    """
    if np.isscalar(region_or_label):
        found: NDArray[np.bool_] = segmentation == region_or_label
        return found
    mask = np.zeros_like(segmentation, dtype=bool)
    for label in region_or_label:  # type: ignore[union-attr]
        mask |= segmentation == label
    return mask


def compute_tp_fp_fn_tn(
    mask_ref: NDArray[Any], mask_pred: NDArray[Any], ignore_mask: NDArray[Any] | None = None
) -> tuple[np.integer[Any], np.integer[Any], np.integer[Any], np.integer[Any]]:
    """Return the elements in both masks, in the prediction only, the reference only, in none.

    Parameters
    ----------
    mask_ref, mask_pred : array of bool
        Masks; integers are combined bit by bit.
    ignore_mask : array of bool, optional
        Elements that do not count.
    """
    if all(_is_plain(mask, mask_ref) for mask in (mask_ref, mask_pred)):
        if ignore_mask is None:
            return _as_numpy(count_pair(mask_ref, mask_pred))
        if _is_plain(ignore_mask, mask_ref):
            kept = ~ignore_mask
            counts = count_pair(mask_ref & kept, mask_pred & kept)
            ignored = int(np.count_nonzero(ignore_mask))
            return _as_numpy(counts._replace(tn=counts.tn - ignored))
    used = np.ones_like(mask_ref, dtype=bool) if ignore_mask is None else ~ignore_mask
    return (
        np.sum(mask_ref & mask_pred & used),
        np.sum(~mask_ref & mask_pred & used),
        np.sum(mask_ref & ~mask_pred & used),
        np.sum(~mask_ref & ~mask_pred & used),
    )


def _is_plain(mask: Any, like: Any) -> bool:
    return (
        type(mask) is np.ndarray
        and mask.dtype == np.bool_
        and mask.shape == like.shape
        and mask.ndim > 0
        and mask.size > 0
    )


def _as_numpy(counts: Counts) -> tuple[np.int64, np.int64, np.int64, np.int64]:
    return np.int64(counts.tp), np.int64(counts.fp), np.int64(counts.fn), np.int64(counts.tn)
