"""Stopping between two steps when a signal asks for it.

An interrupt in the middle of a step would leave half-updated weights; here the first SIGINT or
SIGTERM is remembered, and the second ends the process as it would have without us.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["Interrupts", "remembered"]


class Interrupts:
    """What was asked for so far."""

    def __init__(self) -> None:
        self._number = 0

    def __call__(self, number: int, _: FrameType | None) -> None:
        """Remember a signal, and let the next of its kind through."""
        self._number = number
        signal.signal(number, signal.SIG_DFL if number != signal.SIGINT else _interrupt)

    @property
    def asked(self) -> bool:
        """Whether to stop."""
        return self._number != 0

    def leave(self) -> None:
        """Raise what the signal would have raised: KeyboardInterrupt, or SystemExit."""
        if self._number == signal.SIGTERM:
            raise SystemExit(128 + signal.SIGTERM)
        if self._number:
            raise KeyboardInterrupt


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def remembered() -> Iterator[Interrupts]:
    """Remember SIGINT and SIGTERM while the block runs; outside the main thread do nothing."""
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    before = {n: signal.signal(n, interrupts) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
