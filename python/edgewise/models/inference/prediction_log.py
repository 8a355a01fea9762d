"""What an output folder remembers: how its label maps were made, and how each case ended."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from edgewise.errors import ConfigError, EdgewiseError
from edgewise.io.naming import natural_key
from edgewise.io.whole import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["CaseOutcome", "PredictionLog"]

_TABLE: Final = "predictions.csv"
_SETTINGS: Final = "predictions.json"
_SCHEMA: Final = "edgewise.predictions/1"


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """How one case ended.

    Attributes
    ----------
    case : str
        Name.
    status : {"ok", "kept", "failed"}
        "kept": written by an earlier run with the same settings.
    error_code, error_message : str
        Empty unless it failed.
    seconds : float
        Reading to writing; for a kept case what it took then, NaN if not known.
    output : str
        File name in the folder; empty if it failed.
    image : str
        File names of its channels.
    """

    case: str
    status: str
    error_code: str = ""
    error_message: str = ""
    seconds: float = float("nan")
    output: str = ""
    image: str = ""


_COLUMNS: Final = tuple(f.name for f in fields(CaseOutcome))


class PredictionLog:
    """The two files about a run in its output folder.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    settings : mapping
        `Predictor.describe`.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self._folder = folder
        self._settings = json.loads(json.dumps({"schema": _SCHEMA, **settings}))
        self._earlier: dict[str, CaseOutcome] = {}  # label maps of earlier runs

    def open(self, targets: Iterable[Path], *, overwrite: bool) -> None:
        """Make the folder ready, or refuse one that holds something else.

        Parameters
        ----------
        targets : iterable of Path
            Files that will be written.
        overwrite : bool
            Whether those that are there are removed: else one that another network made would
            pass for one of this run if the run is stopped.

        Raises
        ------
        ConfigError
            If label maps are there that these settings did not make, of these cases or of others:
            the folder would mix them.
        EdgewiseError
            If the folder cannot be written.
        """
        targets = list(targets)
        there = [target for target in targets if target.exists()]
        self._recall()
        others = self._others({target.name for target in targets})
        if there and not overwrite:
            way = "--overwrite makes it anew, --out names another folder"
            self._compare(there[0].name, way)
        elif others:
            self._compare(others[0].output, "--out names another folder")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if overwrite:
                for target in there:
                    target.unlink()
        except OSError as error:
            message = f"{self._folder}: cannot be written ({error.strerror or error})"
            raise EdgewiseError(message) from error
        write_text(self._folder / _SETTINGS, json.dumps(self._settings, indent=1) + "\n")

    def seconds(self, case: str) -> float:
        """Return what a case took when an earlier run made its label map, NaN if not known."""
        return self._earlier[case].seconds if case in self._earlier else float("nan")

    def _others(self, names: set[str]) -> list[CaseOutcome]:
        """Return the label maps of earlier runs that lie in the folder and have other names."""
        earlier = (row for row in self._earlier.values() if row.output not in names)
        return [row for row in earlier if row.output and (self._folder / row.output).is_file()]

    def _compare(self, there: str, way: str) -> None:
        """Raise unless the label maps in the folder were made with these settings."""
        try:
            stored = json.loads((self._folder / _SETTINGS).read_text(encoding="utf-8"))
            stored = dict(stored)
        except (OSError, ValueError, TypeError):
            message = f"{self._folder}: {there} was not made by this command; {way}"
            raise ConfigError(message) from None
        keys = dict.fromkeys([*self._settings, *stored])
        # as text: NaN, of a data set without foreground, is not equal to itself
        other = [k for k in keys if repr(stored.get(k)) != repr(self._settings.get(k))]
        if other:
            message = f"{self._folder}: holds label maps ({there}, ...) made with other "
            message += f"{', '.join(other)}; {way}"
            raise ConfigError(message)

    def _recall(self) -> None:
        try:
            path = self._folder / _TABLE
            with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
                rows = list(csv.DictReader(file))
        except (OSError, csv.Error):
            return
        for row in rows:
            if row.get("status") in ("ok", "kept") and row.get("case"):
                texts = {name: row.get(name) or "" for name in _COLUMNS if name != "seconds"}
                known = CaseOutcome(seconds=_number(row.get("seconds")), **texts)
                self._earlier[known.case] = known

    def write(self, outcomes: Iterable[CaseOutcome]) -> None:
        """Write the table: cases that were reached, and label maps of earlier runs beside them."""
        outcomes = list(outcomes)
        outcomes += self._others({row.output for row in outcomes})
        outcomes.sort(key=lambda row: natural_key(row.case))
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for outcome in outcomes:
            cells = asdict(outcome)
            seconds = cells["seconds"]
            cells["seconds"] = "" if seconds != seconds else f"{seconds:.3f}"
            writer.writerow(cells.values())
        write_text(self._folder / _TABLE, out.getvalue())


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
