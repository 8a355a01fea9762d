"""The folder of a run: what is in it, and whether it belongs to the training that is asked for."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edgewise.errors import ConfigError, ReadError

from .checkpoint import latest
from .log import write_table
from .progress_picture import draw_progress
from .settings import differences
from .writing import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .pool import CasePool

__all__ = ["RunFolder"]

SCHEMA: Final = "edgewise.training/1"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where a training writes.

    Attributes
    ----------
    path : Path
        Holds ``run.json`` (settings), ``log.csv``, ``progress.svg``, ``cases.csv``,
        ``weights.safetensors`` (of the best epoch) and ``checkpoint/``.
    """

    path: Path

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoint"

    @property
    def weights(self) -> Path:
        """The weights of the best epoch so far."""
        return self.path / "weights.safetensors"

    def open(self, description: Mapping[str, Any], *, resume: bool) -> None:
        """Make the folder, or check that an earlier run in it is the same.

        Parameters
        ----------
        description : mapping
            Plain values: everything that decides the result.
        resume : bool
            Whether to go on with an earlier run; else it is removed, as is one that has no
            checkpoint yet.

        Raises
        ------
        ConfigError
            If an earlier run differs (the sentence names what), or has weights and no checkpoint.
        ReadError
            If its ``run.json`` is damaged.
        """
        file = self.path / "run.json"
        if resume and latest(self.checkpoints) is not None:
            self._compare(file, description)
        elif resume and self.weights.exists():
            message = f"{self.path}: holds {self.weights.name} and no checkpoint to go on from; "
            message += "give another folder, or resume=False (edgewise train --restart) to begin "
            message += "anew and overwrite it"
            raise ConfigError(message)
        else:  # nothing that an earlier run left may be taken for this one's
            shutil.rmtree(self.checkpoints, ignore_errors=True)
            for name in ("weights.safetensors", "log.csv", "progress.svg", "cases.csv"):
                (self.path / name).unlink(missing_ok=True)
        self.path.mkdir(parents=True, exist_ok=True)
        document = {"schema": SCHEMA, **description}
        write_whole(file, json.dumps(document, indent=1, allow_nan=False) + "\n")

    def _compare(self, file: Path, description: Mapping[str, Any]) -> None:
        try:
            stored = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            message = f"{file}: cannot be read ({error}); remove the folder to start anew"
            raise ReadError(message, code="bad_run") from error
        plain = json.loads(json.dumps({"schema": SCHEMA, **description}))
        found = [d for d in differences(stored, plain) if not d.startswith("versions.")]
        if found:
            message = f"{self.path}: holds a run with another {'; '.join(found)}; "
            message += "give the same options, or another folder"
            raise ConfigError(message)

    def write_log(
        self, columns: Sequence[str], rows: Sequence[Mapping[str, float]], drawn: Sequence[str]
    ) -> None:
        """Write ``log.csv`` and ``progress.svg``."""
        write_table(self.path / "log.csv", columns, rows)
        write_whole(self.path / "progress.svg", draw_progress(rows, metrics=drawn))

    def write_cases(self, pools: Sequence[CasePool]) -> None:
        """Write ``cases.csv``: every case, and why it was set aside if it was."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("case", "role", "status", "error_code", "error_message"))
        for pool in pools:
            for index, name in enumerate(pool.names):
                problem = pool.problems.get(index)
                end = (
                    ("ok", "", "") if problem is None else ("failed", problem.code, problem.message)
                )
                writer.writerow((name, pool.role, *end))
        write_whole(self.path / "cases.csv", out.getvalue())
