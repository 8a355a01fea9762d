"""Prepared cases on disk, so that preparing is done once and patches are read where they lie.

Arrays are stored as they are in memory and mapped: of a case that is larger than a few patches only
those patches are read. What was made from other files or by another preparation is made again.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .writing import appearing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["PreparedFiles", "Stored"]


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A case as it was stored; the arrays are mapped, not read."""

    image: NDArray[np.float32]
    labels: NDArray[Any]
    spacing: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PreparedFiles:
    """A folder of prepared cases.

    Attributes
    ----------
    folder : Path
        Made when the first case is stored.
    recipe : str
        Text that says how cases are prepared.
    """

    folder: Path
    recipe: str

    def find(self, name: str, sources: Iterable[Path]) -> Stored | None:
        """Return a stored case; None if there is none of these sources and this recipe."""
        try:
            text = (self.folder / f"{name}.json").read_text(encoding="utf-8")
            facts = json.loads(text)
            if facts["key"] != self._key(sources):
                return None
            image = np.load(self.folder / facts["image"], mmap_mode="r", allow_pickle=False)
            labels = np.load(self.folder / facts["labels"], mmap_mode="r", allow_pickle=False)
            return Stored(image, labels, tuple(float(s) for s in facts["spacing"]))
        except (OSError, EOFError, ValueError, KeyError):  # not there, or cut: it is made again
            return None

    def store(
        self,
        name: str,
        sources: Iterable[Path],
        image: NDArray[np.float32],
        labels: NDArray[Any],
        spacing: tuple[float, ...],
    ) -> None:
        """Write a case; the small file that names the others comes last and at once.

        Raises
        ------
        WriteError
            If it cannot be written.
        """
        mark = secrets.token_hex(4)
        files = {kind: f"{name}.{mark}.{kind}.npy" for kind in ("image", "labels")}
        facts = {"key": self._key(sources), **files, "spacing": list(spacing)}
        names = self.folder / f"{name}.json"
        with appearing(names, self.folder / f".{name}.{mark}.part") as partial:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._clear(name)
            try:
                np.save(self.folder / files["image"], image, allow_pickle=False)
                np.save(self.folder / files["labels"], labels, allow_pickle=False)
                partial.write_text(json.dumps(facts), encoding="utf-8")
            except OSError:
                self._clear(name)  # half a file is in the way on a full disk
                raise

    def _clear(self, name: str) -> None:
        for old in self.folder.glob(f"{_literal(name)}.????????.*.npy"):
            old.unlink(missing_ok=True)

    def _key(self, sources: Iterable[Path]) -> str:
        found = [(path.name, path.stat()) for path in sources]
        states = [(name, state.st_size, state.st_mtime_ns) for name, state in found]
        return hashlib.sha256(f"{self.recipe}{states}".encode()).hexdigest()


def _literal(name: str) -> str:
    """Return a pattern that matches the name itself."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)
