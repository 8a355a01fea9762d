"""Progress on stderr: a bar on a terminal, a line now and then elsewhere, JSON on request."""

from __future__ import annotations

import json
import math
import shutil
import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edgewise.evaluation import ProgressEvent

__all__ = ["ProgressLine"]

_EVERY: Final = {"bar": 0.1, "plain": 30.0, "json": 1.0}  # seconds between two reports
_BAR: Final = 20


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


class ProgressLine:
    """Shows events of a run; call it with each.

    Parameters
    ----------
    mode : {"auto", "bar", "plain", "json", "none"}
        "auto" is a bar if stderr is a terminal, else plain lines.
    """

    def __init__(self, mode: str) -> None:
        self._stream = sys.stderr
        if mode == "auto":
            mode = "bar" if self._stream.isatty() else "plain"
        self._mode = mode
        self._next = 0.0 if mode != "plain" else time.monotonic() + _EVERY["plain"]
        self._last: ProgressEvent | None = None
        encoding = (getattr(self._stream, "encoding", None) or "ascii").lower()
        self._full, self._empty = ("█", "░") if "utf" in encoding else ("#", ".")

    def __call__(self, event: ProgressEvent) -> None:
        """Show an event, unless the last one was shown a moment ago."""
        self._last = event
        now = time.monotonic()
        if self._mode == "none" or now < self._next:
            return
        self._next = now + _EVERY[self._mode]
        self._show(event, end="\r" if self._mode == "bar" else "\n")

    def finish(self) -> None:
        """Show the last event, and go to the next line."""
        if self._last is not None and self._mode != "none":
            self._show(self._last, end="\n")
        self._last = None

    def _show(self, event: ProgressEvent, *, end: str) -> None:
        if self._mode == "json":
            line = {
                "done": event.done,
                "failed": event.failed,
                "total": event.total,
                "elapsed_s": round(event.elapsed, 3),
                "eta_s": round(event.eta, 3) if math.isfinite(event.eta) else None,
            }
            text = json.dumps(line, sort_keys=True)
        else:
            text = self._line(event)
        self._stream.write(text + end)
        self._stream.flush()

    def _line(self, event: ProgressEvent) -> str:
        parts = [f"{event.done}/{event.total}"]
        if self._mode == "bar":
            full = _BAR * event.done // max(event.total, 1)
            parts.append(self._full * full + self._empty * (_BAR - full))
        parts.append(_clock(event.elapsed))
        if event.done and event.elapsed > 0:
            parts.append(f"{event.done / event.elapsed:.1f} cases/s")
        if event.done < event.total and math.isfinite(event.eta):
            parts.append(f"{_clock(event.eta)} left")
        parts.append(f"{event.failed} failed")
        text = "  ".join(parts)
        if self._mode == "bar":
            columns = shutil.get_terminal_size().columns - 1
            text = text[:columns].ljust(min(columns, 79))
        return text
