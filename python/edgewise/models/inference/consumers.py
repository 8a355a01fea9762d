"""What becomes of finished rows: a label map, logits on disk, probabilities of some classes.

A consumer is told the classes and the shape, gets rows of logits from the first to the last, and
hands back its result. It must not keep the rows: their memory is used again.
"""

from __future__ import annotations

import math
import operator
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import torch

from edgewise.errors import ConfigError, EdgewiseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Consumer", "Labels", "Logits", "LogitsFile", "Probabilities", "label_dtype"]

_STORED: Final = {"float16": np.float16, "float32": np.float32}


class Consumer(Protocol):
    """What finished rows are given to.

    Attributes
    ----------
    bytes_per_voxel : float
        Memory that the result takes per voxel of the volume; asked after `begin`.
    """

    bytes_per_voxel: float

    def begin(self, classes: int, shape: tuple[int, ...]) -> None:
        """Take note of what will come; called once, before memory is claimed."""

    def take(self, logits: torch.Tensor, first: int) -> None:
        """Take rows ``first:first + logits.shape[1]`` of axis 0: float32 (classes, rows, ...)."""

    def result(self) -> Any:  # noqa: ANN401
        """Return what was made of all rows."""

    def close(self) -> None:
        """Let go; called at the end, also after an interruption."""


class _Open:
    """What most consumers have nothing to do in."""

    bytes_per_voxel: float = 0.0
    needs_logits: bool = False  # probabilities would be taken for logits

    def close(self) -> None:
        """Nothing is open."""


class Logits(_Open):
    """All logits as one array, float32 (classes, ...)."""

    def __init__(self) -> None:
        self._all: NDArray[np.float32] | None = None
        self._shape: tuple[int, ...] = ()

    def begin(self, classes: int, shape: tuple[int, ...]) -> None:
        """See `Consumer`."""
        self._shape = (classes, *shape)
        self.bytes_per_voxel = 4.0 * classes

    def take(self, logits: torch.Tensor, first: int) -> None:
        """See `Consumer`; a whole volume at once is kept as it is."""
        if logits.shape == self._shape:
            self._all = logits.cpu().numpy()
            return
        if self._all is None:
            self._all = np.empty(self._shape, dtype=np.float32)
        self._all[:, first : first + logits.shape[1]] = logits.cpu().numpy()

    def result(self) -> NDArray[np.float32]:
        """Return the logits."""
        if self._all is None:
            message = "no rows were given"
            raise ConfigError(message)
        return self._all


class Labels(_Open):
    """The label of the largest logit, ties to the lower class.

    Parameters
    ----------
    labels : sequence of int, optional
        The label of each class. Default: its index.
    regions : sequence of int, optional
        For networks of overlapping regions: each channel with a positive logit writes its label
        here, in this order, later ones over earlier ones; nothing written is `background`.
    background : int, default 0
        Label where no region is.
    """

    def __init__(
        self,
        labels: Sequence[int] | None = None,
        *,
        regions: Sequence[int] | None = None,
        background: int = 0,
    ) -> None:
        if labels is not None and regions is not None:
            message = "give labels (one class a voxel) or regions (overlapping channels), not both"
            raise ConfigError(message)
        self._labels = None if labels is None else _whole("labels", labels)
        self._regions = None if regions is None else _whole("regions", regions)
        self._background = _whole("background", [background])[0]
        self.needs_logits = regions is not None
        self._written: list[int] = []
        self._map: NDArray[Any] = np.empty(0, dtype=np.uint8)

    def begin(self, classes: int, shape: tuple[int, ...]) -> None:
        """See `Consumer`.

        Raises
        ------
        ConfigError
            If there is not one label per class.
        """
        named = self._labels if self._regions is None else self._regions
        self._written = list(range(classes)) if named is None else named
        check_one_each(self._written, classes, "labels" if self._regions is None else "regions")
        self._map = np.empty(shape, dtype=label_dtype([*self._written, self._background]))
        self.bytes_per_voxel = float(self._map.itemsize)

    def take(self, logits: torch.Tensor, first: int) -> None:
        """See `Consumer`; row by row, so that a plane stays in the cache."""
        for row in range(logits.shape[1]):
            plane = logits[:, row]
            chosen = self._from_regions(plane) if self.needs_logits else self._from_classes(plane)
            self._map[first + row] = chosen.cpu().numpy()

    def _from_classes(self, plane: torch.Tensor) -> torch.Tensor:
        best = plane[0].clone()
        chosen = torch.full(best.shape, self._written[0], dtype=torch.int32, device=best.device)
        for k in range(1, plane.shape[0]):
            chosen.masked_fill_(plane[k] > best, self._written[k])
            torch.maximum(best, plane[k], out=best)
        return chosen

    def _from_regions(self, plane: torch.Tensor) -> torch.Tensor:
        chosen = torch.full(
            plane.shape[1:], self._background, dtype=torch.int32, device=plane.device
        )
        for k in range(plane.shape[0]):
            chosen.masked_fill_(plane[k] > 0, self._written[k])
        return chosen

    def result(self) -> NDArray[Any]:
        """Return the label map, of the smallest unsigned type that holds every label."""
        return self._map


def label_dtype(labels: Sequence[int]) -> np.dtype[Any]:
    """Return the smallest unsigned type that holds every label.

    Raises
    ------
    ConfigError
        If a label is negative or beyond 32 bits.
    """
    for dtype in (np.uint8, np.uint16, np.uint32):
        if min(labels) >= 0 and max(labels) <= np.iinfo(dtype).max:
            return np.dtype(dtype)
    message = f"labels must lie in [0, 2^32), got {min(labels)} to {max(labels)}"
    raise ConfigError(message)


def _whole(name: str, values: Sequence[int]) -> list[int]:
    try:
        return [operator.index(value) for value in values]
    except TypeError:
        message = f"{name} must hold whole numbers, got {values!r}"
        raise ConfigError(message) from None


def check_one_each(values: Sequence[int], classes: int, name: str) -> None:
    """Raise ConfigError unless there is one value per channel of the network."""
    if len(values) != classes:
        message = f"{name} must have one label per channel of the network ({classes}), "
        message += f"got {len(values)}"
        raise ConfigError(message)


class LogitsFile(_Open):
    """All logits in a NumPy file, written as rows are finished; memory holds none of them.

    Parameters
    ----------
    path : path
        A ``.npy`` file; replaced.
    dtype : {"float16", "float32"}
        As stored. Half precision keeps three digits.

    Attributes
    ----------
    rows_done : int
        Rows of axis 0 that are in the file, also after an interruption; the others are 0.
    """

    def __init__(self, path: str | Path, *, dtype: str = "float16") -> None:
        if dtype not in _STORED:
            message = f"dtype must be one of {', '.join(_STORED)}, got {dtype!r}"
            raise ConfigError(message)
        self._path = Path(path)
        self._dtype = _STORED[dtype]
        self._file: np.memmap[Any, Any] | None = None
        self.rows_done = 0

    def begin(self, classes: int, shape: tuple[int, ...]) -> None:
        """See `Consumer`; the file has its full size from here on.

        Raises
        ------
        EdgewiseError
            If the file cannot be written, or the disk has no room for it.
        """
        size = classes * math.prod(shape) * np.dtype(self._dtype).itemsize
        try:
            self._path.unlink(missing_ok=True)  # what is there may be open elsewhere
            free = shutil.disk_usage(self._path.parent).free
            if free >= size:  # writing to a mapped file on a full disk ends the process
                self._file = np.lib.format.open_memmap(
                    self._path, mode="w+", dtype=self._dtype, shape=(classes, *shape)
                )
        except OSError as error:
            message = f"{self._path}: cannot be written ({error.strerror or error})"
            raise EdgewiseError(message) from error
        if self._file is None:
            message = f"{self._path}: the logits take {size:,} bytes, the disk has {free:,} left"
            raise EdgewiseError(message)
        self.rows_done = 0

    def take(self, logits: torch.Tensor, first: int) -> None:
        """See `Consumer`."""
        if self._file is not None:
            self.rows_done = first + logits.shape[1]
            for k in range(logits.shape[0]):  # class by class: the converted copy stays small
                self._file[k, first : self.rows_done] = logits[k].cpu().numpy()

    def result(self) -> NDArray[Any]:
        """Return the file as a read-only array (classes, ...)."""
        self.close()
        return np.lib.format.open_memmap(self._path, mode="r")

    def close(self) -> None:
        """Write out what the system still holds back."""
        if self._file is not None:
            self._file.flush()
            self._file = None


class Probabilities(_Open):
    """Softmax probabilities of chosen classes, float32 (chosen, ...).

    Parameters
    ----------
    classes : sequence of int
        Channels of the network to keep, in this order; all take part in the softmax.
    """

    needs_logits = True

    def __init__(self, classes: Sequence[int]) -> None:
        self._classes = [int(k) for k in classes]
        self._all: NDArray[np.float32] = np.empty(0, dtype=np.float32)

    def begin(self, classes: int, shape: tuple[int, ...]) -> None:
        """See `Consumer`.

        Raises
        ------
        ConfigError
            If the network has no such class.
        """
        if any(not 0 <= k < classes for k in self._classes):
            message = f"classes must lie in 0 to {classes - 1}, got {self._classes}"
            raise ConfigError(message)
        self._all = np.empty((len(self._classes), *shape), dtype=np.float32)
        self.bytes_per_voxel = 4.0 * len(self._classes)

    def take(self, logits: torch.Tensor, first: int) -> None:
        """See `Consumer`."""
        for row in range(logits.shape[1]):
            values = logits[:, row].softmax(0)[self._classes]
            self._all[:, first + row] = values.cpu().numpy()

    def result(self) -> NDArray[np.float32]:
        """Return the probabilities."""
        return self._all
