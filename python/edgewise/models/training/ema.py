"""Exponential moving average of weights (Polyak and Juditsky 1992; in this form as TensorFlow's).

After update number n (from 1): ``shadow = d * shadow + (1 - d) * weights`` with
``d = min(decay, (1 + n) / (10 + n))``, so that the first, random weights are soon forgotten.
"""

from __future__ import annotations

import copy
from typing import Any

import torch

__all__ = ["ExponentialAverage"]


class ExponentialAverage:
    """A copy of a network whose weights follow slowly.

    Parameters
    ----------
    model : torch.nn.Module
        The network that is trained; the average starts from its weights.
    decay : float
        Weight of the old value, such as 0.999.

    Attributes
    ----------
    model : torch.nn.Module
        The copy, in evaluation mode and without gradients. Buffers (running statistics of batch
        normalisation) are copied from the trained network, not averaged.
    updates : int
        How often it was updated.
    """

    def __init__(self, model: torch.nn.Module, decay: float) -> None:
        self.model: torch.nn.Module = (
            copy.deepcopy(model).eval().requires_grad_(requires_grad=False)
        )
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, model: torch.nn.Module) -> None:
        """Move the average towards the weights of `model`."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for shadow, weight in zip(self.model.parameters(), model.parameters(), strict=True):
            shadow.lerp_(weight.detach().to(shadow.dtype), 1 - decay)
        for shadow, buffer in zip(self.model.buffers(), model.buffers(), strict=True):
            shadow.copy_(buffer)

    def state_dict(self) -> dict[str, Any]:
        """Return the averaged weights by name."""
        state: dict[str, Any] = self.model.state_dict()
        return state
