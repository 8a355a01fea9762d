"""Arguments of a network, checked where they are given.

A layer that is built from a wrong one would complain in words of its own, or only when it runs.
"""

from __future__ import annotations

from math import inf
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from edgewise.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["check_amount", "check_choice", "check_counts", "check_probability", "check_rows"]


def check_counts(given: Mapping[str, Any], *, least: int = 1) -> None:
    """Raise ConfigError unless every value is a whole number from `least` on.

    Parameters
    ----------
    given : mapping of str to any
        Name of the argument and what was given for it.
    least : int, default 1
        Smallest that is taken.
    """
    for name, value in given.items():
        if not _is_count(value, least):
            message = f"{name} must be a whole number from {least} on, got {value!r}"
            raise ConfigError(message)


def check_rows(given: Mapping[str, Any], *, length: int | None = None, least: int = 1) -> None:
    """Raise ConfigError unless every value is a sequence of whole numbers from `least` on.

    Parameters
    ----------
    given : mapping of str to any
        Name of the argument and what was given for it.
    length : int, optional
        How many numbers each has. Default: one or more.
    least : int, default 1
        Smallest that is taken.
    """
    for name, value in given.items():
        numbers = value if isinstance(value, list | tuple) else ()
        fits = len(numbers) > 0 if length is None else len(numbers) == length
        if not fits or not all(_is_count(number, least) for number in numbers):
            many = "whole numbers" if length is None else f"{length} whole numbers"
            message = f"{name} must be {many} from {least} on, got {value!r}"
            raise ConfigError(message)


def check_amount(name: str, value: Any) -> None:  # noqa: ANN401
    """Raise ConfigError unless `value` is a finite number from 0 on."""
    if not _is_number(value) or not 0 <= value < inf:
        message = f"{name} must be a finite number from 0 on, got {value!r}"
        raise ConfigError(message)


def check_choice(name: str, value: Any, known: Iterable[Any]) -> None:  # noqa: ANN401
    """Raise ConfigError unless `value` is one of `known`."""
    known = tuple(known)
    if not any(isinstance(value, type(k)) and value == k for k in known):  # 8.0 is not 8
        message = f"{name} must be one of {', '.join(str(k) for k in known)}, got {value!r}"
        raise ConfigError(message)


def check_probability(name: str, value: Any) -> None:  # noqa: ANN401
    """Raise ConfigError unless `value` is a number from 0 to below 1."""
    if not _is_number(value) or not 0 <= value < 1:
        message = f"{name} must be a probability below 1, got {value!r}"
        raise ConfigError(message)


def _is_count(value: object, least: int) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
