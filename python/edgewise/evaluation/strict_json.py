"""JSON that every reader accepts: NaN and infinities are strings, keys are sorted."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np

__all__ = ["json_text", "plain"]


def plain(value: Any) -> Any:  # noqa: ANN401
    """Return a value made of what JSON knows; NaN, Infinity and -Infinity become strings."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [plain(v) for v in items]
    return value.as_posix() if isinstance(value, PurePath) else value


def json_text(document: Any) -> str:  # noqa: ANN401
    """Return a document as text: sorted keys, two spaces, one line end."""
    text = json.dumps(
        plain(document), indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False
    )
    # a file name that is no UTF-8 is held with lone surrogates: written as JSON escapes
    return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"
