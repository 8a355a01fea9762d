"""Dice of every component of a reference, in the region that is nearest to it."""

from __future__ import annotations

import numpy as np
import torch

from edgewise.voxels import connected_components, distance_transform

from ._labels import largest_channel
from ._tensors import as_array

__all__ = ["component_dice", "nearest_components"]


def component_dice(y_pred: torch.Tensor, y: torch.Tensor, *, ignore_empty: bool) -> torch.Tensor:
    """Return [1] of the mean over the components of `y`; both [1, 2, spatial...], 1 = foreground.

    Without foreground in `y`: NaN with `ignore_empty`, else 1 if `y_pred` has none either, else 0.
    """
    mask, predicted = (as_array(largest_channel(one))[0, 0] != 0 for one in (y, y_pred))
    if not mask.any():
        value = torch.nan if ignore_empty else float(not predicted.any())
        return torch.tensor([value], device=y.device)
    regions = nearest_components(mask)
    n = int(regions.max()) + 1
    both, of_truth, of_found = (
        np.bincount(regions[where], minlength=n)[1:]
        for where in (mask & predicted, mask, predicted)
    )
    scores = (2 * both).astype(np.float32) / (of_truth + of_found).astype(np.float32)
    return torch.from_numpy(scores).to(y.device).mean().reshape(1)


def nearest_components(
    mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
    """Return the number of the nearest component for every voxel; neighbours touch at corners."""
    components = connected_components(mask, connectivity=mask.ndim)
    _, nearest = distance_transform(~mask, return_indices=True)
    regions: np.ndarray[tuple[int, ...], np.dtype[np.uint32]] = components[tuple(nearest)]
    return regions
