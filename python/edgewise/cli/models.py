"""List the networks, or print a card: paper, arguments, receptive field, sizes, known weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgewise.errors import ConfigError

from .options import add_format
from .printer import put, render

if TYPE_CHECKING:
    import argparse

__all__ = ["HELP", "NAME", "add_arguments", "execute"]

NAME: Final = "models"
HELP: Final = "the networks and what is known of them"

_COLUMNS: Final = ("model", "dims", "parameters", "receptive field", "sizes", "summary")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of this command."""
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="only these: full cards in a table or JSON"
    )
    parser.add_argument("--family", help="only one family, such as unet")
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from edgewise.models import list_models, model_info

    if arguments.names and arguments.family is not None:
        message = "models: give names or --family, not both"
        raise ConfigError(message)
    names = arguments.names or list_models(family=arguments.family)
    cards = [model_info(name) for name in names]
    form = "json" if arguments.json else arguments.format
    if form == "json":
        from edgewise.evaluation.strict_json import json_text

        put(json_text({"schema": "edgewise.models/1", "models": [_in_full(c) for c in cards]}))
    elif form == "table" and arguments.names:
        put("\n\n".join(_text(_in_full(card)) for card in cards))
    else:
        body = [_row(card, form) for card in cards]
        put(render(_COLUMNS, body, form, {"model", "receptive field", "sizes", "summary"}))
    return 0


def _row(card: Any, form: str) -> list[str]:  # noqa: ANN401
    parameters = f"{card.parameters:,}" if form == "table" else str(card.parameters)
    dims = str(card.spatial_dims)
    return [card.name, dims, parameters, card.receptive_field, str(card.sizes), card.summary]


def _in_full(card: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "model": card.name,
        "family": card.family,
        "summary": card.summary,
        "paper": card.paper,
        "spatial_dims": card.spatial_dims,
        "parameters": card.parameters,
        "receptive_field": card.receptive_field,
        "stride": card.stride,
        "sizes": str(card.sizes),
        "defaults": dict(card.defaults),
        "small": dict(card.small),
        "key_layout": card.key_layout,
        "oracle": card.oracle,
        "deviations": list(card.deviations),
        "weights": [
            {
                "file": w.file,
                "trained_on": w.trained_on,
                "licence": w.licence,
                "published": w.published,
                "sizes": dict(w.sizes),
                "sha256": w.sha256,
            }
            for w in card.weights
        ],
    }


def _text(fields: dict[str, Any]) -> str:
    width = max(map(len, fields))
    lines = []
    for name, value in fields.items():
        shown = _shown(value)
        lines += [f"{name if k == 0 else '':<{width}}  {line}" for k, line in enumerate(shown)]
    return "\n".join(lines)


def _shown(value: Any) -> list[str]:  # noqa: ANN401
    if isinstance(value, dict):
        return [", ".join(f"{k}={v!r}" for k, v in value.items())] if value else []
    if isinstance(value, list):
        return [line for item in value for line in _shown(item)]
    return [f"{value:,}" if isinstance(value, int) else str(value)]
