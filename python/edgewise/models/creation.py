"""Build a network of the registry by its name."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise._extras import require
from edgewise.errors import ConfigError

from .registry import model_info, unknown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .card import Card

__all__ = ["create_model"]


def create_model(name: str, *, weights: str | Path | None = None, **sizes: Any) -> Any:  # noqa: ANN401
    """Build a network.

    Parameters
    ----------
    name : str
        One of `list_models`.
    weights : path, optional
        A file for `load_weights`. Default: random values.
    **sizes
        Arguments of the builder, such as ``in_channels`` and ``classes``; without them the
        published configuration is built. ``edgewise models NAME`` lists them.

    Returns
    -------
    torch.nn.Module
        In training mode, on the current default device (``torch.device("meta")`` works).

    Raises
    ------
    ConfigError
        For an unknown name or argument, or one with which no network can be built.
    ReadError
        If `weights` cannot be read or do not fit.
    MissingExtraError
        If torch is not installed.
    """
    card = model_info(name)
    require("torch", extra="models")
    build = _builder(card)
    known = inspect.signature(build).parameters
    for size in sizes:
        if size not in known:
            raise ConfigError(unknown(f"argument of {name}", size, known))
    model = build(**{size: _plain(value) for size, value in sizes.items()})
    if weights is not None:
        from .weights import load_weights

        load_weights(model, weights)
    return model


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Return a number of NumPy, such as the largest label plus 1, as one of Python."""
    return value.item() if isinstance(value, np.generic) else value


def _builder(card: Card) -> Callable[..., Any]:
    module, _, function = card.builder.partition(":")
    networks = importlib.import_module(f"edgewise.models.networks.{module}")
    build: Callable[..., Any] = getattr(networks, function)
    return build
