"""Arithmetic of networks: receptive fields, sizes, tiles, and what padding does.

Formulas for single layers (`sizes`, `chain`) need no torch. Whole networks, ours or anybody's, are
traced without computing (`tracing`), their maps linked by rules per operation (`local_rules`,
`layout_rules`, `mixing_rules`) and the links followed back (`dependence`); receptive field, tiles
and padding are read from that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edgewise._lazy import loader

if TYPE_CHECKING:
    from .admissible import admissible_sizes as admissible_sizes
    from .admissible import output_size as output_size
    from .chain import ChainField as ChainField
    from .chain import Layer as Layer
    from .chain import chain_field as chain_field
    from .gradient import GradientCheck as GradientCheck
    from .padding import padding_influence as padding_influence
    from .padding import run_with_padding as run_with_padding
    from .picture import Picture as Picture
    from .picture import padding_effects_figure as padding_effects_figure
    from .planning import plan_tiles as plan_tiles
    from .receptive import ReceptiveField as ReceptiveField
    from .receptive import receptive_field as receptive_field
    from .sizes import conv_output_size as conv_output_size
    from .sizes import interpolated_size as interpolated_size
    from .sizes import pool_output_size as pool_output_size
    from .sizes import transposed_output_size as transposed_output_size
    from .sizes import unpooled_size as unpooled_size
    from .tiles import Tile as Tile
    from .tiles import TilePlan as TilePlan
    from .tiles import run_tiled as run_tiled

_HOMES: Final = {  # where each name lives
    "ChainField": "chain",
    "GradientCheck": "gradient",
    "Layer": "chain",
    "Picture": "picture",
    "ReceptiveField": "receptive",
    "Tile": "tiles",
    "TilePlan": "tiles",
    "admissible_sizes": "admissible",
    "chain_field": "chain",
    "conv_output_size": "sizes",
    "interpolated_size": "sizes",
    "output_size": "admissible",
    "padding_effects_figure": "picture",
    "padding_influence": "padding",
    "plan_tiles": "planning",
    "pool_output_size": "sizes",
    "receptive_field": "receptive",
    "run_tiled": "tiles",
    "run_with_padding": "padding",
    "transposed_output_size": "sizes",
    "unpooled_size": "sizes",
}
_TORCHLESS: Final = frozenset({"chain", "sizes"})

__all__ = sorted(_HOMES)
__getattr__ = loader(__name__, _HOMES, torchless=_TORCHLESS)


def __dir__() -> list[str]:
    return __all__
