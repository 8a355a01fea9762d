"""Networks that make segmentations, and what is needed around them.

Plain PyTorch, one paper one file (`networks`), with size arithmetic, tiling, losses, training and
inference. The names below load when they are first used; torch comes with
``pip install 'edgewise[models]'`` and is imported only by what needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edgewise._lazy import loader

if TYPE_CHECKING:
    from .arithmetic.admissible import admissible_sizes as admissible_sizes
    from .arithmetic.admissible import output_size as output_size
    from .arithmetic.padding import padding_influence as padding_influence
    from .arithmetic.picture import padding_effects_figure as padding_effects_figure
    from .arithmetic.planning import plan_tiles as plan_tiles
    from .arithmetic.receptive import ReceptiveField as ReceptiveField
    from .arithmetic.receptive import receptive_field as receptive_field
    from .arithmetic.tiles import TilePlan as TilePlan
    from .arithmetic.tiles import run_tiled as run_tiled
    from .card import Card as Card
    from .card import KnownWeights as KnownWeights
    from .card import Sizes as Sizes
    from .creation import create_model as create_model
    from .export import export_program as export_program
    from .inference import Ensemble as Ensemble
    from .inference import Execution as Execution
    from .inference import Labels as Labels
    from .inference import Logits as Logits
    from .inference import LogitsFile as LogitsFile
    from .inference import MemoryNeeded as MemoryNeeded
    from .inference import Predictor as Predictor
    from .inference import Probabilities as Probabilities
    from .inference import Tiling as Tiling
    from .inference import deterministic as deterministic
    from .inference import memory_needed as memory_needed
    from .inference import predict_cases as predict_cases
    from .inference import predict_folder as predict_folder
    from .inference import read_description as read_description
    from .inference import segment as segment
    from .inference import sliding_window as sliding_window
    from .inference.dense import dense_logits as dense_logits
    from .losses import DeepSupervision as DeepSupervision
    from .losses import Loss as Loss
    from .losses import boundary_map as boundary_map
    from .losses import list_losses as list_losses
    from .losses import make_loss as make_loss
    from .outputs import main_output as main_output
    from .plans import Checkpoint as Checkpoint
    from .plans import Configuration as Configuration
    from .plans import DatasetDescription as DatasetDescription
    from .plans import Plans as Plans
    from .plans import load_checkpoint as load_checkpoint
    from .plans import read_dataset as read_dataset
    from .plans import read_plans as read_plans
    from .preprocessing import IntensityStatistics as IntensityStatistics
    from .preprocessing import Normalization as Normalization
    from .preprocessing import Prepared as Prepared
    from .preprocessing import Preprocessing as Preprocessing
    from .preprocessing import ResamplingRule as ResamplingRule
    from .preprocessing import plan_preprocessing as plan_preprocessing
    from .registry import list_models as list_models
    from .registry import model_info as model_info
    from .score_maps import locate as locate
    from .score_maps import upsample_scores as upsample_scores
    from .training import ArrayCases as ArrayCases
    from .training import Augmentation as Augmentation
    from .training import FitResult as FitResult
    from .training import FolderCases as FolderCases
    from .training import FolderOptions as FolderOptions
    from .training import FolderRun as FolderRun
    from .training import Schedule as Schedule
    from .training import TrainingCase as TrainingCase
    from .training import fit as fit
    from .training import open_folders as open_folders
    from .weights import load_weights as load_weights
    from .weights import save_weights as save_weights
    from .weights import weights_path as weights_path

_HOMES: Final = {  # where each name lives
    "ArrayCases": "training",
    "Augmentation": "training",
    "Card": "card",
    "Checkpoint": "plans",
    "Configuration": "plans",
    "DatasetDescription": "plans",
    "DeepSupervision": "losses",
    "Ensemble": "inference",
    "Execution": "inference",
    "FitResult": "training",
    "FolderCases": "training",
    "FolderOptions": "training",
    "FolderRun": "training",
    "IntensityStatistics": "preprocessing",
    "KnownWeights": "card",
    "Labels": "inference",
    "Logits": "inference",
    "LogitsFile": "inference",
    "Loss": "losses",
    "MemoryNeeded": "inference",
    "Normalization": "preprocessing",
    "Plans": "plans",
    "Predictor": "inference",
    "Prepared": "preprocessing",
    "Preprocessing": "preprocessing",
    "Probabilities": "inference",
    "ReceptiveField": "arithmetic.receptive",
    "ResamplingRule": "preprocessing",
    "Schedule": "training",
    "Sizes": "card",
    "TilePlan": "arithmetic.tiles",
    "Tiling": "inference",
    "TrainingCase": "training",
    "admissible_sizes": "arithmetic.admissible",
    "boundary_map": "losses",
    "create_model": "creation",
    "dense_logits": "inference.dense",
    "deterministic": "inference",
    "export_program": "export",
    "fit": "training",
    "list_losses": "losses",
    "list_models": "registry",
    "load_checkpoint": "plans",
    "load_weights": "weights",
    "locate": "score_maps",
    "main_output": "outputs",
    "make_loss": "losses",
    "memory_needed": "inference",
    "model_info": "registry",
    "open_folders": "training",
    "output_size": "arithmetic.admissible",
    "padding_effects_figure": "arithmetic.picture",
    "padding_influence": "arithmetic.padding",
    "plan_preprocessing": "preprocessing",
    "plan_tiles": "arithmetic.planning",
    "predict_cases": "inference",
    "predict_folder": "inference",
    "read_dataset": "plans",
    "read_description": "inference",
    "read_plans": "plans",
    "receptive_field": "arithmetic.receptive",
    "run_tiled": "arithmetic.tiles",
    "save_weights": "weights",
    "segment": "inference",
    "sliding_window": "inference",
    "upsample_scores": "score_maps",
    "weights_path": "weights",
}
_TORCHLESS: Final = frozenset(
    {"card", "creation", "losses", "outputs", "plans", "preprocessing", "registry"}
)

__all__ = sorted(_HOMES, key=lambda name: (name[0].islower(), name))  # classes first
__getattr__ = loader(__name__, _HOMES, torchless=_TORCHLESS)


def __dir__() -> list[str]:
    return __all__
