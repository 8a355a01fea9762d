"""What the areas under curves share: all batches together, averaged over classes."""

from __future__ import annotations

from typing import Any

import torch

from .metric import CumulativeIterationMetric

__all__ = ["AveragedMetric"]


class AveragedMetric(CumulativeIterationMetric):
    """A measure of all predictions and labels that were added; `measure` says which."""

    def __init__(self, average: Any = "macro") -> None:
        super().__init__()
        self.average = average

    @staticmethod
    def measure(y_pred: torch.Tensor, y: torch.Tensor, average: Any) -> Any:
        """Return the measure of predictions and labels."""
        raise NotImplementedError

    def _compute_tensor(self, y_pred: torch.Tensor, y: Any = None, **_: Any) -> tuple[Any, Any]:
        return y_pred, y

    def aggregate(self, average: Any = None) -> Any:
        """Return the measure of all that was added; ValueError if these are no tensors."""
        y_pred, y = self.get_buffer()
        if not isinstance(y_pred, torch.Tensor) or not isinstance(y, torch.Tensor):
            message = "predictions and labels are needed"
            raise ValueError(message)
        return self.measure(y_pred, y, average or self.average)
