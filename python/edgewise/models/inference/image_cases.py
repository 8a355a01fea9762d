"""Which files of a folder or manifest make up which case; nothing is read.

Networks with several channels take nnU-Net's names, ``case_0000.nii.gz``, ``case_0001.nii.gz``, a
manifest, or files that hold a series of volumes.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edgewise import io
from edgewise.errors import InputError
from edgewise.io.channels import group_channels, image_files
from edgewise.io.naming import natural_key

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ImageCase", "find_cases"]

_UNWRITABLE: Final = {".nhdr": ".nrrd", ".mhd": ".mha"}  # two files each; written as one


@dataclass(frozen=True, slots=True)
class ImageCase:
    """The files of one case, or why they are none.

    Attributes
    ----------
    case : str
        Name without suffix and channel.
    files : tuple of Path
        One per channel, in order; or one with a series of volumes.
    suffix : str
        Of the label map that will be written: that of the first file, one that can be written.
    problem, code : str
        Empty if the case can be tried.
    """

    case: str
    files: tuple[Path, ...]
    suffix: str
    problem: str = ""
    code: str = ""


def find_cases(images: str | Path, *, channels: int = 1) -> tuple[ImageCase, ...]:
    """Return the cases of a folder, a file or a manifest, in natural order.

    Parameters
    ----------
    images : path
        A folder; one file (of a channel, if the network takes several); or a ``.csv`` or ``.tsv``
        with the columns ``case`` and ``image``, or ``case``, ``image_0``, ``image_1``, ..., paths
        relative to it.
    channels : int, default 1
        That the network takes.

    Returns
    -------
    tuple of ImageCase
        A case that lacks a channel is among them, with its problem.

    Raises
    ------
    InputError
        ``no_such_folder``, ``no_images``, ``duplicate_case``, ``bad_manifest``.
    """
    path = Path(images)
    if path.suffix.lower() in (".csv", ".tsv"):
        found = _from_manifest(path, channels)
    elif path.is_dir():
        found = _from_files(image_files(path), channels)
    elif path.exists():
        found = _from_files(_beside(path) if channels > 1 else [path], channels)
    else:
        message = f"{path}: there is no such file or folder"
        raise InputError(message, code="no_such_folder")
    if not found and path.is_dir():
        message = f"{path}: no file with a known suffix ({', '.join(io.SUFFIXES)})"
        raise InputError(message, code="no_images")
    _refuse_twice(found, path)
    return tuple(sorted(found, key=lambda one: natural_key(one.case)))


def _beside(path: Path) -> list[Path]:
    """Return a file and the other channels of its image, which lie in the same folder."""
    numbered, _ = group_channels(image_files(path.parent))
    groups = (list(parts.values()) for parts in numbered.values())
    return next((files for files in groups if path in files), [path])


def _suffix(path: Path) -> str:
    suffix = path.name[len(io.stem(path)) :].lower()
    return _UNWRITABLE.get(suffix, suffix)


def _from_files(files: list[Path], channels: int) -> list[ImageCase]:
    numbered, plain = group_channels(files)
    if not numbered:
        return [ImageCase(io.stem(path), (path,), _suffix(path)) for path in plain]
    odd = []
    for path in plain:
        text = f"{path.name}: the other files end in a channel such as _0000, this does not"
        odd.append(ImageCase(io.stem(path), (path,), _suffix(path), text, "bad_name"))
    return odd + [_grouped(case, parts, channels) for case, parts in numbered.items()]


def _grouped(case: str, parts: dict[int, Path], channels: int) -> ImageCase:
    files = tuple(parts[k] for k in sorted(parts))
    lacking = [k for k in range(channels) if k not in parts]
    problem = code = ""
    if lacking:
        problem, code = f"{case}: there is no channel _{lacking[0]:04}", "missing_channel"
    elif len(parts) > channels:
        problem = f"{case}: has {len(parts)} channels, the network takes {channels}"
        code = "extra_channel"
    return ImageCase(case, files, _suffix(files[0]), problem, code)


def _from_manifest(path: Path, channels: int) -> list[ImageCase]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, delimiter=delimiter)
            rows, header = list(table), list(table.fieldnames or [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path}: cannot read the manifest ({error})"
        raise InputError(message, code="bad_manifest") from error
    columns = ["image"] if "image" in header else [f"image_{k}" for k in range(channels)]
    missing = [name for name in ("case", *columns) if name not in header]
    if missing or len(columns) != channels:
        needed = "image" if channels == 1 else ", ".join(f"image_{k}" for k in range(channels))
        message = f"{path}: the manifest needs the columns case, {needed}; it has "
        message += f"{', '.join(map(str, header)) or 'none'}"
        raise InputError(message, code="bad_manifest")
    if not rows:
        message = f"{path}: the manifest has a header and no cases"
        raise InputError(message, code="bad_manifest")
    return [_from_row(path, row, columns) for row in rows]


def _from_row(path: Path, row: dict[str, str | None], columns: list[str]) -> ImageCase:
    case = row["case"] or ""
    lacking = next((name for name in columns if not row[name]), None)
    files = tuple(path.parent / (row[name] or "") for name in columns)
    if lacking is not None:
        text = f"{case}: the manifest {path.name} has no {lacking}"
        return ImageCase(case, (), ".nii.gz", text, "missing_channel")
    return ImageCase(case, files, _suffix(files[0]) or ".nii.gz")


def _refuse_twice(found: Iterable[ImageCase], path: Path) -> None:
    seen: dict[str, ImageCase] = {}
    for one in found:
        if one.case in ("", "..") or Path(one.case).name != one.case:
            message = f"{path}: {one.case!r} is no name for a file that is written"
            raise InputError(message, code="bad_name")
        if one.case in seen:
            names = ", ".join(p.name for p in (*seen[one.case].files, *one.files))
            message = f"{path}: case {one.case} occurs twice ({names})"
            raise InputError(message, code="duplicate_case")
        seen[one.case] = one
