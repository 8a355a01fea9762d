"""What every read checks: the file is there, is what it says, and holds every byte it promises."""

from __future__ import annotations

import contextlib
import gzip
import math
import os
import re
import stat
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise import _core
from edgewise.errors import ReadError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "GZIP",
    "admit",
    "blame_compression",
    "default_max_bytes",
    "describe",
    "first_bytes",
    "gunzip",
    "inflated_start",
    "load",
    "not_an_image",
    "size_of",
    "voxels",
    "zlib_inflate",
]

GZIP: Final = b"\x1f\x8b"
_SLACK: Final = 1 << 20  # bytes beyond the header's promise that are still "trailing"
_MOST_CHUNKS: Final = 1 << 12  # of that size: where looking for damage ends
_KINDS: Final = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)
_SIGNATURES: Final = (
    (0, GZIP, "gzip data"),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"NRRD", "NRRD data"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"BZh", "bzip2 data"),
    (0, b"\x28\xb5\x2f\xfd", "zstd data"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (0, b"%PDF", "a PDF"),
    (0, b"ObjectType", "a MetaImage header"),
    (0, b"version https://git-lfs", "a Git LFS pointer, not the file it stands for"),
    (4, b"n+2\0", "NIfTI data"),
    (4, b"ni2\0", "NIfTI data"),
    (128, b"DICM", "a DICOM file"),
    (344, b"n+1\0", "NIfTI data"),
    (344, b"ni1\0", "NIfTI data"),
)
_CGROUP_LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_ERRNO: Final = {
    FileNotFoundError: ("no_such_file", "does not exist"),
    PermissionError: ("permission_denied", "may not be read by this user"),
}


def default_max_bytes() -> int:
    """Return the memory of the machine, or of the container: no array may need more."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Windows
        memory = 1 << 36
    for limit in _CGROUP_LIMITS:
        with contextlib.suppress(OSError, ValueError):  # "max" is no limit
            memory = min(memory, int(limit.read_text()))
    return memory


def _failed(path: Path, error: Exception) -> ReadError:
    if isinstance(error, FileNotFoundError) and path.is_symlink():
        code, fact = "dangling_link", f"is a link to {path.readlink()}, which does not exist"
    else:
        reason = getattr(error, "strerror", None) or str(error)
        known = next((v for kind, v in _ERRNO.items() if isinstance(error, kind)), None)
        code, fact = known or ("read_error", f"cannot be read ({reason})")
    message = f"{path}: {fact}; check the path and its permissions"
    return ReadError(message, code=code)


def size_of(path: Path) -> int:
    """Return the bytes of a regular file that is not empty; nothing is opened.

    Raises
    ------
    ReadError
        ``no_such_file``, ``dangling_link``, ``permission_denied``, ``empty_file``, or
        ``not_an_image`` for directories and devices (opening a FIFO would wait for ever).
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise _failed(path, error) from error
    for test, kind in _KINDS:
        if test(status.st_mode):
            message = f"{path}: is {kind}, not an image; name a file"
            raise ReadError(message, code="not_an_image")
    if status.st_size == 0:
        message = f"{path}: is empty (0 bytes); copy or export it again"
        raise ReadError(message, code="empty_file")
    return status.st_size


def first_bytes(path: Path, count: int) -> bytes:
    """Return up to `count` bytes from the start of a file."""
    size_of(path)
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise _failed(path, error) from error


def load(path: Path, max_bytes: int) -> bytes:
    """Return all bytes of a file."""
    admit(path, size_of(path), max_bytes)
    try:
        return path.read_bytes()
    except OSError as error:
        raise _failed(path, error) from error


def admit(path: Path, needed: int, max_bytes: int) -> None:
    """Raise ReadError ``too_large`` before anything of that size is allocated."""
    if needed > max_bytes:
        message = (
            f"{path}: needs {needed:,} bytes, more than the {max_bytes:,} allowed; "
            "raise max_bytes (--max-bytes) if the header is right"
        )
        raise ReadError(message, code="too_large")


def describe(data: bytes) -> str:
    """Say what the first bytes of a file look like."""
    for offset, magic, name in _SIGNATURES:
        if data[offset : offset + len(magic)] == magic:
            return name
    start = data[:256]
    if start and all(byte >= 32 or byte in b"\t\n\r\f" for byte in start):
        text = start.decode("utf-8", "replace").split("\n")[0].strip()[:40]
        return f"text that starts with {text!r}"
    return f"unknown data that start with the bytes {start[:4].hex(' ')}"


def not_an_image(path: Path, data: bytes, wanted: str) -> ReadError:
    """Return the error for a file that is no `wanted`, saying what it is."""
    message = f"{path}: is {describe(data)}, not {wanted}; name the file by what it holds"
    return ReadError(message, code="not_an_image")


def inflated_start(path: Path, data: bytes, count: int) -> bytes:
    """Return up to `count` inflated bytes from the start of gzip data."""
    import io

    try:
        return gzip.GzipFile(fileobj=io.BytesIO(data)).read(count)
    except EOFError as error:
        message = f"{path}: ends inside its header ({len(data):,} bytes); copy or export it again"
        raise ReadError(message, code="truncated") from error
    except (OSError, zlib.error) as error:
        raise _corrupt(path, str(error)) from error


def blame_compression(path: Path, data: bytes) -> None:
    """Raise what is wrong with gzip data, if anything: damage explains a header without sense.

    Raises
    ------
    ReadError
        ``truncated``, ``corrupt_gzip``.
    """
    import io

    stream = gzip.GzipFile(fileobj=io.BytesIO(data))
    try:
        for _ in range(_MOST_CHUNKS):
            if not stream.read(_SLACK):
                return
    except EOFError as error:
        message = f"{path}: ends inside its compressed data; copy or export it again"
        raise ReadError(message, code="truncated") from error
    except (OSError, zlib.error) as error:
        raise _corrupt(path, str(error)) from error


def gunzip(path: Path, data: bytes, size: int) -> tuple[NDArray[np.uint8], bool]:
    """Inflate gzip data of which `size` bytes are wanted; every checksum is compared.

    Parameters
    ----------
    path : Path
        For messages.
    data : bytes
        One or more gzip members.
    size : int
        What the header promises.

    Returns
    -------
    inflated : uint8 array
        At most `size` plus 1 MiB.
    trailing : bool
        Whether bytes follow the last gzip member.

    Raises
    ------
    ReadError
        ``truncated``, ``corrupt_gzip``, ``decompression_bomb``.
    """
    try:
        inflated, after = _core.gunzip(data, limit=size + _SLACK)
    except ReadError as error:
        raise _gzip_error(path, str(error), size) from error
    return inflated, after > 0


def _gzip_error(path: Path, text: str, size: int) -> ReadError:
    kind, _, reason = text.partition(": ")
    if kind == "truncated":
        found = re.search(r"after (\d+) inflated", text)
        return _truncated(path, int(found[1]) if found else 0, size)
    if kind == "too large" and "allowed" in text:
        return _bomb(path, size)
    if kind == "too large":
        return ReadError(f"{path}: {reason}; free memory first", code="too_large")
    return _corrupt(path, reason)


def zlib_inflate(path: Path, data: bytes, size: int) -> tuple[bytes, bool]:
    """Inflate a zlib or gzip stream of which `size` bytes are wanted, checksum compared.

    Returns and raises as `gunzip`.
    """
    if data[:2] == GZIP:
        inflated, trailing = gunzip(path, data, size)
        return inflated.tobytes(), trailing
    stream = zlib.decompressobj()
    try:
        out = stream.decompress(data, size + _SLACK)
    except zlib.error as error:
        raise _corrupt(path, str(error)) from error
    if not stream.eof:
        if stream.unconsumed_tail:
            raise _bomb(path, size)
        raise _truncated(path, min(len(out), size), size)
    return out, bool(stream.unused_data)


def _corrupt(path: Path, reason: str) -> ReadError:
    message = f"{path}: compressed data are damaged ({reason}); copy or export it again"
    return ReadError(message, code="corrupt_gzip")


def _bomb(path: Path, size: int) -> ReadError:
    message = (
        f"{path}: inflates beyond the {size:,} bytes of its header by over 1 MiB; do not use it"
    )
    return ReadError(message, code="decompression_bomb")


def _truncated(path: Path, found: int, size: int) -> ReadError:
    share = 100 * min(found, size) // max(size, 1)
    what = f"ends after {share} % of the data ({found:,} of {size:,} bytes)"
    if found >= size:  # the voxels are there, the checksum that vouches for them is not
        what = "ends inside its checksum"
    return ReadError(f"{path}: {what}; copy or export it again", code="truncated")


def voxels(
    path: Path,
    data: bytes | NDArray[np.uint8],
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    offset: int = 0,
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """View a payload as a native array, first axis fastest.

    Parameters
    ----------
    path : Path
        For messages.
    data : bytes or uint8 array
        The payload starts at `offset`.
    dtype : dtype
        With its byte order; another order than the machine's costs one copy.
    shape : tuple of int
        As stored.
    offset : int, default 0
        In bytes.

    Returns
    -------
    array
        Shares memory with `data` where possible.
    warnings : tuple of str
        ``trailing_bytes`` if more data follow.

    Raises
    ------
    ReadError
        ``truncated`` if there are too few.
    """
    count = math.prod(shape)
    size = count * dtype.itemsize
    if len(data) - offset < size:
        raise _truncated(path, max(len(data) - offset, 0), size)
    array = np.frombuffer(data, dtype=dtype, count=count, offset=offset)
    if not dtype.isnative:
        array = array.astype(dtype.newbyteorder("="))
    if not array.flags.aligned:
        array = array.copy()
    warnings = ("trailing_bytes",) if len(data) - offset > size else ()
    return array.reshape(shape, order="F"), warnings
