"""A summary as lines of text: the table of all statistics, that of the means, the notes below."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from .layout import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .policies import BothEmpty, OneEmpty, Policies
    from .summary_row import SummaryRow

__all__ = ["FEWEST_FOR_INTERVAL", "cells", "means", "notes"]

FEWEST_FOR_INTERVAL: Final = 6
_FEW: Final = 50


def cells(rows: Sequence[SummaryRow]) -> tuple[list[str], list[list[str]]]:
    """Return header and cells, one line per algorithm, label and metric."""
    several = len({row.algorithm for row in rows}) > 1
    optional = [
        (title, name)
        for title, name in (("undefined", "n_undefined"), ("infinite", "n_infinite"))
        if any(getattr(row, name) for row in rows)
    ]
    header = ["label", "metric", "n", "missing", "both empty", *(t for t, _ in optional)]
    header += ["mean [95% CI]", "median", "worst (case)"]
    body = []
    for row in rows:
        cells = [_label_text(row), f"{row.metric} {row.unit}".strip(), str(row.n)]
        cells += [str(row.n_missing), str(row.n_both_empty)]
        cells += [str(getattr(row, name)) for _, name in optional]
        cells += [_mean_text(row), number_text(row.median), _worst_text(row)]
        body.append([row.algorithm, *cells] if several else cells)
    return (["algorithm", *header] if several else header), body


def means(rows: Sequence[SummaryRow]) -> tuple[list[str], list[list[str]]]:
    """Return header and cells, one line per algorithm and label, one column per metric."""
    several = len({row.algorithm for row in rows}) > 1
    metrics = list(dict.fromkeys(f"{row.metric} {row.unit}".strip() for row in rows))
    lines: dict[tuple[str, int], list[str]] = {}
    for row in rows:
        start = [row.algorithm, _label_text(row)] if several else [_label_text(row)]
        text = number_text(row.mean) if row.n else "-"
        lines.setdefault((row.algorithm, row.label), start).append(text)
    return [*(["algorithm"] if several else []), "label", *metrics], list(lines.values())


def notes(rows: Sequence[SummaryRow], policies: Policies, *, of_means: bool) -> list[str]:
    """Return the lines below a table: the policies, and how far to trust intervals."""
    lines = [] if of_means else ["n = cases in the mean"]
    if any(row.n_missing for row in rows):
        lines.append(f"{_missing_text(policies)}; see --missing")
    if any(row.n_both_empty for row in rows):
        lines.append(f"both empty {_empty_text(policies.both_empty)}; see --both-empty")
    if any(row.n_infinite for row in rows):
        lines.append(f"infinite values {_infinite_text(policies.one_empty)}; see --one-empty")
    if of_means:
        return lines
    lines.append("worst = worst evaluated case")
    fewest = min((row.n for row in rows if row.n), default=0)
    if fewest < FEWEST_FOR_INTERVAL:
        lines.append("fewer than 6 cases are too few for a 95 % interval")
    elif fewest < _FEW:
        lines.append("n < 50: intervals of the mean may be too narrow")
    return lines


def _label_text(row: SummaryRow) -> str:
    if row.label < 0:  # a region
        return row.label_name
    return f"{row.label} {row.label_name}".strip()


def _mean_text(row: SummaryRow) -> str:
    if row.n == 0:
        return "-"
    if math.isnan(row.low):
        return number_text(row.mean)
    ends = max((row.mean, row.low, row.high), key=abs)  # all three with the same decimals
    mean, low, high = (number_text(v, like=ends) for v in (row.mean, row.low, row.high))
    return f"{mean} [{low}, {high}]"


def _worst_text(row: SummaryRow) -> str:
    return f"{number_text(row.worst)} ({row.worst_case})" if row.worst_case else "-"


def _missing_text(p: Policies) -> str:
    if p.missing == "penalize":
        worst = "image diagonal" if p.worst_distance is None else f"{p.worst_distance:g} mm"
        return f"a missing or failed case counts as the worst value (dice 0, distances: {worst})"
    if p.missing == "skip":
        return "missing and failed cases are left out"
    return f"a missing or failed case counts as {p.missing}"


def _empty_text(policy: BothEmpty) -> str:
    return "= left out" if policy == "skip" else f"counts as {policy}"


def _infinite_text(policy: OneEmpty) -> str:
    words = {
        "worst": "count as the worst value",
        "keep": "are kept",
        "skip": "are left out",
    }
    return words.get(str(policy), f"count as {policy}")
