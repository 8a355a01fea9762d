"""Words that MONAI takes as text or as one of its enums."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

__all__ = ["AVERAGES", "REDUCTIONS", "WEIGHTS", "as_tuple", "chosen"]

REDUCTIONS: Final = (
    "none",
    "mean",
    "sum",
    "mean_batch",
    "sum_batch",
    "mean_channel",
    "sum_channel",
)
AVERAGES: Final = ("macro", "weighted", "micro", "none")
WEIGHTS: Final = ("square", "simple", "uniform")


def chosen(word: Any, words: tuple[str, ...]) -> str:
    """Return the word without spaces around it; MONAI's enums are text too.

    Raises
    ------
    ValueError
        If it is none of `words`.
    """
    if isinstance(word, Hashable) and isinstance(word, str):
        plain = str(word).strip()
        if plain in words:
            return plain
    message = f"expected one of {', '.join(words)}, got {word!r}"
    raise ValueError(message)


def as_tuple(value: Any) -> tuple[Any, ...]:
    """Return the items of a sequence; text and single things are one item."""
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return (value,)
    return tuple(value)
