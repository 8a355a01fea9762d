"""Sums of the classes of label maps: one pass over a pair of maps, however many classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from edgewise._arguments import as_threads
from edgewise.metrics.joint import joint_histogram

from ._sums import Sums
from ._tensors import plain

__all__ = ["label_sums", "largest_channel"]


def label_sums(y_pred: torch.Tensor, y: torch.Tensor, numbers: range) -> Sums | None:
    """Return int64 sums [B, classes] of label maps [B, spatial...].

    Returns
    -------
    Sums or None
        None if these are no label maps that can be counted: other values, other devices.
    """
    if y_pred.shape != y.shape or not y.numel():
        return None
    maps = [_whole(one) for one in (y, y_pred)]
    if any(one is None for one in maps):
        return None
    counts = np.zeros((3, len(y), len(numbers)), np.int64)
    threads = as_threads("auto")
    for b, (first, second) in enumerate(zip(*maps, strict=True)):
        table = joint_histogram(first.reshape(-1), second.reshape(-1), None, threads)
        for k, number in enumerate(numbers):
            counts[0, b, k] = table.joint.get((number, number), 0)
            counts[1, b, k] = table.rows.get(number, 0)
            counts[2, b, k] = table.columns.get(number, 0)
    return Sums(*torch.from_numpy(counts))


def largest_channel(values: torch.Tensor) -> torch.Tensor:
    """Return [B, 1, spatial...] of the channel with the largest value, the first of several.

    ``torch.argmax(values, dim=1, keepdim=True)``, which takes several times as long on a CPU.
    """
    if values.device.type != "cpu" or not values.is_floating_point() or not values.numel():
        return torch.argmax(values, dim=1, keepdim=True)
    halves = values.dtype in (torch.float16, torch.bfloat16)
    channels = plain(values.float() if halves else values).detach().numpy()
    best = channels[:, 0].copy()
    number = np.zeros(best.shape, np.int64)
    for c in range(1, channels.shape[1]):
        np.copyto(number, c, where=channels[:, c] > best)
        np.maximum(best, channels[:, c], out=best)
    if np.isnan(best).any():
        return torch.argmax(values, dim=1, keepdim=True)
    return torch.from_numpy(number)[:, None]


def _whole(labels: torch.Tensor) -> np.ndarray[Any, Any] | None:
    """Return a map of whole numbers in C order."""
    if labels.device.type != "cpu" or labels.dtype == torch.bfloat16 or labels.is_complex():
        return None
    array: np.ndarray[Any, Any] = np.ascontiguousarray(plain(labels).detach().numpy())
    if array.dtype.kind in "bui":
        return array
    with np.errstate(invalid="ignore"):
        whole = array.astype(np.int32)
    return whole if np.array_equal(whole, array) else None
