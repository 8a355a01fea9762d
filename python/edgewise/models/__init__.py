"""Networks that make segmentations, and what is needed around them.

Plain PyTorch, one paper one file (`networks`), with size arithmetic, tiling, losses, training and
inference. The names below load when they are first used; torch comes with
``pip install 'edgewise[models]'`` and is imported only by what needs it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .card import Card as Card
    from .card import KnownWeights as KnownWeights
    from .card import Sizes as Sizes
    from .outputs import main_output as main_output
    from .registry import create_model as create_model
    from .registry import list_models as list_models
    from .registry import model_info as model_info
    from .score_maps import locate as locate
    from .score_maps import upsample_scores as upsample_scores
    from .weights import load_weights as load_weights
    from .weights import save_weights as save_weights
    from .weights import weights_path as weights_path

_HOMES: Final = {  # where each name lives
    "Card": "card",
    "KnownWeights": "card",
    "Sizes": "card",
    "create_model": "registry",
    "list_models": "registry",
    "load_weights": "weights",
    "locate": "score_maps",
    "main_output": "outputs",
    "model_info": "registry",
    "save_weights": "weights",
    "upsample_scores": "score_maps",
    "weights_path": "weights",
}
_TORCHLESS: Final = frozenset({"card", "outputs", "registry"})

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    home = _HOMES[name]
    if home not in _TORCHLESS:
        from edgewise._extras import require

        require("torch", extra="models")
    value = getattr(importlib.import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
