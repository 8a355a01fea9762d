"""Find what is wrong with a data set before measuring it: missing files, other grids, broken data.

Only headers are read; --full decodes every file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .options import add_format, add_inputs, add_measuring, chosen_pairs, measuring, merged
from .printer import put, render, say

if TYPE_CHECKING:
    import argparse

__all__ = ["HELP", "NAME", "add_arguments", "execute"]

NAME: Final = "check"
HELP: Final = "find what is wrong with a data set"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of this command."""
    add_inputs(parser)
    add_measuring(parser)
    add_format(parser)
    parser.add_argument("--full", action="store_true", help="decode every file")


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from edgewise.evaluation import check
    from edgewise.evaluation.strict_json import json_text

    options = merged(arguments)
    pairs = chosen_pairs(options)
    problems = check(pairs, full=arguments.full, config=measuring(options))
    errors = sum(p.severity == "error" for p in problems)
    rows = [
        {"case": p.case, "severity": p.severity, "code": p.code, "message": p.message}
        for p in problems
    ]
    form = "json" if arguments.json else arguments.format
    if form == "json":
        put(json_text({"schema": "edgewise.problems/1", "problems": rows}))
    elif rows or form != "table":
        header = ["case", "severity", "code", "message"]
        put(render(header, [[row[h] for h in header] for row in rows], form, set(header)))
    if not arguments.quiet:
        warnings = len(problems) - errors
        numbers = ((len(pairs), "case"), (errors, "error"), (warnings, "warning"))
        cases, wrong, odd = (f"{n} {word}{'s' * (n != 1)}" for n, word in numbers)
        say(f"{cases}: {wrong}, {odd}")
    return 3 if errors else 0
