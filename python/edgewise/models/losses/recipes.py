"""The losses by name: literal data, without torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from edgewise.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RECIPES", "Part", "Recipe", "list_losses", "recipe"]


@dataclass(frozen=True, slots=True)
class Part:
    """One formula of a named loss.

    Attributes
    ----------
    function : str
        Its name in this folder.
    weight : float
        Default factor.
    options : mapping
        Where the named loss departs from the function's defaults.
    """

    function: str
    weight: float = 1.0
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A named loss.

    Attributes
    ----------
    summary : str
        When to use it.
    source : str
        Paper or program.
    parts : tuple of Part
        What is added up.
    """

    summary: str
    source: str
    parts: tuple[Part, ...]


_CE: Final = Part("cross_entropy")
_FOREGROUND_DICE: Final = Part("dice_loss", options={"preset": "nnunet", "negative": False})

RECIPES: Final[dict[str, Recipe]] = {
    "cross_entropy": Recipe("one class per voxel, no rare classes", "", (_CE,)),
    "binary_cross_entropy": Recipe("independent channels", "", (Part("binary_cross_entropy"),)),
    "dice": Recipe("rare classes", "Milletari 2016, MONAI's form", (Part("dice_loss"),)),
    "generalised_dice": Recipe(
        "many classes of very different size", "Sudre 2017", (Part("generalised_dice_loss"),)
    ),
    "focal": Recipe("few hard voxels among many easy ones", "Lin 2017", (Part("focal_loss"),)),
    "tversky": Recipe("misses cost more than false alarms", "Salehi 2017", (Part("tversky_loss"),)),
    "focal_tversky": Recipe(
        "small lesions", "Abraham and Khan 2018", (Part("focal_tversky_loss"),)
    ),
    "cldice": Recipe("vessels, airways, roads", "Shit 2021", (Part("cldice_loss"),)),
    "hausdorff": Recipe(
        "far mistakes, after other training", "Karimi 2019", (Part("hausdorff_loss"),)
    ),
    "dice_ce": Recipe(
        "the usual choice",
        "nnU-Net, Isensee 2021",
        (Part("dice_loss", 1.0, {"preset": "nnunet"}), _CE),
    ),
    "dice_bce": Recipe(
        "regions that overlap, such as whole tumour and tumour core",
        "nnU-Net's region-based training",
        (
            Part(
                "dice_loss",
                1.0,
                {"preset": "nnunet", "include_background": True, "activation": "sigmoid"},
            ),
            Part("binary_cross_entropy"),
        ),
    ),
    "dice_focal": Recipe(
        "rare classes with hard voxels", "", (_FOREGROUND_DICE, Part("focal_loss"))
    ),
    "dice_cldice": Recipe(
        "tubes that must stay connected",
        "Shit 2021",
        (
            Part(
                "dice_loss",
                0.5,
                {
                    "include_background": False,
                    "smooth_numerator": 1.0,
                    "smooth_denominator": 1.0,
                },
            ),
            Part("cldice_loss", 0.5),
        ),
    ),
    "dice_boundary": Recipe(
        "small structures; raise the weight by boundary_weight",
        "Kervadec 2019",
        (
            Part("dice_loss", 0.99, {"preset": "nnunet", "negative": False}),
            Part("boundary_loss", 0.01),
        ),
    ),
    "generalised_dice_boundary": Recipe(
        "the same, as in the paper",
        "Kervadec 2019",
        (Part("generalised_dice_loss", 0.99), Part("boundary_loss", 0.01)),
    ),
    "dice_hausdorff": Recipe(
        "far mistakes beside overlap",
        "Karimi 2019",
        (_FOREGROUND_DICE, Part("hausdorff_loss", 0.01)),
    ),
}


def list_losses() -> tuple[str, ...]:
    """Return the names that `make_loss` knows.

    Examples
    --------
    >>> "dice_ce" in list_losses()
    True
    """
    return tuple(RECIPES)


def recipe(name: str) -> Recipe:
    """Return a named loss.

    Raises
    ------
    ConfigError
        If there is none of this name; the message suggests one.
    """
    if not isinstance(name, str) or name not in RECIPES:
        near = get_close_matches(str(name).lower(), RECIPES, n=1)
        hint = f" did you mean {near[0]!r}?" if near else ""
        message = f"no loss {name!r};{hint} there are: {', '.join(RECIPES)}"
        raise ConfigError(message)
    return RECIPES[name]
