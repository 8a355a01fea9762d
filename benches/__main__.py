"""`python -m benches [NAME ...]`: Markdown on stdout, JSON beside it with `--json FILE`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from . import peers, workloads
from .gate import Contender, Row, race


def _tables() -> dict[str, list[tuple[str, list[Contender], float]]]:
    """Workloads of each table: (name, contenders with ours first, tolerance of the values)."""
    organ, apart, noise = workloads.organ(), workloads.apart(), workloads.noise()
    return {
        "distance-transform": [
            ("organ, inside", peers.distance_transforms(organ[0]), 1e-5),
            ("to the organ's boundary", peers.distance_transforms(workloads.boundary_zero()), 1e-5),
            ("noise 50 %", peers.distance_transforms(noise[0]), 1e-5),
            ("one far voxel", peers.distance_transforms(workloads.point()), 1e-5),
        ],
        "hd95": [
            ("organ", peers.pooled_hd95(*organ), 1e-9),
            ("far apart", peers.pooled_hd95(*apart), 1e-9),
        ],
        "nsd": [("organ", peers.surface_dice(*organ), 1e-9)],
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _print(table: str, rows: list[Row]) -> None:
    print(f"\n### {table}, 256^3, spacing 1\n")
    print("| workload | who | median ms | edgewise is |\n| --- | --- | --- | --- |")
    ours = {row.workload: row.median for row in rows if row.name == "edgewise"}
    for row in rows:
        ratio = "" if row.name == "edgewise" else f"{row.median / ours[row.workload]:.1f}x faster"
        print(f"| {row.workload} | {row.name} | {row.median:.1f} | {ratio} |")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benches", description=__doc__)
    parser.add_argument("tables", nargs="*", help="distance-transform, hd95, nsd (default: all)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ["EDGEWISE_NUM_THREADS"] = "1"  # every peer here uses one
    print(f"edgewise {version('edgewise')}, {_cpu()}, Python {platform.python_version()}")
    print(f"one thread, median of {options.rounds} rounds after one to compare values")
    report = {}
    for name, races in _tables().items():
        if options.tables and name not in options.tables:
            continue
        rows = [row for w, c, tol in races for row in race(w, c, rounds=options.rounds, rtol=tol)]
        _print(name, rows)
        report[name] = [{"workload": r.workload, "who": r.name, "ms": r.times} for r in rows]
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
