"""Losses for segmentation: formulas as functions, named combinations, deep supervision.

Every loss is a callable ``loss(logits, labels)`` that gives a scalar: `logits` (N, classes, ...)
as the network returns them, `labels` (N, ...) integers. `make_loss` builds the named ones,
`list_losses` lists them; `Loss` and `Term` put own ones together. `boundary_map` and
`touching_cell_weights` are numpy functions: they and the list of names work without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edgewise._lazy import loader

if TYPE_CHECKING:
    from .boundary import boundary_loss as boundary_loss
    from .boundary import boundary_weight as boundary_weight
    from .cldice import cldice_loss as cldice_loss
    from .combination import Loss as Loss
    from .combination import Term as Term
    from .combination import make_loss as make_loss
    from .deep_supervision import DeepSupervision as DeepSupervision
    from .deep_supervision import downsample_labels as downsample_labels
    from .deep_supervision import supervision_weights as supervision_weights
    from .dice import dice_loss as dice_loss
    from .dice import generalised_dice_loss as generalised_dice_loss
    from .dice_conventions import DICE_CONVENTIONS as DICE_CONVENTIONS
    from .dice_conventions import DiceConvention as DiceConvention
    from .entropy import binary_cross_entropy as binary_cross_entropy
    from .entropy import cross_entropy as cross_entropy
    from .focal import focal_loss as focal_loss
    from .hausdorff import hausdorff_loss as hausdorff_loss
    from .level_sets import boundary_map as boundary_map
    from .recipes import RECIPES as RECIPES
    from .recipes import Recipe as Recipe
    from .recipes import list_losses as list_losses
    from .skeletons import soft_skeleton as soft_skeleton
    from .touching_cells import touching_cell_weights as touching_cell_weights
    from .tversky import focal_tversky_loss as focal_tversky_loss
    from .tversky import tversky_loss as tversky_loss

_HOMES: Final = {  # where each name lives
    "DICE_CONVENTIONS": "dice_conventions",
    "DeepSupervision": "deep_supervision",
    "DiceConvention": "dice_conventions",
    "Loss": "combination",
    "RECIPES": "recipes",
    "Recipe": "recipes",
    "Term": "combination",
    "binary_cross_entropy": "entropy",
    "boundary_loss": "boundary",
    "boundary_map": "level_sets",
    "boundary_weight": "boundary",
    "cldice_loss": "cldice",
    "cross_entropy": "entropy",
    "dice_loss": "dice",
    "downsample_labels": "deep_supervision",
    "focal_loss": "focal",
    "focal_tversky_loss": "tversky",
    "generalised_dice_loss": "dice",
    "hausdorff_loss": "hausdorff",
    "list_losses": "recipes",
    "make_loss": "combination",
    "soft_skeleton": "skeletons",
    "supervision_weights": "deep_supervision",
    "touching_cell_weights": "touching_cells",
    "tversky_loss": "tversky",
}
_TORCHLESS: Final = frozenset({"dice_conventions", "level_sets", "recipes", "touching_cells"})

__all__ = sorted(_HOMES, key=lambda name: (not name.isupper(), name[0].islower(), name))
__getattr__ = loader(__name__, _HOMES, torchless=_TORCHLESS)


def __dir__() -> list[str]:
    return __all__
