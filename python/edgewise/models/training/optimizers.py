"""The optimisers by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from .settings import Settings

__all__ = ["make_optimizer"]


def make_optimizer(model: torch.nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """Return the optimiser of all parameters that want a gradient.

    ``sgd_nesterov`` and ``sgd`` use `momentum`; ``adamw`` (Loshchilov and Hutter 2019, decoupled
    weight decay) and ``adam`` keep their own averages, with betas 0.9 and 0.999.
    """
    weights = [p for p in model.parameters() if p.requires_grad]
    decay, lr = settings.weight_decay, settings.lr
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(weights, lr=lr, weight_decay=decay)
    if settings.optimizer == "adam":
        return torch.optim.Adam(weights, lr=lr, weight_decay=decay)
    nesterov = settings.optimizer == "sgd_nesterov" and settings.momentum > 0
    return torch.optim.SGD(
        weights, lr=lr, momentum=settings.momentum, weight_decay=decay, nesterov=nesterov
    )
