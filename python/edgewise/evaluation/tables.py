"""Tables: columns of equal length, and the CSV files they are kept in."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from edgewise._extras import require
from edgewise.errors import ConfigError, InputError
from edgewise.io.whole import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["CASES_COLUMNS", "VALUES_COLUMNS", "Table", "read_cases", "read_values"]

Column: TypeAlias = NDArray[Any]

CASES_COLUMNS: Final = (
    "case", "algorithm", "status", "error_code", "error_message", "warnings", "ref", "pred",
    "size_0", "size_1", "size_2", "spacing_0", "spacing_1", "spacing_2", "orientation", "drift",
)  # fmt: skip
VALUES_COLUMNS: Final = (
    "case", "algorithm", "label", "label_name", "metric", "value", "state",
)  # fmt: skip
_WHOLE: Final = frozenset({"label", "size_0", "size_1", "size_2"})
_REAL: Final = frozenset({"value", "spacing_0", "spacing_1", "spacing_2", "drift"})
_SOMETIMES: Final = frozenset({"size_0", "size_1", "size_2"})  # whole numbers that may be unknown


class Table:
    """Columns of equal length.

    Parameters
    ----------
    columns : mapping of str to array
        Text is held in object arrays, numbers in int64 or float64.

    Notes
    -----
    In a float64 column NaN stands for "unknown" too; text keeps them apart by the column ``state``:
    a value of state ``not_computed`` is empty, an undefined one ``NaN``.

    Examples
    --------
    >>> table = Table({"case": np.array(["a", "b"], dtype=object), "value": np.array([0.5, 1.0])})
    >>> table[table["value"] > 0.7]["case"].tolist()
    ['b']
    """

    __slots__ = ("_columns",)

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = dict(columns)
        lengths = {len(column) for column in self._columns.values()}
        if len(lengths) > 1:
            message = f"columns must be equally long, got lengths {sorted(lengths)}"
            raise ConfigError(message)

    @classmethod
    def from_rows(cls, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
        """Return a table of rows; the columns of sizes, values and labels become numbers."""
        listed = list(rows)
        cells: Iterable[Sequence[Any]] = zip(*listed, strict=True) if listed else ((),) * len(names)
        return cls({n: _column(n, list(c)) for n, c in zip(names, cells, strict=True)})

    @property
    def columns(self) -> tuple[str, ...]:
        """Names, in order."""
        return tuple(self._columns)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    @overload
    def __getitem__(self, key: str) -> Column: ...
    @overload
    def __getitem__(self, key: slice | Column) -> Table: ...
    def __getitem__(self, key: str | slice | Column) -> Column | Table:
        if isinstance(key, str):
            if key not in self._columns:
                message = f"no column {key!r}; there are {', '.join(self._columns)}"
                raise ConfigError(message)
            return self._columns[key]
        return Table({name: column[key] for name, column in self._columns.items()})

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield one dict of plain values per row."""
        columns = [column.tolist() for column in self._columns.values()]
        for cells in zip(*columns, strict=True):
            yield dict(zip(self._columns, cells, strict=True))

    def filter(self, wanted: Mapping[str, Any]) -> Table:
        """Return the rows whose columns have the wanted values.

        Parameters
        ----------
        wanted : mapping of str to value or list of values
            Such as ``{"metric": "dice", "label": [1, 2]}``.

        Returns
        -------
        Table
            In the same order.

        Raises
        ------
        ConfigError
            If there is no such column.
        """
        keep = np.ones(len(self), dtype=bool)
        for name, value in wanted.items():
            choices = value if isinstance(value, list | tuple | set) else [value]
            keep &= np.isin(self[name], list(choices))
        return self[keep]

    def to_pandas(self) -> Any:  # noqa: ANN401
        """Return a data frame.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        return require("pandas", extra="tables").DataFrame(self._columns)

    def to_csv(self, path: str | Path | None = None, *, delimiter: str = ",") -> str:
        r"""Return the table as CSV, and write it if a path is given.

        Parameters
        ----------
        path : path, optional
            Replaced as a whole: a reader never sees half a table.
        delimiter : str, default ","
            Between cells.

        Returns
        -------
        str
            UTF-8 text with ``\\n`` ends; numbers as the shortest text that reads back to the same
            number.
        """
        out = io.StringIO()
        writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
        writer.writerow(self._columns)
        writer.writerows(zip(*(self._cells(name) for name in self._columns), strict=True))
        text = out.getvalue()
        if path is not None:
            write_text(Path(path), text)
        return text

    def _cells(self, name: str) -> list[str]:
        cells = [_text(cell) for cell in self._columns[name].tolist()]
        if name == "value" and "state" in self._columns:
            states = self._columns["state"].tolist()
            return ["" if s == "not_computed" else c for c, s in zip(cells, states, strict=True)]
        if name != "value" and (name in _REAL or name.endswith("_s")):
            return ["" if cell == "NaN" else cell for cell in cells]
        return cells

    def __repr__(self) -> str:
        return f"<Table of {len(self)} rows: {', '.join(self._columns)}>"


def _column(name: str, cells: list[Any]) -> Column:
    if name in _REAL:
        return np.array([math.nan if c is None else c for c in cells], dtype=np.float64)
    if name in _WHOLE and name not in _SOMETIMES:
        return np.array(cells, dtype=np.int64)
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return column


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        if math.isnan(cell):
            return "NaN"
        return repr(cell) if math.isfinite(cell) else ("inf" if cell > 0 else "-inf")
    return str(cell)


def read_values(path: str | Path) -> Table:
    """Read ``values.csv``.

    Parameters
    ----------
    path : path
        The file, or the folder of a run.

    Returns
    -------
    Table
        Columns case, algorithm, label, label_name, metric, value, state; case names are text,
        ``NA`` too.

    Raises
    ------
    InputError
        If it cannot be read or is no such table.
    """
    return _read(Path(path), "values.csv", VALUES_COLUMNS)


def read_cases(path: str | Path) -> Table:
    """Read ``cases.csv``; parameters and errors as `read_values`."""
    return _read(Path(path), "cases.csv", CASES_COLUMNS)


def _read(path: Path, name: str, needed: Sequence[str]) -> Table:
    file = path / name if path.is_dir() else path
    try:
        with file.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            rows = list(csv.reader(stream))
    except OSError as error:
        message = f"{file}: cannot read the table ({error.strerror or error})"
        raise InputError(message, code="no_such_run") from error
    header = rows[0] if rows else []
    lacking = [column for column in needed if column not in header]
    if lacking or any(len(row) != len(header) for row in rows):
        problem = f"no column {lacking[0]}" if lacking else "a row with too few or too many cells"
        message = f"{file}: this is no {name} of edgewise: {problem}"
        raise InputError(message, code="bad_table")
    try:
        return Table.from_rows(header, [_parsed(header, row) for row in rows[1:]])
    except ValueError as error:
        message = f"{file}: this is no {name} of edgewise: {error}"
        raise InputError(message, code="bad_table") from error


def _parsed(header: Sequence[str], row: Sequence[str]) -> list[Any]:
    return [_value(name, text) for name, text in zip(header, row, strict=True)]


def _value(name: str, text: str) -> Any:  # noqa: ANN401
    if name in _REAL:
        return float(text) if text else None
    if name in _WHOLE:
        return int(text) if text else None
    return text
