"""Print the table of metrics: id, unit, range, direction, formula, source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .options import add_format
from .printer import put, render

if TYPE_CHECKING:
    import argparse

__all__ = ["HELP", "NAME", "add_arguments", "execute"]

NAME: Final = "metrics"
HELP: Final = "the definitions of the metrics"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of this command."""
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these, in full")
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from edgewise.metrics import METRICS, parse

    if arguments.ids:
        chosen = [METRICS[parse(text).name] for text in arguments.ids]
    else:
        chosen = list(METRICS.values())
    rows = [_row(d) for d in chosen]
    form = "json" if arguments.json else arguments.format
    if form == "json":
        from edgewise.evaluation.strict_json import json_text

        put(json_text({"schema": "edgewise.metrics/1", "metrics": rows}))
    elif form == "table" and arguments.ids:
        put("\n\n".join(_in_full(row) for row in rows))
    else:
        header = ["metric", "unit", "range", "better", "formula"]
        put(render(header, [[row[h] for h in header] for row in rows], form, set(header)))
    return 0


def _row(definition: Any) -> dict[str, str]:  # noqa: ANN401
    d = definition
    number = f"@{d.id_parameter}" if d.id_parameter else ""
    both, ref, pred = d.empty
    return {
        "metric": f"{d.name}{number}",
        "title": d.title,
        "aliases": ", ".join(d.aliases),
        "unit": d.unit,
        "range": f"[{d.low:g}, {d.high:g}]",
        "better": d.better or "",
        "worst": "" if d.worst is None else str(d.worst),
        "formula": d.formula,
        "empty": f"both {both}; reference {ref}; prediction {pred}",
        "source": d.source,
    }


def _in_full(row: dict[str, str]) -> str:
    return "\n".join(f"{name:<8} {text}" for name, text in row.items() if text)
