"""Images of several channels: files ``case_0000``, ``case_0001``, ..., or one file with a series.

The colours of a PNG are such a series.

The names are those of nnU-Net (Isensee et al., Nature Methods 18, 2021). Finding files reads
nothing; what a missing channel means is up to the caller.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from edgewise.errors import GeometryError, InputError, ReadError
from edgewise.image import match_grid

from .files import read, read_header, stem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from edgewise.image import Image

__all__ = ["by_name", "count_volumes", "group_channels", "image_files", "read_channels"]

_NUMBERED: Final = re.compile(r"(.+)_(\d{4})", re.DOTALL)
_FIRST: Final = "_0000"
_MOST_VOLUMES: Final = 1000


def image_files(folder: Path) -> list[Path]:
    """Return the files of a folder with a known suffix, in order; hidden ones are left out."""
    return [
        path
        for path in sorted(folder.iterdir())
        if not path.name.startswith(".") and stem(path) != path.name
    ]


def by_name(files: Iterable[Path]) -> dict[str, Path]:
    """Return files by their name without suffix.

    Raises
    ------
    InputError
        ``duplicate_case`` if two have one name.
    """
    found: dict[str, Path] = {}
    for path in files:
        name = stem(path)
        if name in found:
            raise _twice(name, found[name], path)
        found[name] = path
    return found


def group_channels(files: Sequence[Path]) -> tuple[dict[str, dict[int, Path]], list[Path]]:
    """Return which files are channels of which image, and the files without a channel.

    Parameters
    ----------
    files : sequence of path
        Of one folder. Only if some name ends in ``_0000`` are four digits at the end a channel:
        ``scan_2019`` and ``scan_2020`` are two images.

    Returns
    -------
    dict
        Name to channel number to file; numbers may be missing.
    list of path
        The others.

    Raises
    ------
    InputError
        ``duplicate_case`` if two files are the same channel.
    """
    numbered: dict[str, dict[int, Path]] = {}
    plain = []
    used = any(stem(path).endswith(_FIRST) for path in files)
    for path in files:
        match = _NUMBERED.fullmatch(stem(path)) if used else None
        if match is None:
            plain.append(path)
            continue
        name, channel = match[1], int(match[2])
        if channel in numbered.setdefault(name, {}):
            raise _twice(name, numbered[name][channel], path)
        numbered[name][channel] = path
    return numbered, plain


def read_channels(
    files: Sequence[Path], *, spacing: float | Sequence[float] | None = None
) -> list[Image]:
    """Read the channels of one image: several files, or one file with one volume or a series.

    Parameters
    ----------
    files : sequence of path
        In order of the channels.
    spacing : float or sequence of float, optional
        As for `edgewise.read`.

    Returns
    -------
    list of Image
        On the grid of the first.

    Raises
    ------
    ReadError
        If a file is missing or damaged.
    GeometryError
        If they lie on different grids.
    """
    if len(files) == 1 and (volumes := count_volumes(files[0])) > 1:
        return [read(files[0], spacing=spacing, volume=k) for k in range(volumes)]
    channels = [read(path, spacing=spacing) for path in files]
    first = channels[0]
    for k, (path, channel) in enumerate(zip(files[1:], channels[1:], strict=True), 1):
        if channel.shape != first.shape:
            message = f"{path.name}: has shape {channel.shape}, {files[0].name} "
            message += f"{first.shape}; channels must lie on one grid"
            raise GeometryError(message, code="shape_mismatch")
        channels[k], _, _ = match_grid(first, channel)
    return channels


def count_volumes(path: Path) -> int:
    """Return how many volumes a file holds; three for the colours of a PNG.

    Raises
    ------
    ReadError
        If its header cannot be read.
    """
    try:
        read_header(path)
    except ReadError as error:
        if error.code not in ("4d_input", "rgb_image"):
            raise
    else:
        return 1
    for count in range(1, _MOST_VOLUMES):
        try:
            read_header(path, volume=count)
        except ReadError:
            return count
    return _MOST_VOLUMES


def _twice(name: str, first: Path, second: Path) -> InputError:
    message = f"case {name}: {first.name} and {second.name} are the same; keep one of them"
    return InputError(message, code="duplicate_case")
