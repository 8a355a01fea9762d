"""Random calls of MONAI's metrics, on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import counts, distances, others

if TYPE_CHECKING:
    from edgewise.parity.call import Calls

__all__ = ["CALLS"]

CALLS: Final[Calls] = {**counts.CALLS, **distances.CALLS, **others.CALLS}
