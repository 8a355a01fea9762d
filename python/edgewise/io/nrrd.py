"""NRRD, with the data attached or in a file beside the header.

Source: http://teem.sourceforge.net/nrrd/format.html. A space without a name counts as LPS, as in
ITK. Of the segments of a .seg.nrrd the names are read, not the colours.
"""

from __future__ import annotations

import bz2
import gzip
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.errors import ConfigError, ReadError

from .header import Header, Options, as_image, describe_grid, lps_affine, normal
from .integrity import admit, first_bytes, gunzip, load, not_an_image, voxels
from .sidecar import sidecar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgewise.image import Image

__all__ = ["encode", "read", "read_header", "segment_names"]

_PROBE: Final = 1 << 20  # bytes that surely hold the header; .seg.nrrd headers are long
_NAMES: Final = {
    "i1": "signed char|int8|int8_t",
    "u1": "uchar|unsigned char|uint8|uint8_t",
    "i2": "short|short int|signed short|signed short int|int16|int16_t",
    "u2": "ushort|unsigned short|unsigned short int|uint16|uint16_t",
    "i4": "int|signed int|int32|int32_t",
    "u4": "uint|unsigned int|uint32|uint32_t",
    "i8": "longlong|long long|long long int|signed long long|signed long long int|int64|int64_t",
    "u8": "ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t",
    "f4": "float",
    "f8": "double",
}
_DTYPES: Final = {name: code for code, names in _NAMES.items() for name in names.split("|")}
_WRITTEN: Final = {code: names.split("|")[-1] for code, names in _NAMES.items()}
_ENCODINGS: Final = {
    "raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2",
    "ascii": "ascii", "text": "ascii", "txt": "ascii",
}  # fmt: skip
_FLIPS: Final = {  # sign of each world axis towards RAS
    "left-posterior-superior": (-1, -1, 1),
    "lps": (-1, -1, 1),
    "right-anterior-superior": (1, 1, 1),
    "ras": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1),
    "las": (-1, 1, 1),
}
_UNITS: Final = {"m": 1000.0, "cm": 10.0, "um": 1e-3, "µm": 1e-3, "micron": 1e-3, "microns": 1e-3}
_SEGMENT: Final = re.compile(r"^(Segment\d+)_(Name|LabelValue):=(.*)$", re.MULTILINE)
_VECTOR: Final = re.compile(r"\(([^)]*)\)|none")


@dataclass(frozen=True, slots=True)
class _Parsed:
    """The header's text fields, and where its data begin in the file."""

    fields: dict[str, str]
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    encoding: str


def read(path: Path, options: Options) -> Image:
    """Read an NRRD file; the array is the file's, first axis fastest.

    Raises
    ------
    ReadError
        With the code of what is wrong.
    """
    data = load(path, options.max_bytes)
    parsed = _parse(path, data[:_PROBE])
    header = _header(path, parsed, options)
    payload: bytes | memoryview = memoryview(data)[parsed.offset :]
    source = path
    if "data file" in parsed.fields:
        source = sidecar(path, parsed.fields["data file"])
        payload = load(source, options.max_bytes)
    array, codes = _decoded(source, payload, parsed)
    # axes of length 1 that lead (a list of one layer) are no axes of the image
    return as_image(header, array.reshape(_spatial(parsed)[1], order="F"), options, *codes)


def read_header(path: Path, options: Options) -> Header:
    """Read the header alone."""
    return _header(path, _parse(path, first_bytes(path, _PROBE)), options)


def segment_names(path: str | Path) -> dict[int, str]:
    """Return the names of the labels of a .seg.nrrd file.

    Parameters
    ----------
    path : path
        As 3D Slicer writes it, one label per segment.

    Returns
    -------
    dict of int to str
        Empty if the file names no segments.

    Raises
    ------
    ReadError
        If it is no NRRD file.
    """
    path = Path(path)
    data = first_bytes(path, _PROBE)
    _parse(path, data)
    text = data.partition(b"\n\n")[0].decode("utf-8", "replace").replace("\r", "")
    segments: dict[str, dict[str, str]] = {}
    for segment, key, value in _SEGMENT.findall(text):
        segments.setdefault(segment, {})[key] = value.strip()
    return {
        int(s["LabelValue"]): s.get("Name", "")
        for s in segments.values()
        if s.get("LabelValue", "").isdecimal()
    }


def _parse(path: Path, data: bytes) -> _Parsed:
    if not data.startswith(b"NRRD000"):
        raise not_an_image(path, data, "NRRD")
    end = re.search(rb"\r?\n\r?\n", data)
    detached = re.search(rb"\n(data ?file): ", data[: end.end() if end else None])
    if end is None and not detached:
        message = f"{path}: ends inside its header ({len(data):,} bytes); copy or export it again"
        raise ReadError(message, code="truncated")
    text = data[: end.start() if end else None].decode("utf-8", "replace")
    fields = {}
    for line in text.splitlines()[1:]:
        name, colon, value = line.partition(": ")
        if colon and not line.startswith("#") and ":=" not in name:
            fields[name.strip().lower()] = value.strip()
    if "datafile" in fields:
        fields["data file"] = fields.pop("datafile")
    bad = ("sizes",)
    try:
        shape = tuple(int(n) for n in fields["sizes"].split())
        name, encoding = fields["type"].lower(), _ENCODINGS[fields["encoding"].lower()]
        dtype = np.dtype(_DTYPES[name])
        if len(shape) != int(fields["dimension"]) or min(shape) < 1:
            raise ValueError(*bad)
        if dtype.itemsize > 1 and encoding != "ascii":
            order = {"little": "<", "big": ">"}[fields["endian"].lower()]
            dtype = np.dtype(order + _DTYPES[name])
    except (KeyError, ValueError) as error:
        message = (
            f"{path}: its header lacks or garbles {error.args[0]!r} "
            "(type, dimension, sizes, encoding, endian are needed); export it again"
        )
        raise ReadError(message, code="bad_header") from error
    return _Parsed(fields, end.end() if end else len(data), shape, dtype, encoding)


def _decoded(
    path: Path, payload: bytes | memoryview, parsed: _Parsed
) -> tuple[NDArray[Any], tuple[str, ...]]:
    size = math.prod(parsed.shape) * parsed.dtype.itemsize
    payload = _skipped(path, payload, parsed, size)
    trailing = False
    data: bytes | NDArray[np.uint8]
    if parsed.encoding == "gzip":
        if len(payload) == 0:
            payload = b"\x1f\x8b"  # nothing at all is a cut file, too
        data, trailing = gunzip(path, bytes(payload), size)
        data, skip = data, _byte_skip(path, parsed)
        data = data[skip:]
    elif parsed.encoding == "bzip2":
        data, trailing = _bunzip(path, bytes(payload), size)
    elif parsed.encoding == "ascii":
        return _numbers(path, bytes(payload), parsed), ()
    else:
        data = np.frombuffer(payload, np.uint8)
    array, codes = voxels(path, data, parsed.dtype, parsed.shape)
    return array, ("trailing_bytes",) if trailing else codes


def _byte_skip(path: Path, parsed: _Parsed) -> int:
    try:
        return int(parsed.fields.get("byte skip", "0"))
    except ValueError as error:
        message = f"{path}: byte skip {parsed.fields['byte skip']!r} is no number; export it again"
        raise ReadError(message, code="bad_header") from error


def _skipped(
    path: Path, payload: bytes | memoryview, parsed: _Parsed, size: int
) -> bytes | memoryview:
    """Return the payload after "line skip" and, for raw data, "byte skip" (-1: the last bytes)."""
    lines = parsed.fields.get("line skip", "0")
    for _ in range(int(lines) if lines.isdecimal() else 0):
        payload = payload[bytes(payload).find(b"\n") + 1 :]
    if parsed.encoding != "raw":
        return payload
    skip = _byte_skip(path, parsed)
    return payload[max(len(payload) - size, 0) :] if skip < 0 else payload[skip:]


def _bunzip(path: Path, data: bytes, size: int) -> tuple[bytes, bool]:
    stream = bz2.BZ2Decompressor()
    try:
        out = stream.decompress(data, size + (1 << 20))
    except OSError as error:
        message = f"{path}: compressed data are damaged ({error}); copy or export it again"
        raise ReadError(message, code="corrupt_gzip") from error
    if not stream.eof and len(out) > size:
        message = f"{path}: inflates beyond the {size:,} bytes of its header; do not use it"
        raise ReadError(message, code="decompression_bomb")
    if not stream.eof:
        message = f"{path}: ends after {len(out):,} of {size:,} bytes; copy or export it again"
        raise ReadError(message, code="truncated")
    return out, bool(stream.unused_data)


def _numbers(path: Path, data: bytes, parsed: _Parsed) -> NDArray[Any]:
    words = data.replace(b",", b" ").split()
    count = math.prod(parsed.shape)
    if len(words) < count:
        message = f"{path}: ends after {len(words):,} of {count:,} numbers; copy or export it again"
        raise ReadError(message, code="truncated")
    try:
        values = np.array([w.decode("ascii") for w in words[:count]]).astype(parsed.dtype)
    except (ValueError, OverflowError, UnicodeDecodeError) as error:
        message = f"{path}: holds text that is no {parsed.dtype} ({error}); export it again"
        raise ReadError(message, code="bad_header") from error
    return values.reshape(parsed.shape, order="F")


def _spatial(parsed: _Parsed) -> tuple[list[int], tuple[int, ...]]:
    """Return the axes with a place in space, and the shape with those first.

    Axes of layers or colours ("none" among the space directions) may only have length 1 in front
    of the others; otherwise the stored order stays and the axes beyond the third decide.
    """
    found = _VECTOR.findall(parsed.fields.get("space directions", ""))
    axes = [k for k, text in enumerate(found) if text.strip()] or list(range(len(parsed.shape)))
    if len(found) not in (0, len(parsed.shape)):
        axes = list(range(len(parsed.shape)))
    rest = [n for k, n in enumerate(parsed.shape) if k not in axes]
    if math.prod(rest) == 1:
        return axes, (*(parsed.shape[k] for k in axes), *rest)
    return list(range(len(parsed.shape))), parsed.shape


def _header(path: Path, parsed: _Parsed, options: Options) -> Header:
    admit(path, math.prod(parsed.shape) * parsed.dtype.itemsize, options.max_bytes)
    axes, shape = _spatial(parsed)
    layered = any(
        not text.strip() for text in _VECTOR.findall(parsed.fields.get("space directions", ""))
    )
    if layered and axes == list(range(len(shape))) and len(shape) > 3:
        message = (
            f"{path}: has shape {'x'.join(map(str, shape))} with several layers or channels, which "
            "may overlap; save one label map"
        )
        raise ReadError(message, code="4d_input")
    codes: list[str] = []
    spacing, affine = _grid(path, parsed.fields, axes, codes)
    if spacing is not None:
        spacing = [*spacing, *[1.0] * (len(shape) - len(spacing))]
    if len(shape) < 3 or 1 in shape[:3]:
        codes.append("single_slice")
    return describe_grid(
        path,
        "NRRD",
        shape=shape,
        dtype=parsed.dtype,
        spacing=spacing,
        affine=affine,
        warnings=codes,
        options=options,
    )


def _grid(
    path: Path, fields: dict[str, str], axes: list[int], codes: list[str]
) -> tuple[list[float] | None, NDArray[np.float64] | None]:
    """Return spacing and affine; either may be missing."""
    try:
        found = [_floats(t) for t in _VECTOR.findall(fields.get("space directions", ""))]
        steps = [found[k] for k in axes if k < len(found) and found[k]]
        origin = _floats(fields.get("space origin", "").strip("()"))
        plain = [float(v) for v in fields.get("spacings", "").split()]
    except ValueError as error:
        message = f"{path}: its space directions or origin hold text ({error}); export it again"
        raise ReadError(message, code="bad_header") from error
    if not steps:
        codes.append("no_affine")
        return ([plain[k] for k in axes] if plain and max(axes) < len(plain) else None), None
    unit = _unit(path, fields, codes)
    columns = np.array(steps).T * unit if len({len(s) for s in steps}) == 1 else np.zeros((0, 0))
    if not 1 <= columns.shape[0] <= 3 or columns.shape[0] < columns.shape[1]:
        message = f"{path}: its space directions fit no space of 1 to 3 axes; export it again"
        raise ReadError(message, code="bad_header")
    spacing = np.linalg.norm(columns, axis=0).tolist()
    if len(origin) != columns.shape[0]:
        codes.append("no_affine")
        return spacing, None
    return spacing, _affine(columns, np.array(origin) * unit, fields.get("space", "lps").lower())


def _affine(
    columns: NDArray[np.float64], origin: NDArray[np.float64], space: str
) -> NDArray[np.float64]:
    flips = next((f for name, f in _FLIPS.items() if space in (name, f"{name}-time")), (-1, -1, 1))
    world, axes = columns.shape
    if axes == world:
        return lps_affine(columns, origin, flips=flips)
    full = np.eye(world)
    full[:, :axes] = columns
    if (world, axes) == (3, 2):  # a slice in space
        full[:, 2] = normal(columns)
    return lps_affine(full, origin, flips=flips)


def _floats(text: str) -> list[float]:
    return [float(v) for v in text.split(",")] if text.strip() else []


def _unit(path: Path, fields: dict[str, str], codes: list[str]) -> float:
    names = set(re.findall(r'"([^"]*)"', fields.get("space units", ""))) - {""}
    if not names or names <= {"mm", "millimeter", "millimetre"}:
        return 1.0
    if len(names) > 1 or not names <= set(_UNITS):
        message = f"{path}: its space units {sorted(names)} are no one length; correct the header"
        raise ReadError(message, code="bad_header")
    codes.append("units_converted")
    return _UNITS[names.pop()]


def encode(image: Image) -> bytes:
    """Return the bytes of an NRRD file, gzip-compressed, in LPS."""
    array = image.array.view(np.uint8) if image.array.dtype == np.bool_ else image.array
    little = array.dtype.newbyteorder("<")
    if little.str[1:] not in _WRITTEN:
        message = f"NRRD cannot hold {array.dtype}; cast the array first"
        raise ConfigError(message)
    lines = [
        "NRRD0004",
        f"type: {_WRITTEN[little.str[1:]]}",
        f"dimension: {array.ndim}",
        f"sizes: {' '.join(map(str, array.shape))}",
        "endian: little",
        "encoding: gzip",
    ]
    if image.affine is None or array.ndim > 3:
        lines.append(f"spacings: {' '.join(repr(s) for s in image.spacing)}")
    else:
        lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine
        vectors = [
            f"({','.join(repr(float(v)) for v in lps[:3, k])})" for k in (*range(array.ndim), 3)
        ]
        lines += [
            "space: left-posterior-superior",
            f"space directions: {' '.join(vectors[:-1])}",
            f"space origin: {vectors[-1]}",
        ]
    payload = array.astype(little, copy=False).tobytes(order="F")
    header = "\n".join(lines) + "\n\n"
    return header.encode() + gzip.compress(payload, compresslevel=1, mtime=0)
