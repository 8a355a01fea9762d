"""The log of a training: ``log.csv`` with a row per epoch, and a line per epoch for people."""

from __future__ import annotations

import csv
import io
import math
import sys
from typing import TYPE_CHECKING, Final

from .writing import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ["COLUMNS", "epoch_line", "to_stderr", "write_table"]

COLUMNS: Final = ("epoch", "step", "lr", "loss", "grad_norm", "seconds")
_WHOLE: Final = frozenset({"epoch", "step"})


def to_stderr(line: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def epoch_line(row: Mapping[str, float], epochs: int, metrics: Sequence[str], note: str) -> str:
    """Return the line that is printed after an epoch.

    Parameters
    ----------
    row : mapping
        Of the log.
    epochs : int
        Of the whole training.
    metrics : sequence of str
        Shown if `row` holds them.
    note : str
        At the end of the line; may be empty.

    Returns
    -------
    str
        Without a line end.
    """
    width = len(str(epochs))
    line = f"epoch {int(row['epoch']):{width}d}/{epochs}  loss {row['loss']:.4f}  "
    line += f"lr {row['lr']:.2e}  {row['seconds']:.1f} s"
    shown = [f"{m} {row[m]:.4f}" for m in metrics if m in row]
    return "  ".join([line, *shown, *([note] if note else [])])


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, float]]) -> None:
    """Write rows as CSV; a cell that a row does not have is empty, NaN is ``nan``.

    The file is replaced as a whole: who plots it while the training runs sees complete rows.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(name, row.get(name)) for name in columns] for row in rows)
    write_whole(path, out.getvalue())


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return ""
    if name in _WHOLE and math.isfinite(value):
        return str(int(value))
    return repr(float(value))
