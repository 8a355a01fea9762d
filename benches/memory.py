"""How much memory one call takes beyond its input: `python -m benches memory`.

Each call runs in a process of its own; counted is how far the resident set rises above where it
was before the call, so that what a library loads counts only as far as the call loads it. Linux.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import subprocess
import sys
import warnings
from dataclasses import asdict
from pathlib import Path

from edgewise.racing import Contender, machine, set_threads

from .contest import Field, Race, Settings
from .report import MemoryRow, memory_table

ROWS = ("edt-boundary-l", "pair-organ-l", "pair-far-l", "dice-xl", "distances-m", "components-6")


def main(arguments: list[str], races: dict[str, Race]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benches memory",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", nargs="+", default=list(ROWS), metavar="ID")
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds a process may take (60)")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run?")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--one", metavar="NAME", help="the call of that name, in this process")
    options = parser.parse_args(arguments)
    settings = Settings(threads=options.threads, quick=options.quick)
    set_threads(settings.threads)
    if options.one is not None:
        print(json.dumps(risen(races[options.rows[0]].field(settings), options.one)))
        return 0
    rows = []
    for key in options.rows:
        field = races[key].field(settings)
        for contender in field.contenders:
            if contender.kind != "floor" and not contender.problem:
                mib, problem = _in_a_process(key, contender, options)
                rows.append(
                    MemoryRow(races[key].title, contender.name, _input(field), mib, problem)
                )
                print(f"{key}  {contender.name}  {mib} MiB {problem}", file=sys.stderr, flush=True)
    if options.json:
        document = {"schema": "edgewise.memory/1", "machine": machine(),
                    "rows": [asdict(row) for row in rows]}  # fmt: skip
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    print("\n".join(memory_table(rows)))
    return 0


def _input(field: Field) -> float:
    """MiB of one input array at a byte a voxel; pairs have two."""
    size = 1.0
    for n in field.shape:
        size *= n
    return size / 2**20


def _in_a_process(
    key: str, contender: Contender, options: argparse.Namespace
) -> tuple[float | None, str]:
    command = [sys.executable, "-m", "benches", "memory", "--rows", key, "--one", contender.name]
    command += ["--threads", str(options.threads), *(["--quick"] if options.quick else [])]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=options.limit, check=False
        )
    except subprocess.TimeoutExpired:
        return None, f"over {options.limit:g} s"
    if done.returncode < 0:
        return None, f"killed by signal {-done.returncode}"
    if done.returncode:
        return None, "failed"
    return float(json.loads(done.stdout.splitlines()[-1])), ""


def risen(field: Field, name: str) -> float:
    """MiB by which the resident set rises at most during the call."""
    call = next(one.call for one in field.contenders if one.name == name)
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
    before = _status("VmRSS")
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        result = call()
    most = _status("VmHWM") - before
    del result
    return most / 1024


def _status(key: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1])
    message = f"/proc/self/status has no {key}"
    raise RuntimeError(message)
