"""Numbers as compiled modules take them: anything but text that says it is a number."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["c_float", "c_int"]


def c_int(value: Any) -> int:
    """Return a whole number, fractions cut off; TypeError for text and for what is no number."""
    if not (hasattr(value, "__index__") or hasattr(value, "__int__")):
        message = f"an integer is required, got {type(value).__name__}"
        raise TypeError(message)
    return int(value)


def c_float(value: Any) -> float:
    """Return a real number; TypeError for text and for what is no number."""
    return math.fsum((value,))
