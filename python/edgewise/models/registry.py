"""The networks by name: list them, read their cards; `edgewise.models.creation` builds them."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from edgewise.errors import ConfigError

from .cards import ALL_CARDS

if TYPE_CHECKING:
    from .card import Card

__all__ = ["list_models", "model_info", "unknown"]

_CARDS: Final[dict[str, Card]] = {card.name: card for card in ALL_CARDS}


def list_models(*, family: str | None = None, spatial_dims: int | None = None) -> tuple[str, ...]:
    """Return the names of the networks.

    Parameters
    ----------
    family : str, optional
        Only those of one family, such as ``"unet"``.
    spatial_dims : int, optional
        Only those for 2 or for 3 axes.

    Returns
    -------
    tuple of str
        In the order of the textbook.

    Raises
    ------
    ConfigError
        If there is no such family, or no network of so many axes.

    Examples
    --------
    >>> list_models(family="lenet")
    ('lenet', 'lenet_fcn')
    """
    families = {card.family for card in ALL_CARDS}
    if family is not None and family not in families:
        raise ConfigError(unknown("family", family, families))
    if spatial_dims not in (None, 2, 3):
        message = f"spatial_dims must be 2 or 3, got {spatial_dims!r}"
        raise ConfigError(message)
    return tuple(
        card.name
        for card in ALL_CARDS
        if family in (None, card.family) and spatial_dims in (None, card.spatial_dims)
    )


def model_info(name: str) -> Card:
    """Return the card of a network: paper, sizes, receptive field, weights.

    Raises
    ------
    ConfigError
        If there is no network of this name; the message suggests one.
    """
    if not isinstance(name, str) or name not in _CARDS:
        raise ConfigError(unknown("model", name, _CARDS))
    return _CARDS[name]


def unknown(what: str, name: object, known: Any) -> str:  # noqa: ANN401
    """Return the sentence on a name that is not there, with the nearest of those that are."""
    plain = re.sub("[^a-z0-9]", "", str(name).lower())  # U-Net 2D: unet2d
    spelled = {re.sub("[^a-z0-9]", "", entry): entry for entry in known}
    near = [spelled[found] for found in get_close_matches(plain, list(spelled), n=1)]
    hint = f" did you mean {near[0]!r}?" if near else ""
    return f"no {what} {name!r};{hint} there are: {', '.join(sorted(known))}"
