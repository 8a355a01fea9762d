"""MONAI 1.6.1: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library, Quirk, Suite

__all__ = ["LIBRARY"]

_METRICS: Final = "monai.metrics."
_CLASSES: Final = "runs through the functions that are replaced"
_SUMS: Final = (
    "masks are counted and their numbers rounded once, also beyond the 2^24 voxels that a float32 "
    "sum counts exactly"
)
_SOFT: Final = f"{_SUMS}; values of y other than 0 and 1 are summed in another order"
_DISTANCES: Final = (
    "distances are made of index differences here, of differences of scaled indices there: with "
    "spacings that are not exact one may be the next float32"
)
_MEANS: Final = "means are exact here, float32 sums there; " + _DISTANCES
_AREAS: Final = "areas and their sums are float64 here, float32 there"
_LAST: Final = 1.2e-7  # one unit in the last place of float32


def _function(home: str, name: str, **how: object) -> Entry:
    return Entry(name, f"{_METRICS}{home}:{name}", **how)  # type: ignore[arg-type]


def _class(home: str, name: str, **how: object) -> Entry:
    return _function(home, name, **({"note": _CLASSES} | how), patch=False)


_ENTRIES: Final = (
    _function("meandice", "compute_dice", tier="close", rtol=1e-6, atol=1e-7, note=_SOFT),
    Entry(
        "DiceHelper.__call__",
        f"{_METRICS}meandice:DiceHelper.__call__",
        "close",
        1e-6,
        1e-7,
        note=_SOFT,
    ),
    _class(
        "meandice", "DiceHelper", tier="close", rtol=1e-6, atol=1e-7, note=f"{_CLASSES}; {_SOFT}"
    ),
    _class(
        "meandice",
        "DiceMetric",
        tier="corrected",
        rtol=1e-6,
        atol=1e-7,
        note=f"{_CLASSES}; {_SOFT}",
    ),
    _function("meaniou", "compute_iou", note=_SUMS),
    _class("meaniou", "MeanIoU", tier="corrected"),
    _function("generalized_dice", "compute_generalized_dice", note=_SUMS),
    _class("generalized_dice", "GeneralizedDiceScore", tier="corrected"),
    _function(
        "hausdorff_distance",
        "compute_hausdorff_distance",
        tier="corrected",
        rtol=_LAST,
        note=_DISTANCES,
    ),
    _class("hausdorff_distance", "HausdorffDistanceMetric", tier="corrected", rtol=3e-7),
    _function(
        "surface_distance", "compute_average_surface_distance", tier="close", rtol=1e-6, note=_MEANS
    ),
    _class("surface_distance", "SurfaceDistanceMetric", tier="corrected", rtol=1e-6),
    _function(
        "surface_dice",
        "compute_surface_dice",
        tier="corrected",
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
        note="of voxels that are equally near but for rounding any one; spacings that are not "
        "positive are handed to SciPy, CUDA tensors to MONAI where cuCIM is installed",
    ),
)

_REDUCED: Final = (
    "do_metric_reduction",
    "DiceMetric",
    "MeanIoU",
    "GeneralizedDiceScore",
    "HausdorffDistanceMetric",
    "SurfaceDistanceMetric",
    "SurfaceDiceMetric",
    "AbsoluteVolumeDifferenceMetric",
    "ConfusionMatrixMetric",
    "FBetaScore",
    "PanopticQualityMetric",
)
_HD: Final = ("compute_hausdorff_distance", "HausdorffDistanceMetric")
_ASD: Final = ("compute_average_surface_distance", "SurfaceDistanceMetric")
_NSD: Final = ("compute_surface_dice", "SurfaceDiceMetric")
_DICE: Final = ("compute_dice", "DiceMetric", "DiceHelper", "DiceHelper.__call__")
_ROW: Final = "torch.tensor([[[1.0, 1.0, 1.0, 0.0, 0.0]]])"
_NONE: Final = "torch.zeros(1, 1, 5)"

_QUIRKS: Final = (
    Quirk(
        "monai-missed-structure",
        _HD,
        "A percentile is NaN where a structure is missed or invented, and reductions leave NaN "
        "out: a data set scores better for it. The maximum is inf.",
        f"peer.compute_hausdorff_distance({_NONE}, {_ROW}, percentile=95)",
        "tensor([[nan]])",
        "tensor([[inf]])",
        source="Project-MONAI/MONAI#9095",
    ),
    Quirk(
        "monai-percentile-0",
        _HD,
        "The percentile 0 is the maximum.",
        f"peer.compute_hausdorff_distance({_ROW}, torch.ones(1, 1, 5), percentile=0)",
        "tensor([[2.]])",
        "tensor([[0.]])",
    ),
    Quirk(
        "monai-mean-of-nothing",
        _REDUCED,
        "A mean of values of which all are NaN is 0: the Dice coefficient of a class that occurs "
        "nowhere.",
        "peer.do_metric_reduction(torch.tensor([[torch.nan]]), 'mean')",
        "(tensor([0.]), tensor(0.))",
        "(tensor([nan]), tensor(0.))",
        source="Project-MONAI/MONAI#7504",
    ),
    Quirk(
        "monai-reduction-writes",
        _REDUCED[:1],
        "The NaN of the argument are set to 0.",
        "(lambda f: (peer.do_metric_reduction(f), f)[1])(torch.tensor([[torch.nan]]))",
        "tensor([[0.]])",
    ),
    Quirk(
        "monai-bool-counts",
        ("get_confusion_matrix", "ConfusionMatrixMetric", "get_f_beta_score", "FBetaScore"),
        "There are no true positives among bool tensors: the sum of two truths is not 2.",
        "peer.get_confusion_matrix(torch.ones(1, 1, 3) > 0, torch.ones(1, 1, 3) > 0)",
        "tensor([[[0., 0., 0., 3.]]])",
        "tensor([[[3., 0., 0., 0.]]])",
    ),
    Quirk(
        "monai-ignored-voxels-cut",
        ("HausdorffDistanceMetric", "SurfaceDistanceMetric", *_NSD),
        "Ignored voxels become background: structures that they cut have a boundary there, with "
        "the distance 0 in both masks.",
        "peer.SurfaceDistanceMetric(include_background=True, ignore_index=7)("
        "torch.tensor([[[1.0, 1, 1, 1, 0, 0]]]), torch.tensor([[[1.0, 7, 1, 0, 0, 0]]]))",
        "tensor([[0.3333]])",
        "tensor([[0.5000]])",
    ),
    Quirk(
        "monai-edt-outputs",
        ("distance_transform_edt",),
        "Output arrays are neither written nor returned.",
        "(lambda out: (peer.distance_transform_edt(np.array([[[0, 1]]]), distances=out), out))"
        "(np.full((1, 1, 2), 9.0))",
        "(None, array([[[9., 9.]]]))",
        "(None, array([[[0., 1.]]]))",
    ),
    Quirk(
        "monai-edt-no-background",
        ("distance_transform_edt",),
        "Distances in a channel without 0 are finite: to an element before the first axis.",
        "peer.distance_transform_edt(np.ones((1, 2, 2)))",
        "array([[[1.        , 1.41421356],\n        [2.        , 2.23606798]]])",
    ),
    Quirk(
        "monai-only-ones",
        (*_HD, *_ASD, *_NSD),
        "Only 1 is foreground for distances: masks of 0 and 255, or probabilities, are empty.",
        f"peer.compute_average_surface_distance({_ROW} * 255, {_ROW} * 255)",
        "tensor([[nan]])",
    ),
    Quirk(
        "monai-any-prediction",
        _DICE,
        "Everything but 0 is foreground in the prediction of a Dice coefficient.",
        "peer.compute_dice(torch.full((1, 2, 3), 0.01), torch.ones(1, 2, 3))",
        "tensor([[1., 1.]])",
    ),
    Quirk(
        "monai-single-channel",
        (*_HD, *_ASD, *_NSD, *_DICE),
        "Distances leave the background out by default, Dice does not; a single channel counts.",
        f"peer.compute_hausdorff_distance({_ROW}, {_ROW}, include_background=False)",
        "tensor([[0.]])",
    ),
    Quirk(
        "monai-subvoxels-spacing",
        _NSD,
        "use_subvoxels takes no single number as spacing.",
        "peer.compute_surface_dice(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2), [1.0], "
        "spacing=1.0, use_subvoxels=True)",
        "TypeError",
    ),
    Quirk(
        "monai-panoptic-below-1",
        ("compute_panoptic_quality", "PanopticQualityMetric"),
        "Equal maps do not reach 1: a small number is added to the denominator.",
        "round(float(peer.compute_panoptic_quality(torch.ones(2, 2), torch.ones(2, 2), "
        "smooth_numerator=0.01)), 6)",
        "0.990099",
    ),
    Quirk(
        "monai-epsilon",
        ("compute_generalized_dice", "GeneralizedDiceScore"),
        "epsilon has no effect.",
        f"peer.compute_generalized_dice({_ROW}, {_ROW}, epsilon=1e9)",
        "tensor([[1.]])",
    ),
    Quirk(
        "monai-uint8-labels",
        ("compute_roc_auc", "ROCAUCMetric", "compute_average_precision", "AveragePrecisionMetric"),
        "Labels in uint8 are added in uint8: from 256 positives of equal values on, areas and "
        "weights are wrong.",
        "(lambda y: round(float(peer.compute_roc_auc(y / 1.0, y)), 6))"
        "((torch.arange(514) % 2).byte())",
        "0.003891",
        "1.0",
        always=True,
    ),
)

_WORDS: Final = "the words of messages"
_SUITES: Final = (
    *(
        Suite(f"tests/metrics/test_{name}.py")
        for name in (
            "compute_average_precision",
            "compute_confusion_matrix",
            "compute_f_beta",
            "compute_froc",
            "compute_generalized_dice",
            "compute_meandice",
            "compute_meaniou",
            "compute_panoptic_quality",
            "compute_roc_auc",
            "hausdorff_distance",
            "surface_distance",
        )
    ),
    Suite(
        "tests/metrics/test_surface_dice.py",
        (("TestAllSurfaceDiceMetrics::test_asserts", _WORDS),),
    ),
)

LIBRARY: Final = Library("monai", "monai", "monai", "1.6.1", _ENTRIES, _QUIRKS, _SUITES)
