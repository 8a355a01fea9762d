"""The page of networks, written from their cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .cards import ALL_CARDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .card import Card, KnownWeights

__all__ = ["render"]

_INTRODUCTION: Final = """\
# Networks

Written from the cards in `edgewise.models.cards`; `edgewise models` prints the same. How to build,
train and apply them: [models](models.md).

Receptive fields are in voxels along an axis. *Stride* is the shift of an image, in voxels, under
which the answer shifts with it; tiles that begin on multiples of it leave no seams. *Default* is
what `create_model(name)` builds, every argument written out; *small* is a configuration that any
machine runs in a moment.
"""


def render() -> str:
    """Return the page as Markdown, ending with a newline."""
    parts = [_INTRODUCTION, _table()]
    parts += [_section(card) for card in ALL_CARDS]
    return "\n".join(parts)


def _table() -> str:
    lines = ["| network | axes | parameters | receptive field | stride | sizes |"]
    lines.append("| --- | ---: | ---: | --- | ---: | --- |")
    lines += [
        f"| [`{c.name}`](#{c.name}) | {c.spatial_dims} | {c.parameters:,} | {c.receptive_field} "
        f"| {c.stride} | {c.sizes} |"
        for c in ALL_CARDS
    ]
    return "\n".join([*lines, ""])


def _section(card: Card) -> str:
    lines = [f"## {card.name}", "", card.summary, "", f"- Paper: {card.paper}."]
    lines.append(f"- Default: `{_call(card.name, card.defaults)}`.")
    lines.append(f"- Small: `{_call(card.name, card.small)}`.")
    lines.append(f"- Names of weights: {card.key_layout}. Held against: {card.oracle}.")
    if card.deviations:
        lines.append(f"- Differs: {'; '.join(card.deviations)}.")
    lines += [f"- {_weights(card.name, w)}" for w in card.weights]
    return "\n".join([*lines, ""])


def _call(name: str, sizes: Mapping[str, Any]) -> str:
    named = "".join(f", {key}={value!r}" for key, value in sizes.items())
    return f'create_model("{name}"{named})'


def _weights(name: str, known: KnownWeights) -> str:
    digits = f", SHA-256 {known.sha256}" if known.sha256 else ""
    text = (
        f"Weights `{known.file}` ({known.trained_on}; {known.licence}; {known.published}{digits})"
    )
    return text + f" load into `{_call(name, known.sizes)}`."
