"""Which files make a case: channels and a label map of one name, in two folders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edgewise import io
from edgewise.errors import ConfigError, InputError, ReadError
from edgewise.image import Image, match_grid
from edgewise.io.naming import natural_key

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CaseFiles", "channel_count", "list_images", "list_labels", "pair_files"]

_CHANNEL: Final = re.compile(r"(?P<name>.+)_(?P<channel>\d{4})")
_MOST_VOLUMES: Final = 1000


@dataclass(frozen=True, slots=True)
class CaseFiles:
    """The files of one case.

    Attributes
    ----------
    name : str
        Of the case.
    channels : tuple of Path
        One per channel, or a single file of one channel or a series of them; empty if there is
        none.
    labels : Path
        The label map.
    """

    name: str
    channels: tuple[Path, ...]
    labels: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """All of them."""
        return (*self.channels, self.labels)

    def read(self, count: int) -> tuple[list[Image], Image]:
        """Return `count` channels and the label map, all on the grid of the first channel.

        Raises
        ------
        ReadError
            If a file is missing or damaged, or there are more or fewer channels.
        GeometryError
            If they lie on different grids.
        """
        if not self.channels:
            message = f"case {self.name} has labels ({self.labels.name}) and no image; expected "
            message += f"{self.name}_0000 or {self.name} with a known suffix"
            raise ReadError(message, code="no_such_file")
        channels = _read_channels(self.channels)
        if len(channels) != count:
            message = f"case {self.name} has {len(channels)} channels, the others {count}"
            raise ReadError(message, code="channel_count")
        first = channels[0]
        channels[1:] = [match_grid(first, other)[0] for other in channels[1:]]
        labels = io.as_labels(io.read(self.labels))
        return channels, match_grid(first, labels)[0]


def _read_channels(paths: Sequence[Path]) -> list[Image]:
    if len(paths) == 1 and (volumes := _volumes(paths[0])) > 1:
        return [io.read(paths[0], volume=k) for k in range(volumes)]
    return [io.read(path) for path in paths]


def _volumes(path: Path) -> int:
    """Return how many volumes a file holds; a damaged one is told of when it is read."""
    try:
        io.read_header(path)
    except ReadError as error:
        if error.code != "4d_input":
            raise
    else:
        return 1
    for count in range(1, _MOST_VOLUMES):
        try:
            io.read_header(path, volume=count)
        except ReadError:
            return count
    return _MOST_VOLUMES


def channel_count(cases: Sequence[CaseFiles]) -> int:
    """Return the number of channels that most cases have.

    Raises
    ------
    InputError
        If no case has a readable image.
    """
    counts: dict[int, int] = {}
    for case in cases:
        if not case.channels:
            continue
        try:
            count = len(case.channels) if len(case.channels) > 1 else _volumes(case.channels[0])
        except ReadError:
            continue
        counts[count] = counts.get(count, 0) + 1
    if not counts:
        names = ", ".join(case.name for case in cases[:5])
        message = f"no case has a readable image; the label maps are called {names}, "
        message += "an image NAME_0000.nii.gz or NAME.nii.gz"
        raise InputError(message)
    return max(counts, key=lambda n: (counts[n], n))


def list_images(folder: str | Path) -> dict[str, tuple[Path, ...]]:
    """Return the images of a folder: name to its channels, in natural order.

    Parameters
    ----------
    folder : path
        ``NAME_0000``, ``NAME_0001``, ... belong together if the numbers start at 0 and none is
        missing; any other file is an image of its own.

    Raises
    ------
    InputError
        If there is no such folder, it holds no image, or two files are the same channel.
    """
    found: dict[str, dict[int, Path]] = {}
    for path in _known_files(Path(folder)):
        match = _CHANNEL.fullmatch(io.stem(path))
        name = match["name"] if match else io.stem(path)
        channel = int(match["channel"]) if match else 0
        if channel in found.setdefault(name, {}):
            raise _twice(name, found[name][channel], path)
        found[name][channel] = path
    images: dict[str, tuple[Path, ...]] = {}
    for name in sorted(found, key=natural_key):
        numbers = sorted(found[name])
        if numbers != list(range(len(numbers))):
            missing = min(set(range(max(numbers))) - set(numbers))
            message = f"{folder}: image {name} has a channel {max(numbers):04d} and no "
            message += f"{missing:04d}; channels count from 0000"
            raise InputError(message, code="missing_channel")
        images[name] = tuple(found[name][k] for k in numbers)
    return images


def list_labels(folder: str | Path) -> dict[str, Path]:
    """Return the label maps of a folder: name to file, in natural order.

    Raises
    ------
    InputError
        If there is no such folder, it holds no label map, or two files have one name.
    """
    found: dict[str, Path] = {}
    for path in _known_files(Path(folder)):
        name = io.stem(path)
        if name in found:
            raise _twice(name, found[name], path)
        found[name] = path
    return {name: found[name] for name in sorted(found, key=natural_key)}


def pair_files(
    images: str | Path, labels: str | Path, names: Sequence[str] | None = None
) -> list[CaseFiles]:
    """Return the cases of two folders: every label map with its image, if there is one.

    Raises
    ------
    InputError
        As `list_images` and `list_labels`.
    ConfigError
        If `names` has a case that has no label map.
    """
    pictures, maps = list_images(images), list_labels(labels)
    chosen = list(maps) if names is None else list(names)
    for name in chosen:
        if name not in maps:
            message = f"names has {name!r}, but {labels} holds no label map of that name"
            raise ConfigError(message)
    if not set(chosen) & set(pictures):
        some = ", ".join(list(pictures)[:3]), ", ".join(chosen[:3])
        message = f"no image in {images} ({some[0]}, ...) is called like a label map in {labels} "
        message += f"({some[1]}, ...)"
        raise InputError(message)
    return [CaseFiles(name, pictures.get(name, ()), maps[name]) for name in chosen]


def _known_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        message = f"{folder}: there is no such folder"
        raise InputError(message, code="no_such_folder")
    files = [
        path
        for path in sorted(folder.iterdir())
        if not path.name.startswith(".") and io.stem(path) != path.name
    ]
    if not files:
        message = f"{folder}: no file with a known suffix ({', '.join(io.SUFFIXES)})"
        raise InputError(message)
    return files


def _twice(name: str, first: Path, second: Path) -> InputError:
    message = f"case {name}: {first.name} and {second.name} are the same; keep one of them"
    return InputError(message, code="duplicate_case")
