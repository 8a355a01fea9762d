"""Cases to train on: arrays in memory, and folders of images and label maps.

A data set is any sequence whose items have ``name``, ``image``, ``labels`` and ``spacing``; the two
here are read by `fit` like any other. Nothing is resampled or normalised unless `prepare` does it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from edgewise._arguments import as_label_map, as_spacing
from edgewise.errors import ConfigError, LabelError, ShapeError

from .files import CaseFiles, channel_count, pair_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from edgewise._arguments import Spacing
    from edgewise.image import Image

    from .prepared_files import PreparedFiles

__all__ = ["ArrayCases", "Cases", "FolderCases", "TrainingCase"]

_CACHE_BYTES: Final = 2 << 30


@dataclass(frozen=True, slots=True, eq=False)
class TrainingCase:
    """One case, ready for the network.

    Attributes
    ----------
    name : str
        Unique in its data set.
    image : float32 array (C, ...)
        Normalised as the network wants it.
    labels : int array (...)
        0 is background.
    spacing : tuple of float
        Voxel size per spatial axis, mm.
    """

    name: str
    image: NDArray[np.float32]
    labels: NDArray[Any]
    spacing: tuple[float, ...]

    @classmethod
    def of(
        cls, image: ArrayLike, labels: ArrayLike, *, name: str = "case", spacing: Spacing = None
    ) -> TrainingCase:
        """Return a case of checked arrays.

        Parameters
        ----------
        image : array_like (C, ...) or (...)
            Without an axis of channels there is one channel. Becomes float32.
        labels : array_like of whole numbers (...)
            Of the same spatial shape.
        name : str, default "case"
            For messages and tables.
        spacing : float or sequence of float, optional
            Per spatial axis, mm. Default: 1.

        Returns
        -------
        TrainingCase
            With contiguous arrays.

        Raises
        ------
        ShapeError
            If the spatial shapes differ.
        LabelError
            If labels are negative, no whole numbers, or beyond 2^31 - 1.
        ConfigError
            If the image holds no numbers, or values that are not finite as float32.
        """
        values = _as_image(image)
        classes = np.ascontiguousarray(as_label_map(labels, "labels"))
        if values.ndim == classes.ndim:
            values = values[np.newaxis]
        if values.shape[1:] != classes.shape:
            message = f"image has shape {values.shape} (channels first), labels {classes.shape}; "
            message += "the spatial axes must be equal"
            raise ShapeError(message)
        if not np.isfinite(values).all():
            bad = int(np.size(values) - np.isfinite(values).sum())
            message = f"image holds NaN or inf at {bad:,} voxels (as float32); replace them first"
            raise ConfigError(message)
        return cls(str(name), values, _small(classes), as_spacing(spacing, classes.ndim))

    @property
    def nbytes(self) -> int:
        """Memory of both arrays."""
        return self.image.nbytes + self.labels.nbytes


def _as_image(image: ArrayLike) -> NDArray[np.float32]:
    values = np.asarray(image)
    if values.dtype.kind not in "buif":
        message = f"image must hold real numbers, got dtype {values.dtype}"
        raise ConfigError(message)
    with np.errstate(over="ignore"):  # becomes inf, which is told of
        return np.ascontiguousarray(values, dtype=np.float32)


def _small(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels as int16 or int32: torch knows no larger unsigned types."""
    largest = int(labels.max())
    if largest >= 2**31:
        message = f"labels holds {largest}; a network has no class beyond 2^31 - 1, renumber them"
        raise LabelError(message)
    return labels.astype(np.int16 if largest < 2**15 else np.int32, copy=False)


Cases: TypeAlias = Sequence[Any]
"""Anything with a length whose items have name, image, labels and spacing."""


class ArrayCases(Sequence[TrainingCase]):
    """Cases in memory.

    Parameters
    ----------
    images : sequence of array_like (C, ...) or (...)
        Float images.
    labels : sequence of array_like of whole numbers (...)
        As many.
    spacing : float or sequence of float, optional
        Of all cases, mm. Default: 1.
    names : sequence of str, optional
        Default: ``case_0``, ``case_1``, ...

    Raises
    ------
    ConfigError
        If there are not as many labels and names as images, or an image is not finite.
    ShapeError
        If the shapes of an image and its labels differ.

    Examples
    --------
    >>> cases = ArrayCases([np.zeros((8, 8))], [np.ones((8, 8), np.uint8)])
    >>> cases[0].name, cases[0].image.shape, cases[0].spacing
    ('case_0', (1, 8, 8), (1.0, 1.0))
    """

    def __init__(
        self,
        images: Sequence[ArrayLike],
        labels: Sequence[ArrayLike],
        *,
        spacing: Spacing = None,
        names: Sequence[str] | None = None,
    ) -> None:
        self.names = tuple(names or (f"case_{k}" for k in range(len(images))))
        if not len(images) == len(labels) == len(self.names):
            message = f"images, labels and names must be equally many, got {len(images)}, "
            message += f"{len(labels)} and {len(self.names)}"
            raise ConfigError(message)
        self._cases = [
            TrainingCase.of(image, label_map, name=name, spacing=spacing)
            for image, label_map, name in zip(images, labels, self.names, strict=True)
        ]

    def __len__(self) -> int:
        return len(self._cases)

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401
        return self._cases[index]


class FolderCases(Sequence[TrainingCase]):
    """Cases read from files when they are asked for; the ones used last stay in memory.

    Parameters
    ----------
    images, labels : path
        Folders. ``NAME_0000.nii.gz``, ``NAME_0001.nii.gz``, ... are the channels of one case, as
        nnU-Net names them; ``NAME.nii.gz`` is one with a single channel, or with one channel per
        volume if it is a series. The label map is called ``NAME`` with any known suffix.
    names : sequence of str, optional
        Only these cases. Default: all label maps.
    prepare : callable, optional
        ``prepare(images, labels) -> TrainingCase``-like from the channels and the label map, each
        an `Image`: resampling, cropping, normalisation. Default: the values as they are.
    cache_bytes : int, default 2 GiB
        Memory for cases that were read; at least one is kept.
    stored : PreparedFiles, optional
        Where prepared cases are kept on disk. Default: they are prepared again when the memory was
        needed for others.

    Attributes
    ----------
    names : tuple of str
        All cases, in natural order; also those whose image is missing, which then cannot be read.
    channels : int
        Of most cases; one with another number cannot be read.

    Raises
    ------
    InputError
        If a folder does not exist, holds no label maps, or two files make one case.

    Notes
    -----
    ``cases[k]`` raises `ReadError`, `GeometryError` or another error of `edgewise.errors` when a
    file is damaged; `fit` sets that case aside and goes on.
    """

    def __init__(
        self,
        images: str | Path,
        labels: str | Path,
        *,
        names: Sequence[str] | None = None,
        prepare: Callable[[list[Image], Image], Any] | None = None,
        cache_bytes: int = _CACHE_BYTES,
        stored: PreparedFiles | None = None,
    ) -> None:
        self._files = tuple(pair_files(images, labels, names))
        self.channels = channel_count(self._files)
        self._prepare = prepare
        self._stored = stored
        self._cache_bytes = cache_bytes
        self._kept: OrderedDict[int, TrainingCase] = OrderedDict()
        self._lock = threading.Lock()
        self._reading = [threading.Lock() for _ in self._files]
        self.names = tuple(case.name for case in self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        with self._reading[number]:  # the same case is read once, however many workers ask
            case = self._recall(number)
            if case is None:
                case = self.load(number)
                self._keep(number, case)
        return case

    @property
    def files(self) -> tuple[CaseFiles, ...]:
        """The files of each case."""
        return self._files

    def read(self, index: int) -> tuple[list[Image], Image]:
        """Return the channels and the label map of a case as they are stored.

        Raises
        ------
        ReadError
            If a file is missing or damaged.
        GeometryError
            If the channels or the labels lie on different grids.
        """
        return self._files[index].read(self.channels)

    def load(self, index: int) -> TrainingCase:
        """Read and prepare a case, past the memory; what is stored on disk is mapped."""
        name, sources = self.names[index], self._files[index].paths
        found = None if self._stored is None else self._stored.find(name, sources)
        if found is not None:
            return TrainingCase(name, found.image, found.labels, found.spacing)
        case = self._made(index)
        if self._stored is not None:
            self._stored.store(name, sources, case.image, case.labels, case.spacing)
        return case

    def _made(self, index: int) -> TrainingCase:
        channels, labels = self.read(index)
        name = self.names[index]
        if self._prepare is None:
            image = np.stack([np.asarray(c.array, dtype=np.float32) for c in channels])
            return TrainingCase.of(image, labels.array, name=name, spacing=labels.spacing)
        made = self._prepare(channels, labels)
        return TrainingCase.of(made.image, made.labels, name=name, spacing=made.spacing)

    def _recall(self, index: int) -> TrainingCase | None:
        with self._lock:
            if index in self._kept:
                self._kept.move_to_end(index)
            return self._kept.get(index)

    def _keep(self, index: int, case: TrainingCase) -> None:
        with self._lock:
            self._kept[index] = case
            total = sum(c.nbytes for c in self._kept.values())
            while total > self._cache_bytes and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                total -= dropped.nbytes
