"""Print what the drop-in replacements promise, or compare them with the installed libraries.

Without --verify: the functions that are replaced, how equal the results are, and the known faults
of each library with the smallest input that shows it. With --verify: the same random calls to every
library that is installed and to its drop-in.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, Final

from .options import add_format
from .printer import complain, put, render, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from edgewise.compat.declared import Library
    from edgewise.parity import Outcome

__all__ = ["HELP", "NAME", "add_arguments", "execute"]

NAME: Final = "compat"
HELP: Final = "drop-in replacements: what they promise, known faults of libraries"

_PROMISES: Final = ("library", "version", "function", "tier", "bound", "note")
_CALLS: Final = ("library", "version", "function", "calls", "raised", "declared", "undeclared")


def _calls(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


_calls.__name__ = "number"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of this command."""
    parser.add_argument("libraries", nargs="*", metavar="LIBRARY", help="only these (all)")
    parser.add_argument("--functions", action="store_true", help="every function and its tier")
    group = parser.add_argument_group("comparing with what is installed")
    group.add_argument("--verify", action="store_true", help="make random calls to both")
    group.add_argument(
        "--calls", type=_calls, default=1000, metavar="N", help="of every function (1000)"
    )
    group.add_argument("--seed", type=int, default=0, metavar="N", help="draws other calls (0)")
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command; 4 if a drop-in differs in a way that is not declared."""
    from edgewise.compat.catalogue import NAMES, library

    libraries = [library(name) for name in arguments.libraries or NAMES]
    if arguments.verify:
        return _verify(libraries, arguments, named=bool(arguments.libraries))
    form = "json" if arguments.json else arguments.format
    if form == "json":
        _put_json({"schema": "edgewise.compat/1", "libraries": [_document(x) for x in libraries]})
    elif arguments.functions or form != "table":
        rows = [row for one in libraries for row in _promises(one)]
        put(render(_PROMISES, rows, form, set(_PROMISES)))
    else:
        put("\n\n".join(_told(one) for one in libraries))
    return 0


def _put_json(document: dict[str, Any]) -> None:
    from edgewise.evaluation.strict_json import json_text

    put(json_text(document))


def _promises(one: Library) -> list[list[str]]:
    from edgewise.compat.reference_page import bound

    return [
        [one.name, one.version, entry.name, entry.tier, bound(entry), entry.note]
        for entry in one.entries
    ]


def _document(one: Library) -> dict[str, Any]:
    return {
        "library": one.name,
        "distribution": one.distribution,
        "version": one.version,
        "functions": [
            {
                "name": entry.name,
                "place": entry.place,
                "tier": entry.tier,
                "rtol": entry.rtol,
                "atol": entry.atol,
                "note": entry.note,
            }
            for entry in one.entries
        ],
        "quirks": [
            {
                "id": quirk.id,
                "functions": list(quirk.functions),
                "what": quirk.what,
                "evidence": quirk.evidence,
                "theirs": quirk.theirs,
                "corrected": quirk.corrected,
                "always": quirk.always,
                "versions": quirk.versions,
                "source": quirk.source,
            }
            for quirk in one.quirks
        ],
    }


def _told(one: Library) -> str:
    from edgewise.compat.reference_page import tiers

    lines = [f"edgewise.compat.{one.name}  ({one.distribution} {one.version}): {tiers(one)}"]
    for quirk in one.quirks:
        versions = f" ({quirk.versions})" if quirk.versions else ""
        switch = "always" if quirk.always else "corrected=True"
        lines += [
            f"  {quirk.id}{versions}",
            f"    {quirk.what}",
            f"    {quirk.evidence} -> {quirk.theirs}"
            + (f"; {switch}: {quirk.corrected}" if quirk.corrected else ""),
        ]
    return "\n".join(lines)


def _verify(libraries: list[Library], arguments: argparse.Namespace, *, named: bool) -> int:
    from edgewise.errors import MissingExtraError
    from edgewise.parity import verify

    outcomes: list[Outcome] = []
    for one in libraries:
        try:
            if not arguments.quiet:
                say(f"calling {one.distribution} ...")
            with _output_to_stderr():
                outcomes += verify(one.name, calls=arguments.calls, seed=arguments.seed)
        except MissingExtraError as error:
            if named:
                raise
            complain("skipped", str(error), arguments.color)
    for found in outcomes:
        for words in found.undeclared[:3]:
            complain("differs", f"{found.library}.{found.entry}: {words}", arguments.color)
    form = "json" if arguments.json else arguments.format
    if form == "json":
        calls = [_counted(found) for found in outcomes]
        _put_json({"schema": "edgewise.parity/1", "seed": arguments.seed, "functions": calls})
    else:
        rows = [[str(value) for value in _counted(found).values()] for found in outcomes]
        put(render(_CALLS, rows, form, {"library", "version", "function"}))
    return 4 if any(found.undeclared for found in outcomes) else 0


@contextlib.contextmanager
def _output_to_stderr() -> Iterator[None]:
    """Send what compiled libraries print to stderr: stdout is this command's."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _counted(found: Outcome) -> dict[str, Any]:
    return {
        "library": found.library,
        "version": found.version,
        "function": found.entry,
        "calls": found.calls,
        "raised": found.raised,
        "declared": found.declared,
        "undeclared": len(found.undeclared),
    }
