"""Race edgewise against every peer: the same work, one process, values compared first.

Tables: distance-transform, pairs, worst-cases, labels, regions, folders, overhead (default: all).
`scaling` measures how times grow with voxels and labels, `memory` what a call takes beyond its
input, `swap` libraries beside their drop-ins, `crf` the fully connected CRF, `resample` class
scores brought to another grid; `render` turns JSON files into one Markdown page.
Input volumes are made from seeds and kept in $EDGEWISE_BENCH_DATA (default: the temporary folder).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from edgewise.racing import machine, race, set_threads

from . import (
    crf,
    folders,
    labels,
    memory,
    overhead,
    pairs,
    regions,
    report,
    resample,
    scaling,
    swap,
    transforms,
    worst_cases,
)
from .contest import Settings, Table

TABLES: dict[str, Table] = {
    module.TABLE.name: module.TABLE
    for module in (transforms, pairs, worst_cases, labels, regions, folders, overhead)
}


def main() -> int:
    arguments = sys.argv[1:]
    own = {
        "crf": crf.main,
        "resample": resample.main,
        "scaling": scaling.main,
        "swap": swap.main,
    }
    if arguments and arguments[0] in own:
        return own[arguments[0]](arguments[1:])
    if arguments[:1] == ["memory"]:
        races = {one.id: one for table in TABLES.values() for one in table.races}
        return memory.main(arguments[1:], races)
    if arguments[:1] == ["render"]:
        return _render(arguments[1:])
    options = _parser().parse_args(arguments)
    options.threads = options.threads or ([1] if options.quick else [1, 2])
    unknown = sorted(set(options.tables) - set(TABLES))
    if unknown:
        print(f"unknown table {unknown[0]}; there are {', '.join(TABLES)}", file=sys.stderr)
        return 2
    several = len(options.threads) > 1
    document = _one_process_each(options) if several else _measure(options)
    if options.json:
        document.write(options.json)
    page = report.markdown(document)
    if options.markdown:
        options.markdown.write_text(page)
    else:
        print(page, end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benches",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tables", nargs="*", metavar="TABLE")
    parser.add_argument(
        "--threads", type=int, nargs="+", metavar="N",
        help="each number in its own process; after the first only main rows (1 2; 1 with --quick)",
    )  # fmt: skip
    parser.add_argument("--main-rows", action="store_true", help="leave the other rows out")
    parser.add_argument("--rows", nargs="+", default=[], metavar="ID", help="only these races")
    parser.add_argument("--rounds", type=int, help="(7; 1 with --quick)")
    parser.add_argument("--limit", type=float, help="seconds a peer may take (20; 1 with --quick)")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it all run?")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="instead of stdout")
    return parser


def _measure(options: argparse.Namespace) -> report.Document:
    """Run every race here; what is done is written after each."""
    quick = options.quick
    settings = Settings(
        threads=options.threads[0],
        rounds=options.rounds or (1 if quick else 7),
        limit=options.limit or (1.0 if quick else 20.0),
        quick=quick,
    )
    set_threads(settings.threads)
    document = report.Document(machine(), [report.Run(settings, os.getloadavg()[0])])
    run = document.runs[0]
    for name in options.tables or TABLES:
        table = TABLES[name]
        chosen = [
            one
            for one in table.races
            if (one.main or not options.main_rows) and (not options.rows or one.id in options.rows)
        ]
        for one in chosen:
            start = time.perf_counter()
            field = one.field(settings)
            set_threads(settings.threads)  # once more: the field has loaded its libraries
            outcomes = race(field.contenders, rounds=settings.rounds, limit=settings.limit)
            took = time.perf_counter() - start
            _say(f"{settings.threads} thread(s)  {name}  {one.title}  {took:.1f} s")
            for outcome in outcomes:
                if outcome.status != "ok":
                    _say(f"    {outcome.name}: {outcome.status}: {outcome.detail}")
            spacing = None if field.spacing is None else list(field.spacing)
            row = report.Row(one.id, one.title, list(field.shape), spacing, outcomes)
            run.tables.setdefault(name, []).append(row)
            run.titles[name] = table.title
            if options.json:
                document.write(options.json)
    return document


def _one_process_each(options: argparse.Namespace) -> report.Document:
    """Run each number of threads in its own process: thread pools keep their first size."""
    documents = []
    with tempfile.TemporaryDirectory() as scratch:
        for k, threads in enumerate(options.threads):
            path = Path(scratch) / f"{threads}.json"
            command = [sys.executable, "-m", "benches", *options.tables, "--threads", str(threads)]
            command += ["--json", str(path), "--markdown", str(path.with_suffix(".md"))]
            command += ["--rows", *options.rows] if options.rows else []
            command += ["--rounds", str(options.rounds)] if options.rounds else []
            command += ["--limit", str(options.limit)] if options.limit else []
            command += ["--quick"] if options.quick else []
            command += ["--main-rows"] if k or options.main_rows else []
            subprocess.run(command, check=True)
            documents.append(report.read(path))
    return report.joined(documents)


def _render(arguments: list[str]) -> int:
    """Turn JSON files of earlier runs into one page."""
    parser = argparse.ArgumentParser(prog="python -m benches render", description=_render.__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--memory", type=Path, metavar="FILE", help="of `memory --json`")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    taken = report.read_memory(options.memory) if options.memory else []
    page = report.markdown(report.joined(report.read(path) for path in options.files), taken)
    if options.markdown:
        options.markdown.write_text(page)
    else:
        print(page, end="")
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
