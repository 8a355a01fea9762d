"""Printing tables and complaints: results to stdout, everything else to stderr."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["complain", "flush", "has_colour", "put", "render", "say", "with_code"]

_COLOURS: Final = {"error": "31", "failed": "31", "warning": "33"}
_LATEX: Final = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"} | {"~": r"\textasciitilde{}", "\\": r"\textbackslash{}"}
)


def has_colour(stream: TextIO, mode: str) -> bool:
    """Return whether to paint a stream: a terminal, unless NO_COLOR or the flag says otherwise."""
    if mode != "auto":
        return mode == "always"
    if os.environ.get("FORCE_COLOR"):
        return True
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and stream.isatty()


def put(text: str) -> None:
    """Write a result to stdout, at once: what is said later on stderr stays behind it.

    A reader that has had enough (``| head``) ends the output, not the command.
    """
    try:
        print(text.removesuffix("\n"), flush=True)
    except BrokenPipeError:
        _discard(sys.stdout)


def flush() -> None:
    """Hand over what others wrote to stdout, if anybody still reads it."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        _discard(sys.stdout)


def say(text: str) -> None:
    """Write a line to stderr; that nobody reads it stops nothing."""
    try:
        print(text, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    """Point a stream whose reader has left to nowhere, for the flush when Python ends, too."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def complain(kind: str, text: str, colour: str = "auto") -> None:
    """Write one line to stderr that begins with what it is: error, failed or warning."""
    from edgewise.evaluation.layout import printable

    word = f"{kind:<8}"
    if has_colour(sys.stderr, colour):
        word = f"\x1b[{_COLOURS[kind]}m{word}\x1b[0m"
    say(f"{word} {printable(text)}")


def with_code(error: Exception) -> str:
    """Return the sentence of an error with its code behind it, if it has one."""
    code = getattr(error, "code", "")
    return f"{error}  [{code}]" if code else str(error)


def render(header: Sequence[str], body: Sequence[Sequence[str]], form: str, left: set[str]) -> str:
    """Return a table of text as ``table``, ``csv``, ``tsv``, ``markdown`` or ``latex``.

    Parameters
    ----------
    header, body : sequences of str
        All rows equally long.
    form : str
        The format.
    left : set of str
        Columns that are aligned to the left.

    Returns
    -------
    str
        Without a final line end.
    """
    if form in ("csv", "tsv"):
        import csv
        import io

        out = io.StringIO()
        delimiter = "," if form == "csv" else "\t"
        csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([header, *body])
        return out.getvalue().rstrip("\n")
    if form == "markdown":
        rules = ["---" if name in left else "---:" for name in header]
        rows = [header, rules, *([c.replace("|", "\\|") for c in row] for row in body)]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)
    if form == "latex":
        columns = "".join("l" if name in left else "r" for name in header)
        lines = [
            " & ".join(cell.translate(_LATEX) for cell in row) + r" \\" for row in [header, *body]
        ]
        lines.insert(1, r"\hline")
        return "\n".join([f"\\begin{{tabular}}{{{columns}}}", *lines, r"\end{tabular}"])
    from edgewise.evaluation.layout import columns_text

    return columns_text([header, *body], [name in left for name in header])
