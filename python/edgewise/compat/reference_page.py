"""The page of drop-ins, written from what the libraries' packages declare."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from .catalogue import NAMES, library

if TYPE_CHECKING:
    from .declared import Entry, Library, Quirk

__all__ = ["bound", "render", "tiers"]

_INTRODUCTION: Final = """\
# Drop-in replacements: functions and faults

Written from `edgewise.compat.<library>.declared`; `edgewise compat` prints the same. How to use
them: [drop-ins](drop-ins.md).

Tiers: **exact**: the same bits, types and exceptions; **close**: floating results within the bound;
**corrected**: as the library does, unless `corrected=True` mends what is known to be wrong with it.
"""


def bound(entry: Entry) -> str:
    """Return how far a floating result may lie from the library's, in words."""
    parts = [f"{entry.rtol:g} relative"] if entry.rtol else []
    parts += [f"{entry.atol:g} absolute"] if entry.atol else []
    return ", ".join(parts)


def tiers(one: Library) -> str:
    """Return how many functions have each tier, in words."""
    counted = Counter(entry.tier for entry in one.entries)
    return ", ".join(
        f"{counted[tier]} {tier}" for tier in ("exact", "close", "corrected") if counted[tier]
    )


def render() -> str:
    """Return the page as Markdown, ending with a newline."""
    parts = [_INTRODUCTION]
    for name in NAMES:
        one = library(name)
        parts.append(f"## `edgewise.compat.{one.name}` ({one.distribution} {one.version})\n")
        parts.append(_functions(one))
        if one.quirks:
            parts.append("Known faults and surprises:\n")
            parts += [_quirk(quirk) for quirk in one.quirks]
            parts.append("")
    return "\n".join(parts)


def _functions(one: Library) -> str:
    rows: dict[tuple[str, str, str], list[str]] = {}
    for entry in one.entries:
        rows.setdefault((entry.tier, bound(entry), entry.note), []).append(f"`{entry.name}`")
    lines = ["| functions | tier | bound | note |", "| --- | --- | --- | --- |"]
    for (tier, limit, note), names in rows.items():
        cells = (" ".join(names), tier, limit, note.replace("|", "/"))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _quirk(quirk: Quirk) -> str:
    names = ", ".join(f"`{name}`" for name in quirk.functions)
    words = f"- **{quirk.id}** ({names}). {quirk.what} `{quirk.evidence}` gives `{quirk.theirs}`"
    if quirk.versions:
        words += f" ({quirk.versions})"
    if quirk.corrected:
        words += f"; {'here' if quirk.always else 'corrected'}: `{quirk.corrected}`"
    return words + (f". Reported: {quirk.source}." if quirk.source else ".")
