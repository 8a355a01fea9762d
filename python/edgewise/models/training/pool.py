"""The cases of a training, of which some may turn out to be bad.

A case is looked at when it is first drawn. One that cannot be read, or does not fit the network, is
set aside with its reason and never asked again; the others go on. Which case a sample takes depends
on its random numbers and on which cases are bad, not on who found that out first.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edgewise.errors import ConfigError, LabelError, ShapeError

from .data import TrainingCase
from .sampling import ClassVoxels
from .writing import WriteError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from .data import Cases

__all__ = ["CasePool", "Needs", "Problem"]

_FEWEST: Final = 0.5  # share of good cases: with fewer something is wrong with all of them


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a case was set aside: a code for tables, and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What a network asks of a case.

    Attributes
    ----------
    channels, axes, classes : int
        Of the image, in space, and with background of the labels.
    ignore_label : int, optional
        May be at or above `classes`.
    """

    channels: int
    axes: int
    classes: int
    ignore_label: int | None = None

    def check(self, case: TrainingCase) -> None:
        """Raise ShapeError or LabelError unless the network can train on the case."""
        axes = case.image.ndim - 1
        if axes != self.axes or case.labels.ndim != axes:
            message = f"the image has {axes} spatial axes, the network {self.axes}"
            raise ShapeError(message)
        if len(case.image) != self.channels:
            message = f"the image has {len(case.image)} channels, the network {self.channels}"
            raise ShapeError(message)
        labels = case.labels
        if self.ignore_label is not None:
            labels = labels[labels != self.ignore_label]
        largest = int(labels.max()) if labels.size else 0
        if largest >= self.classes:
            message = f"label {largest} occurs, the network has {self.classes} classes "
            message += f"(0 to {self.classes - 1})"
            raise LabelError(message)


class CasePool:
    """A data set, with what is known of its cases.

    Parameters
    ----------
    cases : sequence
        Items with name, image, labels and spacing; they may be read when asked for.
    needs : Needs
        Of the network.
    role : str
        "training" or "validation", for messages.
    seed : int
        Of the choice of remembered voxels.
    tell : callable
        Takes a line per case that is set aside.

    Attributes
    ----------
    names : tuple of str
        One per case.
    problems : dict of int to Problem
        The cases that were set aside.
    """

    def __init__(
        self, cases: Cases, needs: Needs, *, role: str, seed: int, tell: Callable[[str], None]
    ) -> None:
        if not len(cases):
            message = f"there are no {role} cases"
            raise ConfigError(message)
        self._cases = cases
        self._needs = needs
        self._seed = seed
        self._tell = tell
        self._lock = threading.Lock()
        self._locks = [threading.Lock() for _ in range(len(cases))]
        self._voxels: dict[int, ClassVoxels] = {}
        self._checked: set[int] = set()
        self.role = role
        names = getattr(cases, "names", None)
        self.names: tuple[str, ...] = tuple(names or (f"case {k}" for k in range(len(cases))))
        self.problems: dict[int, Problem] = {}

    def __len__(self) -> int:
        return len(self._cases)

    def get(self, index: int) -> TrainingCase | None:
        """Return a case, or None if it is set aside.

        Raises
        ------
        ConfigError
            If this case leaves fewer than half of all.
        WriteError
            If it was read, and cannot be stored.
        """
        if index in self.problems:
            return None
        with self._locks[index]:
            if index in self.problems:
                return None
            try:
                return self._load(index)
            except WriteError:  # the disk, not the case
                raise
            except Exception as error:  # noqa: BLE001  whatever a data set raises costs one case
                self._set_aside(index, error)
                return None

    def draw(self, rng: np.random.Generator) -> tuple[int, TrainingCase]:
        """Return a random case that is good, with its number."""
        while True:
            index = int(rng.integers(len(self)))
            case = self.get(index)
            if case is not None:
                return index, case

    def voxels(self, index: int, case: TrainingCase) -> ClassVoxels:
        """Return where the classes of a case lie; found once."""
        with self._locks[index]:
            if index not in self._voxels:
                ignored = self._needs.ignore_label
                seed = self._seed + index
                self._voxels[index] = ClassVoxels.of(case.labels, ignore_label=ignored, seed=seed)
            return self._voxels[index]

    def _load(self, index: int) -> TrainingCase:
        item: Any = self._cases[index]
        if index in self._checked and isinstance(item, TrainingCase):
            return item
        case = TrainingCase.of(item.image, item.labels, name=item.name, spacing=item.spacing)
        self._needs.check(case)
        self._checked.add(index)
        return case

    def _set_aside(self, index: int, error: Exception) -> None:
        name, text = self.names[index], " ".join(str(error).split())
        code = getattr(error, "code", "") or type(error).__name__
        with self._lock:
            self.problems[index] = Problem(code, text)
            good = len(self) - len(self.problems)
        said = text if name in text else f"{name}: {text}"
        self._tell(f"{self.role} case set aside: {said}  [{code}]")
        if good < max(1, _FEWEST * len(self)):
            message = f"{len(self.problems)} of {len(self)} {self.role} cases cannot be used "
            message += f"(the last: {said}); repair them, at least half must be usable"
            raise ConfigError(message) from error
