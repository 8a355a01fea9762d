"""Folders, JSON files and segmentations, read here or by nnU-Net's readers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

from edgewise import io
from edgewise.compat.originals import original
from edgewise.errors import EdgewiseError, GeometryError, MissingExtraError, ReadError
from edgewise.image import Image, match_grid

from .whole_numbers import as_whole_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Reader",
    "Segmentation",
    "UnreadableError",
    "check_grids",
    "files_in",
    "is_own",
    "read_json",
    "read_segmentation",
    "reader_for",
]

_REGISTRY: Final = "nnunetv2.imageio.reader_writer_registry:"
_OWN: Final = {
    ("nnunetv2.imageio.simpleitk_reader_writer", "SimpleITKIO"): 0,
    ("nnunetv2.imageio.nibabel_reader_writer", "NibabelIO"): 3,
}  # and the number of axes that they insist on


class Reader(Protocol):
    """What reads a segmentation."""

    def read_seg(self, seg_fname: str) -> tuple[NDArray[Any], dict[str, Any]]:
        """Return the labels and properties of the file."""


class UnreadableError(ReadError, RuntimeError):
    """A segmentation cannot be read; nnU-Net raises RuntimeError for it."""


class Segmentation(NamedTuple):
    """Labels, and the image that they come from if it was read here."""

    array: NDArray[Any]
    image: Image | None = None


def files_in(folder: str, ending: str = "") -> list[str]:
    """Return the sorted names of a folder's files with an ending."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.is_file() and entry.name.endswith(ending)]
    return sorted(names)


def read_json(file: str) -> Any:
    """Return what a JSON file holds."""
    with Path(file).open() as text:
        return json.load(text)


def is_own(reader: Reader | None) -> bool:
    """Whether files are read by `edgewise.io`: no reader is given, or one that reads as it does."""
    return reader is None or _kind(reader) in _OWN


def _kind(reader: Reader) -> tuple[str, str]:
    return getattr(type(reader), "__module__", ""), type(reader).__name__


def read_segmentation(file: str, reader: Reader | None) -> Segmentation:
    """Read labels, with the reader if there is one that reads in its own way.

    Raises
    ------
    UnreadableError
        Without a reader, if the file cannot be read.
    """
    if not is_own(reader):
        assert reader is not None
        return Segmentation(reader.read_seg(file)[0])
    try:
        image = io.read(file)
    except EdgewiseError as error:
        if reader is None:
            raise UnreadableError(str(error), code=getattr(error, "code", "read_error")) from error
        return Segmentation(reader.read_seg(file)[0])
    array = image.array
    if array.dtype.kind == "f":
        narrow = as_whole_numbers(array.astype(np.float32, copy=False))
        array = array.astype(np.float32, copy=False) if narrow is None else narrow
    if reader is None:
        return Segmentation(array, image)
    axes = _OWN[_kind(reader)]
    if array.dtype.kind == "f" or axes not in (0, array.ndim):
        return Segmentation(reader.read_seg(file)[0])
    return Segmentation(array, image)


def check_grids(
    reference: Segmentation, prediction: Segmentation
) -> tuple[Segmentation, Segmentation]:
    """Return both on one grid: reoriented if need be.

    Raises
    ------
    GeometryError
        If their grids differ, or their shapes where only these are known.
    """
    if reference.image is not None and prediction.image is not None:
        placed = Image(
            prediction.array,
            prediction.image.spacing,
            prediction.image.affine,
            prediction.image.path,
        )
        matched, _, _ = match_grid(reference.image, placed)
        array = matched.array.reshape(reference.array.shape, order="F")
        return reference, Segmentation(array, matched)
    if reference.array.shape != prediction.array.shape:
        message = (
            f"the prediction has shape {prediction.array.shape}, "
            f"the reference {reference.array.shape}"
        )
        raise GeometryError(message, code="shape_mismatch")
    return reference, prediction


def reader_for(ending: str, example: str) -> Reader | None:
    """Return what reads files like the example: None for `edgewise.io`, else nnU-Net's reader.

    Raises
    ------
    RuntimeError
        If the example cannot be read.
    """
    try:
        io.read_header(example)
    except EdgewiseError as error:
        try:
            choose = original(
                _REGISTRY + "determine_reader_writer_from_file_ending", why="other formats"
            )
        except MissingExtraError:
            code = getattr(error, "code", "read_error")
            raise UnreadableError(str(error), code=code) from error
        reader: Reader = choose(ending, example, allow_nonmatching_filename=True, verbose=False)()
        return reader
    return None
