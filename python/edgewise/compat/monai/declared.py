"""MONAI 1.6.1: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library, Quirk, Suite

__all__ = ["LIBRARY"]

_METRICS: Final = "monai.metrics."
_CLASSES: Final = "runs through the functions that are replaced"
_SUMS: Final = (
    "masks are counted and their numbers rounded once; sums of other values, and of more than 2^24 "
    "voxels in float32, are torch's in another order"
)
_DISTANCES: Final = (
    "distances are computed of index differences here, of differences of scaled indices there: with "
    "spacings that are not exact one may be rounded to the next float32"
)
_MEANS: Final = "means are exact here, float32 sums there; " + _DISTANCES
_AREAS: Final = "areas and their sums are float64 here, float32 there"
_LAST: Final = 1.2e-7  # one unit in the last place of float32


def _function(home: str, name: str, **how: object) -> Entry:
    return Entry(name, f"{_METRICS}{home}:{name}", **how)  # type: ignore[arg-type]


def _class(home: str, name: str, **how: object) -> Entry:
    return _function(home, name, **({"note": _CLASSES} | how), patch=False)


_ENTRIES: Final = (
    _function("meandice", "compute_dice", tier="close", rtol=1e-6, note=_SUMS),
    Entry(
        "DiceHelper.__call__", f"{_METRICS}meandice:DiceHelper.__call__", "close", 1e-6, note=_SUMS
    ),
    _class("meandice", "DiceHelper", tier="close", rtol=1e-6, note=f"{_CLASSES}; {_SUMS}"),
    _class("meandice", "DiceMetric", tier="corrected", rtol=1e-6, note=f"{_CLASSES}; {_SUMS}"),
    _function("meaniou", "compute_iou", note=_SUMS),
    _class("meaniou", "MeanIoU", tier="corrected"),
    _function(
        "generalized_dice", "compute_generalized_dice", tier="close", rtol=1e-6, note=_SUMS
    ),
    _class("generalized_dice", "GeneralizedDiceScore", tier="corrected", rtol=1e-6),
    _function(
        "hausdorff_distance", "compute_hausdorff_distance", tier="corrected", rtol=_LAST, note=_DISTANCES
    ),
    _class("hausdorff_distance", "HausdorffDistanceMetric", tier="corrected", rtol=3e-7),
    _function(
        "surface_distance", "compute_average_surface_distance", tier="close", rtol=1e-6, note=_MEANS
    ),
    _class("surface_distance", "SurfaceDistanceMetric", tier="corrected", rtol=1e-6),
    _function(
        "surface_dice",
        "compute_surface_dice",
        tier="close",
        rtol=2e-6,
        note=f"{_AREAS}; spacings of subvoxels that are not positive are handed to MONAI",
    ),
    _class("surface_dice", "SurfaceDiceMetric", tier="corrected", rtol=2e-6),
    _function("absolute_volume_difference", "compute_absolute_volume_difference", note=_SUMS),
    _class("absolute_volume_difference", "AbsoluteVolumeDifferenceMetric", tier="corrected"),
    _function("confusion_matrix", "get_confusion_matrix", tier="corrected"),
    _function("confusion_matrix", "compute_confusion_matrix_metric"),
    _class("confusion_matrix", "ConfusionMatrixMetric", tier="corrected"),
    _function("f_beta_score", "get_f_beta_score", tier="corrected"),
    _function("f_beta_score", "compute_f_beta_score"),
    _class("f_beta_score", "FBetaScore", tier="corrected"),
    _function(
        "panoptic_quality",
        "compute_panoptic_quality",
        note="maps with gaps in their numbers and remap=False are handed to MONAI",
    ),
    Entry(
        "PanopticQualityMetric._compute_tensor",
        f"{_METRICS}panoptic_quality:PanopticQualityMetric._compute_tensor",
    ),
    _class("panoptic_quality", "PanopticQualityMetric", tier="corrected"),
    _function("panoptic_quality", "compute_mean_iou", patch=False),
    _function("froc", "compute_fp_tp_probs"),
    _function("froc", "compute_fp_tp_probs_nd"),
    _function("froc", "compute_froc_curve_data"),
    _function("froc", "compute_froc_score"),
    _function("rocauc", "compute_roc_auc"),
    _class("rocauc", "ROCAUCMetric"),
    _function("average_precision", "compute_average_precision"),
    _class("average_precision", "AveragePrecisionMetric"),
    _function(
        "utils",
        "get_mask_edges",
        tier="close",
        rtol=5e-7,
        note=f"{_AREAS}; more than three axes are handed to SciPy",
    ),
    _function("utils", "get_surface_distance", tier="close", rtol=_LAST, note=_DISTANCES),
    _function("utils", "get_edge_surface_distance", tier="close", rtol=5e-7, note=_DISTANCES),
    _function("utils", "do_metric_reduction", tier="corrected", patch=False),
    _function("utils", "ignore_background", patch=False),
    _function("utils", "create_ignore_mask", patch=False),
    _function("utils", "prepare_spacing", patch=False),
    _function("utils", "remap_instance_id"),
    _function("metric", "Cumulative", patch=False),
    Entry(
        "distance_transform_edt",
        "monai.transforms.utils:distance_transform_edt",
        "corrected",
        rtol=1e-15,
        note="spacings of 0 are handed to SciPy",
    ),
)

LIBRARY: Final = Library("monai", "monai", "monai", "1.6.1", _ENTRIES)
