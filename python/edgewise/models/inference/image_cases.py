"""Which files of a folder or manifest make up which case; nothing is read.

Networks with several channels take nnU-Net's names, ``case_0000.nii.gz``, ``case_0001.nii.gz``, or
a manifest.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edgewise import io
from edgewise.errors import InputError
from edgewise.io.naming import natural_key

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ImageCase", "find_cases"]

_CHANNEL: Final = re.compile(r"(.+)_(\d{4})")
_FIRST: Final = "_0000"
_UNWRITABLE: Final = {".nhdr": ".nrrd", ".mhd": ".mha"}  # two files each; written as one


@dataclass(frozen=True, slots=True)
class ImageCase:
    """The files of one case, or why they are none.

    Attributes
    ----------
    case : str
        Name without suffix and channel.
    files : tuple of Path
        One per channel, in order.
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
        A folder; one file; or a ``.csv`` or ``.tsv`` with the columns ``case`` and ``image``, or
        ``case``, ``image_0``, ``image_1``, ..., paths relative to it.
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
        found = _from_files([p for p in path.iterdir() if _is_image(p)], channels, str(path))
    elif path.exists():
        known = _CHANNEL.fullmatch(io.stem(path))
        beside = [path]
        if known is not None and channels > 1:  # its other channels lie beside it
            beside = [p for p in path.parent.iterdir() if _is_image(p) and _same(p, known[1])]
        found = _from_files(beside, channels, str(path))
    else:
        message = f"{path}: there is no such file or folder"
        raise InputError(message, code="no_such_folder")
    if not found:
        message = f"{path}: no file with a known suffix ({', '.join(io.SUFFIXES)})"
        raise InputError(message, code="no_images")
    _refuse_twice(found, path)
    return tuple(sorted(found, key=lambda one: natural_key(one.case)))


def _is_image(path: Path) -> bool:
    return not path.name.startswith(".") and io.stem(path) != path.name


def _same(path: Path, case: str) -> bool:
    match = _CHANNEL.fullmatch(io.stem(path))
    return match is not None and match[1] == case


def _suffix(path: Path) -> str:
    suffix = path.name[len(io.stem(path)) :].lower()
    return _UNWRITABLE.get(suffix, suffix)


def _from_files(files: list[Path], channels: int, where: str) -> list[ImageCase]:
    stems = {path: io.stem(path) for path in sorted(files)}
    if not any(stem.endswith(_FIRST) for stem in stems.values()):
        if channels > 1 and stems:
            message = f"{where}: the network takes {channels} channels; name files case_0000, "
            message += "case_0001, ..., or give a manifest"
            raise InputError(message, code="missing_channel")
        return [ImageCase(stem, (path,), _suffix(path)) for path, stem in stems.items()]
    groups: dict[tuple[str, str], dict[int, Path]] = {}
    odd = []
    for path, stem in stems.items():
        match = _CHANNEL.fullmatch(stem)
        if match is None:
            text = f"{path.name}: the other files end in a channel such as {_FIRST}, this does not"
            odd.append(ImageCase(stem, (path,), _suffix(path), text, "bad_name"))
        else:
            groups.setdefault((match[1], _suffix(path)), {})[int(match[2])] = path
    return odd + [_grouped(case, parts, channels) for (case, _), parts in groups.items()]


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
            rows = list(csv.DictReader(file, delimiter=delimiter))
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot read the manifest ({error})"
        raise InputError(message, code="bad_manifest") from error
    header = list(rows[0]) if rows else []
    columns = ["image"] if "image" in header else [f"image_{k}" for k in range(channels)]
    missing = [name for name in ("case", *columns) if name not in header]
    if missing or len(columns) != channels:
        needed = "image" if channels == 1 else ", ".join(f"image_{k}" for k in range(channels))
        message = f"{path}: the manifest needs the columns case, {needed}; it has "
        message += f"{', '.join(map(str, header)) or 'none'}"
        raise InputError(message, code="bad_manifest")
    found = []
    for row in rows:
        files = tuple(path.parent / (row[name] or "") for name in columns)
        found.append(ImageCase(str(row["case"]), files, _suffix(files[0]) or ".nii.gz"))
    return found


def _refuse_twice(found: Iterable[ImageCase], path: Path) -> None:
    seen: dict[str, ImageCase] = {}
    for one in found:
        if not one.case or Path(one.case).name != one.case:
            message = f"{path}: {one.case!r} is no name for a file that is written"
            raise InputError(message, code="bad_name")
        if one.case in seen:
            names = ", ".join(p.name for p in (*seen[one.case].files, *one.files))
            message = f"{path}: case {one.case} occurs twice ({names})"
            raise InputError(message, code="duplicate_case")
        seen[one.case] = one
