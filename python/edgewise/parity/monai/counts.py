"""Random calls of MONAI's Dice, IoU, volumes and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.parity.call import Call, Calls, function

from .draws import (
    BOTH,
    INDICES,
    REDUCTIONS,
    batches,
    calls_of,
    life,
    lives_of,
    load_torch,
    reductions,
    some,
    tensor_of,
    twice,
)

if TYPE_CHECKING:
    from edgewise.parity.draw import Draw

__all__ = ["CALLS"]


def _labels(draw: Draw) -> tuple[Any, Any, int]:
    """Return label maps or channels of classes, and the number of classes."""
    torch = load_torch()
    classes = draw.integer(1, 5)
    shape = draw.shape(1, 3, voxels=120)
    samples = draw.choice((1, 2, 3))
    maps = [
        torch.from_numpy(
            np.stack([draw.labels(shape, largest=max(1, classes - 1)) for _ in range(samples)])
        )
        for _ in range(2)
    ]
    pair = []
    for one in maps:
        if draw.chance(0.7):
            dtype = getattr(torch, draw.choice(("float32", "int64", "uint8", "float64", "int32")))
            pair.append(one[:, None].to(dtype))
        else:
            hot = one[:, None] == torch.arange(classes).reshape(1, -1, *[1] * len(shape))
            pair.append(hot.to(torch.float32))
    if draw.chance(0.05):
        pair[0] = pair[0] + 0.5
    return pair[0], pair[1], classes


def _dice_options(draw: Draw, ndim: int) -> dict[str, Any]:
    options = some(draw, include_background=BOTH, ignore_empty=BOTH)
    if draw.chance(0.2):
        options["ignore_index"] = draw.choice(INDICES)
    if draw.chance(0.05) and ndim in (4, 5):
        options["per_component"] = True
    return options


def _dice_batch(draw: Draw) -> tuple[Any, Any, dict[str, Any]]:
    if draw.chance(0.35):
        y_pred, y, classes = _labels(draw)
        options = _dice_options(draw, y.ndim)
        if draw.chance(0.8):
            options["num_classes"] = classes
        return y_pred, y, options
    if draw.chance(0.15):  # two channels, of one label
        shape = draw.shape(2, 3, voxels=120)
        pairs = [draw.pair(shape) for _ in range(draw.integer(1, 2))]
        y_pred, y = (
            tensor_of(draw, np.stack([[~one, one] for one in side]), soft=0)
            for side in zip(*pairs, strict=True)
        )
        return y_pred, y, _dice_options(draw, y.ndim) | {"per_component": True}
    y_pred, y = batches(draw)
    return y_pred, y, _dice_options(draw, y.ndim)


def _compute_dice(draw: Draw) -> Call:
    y_pred, y, options = _dice_batch(draw)
    return Call(function("compute_dice"), (y_pred, y), options)


def _dice_metric(draw: Draw) -> Call:
    y_pred, y, options = _dice_batch(draw)
    made = options | reductions(draw)
    if draw.chance(0.2):
        labels = draw.choice((True, ["a", "b", "c", "d", "e"]))
        made |= {"reduction": "mean_batch", "return_with_label": labels}
    return life(draw, "DiceMetric", made, twice(draw, (y_pred, y)))


def _dice_helper(draw: Draw) -> Call:
    y_pred, y, options = _dice_batch(draw)
    options |= some(
        draw,
        threshold=BOTH,
        apply_argmax=BOTH,
        activate=BOTH,
        get_not_nans=BOTH,
        reduction=REDUCTIONS,
    )
    options |= draw.choice(({}, {}, {}, {"sigmoid": True}, {"softmax": False}))
    if y_pred.is_floating_point() and draw.chance(0.5):
        y_pred = y_pred * 2 - 0.7

    def act(space: Any, y_pred: Any, y: Any, options: Any) -> Any:
        return space.DiceHelper(**options)(y_pred, y)

    return Call(act, (y_pred, y, options))


def _iou_options(draw: Draw) -> dict[str, Any]:
    options = some(draw, include_background=BOTH, ignore_empty=BOTH)
    if draw.chance(0.2):
        options["ignore_index"] = draw.choice(INDICES)
    return options


def _generalized_options(draw: Draw) -> dict[str, Any]:
    options = some(
        draw,
        include_background=BOTH,
        weight_type=("square", "simple", "uniform", "x"),
        epsilon=(0.1,),
    )
    if draw.chance(0.2):
        options["ignore_index"] = draw.choice(INDICES)
    return options


def _generalized_metric(draw: Draw) -> Call:
    made = _generalized_options(draw) | some(draw, reduction=REDUCTIONS)
    call = life(draw, "GeneralizedDiceScore", made, twice(draw, batches(draw)))
    return Call(call.act, (*call.args[:3], {}))


def _volume_options(draw: Draw) -> dict[str, Any]:
    return some(draw, include_background=BOTH, ignore_empty=BOTH)


def _matrix_options(draw: Draw) -> dict[str, Any]:
    options = some(draw, include_background=BOTH)
    if draw.chance(0.2):
        options["ignore_index"] = draw.choice(INDICES)
    return options


def _matrix_batches(draw: Draw) -> tuple[Any, Any]:
    if draw.chance(0.2):
        shape = (draw.integer(1, 5), draw.integer(1, 4), *draw.choice(((), (1,))))
        one, other = (draw.rng.random(shape) < 0.5 for _ in range(2))
        return tensor_of(draw, one), tensor_of(draw, other)
    return batches(draw)


_NAMES: Final = (
    "sensitivity",
    "hit_rate",
    "specificity",
    "precision",
    "negative predictive value",
    "miss rate",
    "fall out",
    "false discovery rate",
    "false omission rate",
    "Prevalence Threshold",
    "threat score",
    "csi",
    "accuracy",
    "balanced accuracy",
    "f1 score",
    "mcc",
    "fowlkes mallows index",
    "informedness",
    "youden",
    "markedness",
    "deltap",
    "FOR",
    "bm",
    "nothing",
)


def _ratio(draw: Draw) -> Call:
    torch = load_torch()
    shape = draw.choice(((4,), (1, 4), (3, 4), (2, 3, 4), (2, 3)))
    counts = torch.from_numpy(draw.rng.integers(0, 4, shape)).to(torch.float32)
    return Call(function("compute_confusion_matrix_metric"), (draw.choice(_NAMES), counts))


def _f_beta(draw: Draw) -> Call:
    torch = load_torch()
    shape = draw.choice(((4,), (1, 4), (3, 4), (2, 3, 4), (2, 3)))
    counts = torch.from_numpy(draw.rng.integers(0, 4, shape)).to(torch.float32)
    return Call(function("compute_f_beta_score"), (counts, draw.choice((1.0, 2.0, 0.5, 1))))


def _matrix_metric(draw: Draw) -> Call:
    made = _matrix_options(draw) | reductions(draw)
    made |= some(draw, compute_sample=BOTH)
    names = draw.choice(_NAMES[:-1]), tuple(draw.choice(_NAMES[:-1]) for _ in range(3))
    made["metric_name"] = draw.choice(names)
    return life(draw, "ConfusionMatrixMetric", made, twice(draw, _matrix_batches(draw)))


def _f_metric(draw: Draw) -> Call:
    made = some(draw, include_background=BOTH, beta=(1.0, 2.0, 0.5)) | reductions(draw)
    return life(draw, "FBetaScore", made, twice(draw, _matrix_batches(draw)))


CALLS: Final[Calls] = {
    "compute_dice": _compute_dice,
    "DiceHelper.__call__": _dice_helper,
    "DiceHelper": _dice_helper,
    "DiceMetric": _dice_metric,
    "compute_iou": calls_of("compute_iou", batches, _iou_options),
    "MeanIoU": lives_of("MeanIoU", batches, _iou_options),
    "compute_generalized_dice": calls_of(
        "compute_generalized_dice",
        batches,
        lambda draw: _generalized_options(draw) | some(draw, sum_over_classes=BOTH),
    ),
    "GeneralizedDiceScore": _generalized_metric,
    "compute_absolute_volume_difference": calls_of(
        "compute_absolute_volume_difference", batches, _volume_options
    ),
    "AbsoluteVolumeDifferenceMetric": lives_of(
        "AbsoluteVolumeDifferenceMetric", batches, _volume_options
    ),
    "get_confusion_matrix": calls_of("get_confusion_matrix", _matrix_batches, _matrix_options),
    "compute_confusion_matrix_metric": _ratio,
    "ConfusionMatrixMetric": _matrix_metric,
    "get_f_beta_score": calls_of(
        "get_f_beta_score", _matrix_batches, lambda draw: some(draw, include_background=BOTH)
    ),
    "compute_f_beta_score": _f_beta,
    "FBetaScore": _f_metric,
}
