"""Results as JSON and as Markdown; a document holds one run per number of threads."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from edgewise.racing import Outcome

from . import goals
from .contest import OURS, Settings

SCHEMA = "edgewise.benches/1"


@dataclass(slots=True)
class Row:
    """One race that was run."""

    race: str
    title: str
    shape: list[int]
    spacing: list[float] | None
    outcomes: list[Outcome]


@dataclass(slots=True)
class Run:
    """All races of one process."""

    settings: Settings
    load: float = 0.0  # of the machine, processes, before it began
    tables: dict[str, list[Row]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """What one call took beyond its input."""

    title: str
    who: str
    input_mib: float  # of one array
    extra_mib: float | None
    problem: str


@dataclass(slots=True)
class Document:
    """What a JSON file holds."""

    machine: dict[str, Any]
    runs: list[Run] = field(default_factory=list)

    def write(self, path: Path) -> None:
        part = path.with_name(f".{path.name}.part")
        part.write_text(json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1) + "\n")
        part.replace(path)


def read(path: Path) -> Document:
    held = json.loads(path.read_text())
    runs = []
    for run in held["runs"]:
        tables = {
            name: [
                Row(**{**row, "outcomes": [Outcome(**one) for one in row["outcomes"]]})
                for row in rows
            ]
            for name, rows in run["tables"].items()
        }
        runs.append(Run(Settings(**run["settings"]), run.get("load", 0.0), tables, run["titles"]))
    return Document(held["machine"], runs)


def joined(documents: Iterable[Document]) -> Document:
    """One document with the runs of all; the machine is that of the first."""
    found = list(documents)
    return Document(found[0].machine, [run for one in found for run in one.runs])


def read_memory(path: Path) -> list[MemoryRow]:
    return [MemoryRow(**row) for row in json.loads(path.read_text())["rows"]]


def memory_table(rows: Iterable[MemoryRow]) -> list[str]:
    lines = [
        "| workload | who | MiB beyond the input | of one input array |",
        "| --- | --- | ---: | ---: |",
    ]
    for row in rows:
        if row.extra_mib is None:
            cells = [row.problem, ""]
        else:
            cells = [f"{row.extra_mib:.0f}", f"{row.extra_mib / row.input_mib:.2f} x"]
        lines.append(f"| {' | '.join([row.title, row.who, *cells])} |")
    return lines


def markdown(document: Document, memory: Iterable[MemoryRow] = ()) -> str:
    """The page: the machine, per number of threads the goals and every contender, then memory."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `python -m benches --markdown docs/benchmarks.md`; how it is measured: "
        "[speed](speed.md). Times are ms.",
        "",
        *_machine(document.machine),
    ]
    for run in document.runs:
        lines += ["", *_run(run)]
    rows = list(memory)
    if rows:
        about = (
            "Rise of the resident set during one call, in a process of its own, by "
            "`python -m benches memory`."
        )
        lines += ["", "## Memory", "", about, "", *memory_table(rows)]
    return "\n".join(lines) + "\n"


def _machine(machine: dict[str, Any]) -> list[str]:
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    parts = [
        machine["cpu"],
        f"{machine['cores']} usable cores",
        machine["system"],
        f"edgewise with {machine['instructions']} instructions",
    ]
    return [f"{', '.join(parts)}; {versions}."]


def _run(run: Run) -> list[str]:
    settings = run.settings
    threads = "one thread" if settings.threads == 1 else f"{settings.threads} threads"
    lines = [
        f"## {threads.capitalize()}",
        "",
        f"Rounds: {settings.rounds}, one call each in turn; a call of more than 3 s is timed once, "
        f"one above {settings.limit:g} s is stopped. Load of the machine before: {run.load:.1f}.",
    ]
    if settings.quick:
        lines.append("Small sizes (`--quick`): goals do not apply.")
    lines += ["", *_summary(run)]
    for name, rows in run.tables.items():
        lines += ["", f"### {run.titles[name]}", "", *_table(rows)]
    return lines


def _summary(run: Run) -> list[str]:
    lines = [
        "| workload | voxels | edgewise | best peer | faster | x floor | goals |",
        "| --- | --- | ---: | --- | ---: | ---: | --- |",
    ]
    for rows in run.tables.values():
        for row in rows:
            cells = [row.title, _shape(row), *_headline(row), _goals(row, run.settings)]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _shape(row: Row) -> str:
    is_cube = len(set(row.shape)) == 1
    text = f"{row.shape[0]}^{len(row.shape)}" if is_cube else " x ".join(map(str, row.shape))
    if row.spacing and set(row.spacing) != {1.0}:
        text += f" at {', '.join(f'{s:g}' for s in row.spacing)} mm"
    return text


def _headline(row: Row) -> list[str]:
    mine = next(o for o in row.outcomes if o.name == OURS)
    if mine.status != "ok":
        return [f"{mine.status}: {mine.detail}", "", "", ""]
    best, under = goals.best(row.outcomes), goals.floor(row.outcomes)
    peer = "" if best is None else f"{best[0].name}: {_ms(best[0].median)}"
    ratio = "" if best is None else f"{best[1]:.3g}"
    return [_ms(mine.median), peer, ratio, "" if under is None else _over(mine, under)]


def _over(mine: Outcome, under: Outcome) -> str:
    return f"{mine.median / under.median:.3g}"


def _goals(row: Row, settings: Settings) -> str:
    if settings.quick:
        return ""
    found = [g for g in goals.GOALS if g.race == row.race and g.threads == settings.threads]
    texts = [goals.verdict(goal, row.outcomes, prod(row.shape)) for goal in found]
    best = goals.best(row.outcomes)
    if best is not None and best[1] < 1:
        texts.append(f"**slower than {best[0].name}**")
    return "; ".join(texts)


def _table(rows: list[Row]) -> list[str]:
    lines = [
        "| workload | who | median | least | CPU, least | edgewise is |",
        "| --- | --- | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        for outcome in row.outcomes:
            lines.append(f"| {' | '.join([row.title, outcome.name, *_cells(outcome, row)])} |")
    return lines


def _cells(outcome: Outcome, row: Row) -> list[str]:
    if outcome.status == "over limit":
        ratio = goals.speedup(outcome, row.outcomes)
        text = "" if ratio is None else f"> {ratio:.3g} x faster{_than(outcome)}"
        return [f"> {goals.limit_of(outcome):.0f}", "", "", text]
    if outcome.status != "ok":
        word = {"missing": "", "failed": "failed: ", "disagrees": "no time, other values: "}
        return ["", "", "", f"{word[outcome.status]}{outcome.detail}".replace("|", "\\|")]
    times = [_ms(outcome.median), _ms(outcome.least), _ms(min(outcome.cpu))]
    if outcome.kind == "ours":
        return [*times, ""]
    if outcome.kind == "floor":
        mine = next((o for o in row.outcomes if o.name == OURS and o.status == "ok"), None)
        return [*times, "" if mine is None else f"{_over(mine, outcome)} x its time"]
    ratio = goals.speedup(outcome, row.outcomes)
    return [*times, "" if ratio is None else f"{ratio:.3g} x faster{_than(outcome)}"]


def _than(outcome: Outcome) -> str:
    return "" if outcome.like == OURS else f" ({outcome.like.removeprefix(OURS).strip()})"


def _ms(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
