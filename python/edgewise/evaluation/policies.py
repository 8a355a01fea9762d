"""What missing, empty and infinite values count in a summary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from edgewise.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BothEmpty", "Missing", "OneEmpty", "Policies"]

Missing: TypeAlias = str | float
BothEmpty: TypeAlias = str | float
OneEmpty: TypeAlias = str | float

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "missing": ("penalize", "skip", "zero", "nan", "error"),
    "both_empty": ("skip", "best", "worst"),
    "one_empty": ("worst", "keep", "skip"),
}


@dataclass(frozen=True, slots=True)
class Policies:
    """What missing, empty and infinite values count.

    Attributes
    ----------
    missing : {"penalize", "skip", "zero", "nan", "error"} or float
        A missing or failed case: the worst value, left out, 0 (scores only), NaN, an exception, or
        a number.
    both_empty : {"skip", "best", "worst"} or float
        NaN because both masks are empty.
    one_empty : {"worst", "keep", "skip"} or float
        Values where one mask is empty: infinite ones become the worst value, stay, or become a
        number; "skip" leaves finite ones out too.
    worst_distance : float, optional
        What counts as the worst distance instead of the diagonal of the reference's grid, in mm.
    """

    missing: Missing = "penalize"
    both_empty: BothEmpty = "skip"
    one_empty: OneEmpty = "worst"
    worst_distance: float | None = None

    def __post_init__(self) -> None:
        for name, words in _WORDS.items():
            value = getattr(self, name)
            if isinstance(value, str) and value not in words:
                message = f"{name} must be {', '.join(words)} or a number, got {value!r}"
                raise ConfigError(message)
