"""Several networks as one: the mean of their logits, as nnU-Net joins the folds of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from edgewise.errors import ConfigError
from edgewise.models.outputs import main_output

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Ensemble"]


class Ensemble(nn.Module):
    """The mean of the logits of several networks.

    Parameters
    ----------
    members : sequence of torch.nn.Module
        Equal in ``spatial_dims``, ``in_channels`` and ``classes``.

    Raises
    ------
    ConfigError
        If there is none, or two differ.
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        kinds = {(m.spatial_dims, m.in_channels, m.classes) for m in members}
        if len(kinds) != 1:
            message = f"members must be equal in axes, channels and classes, got {sorted(kinds)}"
            raise ConfigError(message)
        self.spatial_dims, self.in_channels, self.classes = kinds.pop()
        self.members = nn.ModuleList(members)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the mean of all members' logits (N, classes, ...)."""
        total = main_output(self.members[0](image)).float()
        for member in list(self.members)[1:]:
            total = total + main_output(member(image)).float()
        return total / len(self.members)
