"""Drop-in for ``monai.metrics.utils``: edges, distances of edges, reductions, masks of classes."""

from __future__ import annotations

from typing import Any

import torch

from edgewise.compat.monai._boundaries import prepared_spacing
from edgewise.compat.monai._edges import (
    get_edge_surface_distance,
    get_mask_edges,
    get_surface_distance,
)
from edgewise.compat.monai._options import REDUCTIONS, chosen

__all__ = [
    "create_ignore_mask",
    "do_metric_reduction",
    "get_edge_surface_distance",
    "get_mask_edges",
    "get_surface_distance",
    "ignore_background",
    "is_binary_tensor",
    "prepare_spacing",
    "remap_instance_id",
]


def ignore_background(y_pred: Any, y: Any = None) -> tuple[Any, Any]:
    """Return both without their first channel; one with a single channel keeps it.

    Parameters
    ----------
    y_pred, y : Tensor or array [B, C, ...]
    """
    if y is not None and y.shape[1] > 1:
        y = y[:, 1:]
    return (y_pred[:, 1:] if y_pred.shape[1] > 1 else y_pred), y


def create_ignore_mask(y: torch.Tensor, ignore_index: int | None) -> torch.Tensor | None:
    """Return [B, 1, spatial...] that is 1 where voxels count; None if all count.

    Parameters
    ----------
    y : Tensor [B, C, spatial...]
        With one channel its values are labels.
    ignore_index : int, optional
        A label; with more channels the channel whose voxels are left out, any number that is no
        channel leaves out the voxels of no channel.
    """
    if ignore_index is None:
        return None
    if y.shape[1] == 1:
        return (y != ignore_index).float()
    if 0 <= ignore_index < y.shape[1]:
        left_out: torch.Tensor = 1.0 - y[:, ignore_index : ignore_index + 1]
        return left_out
    return (y.sum(dim=1, keepdim=True) > 0).float()


def do_metric_reduction(
    f: torch.Tensor, reduction: Any = "mean", *, corrected: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Reduce values over what is not NaN.

    Parameters
    ----------
    f : Tensor [B, C, ...]
        Its NaN are set to 0 in place, unless nothing is reduced.
    reduction : str
        "none"; "mean_batch", "sum_batch" over the first axis; "mean_channel", "sum_channel" over
        the second; "sum" over both; "mean": over the channels, then over the samples.
    corrected : bool, default False
        Whether a mean of nothing is NaN; MONAI's is 0.

    Returns
    -------
    value, not_nans : Tensor
        How many values went into each value; for "mean" how many samples have one.

    Raises
    ------
    ValueError
        If there is no such reduction.
    """
    present = ~torch.isnan(f)
    word = chosen(reduction, REDUCTIONS)
    if word == "none":
        return f, present.float()
    f[~present] = 0
    nothing = torch.full((1,), torch.nan if corrected else 0.0, device=f.device)

    def mean(values: torch.Tensor, counts: torch.Tensor, axis: int) -> torch.Tensor:
        return torch.where(counts > 0, values.sum(dim=axis).float() / counts, nothing)

    if word == "sum":
        return torch.sum(f, dim=[0, 1]), present.sum(dim=[0, 1]).float()
    axis = 0 if word.endswith("batch") else 1
    counts = present.sum(dim=axis).float()
    if word.startswith("sum"):
        return f.sum(dim=axis).float(), counts
    means = mean(f, counts, axis)
    if word != "mean":
        return means, counts
    samples = (counts > 0).sum(dim=0).float()
    return mean(torch.where(counts > 0, means, 0.0), samples, 0), samples


def is_binary_tensor(input: torch.Tensor, name: str) -> None:
    """Warn of a tensor with values other than 0 and 1.

    Raises
    ------
    ValueError
        If it is no tensor.
    """
    if not isinstance(input, torch.Tensor):
        message = f"{name} must be a tensor, got {type(input).__name__}"
        raise ValueError(message)
    if not torch.all(input.byte() == input) or input.max() > 1 or input.min() < 0:
        import warnings

        warnings.warn(f"{name} holds values other than 0 and 1", stacklevel=2)


def prepare_spacing(spacing: Any, batch_size: int, img_dim: int) -> list[Any]:
    """Return a spacing for every sample, as `prepared_spacing`."""
    return prepared_spacing(spacing, batch_size, img_dim)


def remap_instance_id(pred: torch.Tensor, by_size: bool = False) -> torch.Tensor:
    """Return the label map with its labels other than 0 numbered from 1, in ascending order.

    Parameters
    ----------
    pred : Tensor of integers
    by_size : bool, default False
        Whether the largest comes first.

    Returns
    -------
    Tensor of int32
        `pred` itself if there is no label.
    """
    labels, places, counts = torch.unique(pred, return_inverse=True, return_counts=True)
    kept = torch.nonzero(labels != 0).flatten()
    if not len(kept):
        return pred
    if by_size:
        kept = kept[torch.argsort(counts[kept], descending=True, stable=True)]
    numbers = torch.zeros(len(labels), dtype=torch.int, device=pred.device)
    numbers[kept] = torch.arange(1, len(kept) + 1, dtype=torch.int, device=pred.device)
    return numbers[places]
