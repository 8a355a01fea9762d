"""Which labels are measured, and what they are called: text, mappings and label files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from edgewise.errors import ConfigError, ReadError
from edgewise.io import segment_names

__all__ = ["LABEL_FILES", "LabelChoice", "Labels", "Regions", "read_labels", "read_regions"]

Labels: TypeAlias = str | Path | Iterable[int] | Mapping[int, str]
Regions: TypeAlias = str | Mapping[str, Iterable[int]] | None

LABEL_FILES: Final = (".json", ".tsv", ".csv", ".txt", ".nrrd")
_LARGEST: Final = 2**31 - 1
_ID_COLUMNS: Final = ("index", "id", "value", "label")
_NAME_COLUMNS: Final = ("name", "label_name", "abbreviation", "label", "structure")


@dataclass(frozen=True, slots=True)
class LabelChoice:
    """Labels with names, and regions, as asked for.

    Attributes
    ----------
    labels : "auto", "union" or tuple of (int, str)
        Names are empty where none is given.
    regions : tuple of (str, tuple of int)
        Name and member labels.
    ignore_label : int, optional
        As a ``dataset.json`` names it.
    """

    labels: Literal["auto", "union"] | tuple[tuple[int, str], ...]
    regions: tuple[tuple[str, tuple[int, ...]], ...] = ()
    ignore_label: int | None = None


def read_labels(labels: Labels) -> LabelChoice:
    """Return the labels that `labels` asks for.

    Parameters
    ----------
    labels : str, path, iterable of int or mapping
        ``"auto"``, ``"union"``, ``"1,2"``, ``"1:liver,2:tumour"``, ``{1: "liver"}``, ``[1, 2]``, or
        a file: JSON (``{"1": "liver"}``, ``{"liver": 1}``, or nnU-Net's ``dataset.json`` with its
        regions and ignore label), a CSV or TSV table with a column index, id or value and a column
        name, label or structure, or a ``.seg.nrrd`` with named segments.

    Returns
    -------
    LabelChoice
        Ascending, without the background 0.

    Raises
    ------
    ConfigError
        If it cannot be read.
    """
    if isinstance(labels, Mapping):
        return LabelChoice(_checked((_label(k), str(v)) for k, v in labels.items()))
    if isinstance(labels, Path):
        return _from_file(labels)
    if not isinstance(labels, str):
        return LabelChoice(_checked((_label(k), "") for k in labels))
    return _from_text(labels.strip())


def _from_text(text: str) -> LabelChoice:
    if text == "auto" or text == "union":
        return LabelChoice("auto" if text == "auto" else "union")
    if text.lower().endswith(LABEL_FILES):
        return _from_file(Path(text))
    pairs = []
    for part in text.split(","):
        number, _, name = part.partition(":")
        pairs.append((_label(number), name.strip()))
    return LabelChoice(_checked(pairs))


def _label(value: object) -> int:
    try:
        number = int(str(value).strip())
    except ValueError:
        number = -1
    if isinstance(value, bool) or not 0 <= number <= _LARGEST:
        message = (
            f"labels: {str(value).strip()!r} is no label; write 1,2 or 1:liver,2:tumour, "
            "or the name of a .json, .tsv or .csv file"
        )
        raise ConfigError(message)
    return number


def _checked(pairs: Iterable[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    found: dict[int, str] = {}
    for label, name in pairs:
        if label in found and found[label] != name:
            message = f"labels: {label} has two names, {found[label]!r} and {name!r}"
            raise ConfigError(message)
        found[label] = name
    found.pop(0, None)
    if not found:
        message = "labels: none is left; 0 is the background and is not measured"
        raise ConfigError(message)
    return tuple(sorted(found.items()))


def _from_file(path: Path) -> LabelChoice:
    if path.suffix.lower() == ".nrrd":
        return LabelChoice(_checked(_segments(path)))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"labels: cannot read {path} ({getattr(error, 'strerror', None) or error})"
        raise ConfigError(message) from error
    if path.suffix.lower() == ".json":
        return _from_json(path, text)
    return LabelChoice(_from_table(path, text))


def _segments(path: Path) -> Iterable[tuple[int, str]]:
    try:
        return segment_names(path).items()
    except ReadError as error:
        message = f"labels: {error}"
        raise ConfigError(message) from error


def _from_json(path: Path, text: str) -> LabelChoice:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        message = f"labels: {path} is no JSON (line {error.lineno}: {error.msg})"
        raise ConfigError(message) from error
    entries = content.get("labels", content) if isinstance(content, dict) else None
    if not isinstance(entries, dict):
        message = f"labels: {path} holds neither a table of labels nor a key 'labels'"
        raise ConfigError(message)
    pairs: list[tuple[int, str]] = []
    regions: list[tuple[str, tuple[int, ...]]] = []
    ignore = None
    for key, value in entries.items():
        if isinstance(value, list) and len(value) != 1:
            regions.append((key, tuple(sorted({_label(v) for v in value}))))
            continue
        label, name = _label_and_name(key, value[0] if isinstance(value, list) else value)
        if name == "ignore":
            ignore = label
        else:
            pairs.append((label, name))
    return LabelChoice(_checked(pairs) if pairs else "auto", tuple(regions), ignore)


def _label_and_name(key: str, value: Any) -> tuple[int, str]:  # noqa: ANN401
    """Both ``"1": "liver"`` and ``"liver": 1`` occur."""
    if isinstance(value, int):
        return _label(value), key
    return _label(key), str(value)


def _from_table(path: Path, text: str) -> tuple[tuple[int, str], ...]:
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
    rows = list(csv.DictReader(text.splitlines(), delimiter=delimiter))
    columns = list(rows[0]) if rows else []
    id_column = next((c for c in _ID_COLUMNS if c in columns), None)
    name_column = next((c for c in _NAME_COLUMNS if c in columns and c != id_column), None)
    if id_column is None or name_column is None:
        message = f"labels: {path} needs a column index, id or value, and a column name or label"
        raise ConfigError(message)
    names = [row[name_column] or "" for row in rows]
    pairs = []
    for row, name in zip(rows, names, strict=True):
        side = row.get("hemisphere") or ""
        both = f"{name}_{side}" if side and names.count(name) > 1 else name
        pairs.append((_label(row[id_column]), both))
    return _checked(pairs)


def read_regions(regions: Regions) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return the regions that `regions` asks for.

    Parameters
    ----------
    regions : str or mapping, optional
        ``"whole=1+2+3,core=2+3"`` or ``{"whole": (1, 2, 3)}``.

    Returns
    -------
    tuple of (str, tuple of int)
        Name and ascending member labels.

    Raises
    ------
    ConfigError
        If it cannot be read.
    """
    if regions is None or regions == "":
        return ()
    if isinstance(regions, str):
        parsed: dict[str, Iterable[object]] = {}
        for part in regions.split(","):
            name, sign, members = part.partition("=")
            if not sign or not name.strip() or name.strip() in parsed:
                message = (
                    f"regions: cannot read {part!r}; write whole=1+2+3,core=2+3, each name once"
                )
                raise ConfigError(message)
            parsed[name.strip()] = members.split("+")
    else:
        parsed = {str(name): tuple(members) for name, members in regions.items()}
    found = tuple((name, _members(name, members)) for name, members in parsed.items())
    for name, inside in found:
        if not inside or 0 in inside:
            message = f"regions: {name} must have members, and 0 (the background) is none"
            raise ConfigError(message)
    return found


def _members(name: str, members: Iterable[object]) -> tuple[int, ...]:
    try:
        return tuple(sorted({_label(member) for member in members}))
    except ConfigError as error:
        listed = "+".join(map(str, members))
        message = f"regions: cannot read {name}={listed}; write whole=1+2+3,core=2+3"
        raise ConfigError(message) from error
