"""How much memory one forward pass takes: read from the traced operations, not measured.

A result lives until its last use; views take nothing. What a device library reserves besides
(workspaces of convolutions, its allocator's rounding above 512 bytes) is not counted.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from .tracing import Ref

if TYPE_CHECKING:
    from .tracing import Call, Program

__all__ = ["forward_bytes"]

_VIEWS: Final = (
    "alias", "chunk", "detach", "dropout", "expand", "getitem", "permute", "select", "slice",
    "split", "split_with_sizes", "squeeze", "t", "transpose", "unbind", "unsqueeze", "view",
)  # fmt: skip
_BLOCK: Final = 512  # bytes that PyTorch's CUDA allocator rounds up to


def forward_bytes(program: Program) -> int:
    """Return the bytes of weights, image and live maps at the fullest moment of a forward pass.

    Parameters
    ----------
    program : Program
        The traced network, with batch size 1, without gradients.

    Returns
    -------
    int
        Bytes.
    """
    weights = sum(
        _rounded(value.numel() * value.element_size())
        for value in program.exported.state_dict.values()
    )
    owners, last = _lifetimes(program)
    sizes = {call.name: _bytes(call) for call in program.calls}
    live = 0
    peak = 0
    alive: set[str] = set()
    for place, call in enumerate(program.calls):
        if owners[call.name] == call.name:
            live += sizes[call.name]
            alive.add(call.name)
        peak = max(peak, live)
        gone = {name for name in alive if last[name] <= place}
        live -= sum(sizes[name] for name in gone)
        alive -= gone
    itemsize = program.calls[0].dtype.itemsize if program.calls else 4
    return weights + _rounded(math.prod(program.image_shape) * itemsize) + peak


def _lifetimes(program: Program) -> tuple[dict[str, str], dict[str, int]]:
    """Return who owns the memory of each result, and the place of each owner's last use."""
    owners: dict[str, str] = {}
    last: dict[str, int] = {}
    for place, call in enumerate(program.calls):
        sources = [owners[name] for name in _names(call.arguments) if name in owners]
        shares = call.operation in _VIEWS and bool(sources)
        owners[call.name] = sources[0] if shares else call.name
        for name in (*sources, call.name):
            last[name] = place
    if program.output in owners:
        last[owners[program.output]] = len(program.calls)
    return owners, last


def _names(arguments: dict[str, Any]) -> list[str]:
    found = []
    for value in arguments.values():
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, Ref):
                found.append(one.name)
    return found


def _bytes(call: Call) -> int:
    itemsize = getattr(call.dtype, "itemsize", 4)
    return sum(_rounded(math.prod(shape) * itemsize) for shape in call.shapes)


def _rounded(count: int) -> int:
    return -(-count // _BLOCK) * _BLOCK
