"""What is to be evaluated: cases, and the pairs of files they are made from."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from edgewise.errors import ConfigError, InputError
from edgewise.io.naming import natural_key

from .discovery import Found, list_folder, match_template, suggest_templates, without_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["Case", "Note", "Pairs", "Side", "natural_key"]

Source: TypeAlias = Any  # a path, an array, an Image, or a callable that returns one of them


@dataclass(frozen=True, slots=True)
class Case:
    """One reference and what one algorithm predicted for it.

    Attributes
    ----------
    case : str
        Name, unique together with `algorithm`.
    reference, prediction : path, array, Image or callable, optional
        None if there is none. A callable is called without arguments when its turn comes.
    algorithm : str
        Empty if there is only one.
    ref, pred : str
        How tables name the two files.
    meta : tuple of (str, str)
        Further columns of a manifest or template.
    """

    case: str
    reference: Source = None
    prediction: Source = None
    algorithm: str = ""
    ref: str = ""
    pred: str = ""
    meta: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Case and algorithm: what a row is about."""
        return self.case, self.algorithm

    @property
    def on_disk(self) -> bool:
        """Whether both sides are files, so that a worker process can read them."""
        return all(isinstance(s, Path | None) for s in (self.reference, self.prediction))


@dataclass(frozen=True, slots=True)
class Note:
    """Something odd about the inputs that does not stop a run."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Side:
    """Where one side of the pairs comes from, for the lines printed at the start."""

    where: str
    files: int
    suffixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pairs:
    """Every expected case of a data set, found or not, in natural order.

    Attributes
    ----------
    cases : tuple of Case
        Sorted by case, then algorithm.
    notes : tuple of Note
        Predictions without a reference, names that were adapted.
    reference, prediction : Side
        Where they come from.
    """

    cases: tuple[Case, ...]
    notes: tuple[Note, ...] = ()
    reference: Side = Side("", 0)
    prediction: Side = Side("", 0)

    def __len__(self) -> int:
        return len(self.cases)

    def __iter__(self) -> Iterator[Case]:
        return iter(self.cases)

    @classmethod
    def from_folders(
        cls, reference: str | Path, prediction: str | Path, *, recursive: bool = False
    ) -> Pairs:
        """Pair the files of two folders by name.

        Parameters
        ----------
        reference, prediction : path
            Folders. A case is a file name without its known suffix; every reference is a case.
        recursive : bool, default False
            Also look into sub-folders; their names join the case name with ``/``.

        Returns
        -------
        Pairs
            References without prediction are cases too.

        Raises
        ------
        InputError
            If a folder does not exist, two files make one case, or nothing pairs; the message then
            suggests templates.
        """
        references = list_folder(Path(reference), recursive=recursive)
        predictions = list_folder(Path(prediction), recursive=recursive)
        pairs = _paired(references, predictions, str(reference), str(prediction))
        if Path(reference).samefile(prediction):
            text = "reference and prediction are the same folder; every file meets itself."
            return replace(pairs, notes=(Note("same_folder", text), *pairs.notes))
        return pairs

    @classmethod
    def from_templates(cls, reference: str | Path, prediction: str | Path) -> Pairs:
        """Pair files by templates such as ``"preds/{algorithm}/{case}_seg.nii.gz"``.

        Parameters
        ----------
        reference, prediction : str
            ``{case}`` is required, ``{algorithm}`` makes several predictions per case, any other
            field becomes a column of metadata. Text without braces is a folder.

        Returns
        -------
        Pairs
            Every reference with every algorithm.

        Raises
        ------
        InputError
            If nothing matches, or several files match one case.
        """
        found = [
            match_template(str(t)) if "{" in str(t) else list_folder(Path(t), recursive=False)
            for t in (reference, prediction)
        ]
        return _paired(found[0], found[1], str(reference), str(prediction))

    @classmethod
    def from_manifest(cls, manifest: str | Path, *, allow_outside: bool = False) -> Pairs:
        """Read pairs from a CSV or TSV file.

        Parameters
        ----------
        manifest : path
            Columns ``case``, ``ref`` and ``pred`` (paths relative to the manifest), optionally
            ``algorithm``; every other column is metadata. All cells are text: ``001`` and ``NA``
            stay names.
        allow_outside : bool, default False
            Accept absolute paths and paths that leave the manifest's folder.

        Returns
        -------
        Pairs
            One case per row.

        Raises
        ------
        InputError
            If the file or a column is missing, a case occurs twice, or a path leaves the folder.
        """
        path = Path(manifest)
        cases = [_manifest_case(path, row, allow_outside=allow_outside) for row in _rows(path)]
        return cls.from_records(cases, where=str(manifest))

    @classmethod
    def from_records(
        cls, records: Iterable[Case | tuple[str, Source, Source]], *, where: str = "records"
    ) -> Pairs:
        """Make pairs from ``(case, reference, prediction)`` or `Case` objects.

        Parameters
        ----------
        records : iterable
            References and predictions are paths, arrays, Images or callables without arguments.
        where : str, default "records"
            How messages call the source.

        Returns
        -------
        Pairs
            In natural order.

        Raises
        ------
        InputError
            If there are none, or a case occurs twice.
        """
        cases = sorted((_as_case(r) for r in records), key=_order)
        if not cases:
            message = f"{where} holds no cases"
            raise InputError(message)
        _check_names(cases)
        for first, second in pairwise(cases):
            if first.key == second.key:
                raise _duplicate(first.case, "row", [first.pred or "?", second.pred or "?"])
        n_ref = sum(c.reference is not None for c in cases)
        n_pred = sum(c.prediction is not None for c in cases)
        return cls(tuple(cases), (), Side(where, n_ref), Side(where, n_pred))

    def select(
        self, *, include: Sequence[str] = (), exclude: Sequence[str] = (), limit: int | None = None
    ) -> Pairs:
        """Return the cases whose names match.

        Parameters
        ----------
        include, exclude : sequence of str
            Patterns with ``*`` and ``?``; a case must match one of `include` (if any) and none of
            `exclude`.
        limit : int, optional
            Only so many cases, the first.

        Returns
        -------
        Pairs
            In the same order.

        Raises
        ------
        InputError
            If no case is left.
        ConfigError
            If `limit` is below 1.
        """
        kept = [
            c
            for c in self.cases
            if (not include or any(fnmatchcase(c.case, p) for p in include))
            and not any(fnmatchcase(c.case, p) for p in exclude)
        ]
        if limit is not None and limit < 1:
            message = f"limit must be at least 1, got {limit}"
            raise ConfigError(message)
        if limit is not None:
            names = list(dict.fromkeys(c.case for c in kept))[:limit]
            kept = [c for c in kept if c.case in set(names)]
        if not kept:
            message = f"none of the {len(self.cases)} cases is left by include, exclude and limit"
            raise InputError(message)
        return replace(self, cases=tuple(kept))


def _order(case: Case) -> tuple[object, ...]:
    return natural_key(case.case), natural_key(case.algorithm)


def _as_case(record: Case | tuple[str, Source, Source]) -> Case:
    if isinstance(record, Case):
        return record
    name, reference, prediction = record
    sides = [Path(s) if isinstance(s, str) else s for s in (reference, prediction)]
    texts = [s.as_posix() if isinstance(s, Path) else "" for s in sides]
    return Case(str(name), sides[0], sides[1], "", texts[0], texts[1])


def _check_names(cases: Sequence[Case]) -> None:
    for case in cases:
        if not case.case or re.search(r"[\0\r\n]", case.case + case.algorithm):
            message = (
                f"{case.case!r} is no usable case name: it is empty or has line breaks; "
                "rename its files"
            )
            raise InputError(message, code="bad_case_name")


def _duplicate(case: str, what: str, files: Sequence[str], advice: str = "") -> InputError:
    message = f"case {case}: two {what}s ({', '.join(files)}). Keep one of them{advice}."
    return InputError(message, code="duplicate_case")


def _one_ending(found: Found, what: str) -> str:
    """Probability maps beside label maps: a template picks files of one kind."""
    if found.path.name != f"{found.case}{found.suffix}":
        return ""
    flag = "--ref-template" if what == "reference" else "--pred-template"
    return f", or choose: {flag} '{found.path.with_name('{case}' + found.suffix).as_posix()}'"


def _indexed(found: Sequence[Found], what: str) -> dict[tuple[str, str], Found]:
    index: dict[tuple[str, str], Found] = {}
    for item in found:
        key = (unicodedata.normalize("NFC", item.case), item.algorithm)
        if key in index:
            raise _duplicate(
                key[0], what, [str(index[key].path), str(item.path)], _one_ending(index[key], what)
            )
        index[key] = item
    return index


def _paired(
    references: Sequence[Found], predictions: Sequence[Found], ref_where: str, pred_where: str
) -> Pairs:
    notes: list[Note] = []
    if not {f.nfc for f in references} & {f.nfc for f in predictions}:
        adapted = without_hints(references, predictions)
        if adapted is None:
            message = suggest_templates(references, predictions, ref_where, pred_where)
            raise InputError(message)
        references, predictions, text = adapted
        notes.append(Note("suffix_removed", text))
    refs, preds = _indexed(references, "reference"), _indexed(predictions, "prediction")
    algorithms = sorted({a for _, a in preds}, key=natural_key)
    expected = _expected(pred_where, predictions)
    cases = [
        _case_of(reference, preds.get((name, algorithm)), algorithm, expected)
        for (name, _), reference in refs.items()
        for algorithm in algorithms
    ]
    known = {name for name, _ in refs}
    extra = [item for (name, _), item in preds.items() if name not in known]
    notes += [
        Note("extra_prediction", f"{f.path} has no reference; ignored.")
        for f in sorted(extra, key=lambda f: natural_key(f.case))
    ]
    cases.sort(key=_order)
    _check_names(cases)
    return Pairs(
        tuple(cases),
        tuple(notes + _case_clashes(cases)),
        Side(ref_where, len(references), tuple(sorted({f.suffix for f in references}))),
        Side(pred_where, len(predictions), tuple(sorted({f.suffix for f in predictions}))),
    )


def _case_clashes(cases: Sequence[Case]) -> list[Note]:
    """Names that differ in case only: one of them would vanish on some file systems."""
    seen: dict[str, str] = {}
    notes = []
    for name in dict.fromkeys(c.case for c in cases):
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            text = f"cases {other} and {name} differ in upper and lower case only."
            notes.append(Note("similar_names", text))
    return notes


def _expected(where: str, predictions: Sequence[Found]) -> Callable[[str, str], str]:
    """Where a missing prediction was looked for."""
    if "{" in where:
        return lambda case, algorithm: where.replace("{case}", case).replace(
            "{algorithm}", algorithm
        )
    suffixes = sorted({f.suffix for f in predictions})
    suffix = suffixes[0] if len(suffixes) == 1 else ".*"
    return lambda case, _: (Path(where) / f"{case}{suffix}").as_posix()


def _case_of(
    reference: Found, prediction: Found | None, algorithm: str, expected: Callable[[str, str], str]
) -> Case:
    meta = dict(reference.meta)
    meta.update(prediction.meta if prediction else ())
    return Case(
        reference.nfc,
        reference.path,
        prediction.path if prediction else None,
        algorithm,
        reference.name,
        prediction.name if prediction else expected(reference.case, algorithm),
        tuple(meta.items()),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        message = f"{path}: cannot read the manifest ({error.strerror or error})"
        raise InputError(message, code="bad_manifest") from error
    except UnicodeDecodeError as error:
        message = f"{path}: the manifest is not UTF-8 text ({error.reason})"
        raise InputError(message, code="bad_manifest") from error
    header = text.partition("\n")[0]
    reader = csv.DictReader(text.splitlines(), delimiter="\t" if "\t" in header else ",")
    names = list(reader.fieldnames or ())
    lacking = [n for n in ("case", "ref", "pred") if n not in names]
    if lacking or len(set(names)) != len(names):
        problem = f"lacks the column {lacking[0]}" if lacking else "has a column name twice"
        message = f"{path}: the manifest {problem}; it needs case, ref and pred, has {names}"
        raise InputError(message, code="bad_manifest")
    return [{k: v or "" for k, v in row.items() if k is not None} for row in reader]


def _manifest_case(manifest: Path, row: dict[str, str], *, allow_outside: bool) -> Case:
    sides: list[Path | None] = []
    for column in ("ref", "pred"):
        path = manifest.parent / row[column]
        root = manifest.parent.resolve()
        if row[column] and not allow_outside and not path.resolve().is_relative_to(root):
            message = f"{manifest}: {row[column]} lies outside {root}; --allow-outside accepts it"
            raise InputError(message, code="path_outside_root")
        there = bool(row[column]) and (path.exists() or path.is_symlink())
        sides.append(path if there else None)
    meta = tuple((k, v) for k, v in row.items() if k not in {"case", "ref", "pred", "algorithm"})
    name = unicodedata.normalize("NFC", row["case"])
    algorithm = row.get("algorithm", "")
    return Case(name, sides[0], sides[1], algorithm, row["ref"], row["pred"], meta)
