"""Files of a run that appear whole or not at all, and what is said when they cannot be written.

A file is written under another name, flushed to the disk and renamed. A disk that is full, or a
folder that may not be written to, is a WriteError that names the file and what to do; half a file
does not stay to fill the disk further.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from typing import TYPE_CHECKING, Any

from edgewise._extras import require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import torch

__all__ = ["WriteError", "appearing", "flush_file", "flush_folder", "write_weights", "write_whole"]


class WriteError(OSError):
    """A file of a run cannot be written."""


@contextlib.contextmanager
def appearing(path: Path, partial: Path) -> Iterator[Path]:
    """Give `partial` to write to, a file or a folder, and rename it to `path` at the end.

    Raises
    ------
    WriteError
        If it cannot be written; it names `path`, and `partial` is removed.
    """
    try:
        yield partial
        partial.replace(path)
        flush_folder(path.parent)
    except Exception as error:
        _remove(partial)
        # torch and safetensors have errors of their own for a full disk
        told = isinstance(error, OSError | RuntimeError) or "safetensors" in type(error).__module__
        if not told or isinstance(error, WriteError):
            raise
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
        message = f"cannot be written ({reason}); mend that and start the same training again, "
        message += "it goes on from its last complete checkpoint"
        raise WriteError(getattr(error, "errno", None) or errno.EIO, message, str(path)) from error


def _remove(partial: Path) -> None:
    with contextlib.suppress(OSError):
        if partial.is_dir():
            shutil.rmtree(partial)
        else:
            partial.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write a text file."""
    with (
        appearing(path, path.with_name(f".{path.name}.part")) as partial,
        partial.open("w", encoding="utf-8", newline="\n") as file,
    ):
        file.write(text)
        flush_file(file)


def write_weights(path: Path, state: Mapping[str, torch.Tensor]) -> None:
    """Write weights as safetensors."""
    write = require("safetensors.torch", extra="models").save_file
    with appearing(path, path.with_name(f".{path.name}.part")) as partial:
        write({name: t.detach().cpu().contiguous().clone() for name, t in state.items()}, partial)
        with partial.open("r+b") as file:  # Windows flushes only what may be written
            flush_file(file)


def flush_file(file: Any) -> None:  # noqa: ANN401
    """Make what was written to a file last."""
    file.flush()
    os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Make a rename last; where folders cannot be opened (Windows) the system sees to it."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:  # some network file systems do not flush folders
        return
    finally:
        os.close(handle)
