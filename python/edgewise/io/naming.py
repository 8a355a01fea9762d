"""The order in which people read names of files and cases."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["natural_key"]

_NUMBER: Final = re.compile(r"(\d+)")


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts ``case_2`` before ``case_10``."""
    parts = _NUMBER.split(name)
    key = [(0, int(p), p) if k % 2 else (1, 0, p) for k, p in enumerate(parts) if p]
    return tuple(key)
