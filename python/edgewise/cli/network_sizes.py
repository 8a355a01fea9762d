"""Sizes of a network, as flags write them."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["read_sizes"]


def read_sizes(text: str | None) -> dict[str, Any]:
    """Read ``base=16,depth=3``; numbers with x between them are a list, as in 32x64x128.

    Raises
    ------
    ConfigError
        If it is neither that nor a JSON object.
    """
    from edgewise.errors import ConfigError

    if not text:
        return {}
    try:
        if text.lstrip().startswith("{"):
            return dict(json.loads(text))
        pairs = [part.split("=", 1) for part in text.split(",")]
        return {name.strip(): _value(value.strip()) for name, value in pairs}
    except ValueError as error:
        message = f"--sizes must be like base=16,depth=3 or a JSON object, got {text!r}"
        raise ConfigError(message) from error


def _value(text: str) -> Any:  # noqa: ANN401
    parts = text.split("x")
    if len(parts) > 1 and all(part.isdigit() for part in parts):
        return [int(part) for part in parts]
    try:
        return json.loads(text.lower() if text in ("True", "False") else text)
    except ValueError:
        return text
