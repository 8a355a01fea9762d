"""The cards of all networks, family by family, in the order of the textbook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import deeplab, deepmedic, encoder_decoder, fcn, lenet, nnunet, unet

if TYPE_CHECKING:
    from edgewise.models.card import Card

__all__ = ["ALL_CARDS"]

ALL_CARDS: Final[tuple[Card, ...]] = (
    *lenet.CARDS,
    *fcn.CARDS,
    *encoder_decoder.CARDS,
    *unet.CARDS,
    *deeplab.CARDS,
    *deepmedic.CARDS,
    *nnunet.CARDS,
)
