"""The page of metrics, written from the table of definitions."""

from __future__ import annotations

from typing import Final

from .conventions import PRESETS, convention
from .definitions import METRICS, Definition
from .documentation import empty_words, range_words

__all__ = ["render"]

_TITLES: Final = {
    "counts": "Counts and volumes",
    "overlap": "Ratios of counts",
    "distance": "Distances",
    "boundary": "Agreement of boundaries",
    "topology": "Topology",
    "information": "Information and agreement",
    "instances": "Instances",
}
_INTRODUCTION: Final = """\
# Metrics

Written from the table `edgewise.metrics.METRICS`; `edgewise metrics` prints the same.

R and P are the foreground of reference and prediction, |X| is a number of voxels, N that of the
image, v the volume of a voxel, s the spacing. D_RP holds the distances of the boundary of R to the
boundary of P, D_PR the reverse; W_R and W_P are their summed weights. S(X) is a skeleton, b_k a
Betti number, H an entropy, C a covariance, t a tolerance. A distance to nothing is inf, a
comparison of nothing with nothing is NaN.

An id is the name, then `@` and a number where the metric takes one, then `:` and a preset other
than `edgewise`: `nsd@2mm`, `hd95:medpy`.
"""


def render() -> str:
    """Return the page as Markdown, ending with a newline."""
    parts = [_INTRODUCTION]
    for family, title in _TITLES.items():
        parts.append(f"## {title}\n")
        parts += [_entry(found) for found in METRICS.values() if found.family == family]
    parts.append(_presets())
    return "\n".join(parts)


def _entry(found: Definition) -> str:
    lines = [f"### `{found.name}`", "", f"{found.title[0].upper()}{found.title[1:]}."]
    if found.aliases:
        lines[-1] += f" Also {', '.join(f'`{alias}`' for alias in found.aliases)}."
    lines += ["", f"- formula: `{found.formula}`"]
    unit = "" if found.unit == "1" else f", in {found.unit}"
    lines.append(f"- range: {range_words(found)}{unit}")
    lines.append(f"- {_lowered(empty_words(found))}")
    if found.worst is not None:
        worst = found.worst if isinstance(found.worst, str) else f"{found.worst:g}"
        lines.append(f"- a missing case counts: {worst}")
    if found.id_parameter:
        lines.append(f"- id: `{found.name}@{found.id_parameter}{found.id_unit}`")
    lines.append(f"- parameters: {_parameters(found)}")
    lines += [f"- source: {found.source}", ""]
    return "\n".join(lines)


def _lowered(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:].rstrip(".")


def _parameters(found: Definition) -> str:
    words = []
    for name, default in found.parameters.items():
        shown = "" if default is ... else f" = {default!r}"
        words.append(f"`{name}{shown}`")
    return ", ".join(words)


def _presets() -> str:
    """Return the table of conventions, one column per preset."""
    columns = {name: convention(name) for name in PRESETS}
    lines = [
        "## Presets",
        "",
        "A choice in brackets is edgewise's own, because the library has none.",
        "",
        f"| choice | {' | '.join(f'`{name}`' for name in columns)} |",
        f"| --- {'| --- ' * len(columns)}|",
    ]
    skipped = ("preset", "empty", "not_in_library")
    for choice in (key for key in columns["edgewise"] if key not in skipped):
        cells = []
        for chosen in columns.values():
            cell = _cell(chosen[choice])
            cells.append(f"({cell})" if choice in chosen["not_in_library"] else cell)
        lines.append(f"| {choice} | {' | '.join(cells)} |")
    lines += [
        "",
        "Values for empty masks that differ from the raw ones (reference empty, prediction",
        "empty, both):",
        "",
    ]
    for name, chosen in columns.items():
        if chosen["empty"]:
            held = "; ".join(
                f"{metric} {_cell(values)}" for metric, values in chosen["empty"].items()
            )
            lines.append(f"- `{name}`: {held}")
    return "\n".join([*lines, ""])


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(_cell(one) for one in value)
    if isinstance(value, float):
        return {"nan": "NaN"}.get(f"{value:g}", f"{value:g}")
    return {"None": "-", "True": "yes", "False": "no"}.get(str(value), str(value))
