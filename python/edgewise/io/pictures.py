"""TIFF through tifffile and PNG through Pillow: (page,) row, column.

Palettes give indices, never colours. The colours of a PNG are a series of three pictures, of which
one is chosen: as a label map such a file is a mistake. A resolution tag counts as spacing only if
it can hardly be the default of a program.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise._extras import require
from edgewise.errors import ConfigError, ReadError
from edgewise.image import Image

from .header import Header, Options, plane_spacing
from .integrity import admit, load, not_an_image
from .labels import zero_or_one

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = [
    "encode_png",
    "encode_tiff",
    "read_png",
    "read_png_header",
    "read_tiff",
    "read_tiff_header",
]

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_RGB: Final = 2
_CHANNELS: Final = {0: "grey", 2: "RGB", 3: "palette", 4: "grey and alpha", 6: "RGBA"}
# dots per inch that programs write without having measured anything
_PRINTING: Final = (1, 36, 72, 90, 96, 100, 120, 150, 180, 200, 240, 300, 360, 400, 600, 1200, 2400)
_INCH: Final = 25.4
_UNITS: Final = {"mm": 1.0, "cm": 10.0, "um": 1e-3, "µm": 1e-3, "micron": 1e-3, "\\u00B5m": 1e-3}


def read_png(path: Path, options: Options) -> Image:
    """Read a grey or palette PNG; palette indices and grey levels are the stored numbers.

    Of red, green and blue the one is read that the options choose.

    Raises
    ------
    ReadError
        With the code of what is wrong; ``rgb_image`` for colours of which none is chosen.
    MissingExtraError
        Without Pillow.
    """
    data = load(path, options.max_bytes)
    header, depth, codes = _png(path, data, options)
    plugin = require("PIL.PngImagePlugin", extra="io")
    try:  # the class itself: PIL.Image.open warns of large pictures, which were admitted above
        array = np.asarray(plugin.PngImageFile(io.BytesIO(data)))
    except (OSError, SyntaxError, ValueError) as error:
        message = f"{path}: is a damaged PNG ({error}); copy or export it again"
        raise ReadError(message, code="corrupt_gzip") from error
    if array.ndim == 3 and options.volume is not None:
        array = np.ascontiguousarray(array[..., options.volume])
    if array.dtype == np.bool_:  # Pillow's black and white is 0 and 255 in memory
        array = zero_or_one(array)
    if array.shape != header.shape:
        message = (
            f"{path}: decodes to {array.shape}, its header says {header.shape}; export it again"
        )
        raise ReadError(message, code="bad_header")
    if depth in (2, 4) and data[25] == 0:  # Pillow stretches few grey levels to 0..255
        array = array // np.uint8(255 // (2**depth - 1))
    return Image(array, header.spacing, None, path, (*header.warnings, *codes))


def read_png_header(path: Path, options: Options) -> Header:
    """Read the header; the whole file is checked, as its chunks have to be walked anyway."""
    return _png(path, load(path, options.max_bytes), options)[0]


def _png(path: Path, data: bytes, options: Options) -> tuple[Header, int, tuple[str, ...]]:
    if not data.startswith(_PNG):
        raise not_an_image(path, data, "a PNG picture")
    chunks, end = _chunks(path, data)
    start = chunks.get(b"IHDR", b"")
    if len(start) != 13:
        message = f"{path}: has no PNG header; export it again"
        raise ReadError(message, code="bad_header")
    width, height, depth, colour = struct.unpack(">IIBB", start[:10])
    if colour not in (0, 3):
        _check_choice(path, colour, depth, options.volume)
    if not width or not height:
        message = f"{path}: has size {width}x{height}; export it again"
        raise ReadError(message, code="bad_header")
    dtype = np.dtype(np.uint16 if depth == 16 else np.uint8)
    admit(path, width * height * dtype.itemsize, options.max_bytes)
    spacing = _png_spacing(chunks.get(b"pHYs", b""))
    shape = (height, width)
    values, warnings = plane_spacing(path, shape, spacing, options)
    codes = ("trailing_bytes",) if end < len(data) else ()
    return Header(path, "PNG", shape, dtype, values, None, warnings), depth, codes


def _coloured(path: Path, kind: str) -> ReadError:
    message = (
        f"{path}: is {kind}, a label map holds one number per pixel; save indices or grey levels "
        "(as images for networks: grey levels, or a PNG of 8-bit RGB)"
    )
    return ReadError(message, code="rgb_image")


def _check_choice(path: Path, colour: int, depth: int, chosen: int | None) -> None:
    """Raise unless one of three colours is chosen, and can be had as it is stored."""
    if colour != _RGB or chosen is None:
        raise _coloured(path, _CHANNELS.get(colour, "of an unknown kind"))
    if depth != 8:
        message = f"{path}: has {depth} bits per colour; save it with 8"
        raise ReadError(message, code="unsupported")
    if not 0 <= chosen < 3:
        message = f"{path}: has 3 colours and no number {chosen}; choose from 0 to 2"
        raise ReadError(message, code="4d_input")


def _chunks(path: Path, data: bytes) -> tuple[dict[bytes, bytes], int]:
    """Return the first chunk of each kind and where the file ends; every checksum is compared.

    Pillow leaves those of the pixels out.
    """
    found: dict[bytes, bytes] = {}
    offset = len(_PNG)
    while b"IEND" not in found:
        if offset + 12 > len(data):
            message = (
                f"{path}: ends inside the picture ({len(data):,} bytes); copy or export it again"
            )
            raise ReadError(message, code="truncated")
        length, kind = struct.unpack_from(">I4s", data, offset)
        stop = offset + 12 + length
        if stop > len(data):
            message = f"{path}: ends after {len(data):,} of at least {stop:,} bytes; copy it again"
            raise ReadError(message, code="truncated")
        if zlib.crc32(data[offset + 4 : stop - 4]) != struct.unpack_from(">I", data, stop - 4)[0]:
            message = f"{path}: a part ({kind!r}) fails its checksum; copy or export it again"
            raise ReadError(message, code="corrupt_gzip")
        found.setdefault(kind, data[offset + 8 : stop - 4])
        offset = stop
    return found, offset


def _png_spacing(chunk: bytes) -> tuple[float, float] | None:
    if len(chunk) != 9 or chunk[8] != 1:  # 1: per metre; otherwise only the shape of a pixel
        return None
    x, y = struct.unpack(">II", chunk[:8])
    return _measured(x / 1000, y / 1000)


def _measured(x: float, y: float) -> tuple[float, float] | None:
    """Return (row, column) spacing in mm from pixels per mm, unless these are a printer's."""
    dots = (x * _INCH, y * _INCH)
    if min(dots) <= 0 or any(abs(d - p) < 0.006 * p for d in dots for p in _PRINTING):
        return None
    return 1 / y, 1 / x


def read_tiff(path: Path, options: Options) -> Image:
    """Read a TIFF picture or stack.

    Raises
    ------
    ReadError
        With the code of what is wrong; ``rgb_image`` for colours.
    MissingExtraError
        Without tifffile.
    """
    data = load(path, options.max_bytes)
    with _tiff(path, data) as file:
        series, header = _tiff_header(path, file, len(data), options)
        try:
            array = np.asarray(series.asarray())
        except (ValueError, RuntimeError, OSError, zlib.error, struct.error, KeyError) as error:
            message = f"{path}: its pixels cannot be decoded ({error}); export it uncompressed"
            raise ReadError(message, code="corrupt_gzip") from error
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if array.dtype == np.bool_:
        array = zero_or_one(array)
    return Image(array.reshape(header.shape), header.spacing, None, path, header.warnings)


def read_tiff_header(path: Path, options: Options) -> Header:
    """Read the header."""
    data = load(path, options.max_bytes)
    with _tiff(path, data) as file:
        return _tiff_header(path, file, len(data), options)[1]


def _tiff(path: Path, data: bytes) -> Any:  # noqa: ANN401
    library = require("tifffile", extra="io")
    if data[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        raise not_an_image(path, data, "a TIFF picture")
    try:
        return library.TiffFile(io.BytesIO(data))
    except (ValueError, OSError, struct.error, KeyError, IndexError, TypeError) as error:
        message = f"{path}: its TIFF header cannot be read ({error}); copy or export it again"
        raise ReadError(message, code="truncated") from error


def _tiff_header(path: Path, file: Any, size: int, options: Options) -> tuple[Any, Header]:  # noqa: ANN401
    try:
        many, page = file.series, file.pages.first
        series = many[0]
        dtype = np.dtype(series.dtype)
        segments = [
            s for p in series.pages for s in zip(p.dataoffsets, p.databytecounts, strict=True)
        ]
    except (
        ValueError,
        OSError,
        struct.error,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
    ) as error:
        message = f"{path}: its TIFF header cannot be read ({error}); copy or export it again"
        raise ReadError(message, code="truncated") from error
    if len(many) > 1:
        message = f"{path}: holds {len(many)} pictures of different kinds; save one"
        raise ReadError(message, code="unsupported")
    if page.photometric in (2, 5, 6) or page.samplesperpixel > 1:
        raise _coloured(path, "a colour picture")
    end = max((offset + count for offset, count in segments), default=0)
    if end > size or not all(count for _, count in segments):
        message = f"{path}: ends after {size:,} of {end:,} bytes; copy or export it again"
        raise ReadError(message, code="truncated")
    if dtype.kind not in "buif":
        message = f"{path}: holds {dtype}, not numbers; save integers"
        raise ReadError(message, code="unsupported")
    shape = tuple(int(n) for n in series.shape)
    admit(path, math.prod(shape) * dtype.itemsize, options.max_bytes)
    values, warnings = plane_spacing(path, shape, _tiff_spacing(file, page, len(shape)), options)
    return series, Header(path, "TIFF", shape, dtype, values, None, warnings)


def _tiff_spacing(file: Any, page: Any, ndim: int) -> tuple[float, ...] | None:  # noqa: ANN401
    own = dict((file.shaped_metadata or ({},))[0]).get("spacing")
    if isinstance(own, list) and len(own) == ndim and all(isinstance(v, int | float) for v in own):
        return tuple(float(v) for v in own)
    density = [page.tags[k].value for k in ("XResolution", "YResolution") if k in page.tags]
    if len(density) != 2 or any(not b or not a for a, b in density):
        return None
    x, y = (a / b for a, b in density)
    imagej: dict[str, Any] = file.imagej_metadata or {}
    unit = _UNITS.get(str(imagej.get("unit", "")).lower())
    if unit is not None:
        plane = (unit / y, unit / x)
        depth = imagej.get("spacing")
        if ndim == 3:
            return (float(depth) * unit, *plane) if isinstance(depth, int | float) else None
        return plane if ndim == 2 else None
    per_mm = {2: 1 / _INCH, 3: 0.1}.get(int(page.resolutionunit))
    return _measured(x * per_mm, y * per_mm) if per_mm and ndim == 2 else None


def encode_png(image: Image) -> bytes:
    """Return the bytes of a grey PNG of 8 or 16 bits."""
    array = image.array
    if array.ndim != 2 or array.dtype.kind not in "bui" or int(array.min()) < 0:
        message = (
            f"PNG holds 2 axes of whole numbers from 0, not {array.ndim} axes of {array.dtype}"
        )
        raise ConfigError(message)
    largest = int(array.max())
    if largest > 0xFFFF:
        message = f"PNG holds values up to 65535, the array has {largest}; write another format"
        raise ConfigError(message)
    pillow = require("PIL.Image", extra="io")
    stream = io.BytesIO()
    narrow: NDArray[Any] = array.astype(np.uint8 if largest <= 0xFF else np.uint16)
    pillow.fromarray(narrow).save(stream, format="PNG")
    return stream.getvalue()


def encode_tiff(image: Image) -> bytes:
    """Return the bytes of a TIFF file; the spacing stands in tifffile's description."""
    array = image.array.view(np.uint8) if image.array.dtype == np.bool_ else image.array
    if array.dtype.kind not in "uif":
        message = f"TIFF cannot hold {array.dtype}; cast the array first"
        raise ConfigError(message)
    library = require("tifffile", extra="io")
    stream = io.BytesIO()
    known = "no_spacing" not in image.warnings
    library.imwrite(
        stream,
        np.ascontiguousarray(array),
        photometric="minisblack",
        compression="zlib",
        metadata={"spacing": list(image.spacing)} if known else {},
    )
    return stream.getvalue()
