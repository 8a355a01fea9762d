"""Running contenders in turn, and no time for one whose numbers are different."""

from __future__ import annotations

import contextlib
import io
import signal
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .agreement import disagreement
from .contender import Contender, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

__all__ = ["race"]

_SLOW: Final = 3.0  # seconds; such a call is timed once
_FEW: Final = 16  # so many values are kept


class _LimitError(BaseException):
    """A call took too long; no library's ``except Exception`` keeps it."""


def race(
    contenders: Sequence[Contender],
    *,
    rounds: int = 5,
    limit: float = 60.0,
) -> list[Outcome]:
    """Time contenders in turn, A B C A B C, after a first round that compares their values.

    Parameters
    ----------
    contenders : sequence of Contender
        One that others must be `like` stands before them.
    rounds : int, default 5
        How often each is timed. One whose first call takes more than 3 s keeps that call's time.
    limit : float, default 60
        Seconds that a first call may take. It is stopped between two steps of the library; a
        single step in compiled code ends first.

    Returns
    -------
    list of Outcome
        In the order of `contenders`. A contender that is missing, fails, disagrees or takes too
        long has no times and says so; nothing is raised for it.

    Examples
    --------
    >>> from edgewise.racing import Contender
    >>> ours = Contender("ours", lambda: 0.5, kind="ours")
    >>> right = Contender("right", lambda: 0.5, like="ours")
    >>> wrong = Contender("wrong", lambda: 0.7, like="ours")
    >>> [(outcome.name, outcome.status) for outcome in race([ours, right, wrong], rounds=1)]
    [('ours', 'ok'), ('right', 'ok'), ('wrong', 'disagrees')]
    """
    expected: dict[str, Any] = {}
    outcomes = [_first_call(contender, expected, limit) for contender in contenders]
    expected.clear()
    quick = [
        (contender, outcome)
        for contender, outcome in zip(contenders, outcomes, strict=True)
        if outcome.status == "ok" and outcome.wall[0] < _SLOW * 1e3
    ]
    for _, outcome in quick:
        outcome.wall.clear()
        outcome.cpu.clear()
    for _ in range(rounds):
        for contender, outcome in quick:
            if outcome.status == "ok":
                _timed_call(contender, outcome)
    return outcomes


def _first_call(contender: Contender, expected: dict[str, Any], limit: float) -> Outcome:
    """Run a contender once, compare its values, keep what it computed if it is ours."""
    outcome = Outcome(contender.name, contender.kind, contender.like)
    if contender.problem:
        outcome.status, outcome.detail = "missing", contender.problem
        return outcome
    try:
        with _limited(limit):
            result = _timed_call(contender, outcome)
    except _LimitError:
        outcome.status, outcome.detail = "over limit", f"over {limit:g} s"
        return outcome
    if outcome.status == "ok" and contender.kind != "floor":
        _compare(contender, outcome, result, expected)
    if outcome.status != "ok":
        outcome.wall.clear()
        outcome.cpu.clear()
    return outcome


def _compare(
    contender: Contender,
    outcome: Outcome,
    result: Any,  # noqa: ANN401
    expected: dict[str, Any],
) -> None:
    try:
        value = np.asarray(contender.value(result))
    except Exception as error:  # noqa: BLE001
        outcome.status, outcome.detail = "failed", _sentence(error)
        return
    if value.size <= _FEW:
        outcome.values = [float(v) for v in value.reshape(-1)]
    if contender.kind == "ours":
        expected[contender.name] = value
    if not contender.like:
        return
    if contender.like not in expected:
        outcome.status, outcome.detail = "failed", f"{contender.like} gave nothing to compare with"
        return
    text = disagreement(expected[contender.like], value, rtol=contender.rtol)
    if text:
        outcome.status, outcome.detail = "disagrees", text


def _timed_call(contender: Contender, outcome: Outcome) -> Any:  # noqa: ANN401
    """Return what the call returns, its times noted; what it prints is not for our reader."""
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            cpu, wall = time.process_time(), time.perf_counter()
            result = contender.call()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    except BaseException as error:  # a panic of a library in Rust is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | _LimitError):
            raise
        outcome.status, outcome.detail = "failed", _sentence(error)
        outcome.wall.clear()
        outcome.cpu.clear()
        return None
    outcome.wall.append(wall * 1e3)
    outcome.cpu.append(cpu * 1e3)
    return result


def _sentence(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Stop what runs inside after so many seconds, where the system has a timer for that."""
    usable = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not usable or not seconds:
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise _LimitError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
