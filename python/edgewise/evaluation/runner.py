"""Running many cases: in this process, or in worker processes that are watched and replaced."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from edgewise._arguments import as_threads

from .case import CaseResult, measure_case, with_grid
from .supervisor import Supervisor

if TYPE_CHECKING:
    from .cases import Case
    from .config import Config, Execution

__all__ = ["Progress", "ProgressEvent", "run_cases"]

_TINY_BYTES: Final = 4 << 20  # below, starting a worker costs more than the work


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """How far a run has come.

    Attributes
    ----------
    done, failed, total : int
        Cases; `failed` counts every status but "ok".
    elapsed, eta : float
        Seconds; `eta` is judged by the bytes left, NaN before the first case is done.
    bytes_done : int
        Of the files of the finished cases, as they lie on disk.
    result : CaseResult, optional
        The case that was just finished.
    """

    done: int
    failed: int
    total: int
    elapsed: float
    eta: float
    bytes_done: int = 0
    result: CaseResult | None = None


Progress: TypeAlias = Callable[[ProgressEvent], None]


class _Tally:
    """Collects results and tells the caller how far it is."""

    def __init__(
        self, weights: dict[tuple[str, str], int], progress: Progress | None, limit: int | None
    ) -> None:
        self.results: dict[tuple[str, str], CaseResult] = {}
        self.failed = 0
        self._weights = weights
        self._left = sum(weights.values())
        self._all = self._left
        self._progress = progress
        self._limit = limit
        self._start = time.monotonic()

    @property
    def is_full(self) -> bool:
        """Whether as many cases failed as are tolerated."""
        return self._limit is not None and self.failed >= self._limit

    def add(self, result: CaseResult) -> None:
        key = (result.case, result.algorithm)
        self.results[key] = result
        self.failed += result.status != "ok"
        self._left -= self._weights[key]
        self.tell(result)

    def tell(self, result: CaseResult | None = None) -> None:
        if self._progress is None:
            return
        elapsed = time.monotonic() - self._start
        worked = self._all - self._left
        eta = elapsed / worked * self._left if worked else float("nan")
        total = len(self._weights)
        done = len(self.results)
        self._progress(ProgressEvent(done, self.failed, total, elapsed, eta, worked, result))


def _bytes(case: Case) -> int:
    """Size of both files: what is left of a run is judged by it."""
    total = 0
    for side in (case.reference, case.prediction):
        if isinstance(side, Path):
            try:
                total += side.stat().st_size
            except OSError:
                continue
    return max(total, 1)


def _plan(cases: Sequence[Case], sizes: Sequence[int], execution: Execution) -> tuple[int, int]:
    """Worker processes (0: none, in this process) and threads of each."""
    cores = as_threads("auto")
    if execution.workers == "auto":
        tiny = sum(sizes) < _TINY_BYTES or len(cases) == 1
        workers = 0 if tiny else min(cores, len(cases))
    else:
        workers = 0 if execution.workers == 1 else min(int(execution.workers), len(cases))
    if not all(case.on_disk for case in cases):
        workers = 0  # arrays are never pickled
    threads = execution.threads
    return workers, max(1, cores // max(workers, 1)) if threads == "auto" else int(threads)


def run_cases(
    cases: Sequence[Case],
    config: Config,
    execution: Execution,
    *,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> list[CaseResult]:
    """Measure cases; every case that was reached has one result.

    Parameters
    ----------
    cases : sequence of Case
        Names must be unique together with the algorithm.
    config : Config
        What is measured.
    execution : Execution
        How.
    progress : callable, optional
        Called with a `ProgressEvent` after every case.
    stop : threading.Event, optional
        When it is set, running cases get five seconds and no others start.

    Returns
    -------
    list of CaseResult
        In the order of `cases`, whatever the number of workers; shorter if the run was stopped.

    Raises
    ------
    EdgewiseError
        If workers cannot be started.
    """
    stop = stop or threading.Event()
    sizes = [_bytes(case) for case in cases]
    weights = {case.key: size for case, size in zip(cases, sizes, strict=True)}
    tally = _Tally(weights, progress, execution.max_failures)
    tally.tell()
    workers, threads = _plan(cases, sizes, execution)
    if workers == 0:
        for case in cases:
            if stop.is_set() or tally.is_full:
                break
            tally.add(measure_case(case, config, threads=threads))
    else:
        largest_first = sorted(cases, key=lambda case: -weights[case.key])
        with Supervisor(config, execution, workers=workers, threads=threads) as pool:
            pool.run(largest_first, tally.add, lambda: stop.is_set() or tally.is_full)
    return [
        result if result.size else with_grid(result, case.reference, config)
        for case in cases
        if (result := tally.results.get(case.key)) is not None
    ]
