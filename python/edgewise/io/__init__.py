"""Files to images and back.

Readers keep the file's axes: first axis fastest (Fortran order) for NIfTI, NRRD and MetaImage,
(page, row, column) for TIFF and PNG. Every read is checked to the last byte.
"""

from __future__ import annotations

from .files import SUFFIXES, read, read_header, stem, write
from .header import Header
from .labels import as_labels
from .nrrd import segment_names

__all__ = [
    "SUFFIXES",
    "Header",
    "as_labels",
    "read",
    "read_header",
    "segment_names",
    "stem",
    "write",
]
