"""What is said about a run: at most five lines per kind of problem."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from .printer import complain, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from edgewise.evaluation import Evaluation, Pairs

__all__ = ["tell_inputs", "tell_notes", "tell_problems", "tell_tracebacks"]

_MOST_LINES: Final = 5
_ABOUT_LABELS: Final = ("extra_label", "unknown_labels")  # said by the run, not by its inputs


def tell_inputs(pairs: Pairs) -> None:
    """Say which side is which, and how many files each has."""
    for name, side in (("reference", pairs.reference), ("prediction", pairs.prediction)):
        files = f"{side.files} file{'s' * (side.files != 1)}"
        say(f"{name:<10} {side.where}   {files}   {' '.join(side.suffixes)}".rstrip())


def tell_notes(notes: Iterable[tuple[str, str]], color: str, *, everything: bool = False) -> None:
    """Say what is odd about the inputs as a whole; pairs of code and sentence."""
    _limited("warning", notes, color, everything=everything, where="-v shows all")


def tell_tracebacks(result: Evaluation) -> None:
    """Say where the errors happened that nobody foresaw."""
    for (case, algorithm), text in result.tracebacks.items():
        say(f"{case} {algorithm}".strip())
        say(text)


def tell_problems(result: Evaluation, color: str, *, verbose: bool, quiet: bool) -> None:
    """Say which cases failed and why, and what was odd about the others."""
    from edgewise.evaluation.warning_texts import warning_text

    failed = [
        ("failed" if row["status"] == "failed" else "warning", row)
        for row in result.cases.rows()
        if row["status"] != "ok"
    ]
    for kind in ("warning", "failed"):
        lines = [(row["error_code"], _with_case(row)) for k, row in failed if k == kind]
        where = "see cases.csv, column error_code"
        _limited(kind, lines, color, everything=verbose, where=where)
    if quiet:
        return
    labels = [(n.code, n.message) for n in result.notes if n.code in _ABOUT_LABELS]
    tell_notes(labels, color, everything=verbose)
    cases = defaultdict(list)
    for row in result.cases.rows():
        for code in row["warnings"].split(";"):
            if code and code != "extra_label":
                cases[code].append(row["case"])
    for code, names in sorted(cases.items()):
        shown = names if verbose else names[:_MOST_LINES]
        more = f" and {len(names) - len(shown)} more" if len(shown) < len(names) else ""
        count = f"{len(names)} case{'s' * (len(names) != 1)}"
        text = f"{count}: {warning_text(code)}: {', '.join(shown)}{more}  [{code}]"
        complain("warning", text, color)


def _with_case(row: Mapping[str, str]) -> str:
    """Return the reason, with the case in front unless it names the case or one of its files."""
    case, text = row["case"], row["error_message"]
    is_named = text.startswith(f"{case}:") or any(
        row[k] and row[k] in text for k in ("ref", "pred")
    )
    return text if is_named else f"{case}: {text}"


def _limited(
    kind: str, lines: Iterable[tuple[str, str]], color: str, *, everything: bool, where: str
) -> None:
    groups: dict[str, list[str]] = defaultdict(list)
    for code, text in lines:
        groups[code].append(text)
    for code, texts in groups.items():
        shown = texts if everything else texts[:_MOST_LINES]
        for text in shown:
            complain(kind, f"{text}  [{code}]", color)
        if len(shown) < len(texts):
            more = f"... and {len(texts) - len(shown)} more ({where})"
            complain(kind, f"{more}  [{code}]", color)
