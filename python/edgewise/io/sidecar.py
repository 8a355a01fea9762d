"""The data file that a text header names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewise.errors import ReadError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["sidecar"]


def sidecar(path: Path, name: str) -> Path:
    """Return the data file beside a header.

    Parameters
    ----------
    path : Path
        Of the header.
    name : str
        As it stands in the header.

    Raises
    ------
    ReadError
        ``unsupported`` for lists and patterns of files; ``path_outside_root`` for a file outside
        the header's folder: a header from elsewhere must not choose what is read.
    """
    words = name.split()
    if name.upper().startswith("LIST") or "%" in name or not words:
        message = f"{path}: names its data as {name!r}; only one file is supported, join them first"
        raise ReadError(message, code="unsupported")
    folder = path.parent.resolve()
    target = (folder / name).resolve()
    if not target.is_relative_to(folder):
        message = (
            f"{path}: names the data file {name!r} outside its folder; move it beside the header"
        )
        raise ReadError(message, code="path_outside_root")
    return target
