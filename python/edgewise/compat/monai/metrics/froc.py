"""Drop-in for ``monai.metrics.froc``: detections, and the sensitivity at rates of false ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from edgewise.compat.monai._tensors import as_array

__all__ = [
    "compute_fp_tp_probs",
    "compute_fp_tp_probs_nd",
    "compute_froc_curve_data",
    "compute_froc_score",
]


def compute_fp_tp_probs_nd(
    probs: Any, coords: Any, evaluation_mask: Any, labels_to_exclude: list[int] | None = None
) -> tuple[Any, Any, int]:
    """Return the probabilities of false detections, and of the best one on every target.

    Parameters
    ----------
    probs : Tensor or array [n]
        Of the detections.
    coords : Tensor or array of int [n, axes]
        Where they are.
    evaluation_mask : Tensor or array of int
        Label map of the targets, 1 and up.
    labels_to_exclude : list of int, optional
        Targets that do not count: neither they nor detections on them.

    Returns
    -------
    fp_probs : array
    tp_probs : float32 array
        One per label; 0 where nothing was detected.
    num_targets : int

    Raises
    ------
    ValueError
        If the lengths or axes do not fit.
    """
    if len(probs) != len(coords):
        message = f"{len(probs)} probabilities for {len(coords)} detections"
        raise ValueError(message)
    if len(coords.shape) < 2 or coords.shape[1] != len(evaluation_mask.shape):
        message = f"coords of shape {tuple(coords.shape)} for {len(evaluation_mask.shape)} axes"
        raise ValueError(message)
    probs, coords, labels = (as_array(one) for one in (probs, coords, evaluation_mask))
    largest = np.max(labels)
    hit = labels[tuple(coords.T)]
    best = np.zeros((largest,), np.float32)
    excluded = set(labels_to_exclude or ())
    kept = np.array([n not in excluded for n in range(1, largest + 1)], bool)
    within = (hit >= 1) & (hit <= largest)
    highest = np.full(len(best), -np.inf, probs.dtype if probs.dtype.kind == "f" else np.float64)
    np.maximum.at(highest, hit[within].astype(np.intp) - 1, probs[within])
    found = np.zeros(len(best), bool)
    found[hit[within].astype(np.intp) - 1] = True
    best[kept & found] = highest[kept & found]
    return probs[hit == 0], best, int(kept.sum())


def compute_fp_tp_probs(
    probs: Any,
    y_coord: Any,
    x_coord: Any,
    evaluation_mask: Any,
    labels_to_exclude: list[int] | None = None,
    resolution_level: int = 0,
) -> tuple[Any, Any, int]:
    """Return `compute_fp_tp_probs_nd` of detections in an image.

    Parameters
    ----------
    probs, evaluation_mask, labels_to_exclude
        As there.
    y_coord, x_coord : Tensor or array [n]
        In pixels of level 0.
    resolution_level : int, default 0
        The level of the mask: coordinates are divided by this power of 2.
    """
    coords = [
        (as_array(one) if isinstance(one, torch.Tensor) else one) / pow(2, resolution_level)
        for one in (y_coord, x_coord)
    ]
    stacked = np.stack([one.astype(int) for one in coords], axis=1)
    return compute_fp_tp_probs_nd(probs, stacked, evaluation_mask, labels_to_exclude)


def compute_froc_curve_data(
    fp_probs: Any, tp_probs: Any, num_targets: int, num_images: int
) -> tuple[Any, Any]:
    """Return false detections per image and sensitivity at every threshold but the lowest.

    Parameters
    ----------
    fp_probs, tp_probs : Tensor or array [n]
        Of one type: of the false detections and of the best ones on the targets.
    num_targets, num_images : int

    Returns
    -------
    fps_per_image, total_sensitivity : float64 array
        At ascending thresholds; the last values are 0.

    Raises
    ------
    AssertionError
        If one is a tensor and the other an array.
    """
    if not isinstance(fp_probs, type(tp_probs)):
        message = f"one type is needed, got {type(fp_probs).__name__}, {type(tp_probs).__name__}"
        raise AssertionError(message)
    found = [np.sort(as_array(one)) for one in (fp_probs, tp_probs)]
    thresholds = np.unique(np.concatenate(found))[1:]
    counts = [
        np.append(len(one) - np.searchsorted(one, thresholds, side="left"), 0) for one in found
    ]
    return counts[0] / float(num_images), counts[1] / float(num_targets)


def compute_froc_score(
    fps_per_image: Any, total_sensitivity: Any, eval_thresholds: Any = (0.25, 0.5, 1, 2, 4, 8)
) -> Any:
    """Return the mean sensitivity at rates of false detections per image, interpolated."""
    return np.mean(np.interp(eval_thresholds, fps_per_image[::-1], total_sensitivity[::-1]))
