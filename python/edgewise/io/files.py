"""Reading and writing by suffix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.errors import ConfigError, ReadError
from edgewise.image import Image

from . import arrays, metaimage, nifti, nrrd, pictures
from .header import Header, Options
from .integrity import default_max_bytes, describe, first_bytes
from .whole import write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["SUFFIXES", "read", "read_header", "stem", "write"]

_READERS: Final[dict[str, Callable[[Path, Options], Image]]] = {
    ".nii.gz": nifti.read,
    ".nii": nifti.read,
    ".seg.nrrd": nrrd.read,
    ".nrrd": nrrd.read,
    ".nhdr": nrrd.read,
    ".mha": metaimage.read,
    ".mhd": metaimage.read,
    ".npy": arrays.read_npy,
    ".npz": arrays.read_npz,
    ".tif": pictures.read_tiff,
    ".tiff": pictures.read_tiff,
    ".png": pictures.read_png,
}
_HEADERS: Final[dict[Callable[..., Image], Callable[[Path, Options], Header]]] = {
    nifti.read: nifti.read_header,
    nrrd.read: nrrd.read_header,
    metaimage.read: metaimage.read_header,
    arrays.read_npy: arrays.read_npy_header,
    arrays.read_npz: arrays.read_npz_header,
    pictures.read_tiff: pictures.read_tiff_header,
    pictures.read_png: pictures.read_png_header,
}
_WRITERS: Final[dict[str, Callable[[Image], bytes]]] = {
    ".nii.gz": lambda image: nifti.encode(image, compress=True),
    ".nii": lambda image: nifti.encode(image, compress=False),
    ".seg.nrrd": nrrd.encode,
    ".nrrd": nrrd.encode,
    ".mha": metaimage.encode,
    ".npy": arrays.encode_npy,
    ".npz": arrays.encode_npz,
    ".tif": pictures.encode_tiff,
    ".tiff": pictures.encode_tiff,
    ".png": pictures.encode_png,
}

SUFFIXES: Final = tuple(_READERS)
"""Endings of files that `read` knows; longer ones before those they end with."""


def _suffix(path: Path) -> str:
    name = path.name.lower()
    return next((s for s in SUFFIXES if name.endswith(s) and name != s), "")


def stem(path: str | Path) -> str:
    """Return a file's name without its known suffix; dots before that belong to the name.

    Parameters
    ----------
    path : path
        Need not exist.

    Returns
    -------
    str
        The whole name if its suffix is not known.

    Examples
    --------
    >>> stem("labels/case.v1.nii.gz"), stem("notes.txt")
    ('case.v1', 'notes.txt')
    """
    path = Path(path)
    suffix = _suffix(path)
    return path.name[: len(path.name) - len(suffix)]


def read(
    path: str | Path,
    *,
    spacing: float | Sequence[float] | None = None,
    max_bytes: int | None = None,
    volume: int | None = None,
) -> Image:
    """Read an image; every byte that the header promises and every checksum is verified.

    Parameters
    ----------
    path : path
        ``.nii``, ``.nii.gz``, ``.nrrd``, ``.nhdr``, ``.mha``, ``.mhd``, ``.npy``, ``.npz``,
        ``.tif``, ``.tiff`` or ``.png``, in any case.
    spacing : float or sequence of float, optional
        In mm, one value per axis of the array or one for all; replaces what the file says
        (flagged ``spacing_overridden`` if it says something else). Default: the file's.
    max_bytes : int, optional
        Larger files and arrays are refused before anything is allocated. Default: the machine's
        memory.
    volume : int, optional
        Which volume of a series to take, from 0, or which colour of a PNG (red, green, blue).
        Default: a series is an error, and so are colours.

    Returns
    -------
    Image
        The array keeps the file's axes, their order and the stored dtype; the spacing and the
        affine go with it. `warnings` holds codes of what is odd but harmless.

    Raises
    ------
    ReadError
        One sentence and a code: ``truncated``, ``corrupt_gzip``, ``decompression_bomb``,
        ``empty_file``, ``not_an_image``, ``unknown_suffix``, ``bad_header``, ``bad_spacing``,
        ``spacing_conflict``, ``too_large``, ``4d_input``, ``rgb_image``, ``unsupported``,
        ``no_such_file``, ``dangling_link``, ``permission_denied``, ``path_outside_root``,
        ``read_error``.
    MissingExtraError
        For pictures without the extra "io".
    """
    path = Path(path)
    return _reader(path)(path, _options(spacing, max_bytes, volume))


def read_header(
    path: str | Path,
    *,
    spacing: float | Sequence[float] | None = None,
    max_bytes: int | None = None,
    volume: int | None = None,
) -> Header:
    """Read shape, dtype, spacing and affine without the voxels.

    Parameters
    ----------
    path, spacing, max_bytes, volume
        As in `read`.

    Returns
    -------
    Header
        Of the array that `read` returns. Uncompressed NIfTI and NumPy files are compared with
        their length; damage inside compressed data shows only in `read`.

    Raises
    ------
    ReadError
        As `read`.
    """
    path = Path(path)
    return _HEADERS[_reader(path)](path, _options(spacing, max_bytes, volume))


def _reader(path: Path) -> Callable[[Path, Options], Image]:
    suffix = _suffix(path)
    if suffix:
        return _READERS[suffix]
    start = first_bytes(path, 512)  # says so when the file is not there at all
    message = f"{path}: is {describe(start)}; name it with one of {', '.join(SUFFIXES)}"
    raise ReadError(message, code="unknown_suffix")


def _options(
    spacing: float | Sequence[float] | None, max_bytes: int | None, volume: int | None
) -> Options:
    values = None
    if spacing is not None:
        values = tuple(float(v) for v in np.atleast_1d(np.asarray(spacing, dtype=np.float64)))
    return Options(values, default_max_bytes() if max_bytes is None else max_bytes, volume)


def write(path: str | Path, image: Image | NDArray[Any]) -> None:
    """Write an image; the file appears whole or not at all.

    Parameters
    ----------
    path : path
        ``.nii``, ``.nii.gz``, ``.nrrd``, ``.mha``, ``.npy``, ``.npz``, ``.tif``, ``.tiff`` or
        ``.png``. An existing file is replaced.
    image : Image or array
        Booleans are stored as 0 and 1. ``.npy`` and ``.png`` have no place for the spacing,
        ``.tif`` none for the affine.

    Raises
    ------
    ConfigError
        If the suffix is unknown or the format cannot hold the array.
    """
    path = Path(path)
    suffix = _suffix(path)
    if suffix not in _WRITERS:
        message = f"{path}: cannot be written; use one of {', '.join(_WRITERS)}"
        raise ConfigError(message)
    if not isinstance(image, Image):
        image = Image(image)
    write_bytes(path, _WRITERS[suffix](image))
