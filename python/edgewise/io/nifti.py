"""NIfTI-1 and NIfTI-2, plain and gzip-compressed, in either byte order.

Source: nifti1.h and nifti2.h (https://nifti.nimh.nih.gov). Which of sform, qform and pixdim counts
follows nibabel; pixdim must agree with it.
"""

from __future__ import annotations

import gzip
import math
import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.errors import ConfigError, ReadError
from edgewise.image import Image, drift

from .header import Header, Options, as_image, describe_grid, normal
from .integrity import (
    GZIP,
    blame_compression,
    first_bytes,
    gunzip,
    inflated_start,
    load,
    not_an_image,
    size_of,
    voxels,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["encode", "read", "read_header"]

_START: Final = 540  # bytes of the longer header
_PROBE: Final = 1 << 16  # compressed bytes that surely hold the header
_DTYPES: Final = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8",
    256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
_REFUSED: Final = {
    1: "1-bit", 32: "complex64", 128: "RGB", 1536: "float128", 1792: "complex128",
    2048: "complex256", 2304: "RGBA",
}  # fmt: skip
_MILLIMETRES: Final = {1: 1000.0, 3: 1e-3}  # xyzt_units: metres, micrometres
_SPACING_DIFFERS: Final = 1e-3
_SPACING_CONFLICT: Final = 1e-2
_FORMS_DIFFER: Final = 0.1  # voxels


@dataclass(frozen=True, slots=True)
class _Fields:
    """The header's fields that matter here."""

    version: int
    order: str
    dim: tuple[int, ...]
    datatype: int
    pixdim: tuple[float, ...]
    vox_offset: int
    slope: float
    inter: float
    units: int
    qform_code: int
    sform_code: int
    quatern: tuple[float, ...]  # b, c, d, then the offsets x, y, z
    srow: tuple[float, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.dim[1 : self.dim[0] + 1]


def read(path: Path, options: Options) -> Image:
    """Read a NIfTI file; the array is the file's, first axis fastest.

    Parameters
    ----------
    path : Path
        Compressed or not, whatever the suffix says.
    options : Options
        Spacing, memory, volume.

    Returns
    -------
    Image
        Stored integers, or float64 where the header scales them.

    Raises
    ------
    ReadError
        With the code of what is wrong.
    """
    raw = load(path, options.max_bytes)
    data: bytes | NDArray[np.uint8] = raw
    try:
        fields, codes = _fields(path, raw)
        header = _header(path, fields, codes, options)
    except ReadError:
        if raw.startswith(GZIP):
            blame_compression(path, raw)
        raise
    dtype = np.dtype(fields.order + _DTYPES[fields.datatype])
    offset = fields.vox_offset
    trailing = False
    if raw.startswith(GZIP):
        data, trailing = gunzip(path, raw, offset + math.prod(fields.shape) * dtype.itemsize)
    array, odd = voxels(path, data, dtype, fields.shape, offset)
    if trailing:
        odd = ("trailing_bytes",)
    if _scales(fields):
        array = array * np.float64(fields.slope) + np.float64(fields.inter)
    return as_image(header, array, options, *odd)


def read_header(path: Path, options: Options) -> Header:
    """Read the header alone; a plain file's length is compared with what it promises."""
    raw = first_bytes(path, _PROBE)
    fields, codes = _fields(path, raw)
    header = _header(path, fields, codes, options)
    if not raw.startswith(GZIP):
        itemsize = np.dtype(_DTYPES[fields.datatype]).itemsize
        wanted = fields.vox_offset + math.prod(fields.shape) * itemsize
        found = size_of(path)
        if found < wanted:
            message = f"{path}: ends after {found:,} of {wanted:,} bytes; copy or export it again"
            raise ReadError(message, code="truncated")
    return header


def _fields(path: Path, raw: bytes) -> tuple[_Fields, tuple[str, ...]]:
    packed = raw.startswith(GZIP)
    start = inflated_start(path, raw, _START) if packed else raw[:_START]
    version, order = _version(path, start, raw)
    length = 348 if version == 1 else 540
    if len(start) < length:
        message = f"{path}: ends after {len(start)} of {length} bytes of header; copy it again"
        raise ReadError(message, code="truncated")
    fields = (_first if version == 1 else _second)(order, start)
    wrong = packed != path.name.lower().endswith(".gz")
    return _checked(path, fields), ("wrong_suffix",) if wrong else ()


def _version(path: Path, start: bytes, raw: bytes) -> tuple[int, str]:
    for order in "<>":
        size = struct.unpack(order + "i", start[:4])[0] if len(start) >= 4 else 0
        if size not in (348, 540):
            continue
        version = 1 if size == 348 else 2
        magic = start[344:348] if version == 1 else start[4:8]
        if len(start) < size or magic == b"n+%d\0" % version:
            return version, order
        message = (
            f"{path}: is an Analyze or two-file NIfTI header (magic {magic!r}), which is not "
            "supported; convert it to a single .nii file"
        )
        raise ReadError(message, code="unsupported")
    if raw.startswith(GZIP) and start:
        message = f"{path}: is gzip data, but no NIfTI inside; name it by what it holds"
        raise ReadError(message, code="not_an_image")
    raise not_an_image(path, raw, "NIfTI")


def _first(order: str, start: bytes) -> _Fields:
    def take(offset: int, kind: str) -> tuple[Any, ...]:
        return struct.unpack_from(order + kind, start, offset)

    offset, slope, inter = take(108, "3f")
    qform, sform, *place = take(252, "2h18f")
    return _Fields(
        1, order, take(40, "8h"), take(70, "h")[0], take(76, "8f"),
        _whole(offset), slope, inter, start[123] & 7, qform, sform, tuple(place[:6]),
        tuple(place[6:]),
    )  # fmt: skip


def _second(order: str, start: bytes) -> _Fields:
    def take(offset: int, kind: str) -> tuple[Any, ...]:
        return struct.unpack_from(order + kind, start, offset)

    offset, slope, inter = take(168, "q2d")
    qform, sform, *place = take(344, "2i18d")
    return _Fields(
        2, order, take(16, "8q"), take(12, "h")[0], take(104, "8d"),
        offset, slope, inter, take(500, "i")[0] & 7, qform, sform, tuple(place[:6]),
        tuple(place[6:]),
    )  # fmt: skip


def _whole(value: float) -> int:
    return int(value) if math.isfinite(value) and value == int(value) else -1


def _checked(path: Path, fields: _Fields) -> _Fields:
    """Return the fields with vox_offset resolved, or raise for what cannot be."""
    count = fields.dim[0]
    if not 1 <= count <= 7:
        message = f"{path}: its header says {count} axes, must be 1 to 7; export it again"
        raise ReadError(message, code="bad_header")
    if min(fields.shape) < 1:
        message = f"{path}: its header says shape {fields.shape}, an axis below 1; export it again"
        raise ReadError(message, code="bad_header")
    if fields.datatype not in _DTYPES:
        name = _REFUSED.get(fields.datatype, f"number {fields.datatype}")
        code = "unsupported" if fields.datatype in _REFUSED else "bad_header"
        message = f"{path}: its data type ({name}) is not supported; save it as integers"
        raise ReadError(message, code=code)
    least = 352 if fields.version == 1 else 544
    if fields.vox_offset == 0:  # nibabel and FSL take it as "right after the header"
        return replace(fields, vox_offset=least)
    if not least <= fields.vox_offset < 1 << 40:
        message = f"{path}: its header puts the voxels at byte {fields.vox_offset}; export it again"
        raise ReadError(message, code="bad_header")
    return fields


def _scales(fields: _Fields) -> bool:
    """Whether stored values need slope and intercept; slope 0 and NaN mean no (nifti1.h)."""
    if fields.slope == 0 or not math.isfinite(fields.slope):
        return False
    return (fields.slope, fields.inter) != (1.0, 0.0)


def _header(path: Path, fields: _Fields, codes: tuple[str, ...], options: Options) -> Header:
    if _scales(fields) and not math.isfinite(fields.inter):
        message = f"{path}: scales by {fields.slope:g} x + {fields.inter:g}; correct the header"
        raise ReadError(message, code="bad_header")
    dtype = np.dtype(_DTYPES[fields.datatype])
    found = [*codes]
    odd = fields.slope not in (0.0, 1.0) or (fields.inter != 0 and math.isfinite(fields.inter))
    if dtype.kind in "iu" and math.isfinite(fields.slope) and odd:
        found.append("odd_scaling")
    unit = _MILLIMETRES.get(fields.units, 1.0)
    if unit != 1.0:
        found.append("units_converted")
    pixdim = [p * unit for p in fields.pixdim[1 : len(fields.shape) + 1]]
    affine = _affine(fields, unit, found)
    spacing = pixdim
    if fields.sform_code > 0 and affine is not None:
        norms = np.linalg.norm(affine[:3, :3], axis=0).tolist()
        spacing = [*norms, *pixdim[3:]][: len(pixdim)]
        if options.spacing is None:
            _compare(path, spacing[:3], pixdim[:3], found)
    if len(fields.shape) < 3 or 1 in fields.shape[:3]:
        found.append("single_slice")
    return describe_grid(
        path,
        f"NIfTI-{fields.version}",
        shape=fields.shape,
        dtype=dtype,
        spacing=spacing,
        affine=affine,
        warnings=found,
        options=options,
    )


def _compare(path: Path, spacing: list[float], pixdim: list[float], codes: list[str]) -> None:
    """Compare the sform's spacing with pixdim, where that says anything."""
    pairs = [(s, p) for s, p in zip(spacing, pixdim, strict=True) if s > 0 and 0 < p < math.inf]
    apart = max((abs(s / p - 1) for s, p in pairs), default=0.0)
    if apart > _SPACING_CONFLICT:
        first, second = (", ".join(f"{v:.6g}" for v in values) for values in (spacing, pixdim))
        message = (
            f"{path}: its affine says spacing ({first}) mm, its pixdim ({second}) mm; "
            "correct the header, or give the spacing (--spacing)"
        )
        raise ReadError(message, code="spacing_conflict")
    if apart > _SPACING_DIFFERS:
        codes.append("pixdim_differs")


def _affine(fields: _Fields, unit: float, codes: list[str]) -> NDArray[np.float64] | None:
    sform = _sform(fields, unit) if fields.sform_code > 0 else None
    qform = _qform(fields, unit) if fields.qform_code > 0 else None
    if sform is not None and qform is not None and _apart(sform, qform, fields.shape):
        codes.append("sform_qform_disagree")
    if sform is None and qform is None:
        codes.append("no_affine")
    return qform if sform is None else sform


def _apart(sform: NDArray[np.float64], qform: NDArray[np.float64], shape: tuple[int, ...]) -> bool:
    empty = np.broadcast_to(np.uint8(0), shape[:3])
    ones = (1.0,) * empty.ndim
    if not (np.isfinite(sform).all() and np.isfinite(qform).all() and sform[:3, :3].any()):
        return False  # refused later, with the reason
    return drift(Image(empty, ones, sform), Image(empty, ones, qform)) > _FORMS_DIFFER


def _sform(fields: _Fields, unit: float) -> NDArray[np.float64]:
    affine = np.eye(4)
    affine[:3] = np.reshape(fields.srow, (3, 4)) * unit
    if len(fields.shape) == 2 and not affine[:3, 2].any():  # slices often leave the third axis out
        affine[:3, 2] = normal(affine)
    return affine


def _qform(fields: _Fields, unit: float) -> NDArray[np.float64]:
    b, c, d, *offset = fields.quatern
    rest = 1.0 - (b * b + c * c + d * d)
    if rest < 1e-7:  # rounding: a half turn
        length = math.sqrt(b * b + c * c + d * d)
        a, b, c, d = 0.0, b / length, c / length, d / length
    else:
        a = math.sqrt(rest)
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    # a pixdim that is none fails later, or the caller replaces it
    steps = np.array([p if 0 < p < math.inf else 1.0 for p in fields.pixdim[1:4]])
    if fields.pixdim[0] < 0:  # left-handed
        steps[2] = -steps[2]
    affine = np.eye(4)
    affine[:3, :3] = rotation * steps
    affine[:3, 3] = offset
    affine[:3] *= unit
    return affine


def encode(image: Image, *, compress: bool) -> bytes:
    """Return the bytes of a little-endian NIfTI-1 file, NIfTI-2 if an axis needs it."""
    array = image.array.view(np.uint8) if image.array.dtype == np.bool_ else image.array
    code = next((k for k, v in _DTYPES.items() if np.dtype(v) == array.dtype.newbyteorder("=")), 0)
    if not code or not 1 <= array.ndim <= 7:
        message = f"NIfTI cannot hold {array.ndim} axes of {array.dtype}; cast the array first"
        raise ConfigError(message)
    header = _written_header(image, array, code)
    payload = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes(order="F")
    data = header + payload
    # level 1: label maps shrink as well as they do at 6; mtime 0: equal images give equal bytes
    return gzip.compress(data, compresslevel=1, mtime=0) if compress else data


def _written_header(image: Image, array: NDArray[Any], code: int) -> bytes:
    ndim = array.ndim
    dim = (ndim, *array.shape, *[1] * (7 - ndim))
    pixdim = (1.0, *image.spacing, *[1.0] * (7 - ndim))
    srow = (0.0,) * 12 if image.affine is None else tuple(image.affine[:3].ravel().tolist())
    sform = 0 if image.affine is None else 1
    bits = 8 * array.dtype.itemsize
    if max(array.shape) < 1 << 15:
        start = bytearray(352)
        struct.pack_into("<i", start, 0, 348)
        struct.pack_into("<8h", start, 40, *dim)
        struct.pack_into("<2h", start, 70, code, bits)
        struct.pack_into("<8f3f", start, 76, *pixdim, 352.0, 1.0, 0.0)
        start[123] = 2  # mm
        struct.pack_into("<2h18f", start, 252, 0, sform, *[0.0] * 6, *srow)
        start[344:348] = b"n+1\0"
        return bytes(start)
    start = bytearray(544)
    struct.pack_into("<i8s2h", start, 0, 540, b"n+2\0\r\n\x1a\n", code, bits)
    struct.pack_into("<8q", start, 16, *dim)
    struct.pack_into("<8d", start, 104, *pixdim)
    struct.pack_into("<q2d", start, 168, 544, 1.0, 0.0)
    struct.pack_into("<2i18d", start, 344, 0, sform, *[0.0] * 6, *srow)
    struct.pack_into("<i", start, 500, 2)
    return bytes(start)
