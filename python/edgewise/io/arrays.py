"""NumPy's own files: .npy holds an array, .npz arrays by name. Nothing is ever unpickled."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.lib import format as npy

from edgewise.errors import ReadError
from edgewise.image import Image

from .header import Header, Options, plane_spacing, rescaled
from .integrity import admit, first_bytes, load, not_an_image, size_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["encode_npy", "encode_npz", "read_npy", "read_npy_header", "read_npz", "read_npz_header"]

_PROBE: Final = 1 << 16
_RESERVED: Final = ("spacing", "affine")
_VERSIONS: Final = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_npy(path: Path, options: Options) -> Image:
    """Read one array as it is stored."""
    data = load(path, options.max_bytes)
    array, codes = _array(path, data, options)
    return _image(path, array, None, None, codes, options)


def read_npy_header(path: Path, options: Options) -> Header:
    """Read shape and dtype; the file's length is compared with what they promise."""
    shape, _, dtype, offset = _layout(path, first_bytes(path, _PROBE))
    _complete(path, size_of(path) - offset, math.prod(shape) * dtype.itemsize)
    return _header(path, "npy", shape, dtype, None, None, options)


def read_npz(path: Path, options: Options) -> Image:
    """Read the one array of an archive, with its keys "spacing" and "affine" if there are any."""
    members = _members(path, options)
    spacing, affine = (_small(path, members, name, options) for name in _RESERVED)
    array, codes = _array(path, _member(path, members["array"], options), options)
    return _image(path, array, spacing, affine, codes, options)


def read_npz_header(path: Path, options: Options) -> Header:
    """Read shape, dtype, spacing and affine."""
    members = _members(path, options)
    spacing, affine = (_small(path, members, name, options) for name in _RESERVED)
    start = _member(path, members["array"], options, _PROBE)
    shape, _, dtype, _ = _layout(path, start)
    return _header(path, "npz", shape, dtype, spacing, affine, options)


def _layout(path: Path, data: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Return shape, Fortran order, dtype and where the values begin."""
    if not data.startswith(npy.MAGIC_PREFIX):
        raise not_an_image(path, data, "a NumPy array")
    stream = io.BytesIO(data)
    try:
        shape, fortran, dtype = _VERSIONS[npy.read_magic(stream)](stream)
    except (KeyError, ValueError) as error:
        message = f"{path}: its NumPy header cannot be read ({error}); save it again"
        raise ReadError(message, code="bad_header") from error
    if dtype.kind not in "buif" or dtype.itemsize > 8:
        message = f"{path}: holds {dtype}, not numbers; save integers or floats of at most 64 bits"
        raise ReadError(message, code="unsupported")
    if not shape or min(shape) < 1:
        message = f"{path}: has shape {shape}, every axis must be at least 1; save it again"
        raise ReadError(message, code="bad_header")
    return shape, fortran, dtype, stream.tell()


def _complete(path: Path, found: int, wanted: int) -> tuple[str, ...]:
    if found < wanted:
        message = f"{path}: ends after {found:,} of {wanted:,} bytes of its array; save it again"
        raise ReadError(message, code="truncated")
    return ("trailing_bytes",) if found > wanted else ()


def _array(path: Path, data: bytes, options: Options) -> tuple[NDArray[Any], tuple[str, ...]]:
    shape, fortran, dtype, offset = _layout(path, data[:_PROBE])
    count = math.prod(shape)
    admit(path, count * dtype.itemsize, options.max_bytes)
    codes = _complete(path, len(data) - offset, count * dtype.itemsize)
    array = np.frombuffer(data, dtype, count, offset)
    if not dtype.isnative:
        array = array.astype(dtype.newbyteorder("="))
    if not array.flags.aligned:
        array = array.copy()
    return array.reshape(shape, order="F" if fortran else "C"), codes


def _members(path: Path, options: Options) -> dict[str, zipfile.ZipInfo]:
    """Return the archive's entries by meaning: "array", "spacing", "affine"."""
    size_of(path)
    try:
        with zipfile.ZipFile(path) as archive:
            found = {i.filename.removesuffix(".npy"): i for i in archive.infolist()}
    except (zipfile.BadZipFile, OSError) as error:
        start = first_bytes(path, 512)
        if not start.startswith(b"PK"):
            raise not_an_image(path, start, "a NumPy archive") from error
        message = f"{path}: is a damaged or cut archive ({error}); copy or save it again"
        raise ReadError(message, code="truncated") from error
    names = [name for name in found if name not in _RESERVED]
    if "array" in names:
        names = ["array"]
    if len(names) != 1:
        message = (
            f"{path}: holds {len(names)} arrays ({', '.join(names[:5])}); "
            "keep one besides 'spacing' and 'affine', or name it 'array'"
        )
        raise ReadError(message, code="unsupported")
    admit(path, found[names[0]].file_size, options.max_bytes)
    return {"array": found[names[0]], **{k: found[k] for k in _RESERVED if k in found}}


def _member(path: Path, entry: zipfile.ZipInfo, options: Options, count: int = -1) -> bytes:
    """Return the bytes of an entry; reading it whole compares its checksum."""
    admit(path, entry.file_size, options.max_bytes)
    try:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as file:
            return file.read(count)
    except EOFError as error:
        message = f"{path}: ends inside {entry.filename!r}; copy or save it again"
        raise ReadError(message, code="truncated") from error
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError) as error:
        message = f"{path}: {entry.filename!r} is damaged ({error}); copy or save it again"
        raise ReadError(message, code="corrupt_gzip") from error


def _small(
    path: Path, members: dict[str, zipfile.ZipInfo], name: str, options: Options
) -> NDArray[np.float64] | None:
    if name not in members:
        return None
    values, _ = _array(path, _member(path, members[name], options), options)
    wanted = (4, 4) if name == "affine" else None
    if (wanted and values.shape != wanted) or not np.isfinite(values).all():
        message = f"{path}: its key {name!r} holds {values.tolist()}; save it again"
        raise ReadError(message, code="bad_header")
    return values.astype(np.float64)


def _grid(
    path: Path,
    shape: tuple[int, ...],
    spacing: NDArray[np.float64] | None,
    affine: NDArray[np.float64] | None,
    options: Options,
) -> tuple[tuple[float, ...], NDArray[np.float64] | None, tuple[str, ...]]:
    stated = None if spacing is None else tuple(np.atleast_1d(spacing).ravel().tolist())
    if stated is None and affine is not None:
        norms = np.linalg.norm(affine[:3, :3], axis=0).tolist()
        stated = tuple([*norms, *[1.0] * len(shape)][: len(shape)])
    values, codes = plane_spacing(path, shape, stated, options)
    if affine is not None and options.spacing is not None:
        affine = rescaled(affine, values)
    return values, affine, codes


def _image(
    path: Path,
    array: NDArray[Any],
    spacing: NDArray[np.float64] | None,
    affine: NDArray[np.float64] | None,
    codes: tuple[str, ...],
    options: Options,
) -> Image:
    values, affine, more = _grid(path, array.shape, spacing, affine, options)
    return Image(array, values, affine, path, (*more, *codes))


def _header(
    path: Path,
    format: str,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    spacing: NDArray[np.float64] | None,
    affine: NDArray[np.float64] | None,
    options: Options,
) -> Header:
    admit(path, math.prod(shape) * dtype.itemsize, options.max_bytes)
    values, affine, codes = _grid(path, shape, spacing, affine, options)
    return Header(path, format, shape, dtype, values, affine, codes)


def encode_npy(image: Image) -> bytes:
    """Return the bytes of an .npy file; it has no place for the spacing."""
    stream = io.BytesIO()
    npy.write_array(stream, image.array, allow_pickle=False)
    return stream.getvalue()


def encode_npz(image: Image) -> bytes:
    """Return the bytes of an .npz file with the keys "array", "spacing" and, if known, "affine"."""
    stream = io.BytesIO()
    arrays = {"array": image.array}
    if "no_spacing" not in image.warnings:
        arrays["spacing"] = np.array(image.spacing)
    if image.affine is not None:
        arrays["affine"] = image.affine
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, values in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")  # a fixed date: equal images give equal bytes
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                npy.write_array(file, values, allow_pickle=False)
    return stream.getvalue()
