"""Which files make a case: channels and a label map of one name, in two folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgewise import io
from edgewise.errors import ConfigError, InputError, ReadError
from edgewise.image import Image, match_grid
from edgewise.io.channels import (
    by_name,
    count_volumes,
    group_channels,
    image_files,
    read_channels,
)
from edgewise.io.naming import natural_key

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CaseFiles", "channel_count", "list_images", "list_labels", "pair_files"]


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
        channels = read_channels(self.channels)
        if len(channels) != count:
            message = f"case {self.name} has {len(channels)} channels, the others {count}"
            raise ReadError(message, code="channel_count")
        labels = io.as_labels(io.read(self.labels))
        return channels, match_grid(channels[0], labels)[0]


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
            count = (
                len(case.channels) if len(case.channels) > 1 else count_volumes(case.channels[0])
            )
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
        ``NAME_0000``, ``NAME_0001``, ... belong together; any other file is an image of its own,
        see `group_channels`.

    Raises
    ------
    InputError
        If there is no such folder, it holds no image, two files are the same channel, or one is
        missing.
    """
    numbered, plain = group_channels(_known_files(Path(folder)))
    found = {name: {0: path} for name, path in by_name(plain).items()}
    for name, channels in numbered.items():
        if name in found:
            message = f"case {name}: {found[name][0].name} and {min(channels.values()).name} are "
            message += "the same; keep one of them"
            raise InputError(message, code="duplicate_case")
        found[name] = channels
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
    found = by_name(_known_files(Path(folder)))
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
        If `names` has a case that has no label map, or both folders are one.
    """
    pictures, maps = list_images(images), list_labels(labels)
    if Path(images).samefile(labels):
        message = f"images and labels are the same folder ({labels}); a network would learn to copy"
        raise ConfigError(message)
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
        problem = "is a file; give the folder that it lies in"
        problem = problem if folder.exists() else "there is no such folder"
        message = f"{folder}: {problem}"
        raise InputError(message, code="no_such_folder")
    files = image_files(folder)
    if not files:
        message = f"{folder}: no file with a known suffix ({', '.join(io.SUFFIXES)})"
        raise InputError(message)
    return files
