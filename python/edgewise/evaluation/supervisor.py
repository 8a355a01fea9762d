"""Worker processes under supervision: a death costs one case, a hang costs the time limit."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from edgewise.errors import EdgewiseError

from .case import CaseResult
from .frames import receive, send
from .worker import case_to_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .cases import Case
    from .config import Config, Execution

__all__ = ["Supervisor"]

_GRACE: Final = 5.0  # seconds that running cases get after a stop
_POLL: Final = 0.2  # seconds between looks at the stop flag
_START_LIMIT: Final = 60.0  # seconds until a new worker must be ready
_STARTS: Final = 5  # workers that may die before they are ready
_RECYCLE: Final = 1000  # cases after which a worker is replaced, against leaks of readers

_ROOT: Final = str(Path(__file__).parents[2])
# -P keeps the working directory off the path: a file json.py of the user must not be imported
_PROGRAM: Final = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); root = sys.argv[1]; "
    "root in sys.path or sys.path.insert(0, root); "
    "from edgewise.evaluation.worker import main; main()"
)
_Report: TypeAlias = tuple["_Worker", dict[str, Any] | None]


class _Worker:
    """One child process and the case it works on."""

    def __init__(self, start: dict[str, Any], reports: queue.Queue[_Report]) -> None:
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM, _ROOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env={**os.environ, **dict.fromkeys(names, "1")},
        )
        self.case: Case | None = None
        self.deadline = time.monotonic() + _START_LIMIT
        self.is_ready = False
        self.is_late = False
        self.done = 0
        self._send(start)
        self._reader = threading.Thread(target=self._report, args=(reports,), daemon=True)
        self._reader.start()

    def _report(self, reports: queue.Queue[_Report]) -> None:
        """Pass on every frame, then the end: what a worker said before it died is read first."""
        stream = self.process.stdout
        while stream is not None and (frame := receive(stream)) is not None:  # type: ignore[arg-type]
            reports.put((self, frame))
        reports.put((self, None))

    def _send(self, frame: dict[str, Any]) -> None:
        # a dead worker shows as the end of its stream
        with contextlib.suppress(BrokenPipeError):
            send(self.process.stdin, frame)  # type: ignore[arg-type]

    def give(self, case: Case, timeout: float) -> None:
        self.case = case
        self.deadline = time.monotonic() + timeout if timeout else float("inf")
        self._send(case_to_frame(case))

    def end(self) -> str:
        """Kill it, if it still lives, and say how it ended."""
        self.process.kill()
        code = self.process.wait()
        self._reader.join()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        return _ending(code)

    def last_words(self) -> str:
        """Return the end of what it wrote to standard error."""
        with contextlib.suppress(OSError, ValueError):
            self.errors.seek(0)
            return self.errors.read()[-2000:].decode("utf-8", "replace").strip()
        return ""


def _ending(code: int) -> str:
    if code >= 0:
        return f"with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unknown"
    hint = ": killed, likely out of memory" if name == "SIGKILL" else ""
    return f"by signal {-code} ({name}{hint})"


class Supervisor:
    """Keeps a number of workers alive and hands each one case at a time.

    Parameters
    ----------
    config : Config
        What they measure.
    execution : Execution
        Time limit and retries.
    workers, threads : int
        How many, and the kernels' threads in each.
    """

    def __init__(self, config: Config, execution: Execution, *, workers: int, threads: int) -> None:
        self._start = {"config": config.to_dict(), "threads": threads}
        self._execution = execution
        self._size = workers
        self._reports: queue.Queue[_Report] = queue.Queue()
        self._workers: list[_Worker] = []
        self._early_deaths = 0
        self._todo: deque[Case] = deque()
        self._alone: deque[Case] = (
            deque()
        )  # cases whose worker died, to be tried without neighbours
        self._tries: dict[tuple[str, str], int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.end()
            worker.errors.close()
        self._workers.clear()

    def run(
        self,
        cases: Sequence[Case],
        finished: Callable[[CaseResult], None],
        should_stop: Callable[[], bool],
    ) -> None:
        """Measure `cases`, calling `finished` for each, until none is left or it should stop.

        Raises
        ------
        EdgewiseError
            If workers die before they can take a case.
        """
        self._todo.extend(cases)
        limit = float("inf")
        while True:
            if should_stop():
                limit = min(limit, time.monotonic() + _GRACE)
                self._todo.clear()
                self._alone.clear()
            busy = [w for w in self._workers if w.case is not None]
            if time.monotonic() > limit or not (busy or self._todo or self._alone):
                return
            self._hand_out(len(busy))
            self._await(finished)

    def _hand_out(self, busy: int) -> None:
        """Give every idle worker a case; a suspect case only when nothing else runs."""
        alone = not self._todo
        suspects = 1 if self._alone and not busy else 0
        wanted = min(self._size, busy + (len(self._todo) or suspects))
        while len(self._workers) < wanted:
            self._workers.append(_Worker(self._start, self._reports))
        for worker in self._workers:
            if not worker.is_ready or worker.case is not None:
                continue
            if self._todo:
                worker.give(self._todo.popleft(), self._execution.timeout)
                busy += 1
            elif alone and self._alone and busy == 0:
                worker.give(self._alone.popleft(), self._execution.timeout)
                busy += 1

    def _await(self, finished: Callable[[CaseResult], None]) -> None:
        """Take the next report, or find out who is late."""
        now = time.monotonic()
        watched = [w for w in self._workers if w.case is not None or not w.is_ready]
        nearest = min((w.deadline for w in watched), default=now + _POLL)
        try:
            worker, frame = self._reports.get(timeout=max(0.0, min(nearest - now, _POLL)))
        except queue.Empty:
            for worker in watched:
                if time.monotonic() >= worker.deadline:
                    worker.is_late = True
                    worker.process.kill()  # its end is reported next
            return
        if frame is None:
            self._bury(worker, finished)
        elif "ready" in frame:
            worker.is_ready = True
            self._early_deaths = 0
        else:
            worker.case = None
            worker.done += 1
            finished(CaseResult.from_dict(frame["result"]))
            if worker.done >= _RECYCLE:
                self._retire(worker)

    def _retire(self, worker: _Worker) -> str:
        self._workers.remove(worker)
        ending = worker.end()
        worker.errors.close()
        return ending

    def _bury(self, worker: _Worker, finished: Callable[[CaseResult], None]) -> None:
        if worker not in self._workers:
            return  # retired on purpose
        words = worker.last_words()
        ending = self._retire(worker)
        case = worker.case
        if case is None:
            if not worker.is_ready:
                self._count_early_death(ending, words)
            return
        if worker.is_late:
            seconds = f"{self._execution.timeout:g}"
            text = f"{case.case}: no result after {seconds} s; --timeout changes the limit."
            finished(_failed(case, "timeout", text))
            return
        tries = self._tries[case.key] = self._tries.get(case.key, 0) + 1
        if tries <= self._execution.retries:
            self._alone.append(case)
            return
        again = " Retried alone: failed again." if tries > 1 else ""
        text = f"{case.case}: the worker ended {ending}.{again}"
        finished(_failed(case, "worker_died", text))

    def _count_early_death(self, ending: str, words: str) -> None:
        self._early_deaths += 1
        if self._early_deaths >= _STARTS:
            message = f"workers cannot start: {_STARTS} ended {ending} before the first case"
            raise EdgewiseError(f"{message}. The last one said: {words or 'nothing'}")  # noqa: EM102


def _failed(case: Case, code: str, text: str) -> CaseResult:
    return CaseResult(case.case, case.algorithm, "failed", error_code=code, error_message=text)
