"""Time this machine against the libraries that are installed, on a phantom or on your own pair.

Values are compared before any clock: a library that gives other numbers has no time.
"""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Any, Final

from .options import add_format
from .printer import put, render, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from edgewise.racing import Outcome
    from edgewise.racing.short import ShortPair

__all__ = ["HELP", "NAME", "add_arguments", "execute"]

NAME: Final = "bench"
HELP: Final = "time this machine against installed libraries"

_HEADER: Final = ("operation", "who", "median ms", "quartiles ms", "edgewise is")
_LEFT: Final = {"operation", "who", "edgewise is"}
_SMALLEST_SIDE: Final = 32  # below, the phantom's satellite has no voxel


def _whole_or_auto(text: str) -> int | str:
    return text if text == "auto" else _at_least_one(text)


def _at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise ValueError
    return value


_seconds.__name__ = "number of seconds"
_whole_or_auto.__name__ = "number or auto"
_at_least_one.__name__ = "number"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of this command."""
    parser.add_argument("reference", nargs="?", metavar="REF", help="file; a phantom without it")
    parser.add_argument("prediction", nargs="?", metavar="PRED", help="file")
    group = parser.add_argument_group("how it is timed")
    group.add_argument("--threads", type=_whole_or_auto, default="auto", metavar="N")
    group.add_argument("--rounds", type=_at_least_one, default=5, metavar="N", help="(5)")
    group.add_argument(
        "--limit",
        type=_seconds,
        default=20.0,
        metavar="S",
        help="seconds a first call may take (20)",
    )
    group.add_argument(
        "--side", type=_at_least_one, default=128, metavar="N", help="of the phantom, voxels (128)"
    )
    group.add_argument(
        "--nsd-tolerance", type=float, default=1.0, metavar="MM", help="of the NSD (1.0)"
    )
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from edgewise._arguments import as_threads
    from edgewise.racing import machine, race, set_threads
    from edgewise.racing.short import operations

    pair = _pair(arguments)
    threads = as_threads(arguments.threads)
    set_threads(threads)
    facts = machine()
    if not arguments.quiet:
        for line in _introduction(facts, pair, threads, arguments.rounds):
            say(line)
    results: list[tuple[str, list[Outcome]]] = []
    for name, contenders in operations(pair, tolerance=arguments.nsd_tolerance, threads=threads):
        if not arguments.quiet:
            say(f"timing {name} ...")
        results.append((name, race(contenders(), rounds=arguments.rounds, limit=arguments.limit)))
    form = "json" if arguments.json else arguments.format
    if form == "json":
        from edgewise.evaluation.strict_json import json_text

        put(json_text(_document(facts, pair, threads, arguments, results)))
    else:
        put(render(_HEADER, _rows(results), form, _LEFT))
        if form == "table":
            _tell_absent(results)
    return 0


def _pair(arguments: argparse.Namespace) -> ShortPair:
    """Return the pair to measure: two files, or a phantom."""
    from edgewise.errors import ConfigError
    from edgewise.racing.short import pair_of_files, phantom_pair

    if arguments.nsd_tolerance < 0 or not math.isfinite(arguments.nsd_tolerance):
        message = f"--nsd-tolerance must be finite and not negative, got {arguments.nsd_tolerance}"
        raise ConfigError(message)
    if arguments.reference is None:
        return phantom_pair(max(arguments.side, _SMALLEST_SIDE))
    if arguments.prediction is None:
        message = "bench takes two files, a reference and a prediction, or none"
        raise ConfigError(message)
    return pair_of_files(arguments.reference, arguments.prediction)


def _introduction(facts: dict[str, Any], pair: ShortPair, threads: int, rounds: int) -> list[str]:
    size = " x ".join(map(str, pair.reference.shape))
    what = " and ".join(pair.files) or "a phantom"
    n = len(pair.labels)
    counted = [(n, "label"), (threads, "thread"), (rounds, "round")]
    labels, used, turns = (f"{k} {word}{'s' * (k != 1)}" for k, word in counted)
    spacing = " x ".join(f"{s:g}" for s in pair.spacing)
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    processor = f"{facts['cpu']}, {facts['cores']} usable cores, {facts['instructions']}"
    return [
        f"{processor}; {versions}",
        f"{what}: {size} voxels of {spacing} mm, {labels}; {used}, median of {turns}",
    ]


def _rows(results: Sequence[tuple[str, Sequence[Outcome]]]) -> list[list[str]]:
    """Return a row per contender that is installed."""
    rows = []
    for name, outcomes in results:
        ours = {o.name: o.median for o in outcomes if o.kind == "ours" and o.status == "ok"}
        rows += [
            [name, outcome.name, *_cells(outcome, ours)]
            for outcome in outcomes
            if outcome.status != "missing"
        ]
    return rows


def _cells(outcome: Outcome, ours: dict[str, float]) -> list[str]:
    from edgewise.evaluation.layout import number_text

    if outcome.status == "over limit":
        return ["-", "-", f"stopped {outcome.detail}"]
    if outcome.status != "ok":
        word = "other values" if outcome.status == "disagrees" else "failed"
        return ["-", "-", f"{word}: {outcome.detail}"]
    low, high = _quartiles(outcome.wall)
    times = [number_text(outcome.median), f"{number_text(low)} - {number_text(high)}"]
    if outcome.kind == "floor" and "edgewise" in ours:
        return [*times, f"{ours['edgewise'] / outcome.median:.1f} times this"]
    if outcome.kind != "peer" or outcome.like not in ours:
        return [*times, ""]
    way = outcome.like.removeprefix("edgewise").strip()
    ratio = outcome.median / ours[outcome.like]
    speed = f"{ratio:.1f} x faster" if ratio >= 1 else f"{1 / ratio:.1f} x slower"
    return [*times, f"{speed} ({way})" if way else speed]


def _quartiles(times: Sequence[float]) -> tuple[float, float]:
    if len(times) < 2:
        return times[0], times[0]
    low, _, high = statistics.quantiles(times, n=4, method="inclusive")
    return low, high


def _tell_absent(results: Sequence[tuple[str, Sequence[Outcome]]]) -> None:
    """Name the libraries that were not raced, and why."""
    reasons: dict[str, list[str]] = {}
    for _, outcomes in results:
        for outcome in outcomes:
            if outcome.status == "missing":
                names = reasons.setdefault(outcome.detail, [])
                library = outcome.name.split(" ")[0].rstrip(",")
                if library not in names:
                    names.append(library)
    for reason, names in reasons.items():
        put(f"{reason}: {', '.join(names)}")


def _document(
    facts: dict[str, Any],
    pair: ShortPair,
    threads: int,
    arguments: argparse.Namespace,
    results: Sequence[tuple[str, Sequence[Outcome]]],
) -> dict[str, Any]:
    rows = []
    for name, outcomes in results:
        for outcome in outcomes:
            low, high = _quartiles(outcome.wall) if outcome.wall else (None, None)
            rows.append(
                {
                    "operation": name,
                    "who": outcome.name,
                    "kind": outcome.kind,
                    "compared_with": outcome.like or None,
                    "status": outcome.status.replace(" ", "_"),
                    "detail": outcome.detail or None,
                    "values": outcome.values,
                    "ms": outcome.wall,
                    "cpu_ms": outcome.cpu,
                    "median_ms": outcome.median if outcome.wall else None,
                    "quartiles_ms": [low, high],
                }
            )
    return {
        "schema": "edgewise.bench/1",
        "machine": facts,
        "threads": threads,
        "rounds": arguments.rounds,
        "limit_s": arguments.limit,
        "nsd_tolerance_mm": arguments.nsd_tolerance,
        "pair": {
            "files": list(pair.files),
            "shape": list(pair.reference.shape),
            "spacing": list(pair.spacing),
            "labels": list(pair.labels),
        },
        "races": rows,
    }
