"""Random calls of MONAI's instances, curves, detections, reductions and buffers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.parity.call import Call, Calls, function

from .distances import spacing_of
from .draws import BOTH, INDICES, REDUCTIONS, batches, life, load_torch, some, twice

if TYPE_CHECKING:
    from edgewise.parity.draw import Draw

__all__ = ["CALLS"]


def _instances(draw: Draw, shape: Any) -> Any:
    """Return two maps of instances, the second much like the first."""
    torch = load_torch()
    first = draw.labels(shape, largest=draw.integer(1, 6))
    second = first.copy()
    if draw.chance(0.3):
        second = draw.labels(shape, largest=5)
    changed = draw.rng.random(shape) < draw.choice((0.0, 0.1, 0.3))
    second[changed] = draw.rng.integers(0, 5, int(changed.sum()))
    if draw.chance(0.2):
        first = first * 3
    return torch.from_numpy(first), torch.from_numpy(second)


_QUALITIES: Final = ("pq", "sq", "rq", "PQ", "panoptic quality", "recognition_quality", "x")


def _panoptic(draw: Draw) -> Call:
    pred, gt = _instances(draw, draw.shape(1, 3, voxels=200))
    if draw.chance(0.2):
        dtype = draw.choice(("float32", "int32", "uint8"))
        pred, gt = (one.to(getattr(load_torch(), dtype)) for one in (pred, gt))
    if draw.chance(0.02):
        gt = gt[..., :-1]
    options = some(
        draw,
        metric_name=_QUALITIES,
        remap=BOTH,
        match_iou_threshold=(0.5, 0.5, 0.3, 0.1, 0.7, 1.0, 0.0),
        output_confusion_matrix=BOTH,
        smooth_numerator=(1e-6, 0.1),
    )
    return Call(function("compute_panoptic_quality"), (pred, gt), options)


def _panoptic_metric(draw: Draw) -> Call:
    torch = load_torch()
    shape = draw.shape(2, 3, voxels=120)
    classes = draw.integer(1, 3)
    samples = []
    for _ in range(draw.integer(1, 2)):
        pred, gt = _instances(draw, shape)
        of_class = torch.from_numpy(draw.labels(shape, largest=classes))
        other = (
            of_class if draw.chance(0.5) else torch.from_numpy(draw.labels(shape, largest=classes))
        )
        samples.append((torch.stack([pred, of_class]), torch.stack([gt, other])))
    batch = tuple(torch.stack(side) for side in zip(*samples, strict=True))
    made = some(
        draw,
        metric_name=(*_QUALITIES[:4], ("pq", "sq", "rq")),
        reduction=REDUCTIONS,
        match_iou_threshold=(0.5, 0.3, 0.8),
        return_confusion_matrix=BOTH,
    )
    made["num_classes"] = classes
    return life(draw, "PanopticQualityMetric", made, twice(draw, batch))


def _scores(draw: Draw) -> tuple[Any, Any]:
    torch = load_torch()
    rows = draw.integer(1, 30)
    shape = draw.choice(((rows,), (rows, 1), (rows, 2), (rows, 4)))
    values = draw.rng.random(shape)
    if draw.chance(0.6):
        values = np.round(values * draw.choice((2, 5, 10)))
    labels = draw.rng.random(shape) < draw.choice((0.0, 0.3, 0.5, 0.9))
    y = torch.from_numpy(labels).to(
        getattr(torch, draw.choice(("float32", "int64", "bool", "float64")))
    )
    y_pred = torch.from_numpy(values).to(getattr(torch, draw.choice(("float32", "float64"))))
    if draw.chance(0.03):
        y_pred = draw.choice((y_pred[:-1], y_pred[..., None, None]))
    if draw.chance(0.03):
        y = y.float() * 2
    return y_pred, y


_AVERAGES: Final = ("macro", "weighted", "micro", "none", "x")


def _curve(name: str) -> Any:
    return lambda draw: Call(function(name), _scores(draw), some(draw, average=_AVERAGES))


def _curve_metric(name: str) -> Any:
    def act(space: Any, batches: Any, average: Any) -> Any:
        metric = getattr(space, name)()
        for batch in batches:
            metric(*batch)
        return [metric.aggregate(average), metric.get_buffer(), len(metric)]

    def drawn(draw: Draw) -> Call:
        return Call(act, (twice(draw, _scores(draw)), draw.choice((None, *_AVERAGES))))

    return drawn


def _detections(draw: Draw) -> Call:
    shape = draw.shape(1, 3, voxels=200)
    targets = draw.labels(shape, largest=4)
    n = draw.integer(1, 20)
    coords = np.stack([draw.rng.integers(0, side, n) for side in shape], axis=1)
    given = [draw.rng.random(n).astype(draw.choice(("f4", "f8"))), coords, targets]
    if draw.chance(0.3):
        given = [load_torch().from_numpy(one) for one in given]
    if draw.chance(0.03):
        given[0] = given[0][:-1]
    options = some(draw, labels_to_exclude=([], [1], [2, 3], None))
    return Call(function("compute_fp_tp_probs_nd"), tuple(given), options)


def _detections_2d(draw: Draw) -> Call:
    shape = (draw.integer(2, 12), draw.integer(2, 12))
    level = draw.choice((0, 1, 2))
    n = draw.integer(1, 20)
    coords = [draw.rng.integers(0, side << level, n) for side in shape]
    given = [draw.rng.random(n), *coords, draw.labels(shape, largest=4)]
    if draw.chance(0.3):
        given = [load_torch().from_numpy(one) for one in given]
    options = some(draw, labels_to_exclude=([], [1], None)) | {"resolution_level": level}
    return Call(function("compute_fp_tp_probs"), tuple(given), options)


def _froc_curve(draw: Draw) -> Call:
    given: list[Any] = [
        np.round(draw.rng.random(draw.integer(0, 20)), draw.choice((1, 2, 8))) for _ in range(2)
    ]
    if draw.chance(0.3):
        given = [load_torch().from_numpy(one) for one in given]
    if draw.chance(0.05):
        given[0] = np.asarray(given[0])
    return Call(
        function("compute_froc_curve_data"), (*given, draw.integer(0, 9), draw.integer(1, 5))
    )


def _froc_score(draw: Draw) -> Call:
    n = draw.integer(1, 12)
    rates = [np.sort(draw.rng.random(n) * scale)[::-1] for scale in (8, 1)]
    return Call(
        function("compute_froc_score"), tuple(rates), some(draw, eval_thresholds=((1, 2), (0.5,)))
    )


def _reduction(draw: Draw) -> Call:
    torch = load_torch()
    shape = (draw.integer(1, 4), draw.integer(1, 4), *draw.choice(((), (4,))))
    values = torch.from_numpy(draw.rng.random(shape)).to(torch.float32)
    values[torch.from_numpy(draw.rng.random(shape) < draw.choice((0.0, 0.5, 1.0)))] = torch.nan
    return Call(
        function("do_metric_reduction"), (values,), some(draw, reduction=(*REDUCTIONS, "x"))
    )


def _background(draw: Draw) -> Call:
    batch = batches(draw)
    return Call(function("ignore_background"), batch if draw.chance(0.7) else (batch[0],))


def _ignore_mask(draw: Draw) -> Call:
    return Call(function("create_ignore_mask"), (batches(draw)[0], draw.choice(INDICES)))


def _prepared(draw: Draw) -> Call:
    samples, ndim = draw.integer(1, 3), draw.integer(1, 3)
    return Call(function("prepare_spacing"), (spacing_of(draw, samples, ndim), samples, ndim))


def _remapped(draw: Draw) -> Call:
    labels = _instances(draw, draw.shape(1, 3))[0]
    options = {"by_size": True} if draw.chance(0.2) and _distinct(labels) else {}
    return Call(function("remap_instance_id"), (labels,), options)


def _distinct(labels: Any) -> bool:
    sizes = labels.unique(return_counts=True)[1].tolist()
    return len(set(sizes)) == len(sizes)


def _mean_iou(draw: Draw) -> Call:
    counts = load_torch().from_numpy(draw.rng.random(draw.choice(((4,), (2, 4), (2, 3)))))
    return Call(function("compute_mean_iou"), (counts,), some(draw, smooth_numerator=(0.1,)))


def _cumulative(draw: Draw) -> Call:
    torch = load_torch()

    def act(space: Any, steps: Any) -> Any:
        kept = space.Cumulative()
        for step, data in steps:
            getattr(kept, step)(*data)
        return kept.get_buffer(), len(kept)

    choices = (
        ("append", (1,)),
        ("append", (1.5,)),
        ("extend", ([1, 2],)),
        ("extend", (np.arange(3),)),
        ("extend", (torch.zeros(2),)),
        ("append", (torch.zeros(3),)),
        ("extend", (torch.zeros(2, 3),)),
        ("append", (1, 2)),
        ("extend", ([1, 2], torch.zeros(2))),
        ("extend", ("text",)),
        ("extend", (5,)),
        ("reset", ()),
    )
    return Call(act, ([draw.choice(choices) for _ in range(draw.integer(1, 4))],))


CALLS: Final[Calls] = {
    "compute_panoptic_quality": _panoptic,
    "PanopticQualityMetric._compute_tensor": _panoptic_metric,
    "PanopticQualityMetric": _panoptic_metric,
    "compute_mean_iou": _mean_iou,
    "compute_fp_tp_probs": _detections_2d,
    "compute_fp_tp_probs_nd": _detections,
    "compute_froc_curve_data": _froc_curve,
    "compute_froc_score": _froc_score,
    "compute_roc_auc": _curve("compute_roc_auc"),
    "ROCAUCMetric": _curve_metric("ROCAUCMetric"),
    "compute_average_precision": _curve("compute_average_precision"),
    "AveragePrecisionMetric": _curve_metric("AveragePrecisionMetric"),
    "do_metric_reduction": _reduction,
    "ignore_background": _background,
    "create_ignore_mask": _ignore_mask,
    "prepare_spacing": _prepared,
    "remap_instance_id": _remapped,
    "Cumulative": _cumulative,
}
