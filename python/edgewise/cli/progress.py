"""Progress on stderr: a bar on a terminal, a line now and then elsewhere, JSON on request."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from edgewise.evaluation import ProgressEvent

__all__ = ["ProgressLine"]

_EVERY: Final = {"bar": 0.2, "plain": 30.0, "json": 1.0}  # seconds between two reports
_BAR: Final = 20
_SHORTEST_BAR: Final = 5


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _rate(cases: float) -> str:
    """Return cases per second, or seconds per case where those are the larger number."""
    return f"{cases:.1f} cases/s" if cases >= 1 else f"{1 / cases:.1f} s/case"


class ProgressLine:
    """Shows how far a run has come, also while a long case says nothing; call it with each event.

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
        self._last: ProgressEvent | None = None
        self._since = 0.0  # when that event came
        self._finished = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        encoding = (getattr(self._stream, "encoding", None) or "ascii").lower()
        self._full, self._empty = ("█", "░") if "utf" in encoding else ("#", ".")

    def __call__(self, event: ProgressEvent) -> None:
        """Take note of an event; it is shown at the next tick."""
        self._since, self._last = time.monotonic(), event

    def __enter__(self) -> Self:
        if self._mode != "none":
            self._ticker.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Show the last event, and go to the next line."""
        self._finished.set()
        if self._mode == "none":
            return
        self._ticker.join()
        if self._last is not None and (kind is None or self._mode == "bar"):
            self._show(self._last, end="\n")

    def _tick(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # nobody reads stderr any more
            while not self._finished.wait(_EVERY[self._mode]):
                if self._last is not None:
                    waited = time.monotonic() - self._since
                    event = replace(
                        self._last,
                        elapsed=self._last.elapsed + waited,
                        eta=max(self._last.eta - waited, 0.0),
                    )
                    self._show(event, end="\r" if self._mode == "bar" else "\n")

    def _show(self, event: ProgressEvent, *, end: str) -> None:
        if self._mode == "json":
            line = {
                "done": event.done,
                "failed": event.failed,
                "total": event.total,
                "bytes_done": event.bytes_done,
                "elapsed_s": round(event.elapsed, 3),
                "eta_s": round(event.eta, 3) if math.isfinite(event.eta) else None,
            }
            text = json.dumps(line, sort_keys=True)
        else:
            text = self._line(event)
        self._stream.write(text + end)
        self._stream.flush()

    def _line(self, event: ProgressEvent) -> str:
        parts = [f"{event.done}/{event.total}", _clock(event.elapsed)]
        if event.done and event.elapsed > 0:
            parts.append(_rate(event.done / event.elapsed))
        if event.done < event.total and math.isfinite(event.eta):
            parts.append(f"{_clock(event.eta)} left")
        parts.append(f"{event.failed} failed")
        if doing := getattr(event, "doing", ""):  # one long case after the other, not many at once
            parts.append(doing)
        return self._with_bar(event, parts) if self._mode == "bar" else "  ".join(parts)

    def _with_bar(self, event: ProgressEvent, parts: list[str]) -> str:
        """Return the line with a bar as long as there is room; it covers the last line."""
        columns = shutil.get_terminal_size().columns - 1
        size = min(_BAR, columns - len("  ".join(parts)) - 2)
        if size >= _SHORTEST_BAR:
            full = size * event.done // max(event.total, 1)
            parts = [parts[0], self._full * full + self._empty * (size - full), *parts[1:]]
        return "  ".join(parts)[:columns].ljust(min(columns, 79))
