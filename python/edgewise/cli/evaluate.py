"""Measure predictions against references.

REFERENCE comes first. Two folders are paired by file name; two files are one case. The summary goes
to stdout, the tables to the folder --out (edgewise-results).
"""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Any, Final

from .messages import tell_inputs, tell_notes, tell_problems, tell_tracebacks
from .options import (
    add_format,
    add_inputs,
    add_measuring,
    add_policies,
    add_running,
    chosen_pairs,
    measuring,
    merged,
    policies,
)
from .printer import complain, say
from .progress import ProgressLine
from .tables import print_pair, print_summary

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from edgewise.evaluation import Evaluation, Pairs

__all__ = ["HELP", "NAME", "add_arguments", "execute"]

NAME: Final = "evaluate"
HELP: Final = "measure predictions against references"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of this command."""
    add_inputs(parser)
    add_measuring(parser)
    add_running(parser)
    add_policies(parser)
    add_format(parser)
    parser.add_argument(
        "-o", "--out", metavar="DIR", help="folder of the tables (edgewise-results)"
    )
    parser.add_argument(
        "--fail-under",
        action="append",
        metavar="GATE",
        help="exit 5 unless it holds, such as 'dice[liver].mean.low>=0.93' or 'failed<=0'",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from edgewise.evaluation import Execution, parse_gate, run
    from edgewise.evaluation.config import DEFAULT_OUT
    from edgewise.evaluation.run import check_writable

    options = merged(arguments)
    config = measuring(options)
    counted = policies(options)
    gates = [parse_gate(text) for text in options["fail_under"] or ()]
    allowed = _allowance(options["allow_failures"])
    execution = Execution(
        options["workers"], options["threads"], float(options["timeout"]), options["retries"],
        1 if arguments.fail_fast else options["max_failures"],
    )  # fmt: skip
    pairs = chosen_pairs(options)
    is_pair = _is_pair(pairs, options)
    out = options["out"] or (None if is_pair else DEFAULT_OUT)
    if out is not None:
        check_writable(out)
    _tell_inputs(pairs, arguments, is_pair=is_pair)
    mode = "none" if arguments.quiet or is_pair else arguments.progress
    with _interrupts() as interrupt, ProgressLine(mode) as line:
        result = run(pairs, config, execution, progress=line, stop=interrupt.stop)
    if not len(result.cases):  # stopped at once: tables of an earlier run stay
        out = None
    is_saved = _save(result, out, arguments)
    tell_problems(result, arguments.color, verbose=bool(arguments.verbose), quiet=arguments.quiet)
    if arguments.verbose > 1:
        tell_tracebacks(result)
    if is_pair:
        print_pair(result, counted, arguments)
    else:
        _tell_labels(result, config.labels, quiet=arguments.quiet)
        print_summary(result, counted, arguments)
    met = _check_gates(result, gates, counted, arguments)
    if out is not None and is_saved and not arguments.quiet:
        _tell_next(result, str(out))
    if not result.is_complete:
        _tell_stopped(result, arguments, by_user=interrupt.signal is not None)
    if interrupt.signal is not None:
        return 128 + interrupt.signal
    return _exit_code(result, allowed, met=met) if is_saved else 1


def _tell_inputs(pairs: Pairs, arguments: argparse.Namespace, *, is_pair: bool) -> None:
    if arguments.quiet:
        return
    if not is_pair:
        tell_inputs(pairs)
    notes = [(n.code, n.message) for n in pairs.notes]
    tell_notes(notes, arguments.color, everything=bool(arguments.verbose))


def _save(result: Evaluation, out: str | None, arguments: argparse.Namespace) -> bool:
    """Write the tables; when that fails the summary is still printed."""
    from edgewise.errors import EdgewiseError

    if out is None:
        return True
    try:
        result.save(out)
    except EdgewiseError as error:
        complain("error", f"{error}; only the summary on stdout is left", arguments.color)
        return False
    return True


def _tell_stopped(result: Evaluation, arguments: argparse.Namespace, *, by_user: bool) -> None:
    reason = "the others were not measured"
    if not by_user:
        reason = "--fail-fast or --max-failures ends a run"
    counts = f"stopped after {len(result.cases)} of {result.counts['planned']} cases"
    complain("warning", f"{counts}: {reason}", arguments.color)


def _is_pair(pairs: Pairs, options: Mapping[str, Any]) -> bool:
    from pathlib import Path

    given = (options["reference"], options["prediction"])
    named = options["manifest"] or options["ref_template"] or options["pred_template"]
    return len(pairs) == 1 and not named and all(g and Path(g).is_file() for g in given)


class _Interrupt:
    """What a signal asked for."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.signal: int | None = None

    def __call__(self, number: int, _: object) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number if number == signal.SIGINT else signal.SIGTERM
        self.stop.set()
        say("\nstopping: running cases get five seconds; press Ctrl-C again to stop at once")


@contextlib.contextmanager
def _interrupts() -> Iterator[_Interrupt]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into a clean stop."""
    interrupt = _Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    numbers = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell_labels(result: Evaluation, asked: object, *, quiet: bool) -> None:
    if quiet or asked not in ("auto", "union"):
        return
    listed = [str(label) for label in result.labels if label > 0]
    if not listed:
        say("labels     none found; --labels names what to measure")
        return
    shown = ", ".join(listed[:20]) + (f" and {len(listed) - 20} more" if len(listed) > 20 else "")
    found = "in the references" if asked == "auto" else "on both sides"
    say(f"labels     {shown} (found {found}; --labels 1:liver,2:tumour gives names)")


def _check_gates(
    result: Evaluation, gates: list[Any], counted: Mapping[str, Any], arguments: argparse.Namespace
) -> bool:
    if not gates:
        return True
    from edgewise.evaluation.gates import check_gates

    results = check_gates(gates, result.summary(**counted), result.counts)
    for one in results:
        if not one.holds:
            complain("failed", f"gate {one}", arguments.color)
        elif not arguments.quiet:
            say(f"gate {one}")
    return all(one.holds for one in results)


def _tell_next(result: Evaluation, out: str) -> None:
    folder = f"'{out}'" if " " in out else out
    if result.failed:
        command = f"edgewise summarize {folder} --missing skip"
    else:
        command = f"edgewise summarize {folder} --format markdown"
    say(f"written {out.rstrip('/')}/   next: {command}")


def _allowance(text: str | int | None) -> tuple[float, bool]:
    """How many failed or missing cases are fine; whether that is a percentage."""
    from edgewise.errors import ConfigError

    written = str(text or 0)
    try:
        return float(written.removesuffix("%")), written.endswith("%")
    except ValueError:
        message = f"--allow-failures takes a number or a percentage, got {written!r}"
        raise ConfigError(message) from None


def _exit_code(result: Evaluation, allowed: tuple[float, bool], *, met: bool) -> int:
    bad = len(result.failed) + result.counts["planned"] - len(result.cases)
    limit, is_percent = allowed
    share = 100 * bad / max(result.counts["planned"], 1) if is_percent else bad
    if share > limit:
        return 4
    return 0 if met else 5
