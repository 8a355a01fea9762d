"""The tensors of all processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgewise._extras import require

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

__all__ = ["gathered"]

torch = require("torch", extra="torch")


def gathered(tensor: Tensor, gather: Callable[..., Any] | None, group: Any) -> Sequence[Tensor]:
    """Return the tensors that every process of a group has under the same name.

    Parameters
    ----------
    tensor : Tensor
        This process's, of any shape.
    gather : callable, optional
        Called instead, with the tensor and ``group=``.
    group : optional
        Of torch.distributed. Default: all processes.
    """
    if gather is not None:
        found: Sequence[Tensor] = gather(tensor, group=group)
        return found
    others: list[Any] = [None] * torch.distributed.get_world_size(group)
    torch.distributed.all_gather_object(others, tensor.cpu(), group=group)
    return [one.to(tensor.device) for one in others]
