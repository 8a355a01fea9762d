"""Files that appear whole or not at all: written beside their place, then renamed."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

from edgewise.errors import EdgewiseError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["appearing", "write_bytes", "write_text"]


@contextlib.contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Give a file to write to, and rename it to `path` at the end; an older one stays until then.

    Raises
    ------
    OSError
        If it cannot be renamed. What was written so far is removed, whatever went wrong.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield partial
        partial.replace(path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file and flush it to the disk.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    with appearing(path) as partial, partial.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_text(path: Path, text: str) -> None:
    """Write a file of UTF-8; names of files that are none go in as they are.

    Raises
    ------
    EdgewiseError
        If it cannot be written; names it, not the temporary file.
    """
    try:
        write_bytes(path, text.encode("utf-8", errors="surrogateescape"))
    except OSError as error:
        message = f"{path}: cannot be written ({error.strerror or error})"
        raise EdgewiseError(message) from error
