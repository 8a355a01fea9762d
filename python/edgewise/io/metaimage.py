"""MetaImage: .mha with the data attached, .mhd with a data file beside it.

Source: https://itk.org/Wiki/MetaIO/Documentation. World coordinates of the file are LPS, as in ITK;
``TransformMatrix`` holds one axis after the other.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.errors import ConfigError, ReadError

from .header import Header, Options, as_image, describe_grid, lps_affine
from .integrity import admit, first_bytes, load, not_an_image, voxels, zlib_inflate
from .sidecar import sidecar

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from edgewise.image import Image

__all__ = ["encode", "read", "read_header"]

_PROBE: Final = 1 << 16
_DTYPES: Final = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4",
    "MET_UINT": "u4", "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
_WRITTEN: Final = {
    code: name for name, code in _DTYPES.items() if name not in ("MET_LONG", "MET_ULONG")
}
_MATRICES: Final = ("TransformMatrix", "Rotation", "Orientation")
_ORIGINS: Final = ("Offset", "Position", "Origin")


@dataclass(frozen=True, slots=True)
class _Parsed:
    """The header's text fields, and where its data begin in the file."""

    fields: dict[str, str]
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def flag(self, *names: str) -> bool:
        return any(self.fields.get(name, "").lower() in ("true", "1") for name in names)


def read(path: Path, options: Options) -> Image:
    """Read a MetaImage file; the array is the file's, first axis fastest.

    Raises
    ------
    ReadError
        With the code of what is wrong.
    """
    data = load(path, options.max_bytes)
    parsed = _parse(path, data[:_PROBE])
    header = _header(path, parsed, options)
    name = parsed.fields["ElementDataFile"]
    payload: bytes | memoryview = memoryview(data)[parsed.offset :]
    source = path
    if name.upper() != "LOCAL":
        source = sidecar(path, name)
        payload = load(source, options.max_bytes)
    size = math.prod(parsed.shape) * parsed.dtype.itemsize
    payload, trailing = _inflated(source, payload, parsed, size)
    array, codes = voxels(source, np.frombuffer(payload, np.uint8), parsed.dtype, parsed.shape)
    if trailing:
        codes = ("trailing_bytes",)
    return as_image(header, array, options, *codes)


def read_header(path: Path, options: Options) -> Header:
    """Read the header alone."""
    return _header(path, _parse(path, first_bytes(path, _PROBE)), options)


def _parse(path: Path, data: bytes) -> _Parsed:
    fields: dict[str, str] = {}
    offset = 0
    while offset < len(data) and "ElementDataFile" not in fields:
        stop = data.find(b"\n", offset)
        stop = len(data) if stop < 0 else stop
        name, equals, value = data[offset:stop].decode("utf-8", "replace").partition("=")
        if not equals and name.strip():
            break
        if equals:
            fields[name.strip()] = value.strip()
        offset = stop + 1
    if not {"NDims", "DimSize", "ElementType"} & set(fields):
        raise not_an_image(path, data, "MetaImage")
    if "ElementDataFile" not in fields:
        message = f"{path}: ends inside its header ({len(data):,} bytes); copy or export it again"
        raise ReadError(message, code="truncated")
    bad = ("DimSize",)
    try:
        shape = tuple(int(n) for n in fields["DimSize"].split())
        dtype = np.dtype(_DTYPES[fields["ElementType"].upper()])
        channels = int(fields.get("ElementNumberOfChannels", "1"))
        if len(shape) != int(fields["NDims"]) or min(shape) < 1 or channels < 1:
            raise ValueError(*bad)
    except (KeyError, ValueError) as error:
        message = (
            f"{path}: its header lacks or garbles {error.args[0]!r} "
            "(NDims, DimSize, ElementType are needed); export it again"
        )
        raise ReadError(message, code="bad_header") from error
    if channels > 1:
        message = (
            f"{path}: has {channels} channels per voxel, a label map has one; save one label map"
        )
        raise ReadError(message, code="rgb_image")
    parsed = _Parsed(fields, min(offset, len(data)), shape, dtype)
    if parsed.flag("ElementByteOrderMSB", "BinaryDataByteOrderMSB"):
        return _Parsed(fields, parsed.offset, shape, dtype.newbyteorder(">"))
    return _Parsed(fields, parsed.offset, shape, dtype.newbyteorder("<"))


def _inflated(
    path: Path, payload: bytes | memoryview, parsed: _Parsed, size: int
) -> tuple[bytes | memoryview, bool]:
    if parsed.fields.get("BinaryData", "True").lower() == "false":
        message = f"{path}: holds its voxels as text, which is not supported; export it as binary"
        raise ReadError(message, code="unsupported")
    skip = parsed.fields.get("HeaderSize", "0")
    if skip == "-1":
        payload = payload[max(len(payload) - size, 0) :]
    elif skip.isdecimal():
        payload = payload[int(skip) :]
    if not parsed.flag("CompressedData"):
        return payload, False
    stated = parsed.fields.get("CompressedDataSize", "")
    rest = len(payload) - int(stated) if stated.isdecimal() and int(stated) else 0
    data, trailing = zlib_inflate(path, bytes(payload), size)
    return data, trailing or rest > 0


def _header(path: Path, parsed: _Parsed, options: Options) -> Header:
    admit(path, math.prod(parsed.shape) * parsed.dtype.itemsize, options.max_bytes)
    ndim = len(parsed.shape)
    spacing = _floats(path, parsed.fields, ("ElementSpacing", "ElementSize"), ndim)
    codes: list[str] = []
    affine = _affine(path, parsed.fields, [1.0] * ndim if spacing is None else spacing, codes)
    if ndim < 3 or 1 in parsed.shape[:3]:
        codes.append("single_slice")
    return describe_grid(
        path,
        "MetaImage",
        shape=parsed.shape,
        dtype=parsed.dtype,
        spacing=spacing,
        affine=affine,
        warnings=codes,
        options=options,
    )


def _floats(
    path: Path, fields: dict[str, str], names: tuple[str, ...], count: int
) -> list[float] | None:
    name = next((n for n in names if n in fields), None)
    if name is None:
        return None
    try:
        values = [float(v) for v in fields[name].split()]
    except ValueError:
        values = []
    if len(values) != count:
        message = f"{path}: its {name} {fields[name]!r} must be {count} numbers; correct the header"
        raise ReadError(message, code="bad_header")
    return values


def _affine(
    path: Path, fields: dict[str, str], spacing: list[float], codes: list[str]
) -> NDArray[np.float64] | None:
    ndim = len(spacing)
    matrix = _floats(path, fields, _MATRICES, ndim * ndim)
    origin = _floats(path, fields, _ORIGINS, ndim)
    if matrix is None and origin is None:
        codes.append("no_affine")
        return None
    rows = np.eye(ndim) if matrix is None else np.reshape(matrix, (ndim, ndim))
    place = np.zeros(ndim) if origin is None else np.array(origin)
    kept = min(ndim, 3)
    steps = (rows.T * spacing)[:kept, :kept]
    return lps_affine(steps, place[:kept], flips=(-1, -1, 1))


def encode(image: Image) -> bytes:
    """Return the bytes of an .mha file, zlib-compressed."""
    array = image.array.view(np.uint8) if image.array.dtype == np.bool_ else image.array
    little = array.dtype.newbyteorder("<")
    if little.str[1:] not in _WRITTEN or array.ndim > 3:
        message = f"MetaImage cannot hold {array.ndim} axes of {array.dtype}; cast the array first"
        raise ConfigError(message)
    ndim = array.ndim
    payload = zlib.compress(array.astype(little, copy=False).tobytes(order="F"), level=1)
    lines = [
        "ObjectType = Image",
        f"NDims = {ndim}",
        "BinaryData = True",
        "BinaryDataByteOrderMSB = False",
        "CompressedData = True",
        f"CompressedDataSize = {len(payload)}",
        *_placed(image, ndim),
        f"ElementSpacing = {_joined(image.spacing)}",
        f"DimSize = {' '.join(map(str, array.shape))}",
        f"ElementType = {_WRITTEN[little.str[1:]]}",
        "ElementDataFile = LOCAL",
    ]
    return "\n".join(lines).encode() + b"\n" + payload


def _placed(image: Image, ndim: int) -> list[str]:
    if image.affine is None:
        return []
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine
    # of a slice only the part in the plane of its world axes can be kept
    steps = lps[:ndim, :ndim] / np.array(image.spacing)
    return [
        f"TransformMatrix = {_joined(steps.T.ravel().tolist())}",
        f"Offset = {_joined(lps[:ndim, 3].tolist())}",
    ]


def _joined(values: tuple[float, ...] | list[float]) -> str:
    return " ".join(repr(float(v)) for v in values)
