"""The course of a training as an SVG picture: the loss above, the held-out metrics below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["draw_progress"]

_WIDTH, _PANEL, _LEFT, _RIGHT, _GAP = 720, 200, 64, 150, 48
_COLOURS: Final = (
    "#1f4e8c", "#c4501b", "#2f7d4f", "#8a3b8f", "#8c6d1f", "#2b8a8a", "#a02c3c", "#5b5b5b",
)  # fmt: skip
_MOST_LINES: Final = len(_COLOURS)
_TICKS: Final = 5
_SAME: Final = 1e-9  # relative difference below which values are drawn as equal
_TINY: Final = 1e-200  # magnitude below which they are drawn as 0
_HUGE: Final = 1e200  # and above which they leave a gap


@dataclass(frozen=True, slots=True)
class _Axis:
    """A range of values on a range of the picture."""

    low: float
    high: float
    first: float
    last: float

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.first + share * (self.last - self.first)


def draw_progress(rows: Sequence[Mapping[str, float]], *, metrics: Sequence[str]) -> str:
    """Return a picture of a log.

    Parameters
    ----------
    rows : sequence of mapping
        With ``epoch``, ``loss`` and, where measured, the metrics.
    metrics : sequence of str
        Columns of the lower panel; the first eight that occur are drawn. Without any there is one
        panel.

    Returns
    -------
    str
        An SVG document. Values that are not finite, or beyond 1e200, leave a gap.
    """
    drawn = [m for m in metrics if any(m in row for row in rows)][:_MOST_LINES]
    groups = [["loss"], drawn] if drawn else [["loss"]]
    height = len(groups) * (_PANEL + _GAP) + 12
    last = max((row["epoch"] for row in rows), default=1)
    across = _Axis(min(1, last - 1), max(last, 2), _LEFT, _WIDTH - _RIGHT)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
    ]
    for number, names in enumerate(groups):
        parts += _panel(rows, names, across, 16 + number * (_PANEL + _GAP))
    return "\n".join([*parts, "</svg>", ""])


def _panel(
    rows: Sequence[Mapping[str, float]], names: Sequence[str], across: _Axis, top: float
) -> list[str]:
    values = [row[n] for row in rows for n in names if n in row and _is_drawn(row[n])]
    ticks = _nice_ticks(min(values, default=0.0), max(values, default=1.0))
    up = _Axis(ticks[0], ticks[-1], top + _PANEL, top)
    parts = []
    for tick in ticks:
        y = up.at(tick)
        parts.append(_line(across.first, y, across.last, y, "#dddddd"))
        parts.append(_text(across.first - 8, y + 4, f"{tick:.6g}", "end"))
    for tick in _nice_ticks(across.low, across.high):
        if across.low <= tick <= across.high and tick == round(tick):
            x = across.at(tick)
            parts.append(_line(x, up.first, x, up.first + 4, "#888888"))
            parts.append(_text(x, up.first + 18, f"{tick:.0f}", "middle"))
    parts.append(_text((across.first + across.last) / 2, up.first + 34, "epoch", "middle"))
    for k, name in enumerate(names):
        colour = _COLOURS[k]
        parts += _curve(rows, name, across, up, colour)
        y = top + 10 + 18 * k
        parts.append(_line(across.last + 12, y - 4, across.last + 32, y - 4, colour, 2))
        parts.append(_text(across.last + 38, y, name, "start"))
    return parts


def _curve(
    rows: Sequence[Mapping[str, float]], name: str, across: _Axis, up: _Axis, colour: str
) -> list[str]:
    """Return the pieces of a line between values that are missing; a single value is a dot."""
    pieces: list[list[str]] = [[]]
    for row in rows:
        if name not in row:
            continue  # an epoch that was not measured does not break the line
        if _is_drawn(row[name]):
            pieces[-1].append(f"{across.at(row['epoch']):.1f},{up.at(row[name]):.1f}")
        else:
            pieces.append([])
    drawn = []
    for piece in pieces:
        if len(piece) == 1:
            x, y = piece[0].split(",")
            drawn.append(f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>')
        elif piece:
            points = " ".join(piece)
            style = f'fill="none" stroke="{colour}" stroke-width="1.6"'
            drawn.append(f'<polyline points="{points}" {style}/>')
    return drawn


def _is_drawn(value: float) -> bool:
    return abs(value) < _HUGE  # False for NaN


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333333">{escape(text)}</text>'
    )


def _nice_ticks(low: float, high: float) -> list[float]:
    """Return about five round numbers that enclose a range; equal values lie in the middle.

    Values that differ only in their last digits count as equal: numbers between them would not be
    told apart.
    """
    size = max(abs(low), abs(high))
    if high - low <= _SAME * size or size < _TINY:
        low, high = low - 0.5 * size, high + 0.5 * size
    if size < _TINY:
        low, high = -0.5, 0.5
    rough = high / _TICKS - low / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [k * step for k in range(first, last + 1)]
