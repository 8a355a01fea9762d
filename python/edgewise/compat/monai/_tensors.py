"""Tensors as arrays for the kernels, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

__all__ = ["as_array", "as_single", "as_tensor", "ones_of", "plain", "rows_of"]


def plain(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor of a subclass (MONAI's MetaTensor) as one of torch's own."""
    return tensor if type(tensor) is torch.Tensor else tensor.as_subclass(torch.Tensor)


def as_tensor(values: Any) -> torch.Tensor:
    """Return an array or tensor as a tensor of torch's own."""
    if isinstance(values, torch.Tensor):
        return plain(values)
    return torch.as_tensor(np.ascontiguousarray(values) if np.ndim(values) else values)


def as_array(values: Any) -> np.ndarray[Any, Any]:
    """Return a tensor or array as an array, on the CPU; nothing is copied that is there."""
    if isinstance(values, torch.Tensor):
        array: np.ndarray[Any, Any] = plain(values).detach().cpu().numpy()
        return array
    return np.asarray(values)


def as_single(values: Any) -> Any:
    """Return a tensor or array of doubles as float32; others as they are."""
    if isinstance(values, torch.Tensor):
        return values.float() if values.dtype == torch.float64 else values
    return values.astype(np.float32) if values.dtype == np.float64 else values


def ones_of(values: Any) -> np.ndarray[Any, Any]:
    """Return where a tensor or array is 1, as a mask on the CPU."""
    if isinstance(values, torch.Tensor):
        values = plain(values).detach()
        if values.device.type != "cpu" or values.dtype == torch.bfloat16:
            values = values == 1  # a byte an element travels, not four
    array = as_array(values)
    return array if array.dtype == np.bool_ else array == 1


def rows_of(masks: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return [B, C, spatial...] as [B * C, spatial...] in C order."""
    return np.ascontiguousarray(masks).reshape(-1, *masks.shape[2:])
