"""JSON documents of nnU-Net: read with messages that name the file, the place and the key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn

from edgewise.errors import ReadError

__all__ = ["Document", "read_document"]


@dataclass(frozen=True, slots=True)
class Document:
    """A dictionary of a JSON file and where it stands, for messages.

    Attributes
    ----------
    content : dict
        As read.
    place : str
        File, and the keys that lead here.
    """

    content: dict[str, Any]
    place: str

    def __contains__(self, key: str) -> bool:
        return key in self.content

    def need(self, key: str) -> Any:  # noqa: ANN401
        """Return the value of a key that must be there."""
        if key not in self.content:
            present = ", ".join(self.content) or "nothing"
            message = f"{self.place}: no {key!r} (there are: {present})"
            raise ReadError(message, code="bad_plans")
        return self.content[key]

    def inner(self, key: str) -> Document:
        """Return the dictionary under a key that must be there."""
        content = self.need(key)
        if not isinstance(content, dict):
            self.refuse(key, "a dictionary")
        return Document(content, f"{self.place}, {key}")

    def optional(self, key: str) -> Document | None:
        """Return the dictionary under a key, None if it is not there, or null, or empty."""
        return self.inner(key) if self.content.get(key) not in (None, {}) else None

    def number(self, key: str, default: float | None = None) -> float:
        """Return a finite number; it must be there unless there is a default."""
        value = self.need(key) if default is None else self.content.get(key, default)
        if not _is_number(value):
            self.refuse(key, "a number")
        return float(value)

    def integer(self, key: str, default: int | None = None) -> int:
        """Return a whole number; it must be there unless there is a default."""
        value = self.number(key, default)
        if value != int(value):
            self.refuse(key, "a whole number")
        return int(value)

    def flag(self, key: str, default: bool) -> bool:  # noqa: FBT001
        """Return true or false; JSON knows 0 and 1 as well."""
        value = self.content.get(key, default)
        if value not in (False, True):
            self.refuse(key, "true or false")
        return bool(value)

    def numbers(self, key: str) -> tuple[float, ...]:
        """Return a list of finite numbers that must be there."""
        values = self.need(key)
        if not isinstance(values, list) or not all(_is_number(v) for v in values):
            self.refuse(key, "a list of numbers")
        return tuple(float(v) for v in values)

    def integers(self, key: str) -> tuple[int, ...]:
        """Return a list of whole numbers that must be there."""
        values = self.numbers(key)
        if any(v != int(v) for v in values):
            self.refuse(key, "a list of whole numbers")
        return tuple(int(v) for v in values)

    def values(self, key: str, kind: type, what: str) -> tuple[Any, ...]:
        """Return a list that must be there, all of one kind, called `what` in messages."""
        values = self.need(key)
        if not isinstance(values, list) or not all(isinstance(v, kind) for v in values):
            self.refuse(key, f"a list of {what}")
        return tuple(values)

    def refuse(self, key: str, wanted: str) -> NoReturn:
        """Raise ReadError: a key holds something else than what is wanted."""
        message = f"{self.place}: {key!r} must be {wanted}, not {self.content.get(key)!r}"
        raise ReadError(message, code="bad_plans")


def read_document(path: str | Path) -> Document:
    """Read a JSON file whose outermost value is a dictionary.

    Raises
    ------
    ReadError
        If there is no such file or it is not such a document.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        message = f"{path}: cannot be read as JSON ({error})"
        raise ReadError(message, code="bad_plans") from error
    if not isinstance(content, dict):
        message = f"{path}: holds {type(content).__name__}, not a dictionary"
        raise ReadError(message, code="bad_plans")
    return Document(content, str(path))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
