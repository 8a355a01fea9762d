"""Finding files: folders, templates, and what to suggest when no names match."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edgewise import io
from edgewise.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Found", "list_folder", "match_template", "suggest_templates", "without_hints"]

_HINTS: Final = ("_0000", "_pred", "_seg", "-seg", "_label", "_gt", "_mask")
_FIELD: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_FEWEST_SHARED: Final = 2  # letters that two names must share before a template is suggested


@dataclass(frozen=True, slots=True)
class Found:
    """One file, and the case that its name stands for.

    Attributes
    ----------
    case, algorithm : str
        As spelled on disk.
    path : Path
        To open it.
    name : str
        Relative to the given root, with ``/``.
    suffix : str
        The known suffix.
    meta : tuple of (str, str)
        Other fields of a template.
    """

    case: str
    path: Path
    name: str
    suffix: str
    algorithm: str = ""
    meta: tuple[tuple[str, str], ...] = ()

    @property
    def nfc(self) -> str:
        """The case name in composed form: the same letters always compare equal."""
        return unicodedata.normalize("NFC", self.case)


def _suffix(name: str) -> str:
    low = name.lower()
    return next(
        (s for s in sorted(io.SUFFIXES, key=len, reverse=True) if low.endswith(s) and low != s), ""
    )


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted((e for e in entries if not e.name.startswith(".")), key=lambda e: e.name)
    except OSError as error:
        message = f"{folder}: {_why_no_folder(folder, error)}"
        raise InputError(message, code="no_such_folder") from error


def _why_no_folder(folder: Path, error: OSError) -> str:
    if isinstance(error, NotADirectoryError):
        return "is a file, a folder is expected here; two files can be compared directly"
    if isinstance(error, FileNotFoundError):
        parent = folder.parent
        names = sorted(p.name for p in parent.iterdir() if p.is_dir()) if parent.is_dir() else []
        return "there is no such folder" + (
            f"; {parent}/ holds {', '.join(names[:5])}" * bool(names)
        )
    return f"cannot be listed ({error.strerror or error})"


def list_folder(folder: Path, *, recursive: bool) -> list[Found]:
    """Return the files of a folder that have a known suffix.

    Raises
    ------
    InputError
        If the folder cannot be listed, or holds no file with a known suffix.
    """
    found = list(_walk(folder, "", recursive=recursive))
    if not found:
        message = f"{folder}: no file with a known suffix ({', '.join(io.SUFFIXES)})"
        raise InputError(message, code="nothing_paired")
    return found


def _walk(
    folder: Path, prefix: str, *, recursive: bool, above: tuple[Path, ...] = ()
) -> Iterator[Found]:
    """Yield files; a link to a folder further up would lead round in a circle and is left out."""
    here = (*above, folder.resolve())
    for entry in _scan(folder):
        suffix = _suffix(entry.name)
        if suffix:
            stem = entry.name[: len(entry.name) - len(suffix)]
            yield Found(prefix + stem, Path(entry.path), prefix + entry.name, suffix)
        elif recursive and entry.is_dir() and Path(entry.path).resolve() not in here:
            yield from _walk(Path(entry.path), f"{prefix}{entry.name}/", recursive=True, above=here)


def match_template(template: str) -> list[Found]:
    """Return the files that a template such as ``"preds/{algorithm}/{case}.nii.gz"`` matches.

    Raises
    ------
    ConfigError
        If there is no ``{case}``, or a brace is open.
    InputError
        If nothing matches.
    """
    if "case" not in _FIELD.findall(template) or re.search(r"[{}]", _FIELD.sub("", template)):
        message = f"template {template!r} needs {{case}}, as in 'preds/{{case}}_seg.nii.gz'"
        raise ConfigError(message)
    parts = Path(template).parts
    fixed = next(k for k, part in enumerate(parts) if "{" in part)
    root = Path(*parts[:fixed]) if fixed else Path()
    found = [
        Found(
            fields["case"],
            root / name,
            name,
            _suffix(name),
            fields.get("algorithm", ""),
            tuple((k, v) for k, v in fields.items() if k not in ("case", "algorithm")),
        )
        for fields, name in _descend(root, "", list(parts[fixed:]), {})
    ]
    if not found:
        message = f"no file matches {template!r}"
        raise InputError(message)
    return found


def _descend(
    folder: Path, prefix: str, parts: list[str], fields: dict[str, str]
) -> Iterator[tuple[dict[str, str], str]]:
    pattern = _pattern(parts[0], fields)
    for entry in _scan(folder):
        match = pattern.fullmatch(entry.name)
        if match is None:
            continue
        here = {**fields, **match.groupdict()}
        if len(parts) == 1:
            yield here, prefix + entry.name
        elif entry.is_dir():
            yield from _descend(Path(entry.path), f"{prefix}{entry.name}/", parts[1:], here)


def _pattern(part: str, fields: dict[str, str]) -> re.Pattern[str]:
    """Return the expression of one path component; fields known from above must repeat."""
    text, seen, at = "", set(fields), 0
    for match in _FIELD.finditer(part):
        name = match[1]
        text += re.escape(part[at : match.start()])
        if name in fields:
            text += re.escape(fields[name])
        elif name in seen:
            text += f"(?P={name})"
        else:
            text += f"(?P<{name}>[^/]+?)"
            seen.add(name)
        at = match.end()
    return re.compile(text + re.escape(part[at:]))


def without_hints(
    references: Sequence[Found], predictions: Sequence[Found]
) -> tuple[list[Found], list[Found], str] | None:
    """Return both sides with usual endings (``_pred``, ``_gt``) removed, if that pairs them."""
    choices = ("", *_HINTS)
    for ref_hint, pred_hint in sorted(
        ((r, p) for r in choices for p in choices if r or p), key=lambda pair: sum(map(bool, pair))
    ):
        left, right = _stripped(references, ref_hint), _stripped(predictions, pred_hint)
        if not {f.nfc for f in left} & {f.nfc for f in right}:
            continue
        removed = [
            f"{hint} from the {side}"
            for hint, side in ((ref_hint, "references"), (pred_hint, "predictions"))
            if hint
        ]
        text = f"names pair after removing {' and '.join(removed)}."
        if pred_hint == "_0000":
            text += " _0000 is the ending of nnU-Net images: did you pass imagesTs?"
        return left, right, text
    return None


def _stripped(found: Sequence[Found], hint: str) -> list[Found]:
    return [replace(f, case=f.case.removesuffix(hint)) if hint else f for f in found]


def suggest_templates(
    references: Sequence[Found], predictions: Sequence[Found], ref_where: str, pred_where: str
) -> str:
    """Return the sentence for two listings without a common name."""
    first, other = references[0], predictions[0]
    text = (
        "no file name occurs on both sides. "
        f"First names: reference {first.case}, prediction {other.case}. "
    )
    templates = None
    if "{" not in ref_where + pred_where:
        templates = _common_core(references, predictions)
    if templates is None:
        return text + "Try --ref-template and --pred-template, or --manifest."
    left = (Path(ref_where) / templates[0]).as_posix()
    right = (Path(pred_where) / templates[1]).as_posix()
    return text + f"Try --ref-template '{left}' --pred-template '{right}', or --manifest."


def _common_core(
    references: Sequence[Found], predictions: Sequence[Found]
) -> tuple[str, str] | None:
    """Return templates around the longest common substring, if they pair anything."""
    best = (0, "", "")
    first = references[0]
    for other in predictions[:200]:
        matcher = SequenceMatcher(None, first.case, other.case, autojunk=False)
        i, j, n = matcher.find_longest_match()
        if n > best[0] and n >= _FEWEST_SHARED:
            best = (n, _around(first, i, n), _around(other, j, n))
    if not best[0]:
        return None
    left, right = (
        {m["case"] for f in side if (m := _pattern(template, {}).fullmatch(f.name))}
        for side, template in ((references, best[1]), (predictions, best[2]))
    )
    return best[1:] if left & right else None


def _around(found: Found, start: int, length: int) -> str:
    """Return the file's name with its core replaced by the field."""
    return f"{found.case[:start]}{{case}}{found.case[start + length :]}{found.suffix}"
