"""The ways in which soft Dice is written: literal data, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from edgewise.errors import ConfigError

__all__ = ["DICE_CONVENTIONS", "DiceConvention", "dice_convention"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiceConvention:
    """What a soft Dice does where authors differ.

    Attributes
    ----------
    squared : bool
        The denominator sums squares, ``sum p^2 + sum y^2``, instead of ``sum p + sum y``.
    jaccard : bool
        The denominator is twice the union, ``2 (P + G - I)``.
    batch : bool
        Sums run over the whole batch, so that a class absent from one sample costs little.
    include_background : bool
        Channel 0 counts.
    smooth_numerator, smooth_denominator : float
        Added to ``2 I`` and to the denominator.
    negative : bool
        The loss is minus the Dice, in [-1, 0], instead of 1 minus the Dice; the gradient is
        the same.
    """

    squared: bool = False
    jaccard: bool = False
    batch: bool = False
    include_background: bool = True
    smooth_numerator: float = 1e-5
    smooth_denominator: float = 1e-5
    negative: bool = False


DICE_CONVENTIONS: Final[dict[str, DiceConvention]] = {
    "monai": DiceConvention(),
    "nnunet": DiceConvention(batch=True, include_background=False, negative=True),
    "transunet": DiceConvention(squared=True, batch=True),
    "vnet": DiceConvention(
        squared=True, include_background=False, smooth_numerator=0.0, smooth_denominator=0.0
    ),
}


def dice_convention(
    preset: str,
    *,
    squared: bool | None,
    jaccard: bool | None,
    batch: bool | None,
    include_background: bool | None,
    smooth_numerator: float | None,
    smooth_denominator: float | None,
    negative: bool | None,
) -> DiceConvention:
    """Return a named convention with what is not None put in its place.

    Raises
    ------
    ConfigError
        If there is no such preset; the message suggests one.
    """
    if not isinstance(preset, str) or preset not in DICE_CONVENTIONS:
        near = get_close_matches(str(preset).lower(), DICE_CONVENTIONS, n=1)
        hint = f" did you mean {near[0]!r}?" if near else ""
        message = f"no preset {preset!r} of Dice;{hint} there are: {', '.join(DICE_CONVENTIONS)}"
        raise ConfigError(message)
    found = DICE_CONVENTIONS[preset]
    return DiceConvention(
        squared=found.squared if squared is None else squared,
        jaccard=found.jaccard if jaccard is None else jaccard,
        batch=found.batch if batch is None else batch,
        include_background=(
            found.include_background if include_background is None else include_background
        ),
        smooth_numerator=found.smooth_numerator if smooth_numerator is None else smooth_numerator,
        smooth_denominator=(
            found.smooth_denominator if smooth_denominator is None else smooth_denominator
        ),
        negative=found.negative if negative is None else negative,
    )
