"""Show which files would be paired; reads no voxel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .messages import tell_inputs, tell_notes
from .options import add_format, add_inputs, chosen_pairs, merged
from .printer import put, render, say

if TYPE_CHECKING:
    import argparse

__all__ = ["HELP", "NAME", "add_arguments", "execute"]

NAME: Final = "pair"
HELP: Final = "show which files belong together"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of this command."""
    add_inputs(parser)
    add_format(parser)
    parser.add_argument("-o", "--out", metavar="FILE", help="write a manifest (.csv)")


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from edgewise.evaluation.strict_json import json_text

    pairs = chosen_pairs(merged(arguments))
    if not arguments.quiet:
        tell_inputs(pairs)
        tell_notes([(n.code, n.message) for n in pairs.notes], arguments.color)
    rows = [_row(case) for case in pairs]
    missing = sum("" in (row["ref"], row["pred"]) for row in rows)
    form = "json" if arguments.json else arguments.format
    if form == "json":
        notes = [{"code": n.code, "message": n.message} for n in pairs.notes]
        put(json_text({"schema": "edgewise.pairs/1", "pairs": rows, "notes": notes}))
    else:
        header = ["case", "algorithm", "ref", "pred"]
        put(render(header, [[row[h] for h in header] for row in rows], form, set(header)))
    if arguments.out is not None:
        _write_manifest(Path(arguments.out), pairs)
        if not arguments.quiet:
            say(
                f"written {arguments.out}   next: edgewise evaluate {arguments.out} --allow-outside"
            )
    return 4 if missing else 0


def _row(case: Any) -> dict[str, str]:  # noqa: ANN401
    sides = [s.as_posix() if s is not None else "" for s in (case.reference, case.prediction)]
    return {"case": case.case, "algorithm": case.algorithm, "ref": sides[0], "pred": sides[1]}


def _write_manifest(path: Path, pairs: Any) -> None:  # noqa: ANN401
    """Paths in a manifest are relative to it."""
    import os

    from edgewise.evaluation.tables import Table

    rows = []
    for case in pairs:
        row = _row(case)
        sides = [os.path.relpath(row[k], path.parent) if row[k] else "" for k in ("ref", "pred")]
        rows.append((case.case, *(Path(s).as_posix() if s else "" for s in sides), case.algorithm))
    Table.from_rows(("case", "ref", "pred", "algorithm"), rows).to_csv(path)
