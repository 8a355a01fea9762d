"""Division of counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewise._extras import require

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ratio"]

torch = require("torch", extra="torch")


def ratio(numerator: Tensor, denominator: Tensor, *, undefined: float | None = None) -> Tensor:
    """Divide as floating numbers; `undefined` stands where the denominator is 0, if given."""
    top = numerator if numerator.is_floating_point() else numerator.float()
    bottom = denominator if denominator.is_floating_point() else denominator.float()
    divided = torch.true_divide(top, bottom)
    if undefined is None:
        return divided
    return torch.where(bottom != 0, divided, torch.full_like(divided, undefined))
