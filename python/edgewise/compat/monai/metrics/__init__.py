"""Drop-in for ``monai.metrics``: the measures of segmentations and classifications."""

from __future__ import annotations

import importlib
from typing import Any, Final

from edgewise._extras import require

_HOMES: Final = {
    "absolute_volume_difference": (
        "AbsoluteVolumeDifferenceMetric",
        "compute_absolute_volume_difference",
    ),
    "average_precision": ("AveragePrecisionMetric", "compute_average_precision"),
    "confusion_matrix": (
        "ConfusionMatrixMetric",
        "compute_confusion_matrix_metric",
        "get_confusion_matrix",
    ),
    "f_beta_score": ("FBetaScore", "compute_f_beta_score", "get_f_beta_score"),
    "froc": (
        "compute_fp_tp_probs",
        "compute_fp_tp_probs_nd",
        "compute_froc_curve_data",
        "compute_froc_score",
    ),
    "generalized_dice": ("GeneralizedDiceScore", "compute_generalized_dice"),
    "hausdorff_distance": ("HausdorffDistanceMetric", "compute_hausdorff_distance"),
    "meandice": ("DiceHelper", "DiceMetric", "compute_dice"),
    "meaniou": ("MeanIoU", "compute_iou"),
    "metric": ("Cumulative", "CumulativeIterationMetric", "IterationMetric", "Metric"),
    "panoptic_quality": (
        "PanopticQualityMetric",
        "compute_mean_iou",
        "compute_panoptic_quality",
    ),
    "rocauc": ("ROCAUCMetric", "compute_roc_auc"),
    "surface_dice": ("SurfaceDiceMetric", "compute_surface_dice"),
    "surface_distance": ("SurfaceDistanceMetric", "compute_average_surface_distance"),
    "utils": (
        "create_ignore_mask",
        "do_metric_reduction",
        "get_edge_surface_distance",
        "get_mask_edges",
        "get_surface_distance",
        "ignore_background",
        "is_binary_tensor",
        "prepare_spacing",
        "remap_instance_id",
    ),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    require("torch", extra="torch")
    if name in _HOMES:
        return importlib.import_module(f".{name}", __name__)
    if name in _HOME_OF:
        return getattr(importlib.import_module(f".{_HOME_OF[name]}", __name__), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return [*__all__, *_HOMES]
