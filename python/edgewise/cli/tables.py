"""What the commands print on stdout about a run: summaries, single pairs, JSON documents."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from .printer import put, render

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from edgewise.evaluation import Evaluation, Summary

__all__ = ["document", "print_pair", "print_summary"]

_LEFT: Final = {"algorithm", "label", "metric", "mean [95% CI]", "worst (case)"}
_MOST_LINES: Final = 60  # beyond, one line per label instead of one per label and metric


def document(result: Evaluation, summary: Summary, *, with_values: bool) -> dict[str, Any]:
    """Return the JSON document of a run."""
    found = {
        "schema": "edgewise.run/1",
        "edgewise": result.info["edgewise"],
        "complete": result.is_complete,
        "counts": result.counts,
        "labels": result.info["labels"],
        "metrics": result.metrics,
        "parameters": result.info["parameters"],
        "policies": {
            name: getattr(summary.policies, name) for name in ("missing", "both_empty", "one_empty")
        },
        "summary": list(summary.to_table().rows()),
        "cases": [_known(row) for row in result.cases.rows()],
    }
    if with_values:
        found["values"] = [_computed(row) for row in result.values.rows()]
    return found


def _known(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with null for what is not known, or not wrong."""
    known = {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}
    return {**known, **{k: row[k] or None for k in ("error_code", "error_message")}}


def _computed(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "value": None if row["state"] == "not_computed" else row["value"]}


def print_summary(
    result: Evaluation, policies: Mapping[str, Any], arguments: argparse.Namespace
) -> None:
    """Print the summary in the format that was asked for."""
    from edgewise.evaluation.strict_json import json_text

    summary = result.summary(**policies)
    form = "json" if arguments.json else arguments.format
    if form == "json":
        put(json_text(document(result, summary, with_values=False)))
    elif form in ("csv", "tsv"):
        put(summary.to_table().to_csv(delimiter="," if form == "csv" else "\t"))
    else:
        header, body = summary.cells()
        if form == "table" and not body:
            return
        compact = form == "table" and len(body) > _MOST_LINES
        if compact:
            header, body = summary.means()
        put(render(header, body, form, _LEFT))
        if compact:
            put("means; --format csv, markdown or json has counts, intervals and worst cases")
        if form == "table":
            put("\n".join(summary.notes(of_means=compact)))


def print_pair(
    result: Evaluation, policies: Mapping[str, Any], arguments: argparse.Namespace
) -> None:
    """Print the values of one pair: a row per label, a column per metric."""
    from edgewise.evaluation.strict_json import json_text
    from edgewise.evaluation.summary import summarized_metrics

    form = "json" if arguments.json else arguments.format
    if form == "json":
        put(json_text(document(result, result.summary(**policies), with_values=True)))
        return
    if form in ("csv", "tsv"):
        put(result.values.to_csv(delimiter="," if form == "csv" else "\t"))
        return
    if not len(result.values):
        return
    metrics = summarized_metrics(result.metrics)
    units = {row.metric: row.unit for row in result.summary().rows}
    header = ["label", *(f"{m} {units[m]}".strip() for m in metrics)]
    held = {(r["label"], r["metric"]): r for r in result.values.rows()}
    body = [
        [
            name if label < 0 else f"{label} {name}".strip(),
            *(_cell(held[label, metric]) for metric in metrics),
        ]
        for label, name in result.labels.items()
    ]
    put(render(header, body, form, {"label"}))


def _cell(row: dict[str, Any]) -> str:
    from edgewise.evaluation.layout import number_text

    if row["state"] == "not_computed":
        return "-"
    if math.isnan(row["value"]):
        return "NaN"
    return number_text(row["value"])
