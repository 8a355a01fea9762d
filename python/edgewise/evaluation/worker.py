"""A process that measures one case after the other and may die without harm.

Frames come in on standard input and go out on what was standard output; anything that a library
prints goes to standard error. When the driver is gone, the worker ends.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["case_from_frame", "case_to_frame", "main"]

from .case import CaseResult, failure, measure_case
from .cases import Case
from .config import Config
from .frames import receive, send


def case_to_frame(case: Case) -> dict[str, Any]:
    """Return a case on disk as plain values."""
    sides = [None if s is None else os.fspath(s) for s in (case.reference, case.prediction)]
    return {
        "case": case.case,
        "algorithm": case.algorithm,
        "reference": sides[0],
        "prediction": sides[1],
        "ref": case.ref,
        "pred": case.pred,
    }


def case_from_frame(frame: dict[str, Any]) -> Case:
    """Return the case that `case_to_frame` described."""
    case = Case(**frame)
    sides = [None if s is None else Path(s) for s in (case.reference, case.prediction)]
    return replace(case, reference=sides[0], prediction=sides[1])


def _settle() -> None:
    """Arrange that the kernel kills this process first, and that it leaves no core file."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Take over both pipes; later reads find nothing, later prints go to standard error."""
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    return incoming, outgoing


def _listen(incoming: BinaryIO, tasks: queue.Queue[dict[str, Any]]) -> None:
    while (frame := receive(incoming)) is not None:
        tasks.put(frame)
    os._exit(0)  # the driver is gone, or has no more cases


def _planted_fault(case: str) -> None:
    """Fail as the tests want: ``EDGEWISE_TEST_FAULT=case:kind[,case:kind]``."""
    for entry in os.environ.get("EDGEWISE_TEST_FAULT", "").split(","):
        name, _, kind = entry.rpartition(":")
        if name != case:
            continue
        if kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif kind == "exit":
            os._exit(3)
        elif kind == "hang":
            time.sleep(3600)
        elif kind == "memory":
            raise MemoryError


def main() -> None:
    """Measure what the driver sends until it hangs up."""
    _settle()
    incoming, outgoing = _private_streams()
    if os.environ.get("EDGEWISE_TEST_FAULT") == "start":
        sys.exit("planted: this worker cannot start")
    start = receive(incoming)
    if start is None:
        return
    config, threads = Config.from_dict(start["config"]), int(start["threads"])
    tasks: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_listen, args=(incoming, tasks), daemon=True).start()
    send(outgoing, {"ready": True})
    while True:
        case = case_from_frame(tasks.get())
        try:
            _planted_fault(case.case)
            result = measure_case(case, config, threads=threads)
        except MemoryError as error:
            result = replace(CaseResult(case.case, case.algorithm, "ok"), **failure(error))
        send(outgoing, {"result": result.to_dict()})
