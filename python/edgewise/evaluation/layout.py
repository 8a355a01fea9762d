"""Plain text tables: aligned columns, and numbers a reader can take in."""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["columns_text", "number_text", "printable", "width"]

_ROUND_FROM = 1000.0


def number_text(value: float, *, like: float | None = None) -> str:
    """Return a number for people: three decimals up to 1, fewer above; as many as `like` has."""
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    size = abs(value if like is None else like)
    if size >= _ROUND_FROM:
        return f"{value:.0f}"
    decimals = 3 if size <= 1 else 2 if size < 10 else 1
    return f"{value:.{decimals}f}"


def printable(text: str) -> str:
    """Return text without control characters, so that a file name cannot steer a terminal."""
    return "".join(
        c if unicodedata.category(c)[0] != "C" or c == "\u200d" else f"\\x{ord(c):02x}"
        for c in text
    )


def width(text: str) -> int:
    """Return how many terminal columns a text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def columns_text(rows: Sequence[Sequence[str]], left: Sequence[bool]) -> str:
    """Return rows as aligned columns, two spaces apart.

    Parameters
    ----------
    rows : sequence of sequence of str
        The header first; all equally long.
    left : sequence of bool
        Which columns are aligned to the left.

    Returns
    -------
    str
        Lines without trailing spaces.
    """
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(width(row[k]) for row in shown) for k in range(len(left))]
    lines = []
    for row in shown:
        cells = [
            cell + " " * (w - width(cell)) if is_left else " " * (w - width(cell)) + cell
            for cell, w, is_left in zip(row, widths, left, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
