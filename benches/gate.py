"""No time is printed unless the numbers agree."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np


@dataclass(frozen=True, slots=True)
class Contender:
    """One library's way to do the work."""

    name: str
    call: Callable[[], object]


@dataclass(slots=True)
class Row:
    """Times of one contender on one workload, in ms."""

    workload: str
    name: str
    times: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return median(self.times)


def _agree(ours: object, theirs: object, rtol: float) -> bool:
    return bool(
        np.allclose(np.asarray(ours, float), np.asarray(theirs, float), rtol=rtol, atol=rtol)
    )


def race(workload: str, contenders: Sequence[Contender], *, rounds: int, rtol: float) -> list[Row]:
    """Run all contenders in turn, first to compare values, then `rounds` times for the clock.

    A contender whose first call took more than 3 s is timed once more only.
    """
    rows = [Row(workload, c.name) for c in contenders]
    expected = contenders[0].call()
    once: list[float] = []
    for contender in contenders:
        start = time.perf_counter()
        value = contender.call()
        once.append(time.perf_counter() - start)
        if not _agree(expected, value, rtol):
            print(f"{workload}: {contender.name} disagrees, no times printed", file=sys.stderr)
            return []
    for turn in range(rounds):
        for contender, row, first in zip(contenders, rows, once, strict=True):
            if turn and first > 3.0:
                continue
            start = time.perf_counter()
            contender.call()
            row.times.append((time.perf_counter() - start) * 1e3)
    return rows
