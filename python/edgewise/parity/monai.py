"""Random calls of MONAI's metrics, on the CPU."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .call import Call, Calls, function

if TYPE_CHECKING:
    from .draw import Draw

__all__ = ["CALLS"]

_DTYPES: Final = ("float32",) * 6 + (
    "bool",
    "bool",
    "uint8",
    "int64",
    "int32",
    "float64",
    "float16",
    "bfloat16",
)
_REDUCTIONS: Final = (
    "none",
    "mean",
    "sum",
    "mean_batch",
    "sum_batch",
    "mean_channel",
    "sum_channel",
)
_SIZES: Final = (1, 1, 2, 3, 4)


def _torch() -> Any:
    return importlib.import_module("torch")


def _arrays(draw: Draw, min_ndim: int = 1, max_ndim: int = 3) -> tuple[Any, Any]:
    """Return two bool arrays [B, C, spatial...] of one shape."""
    shape = draw.shape(min_ndim, max_ndim, voxels=120)
    samples, channels = draw.choice(_SIZES[:4]), draw.choice(_SIZES)
    pairs = [draw.pair(shape) for _ in range(samples * channels)]
    first, second = (np.array(one).reshape(samples, channels, *shape) for one in zip(*pairs, strict=True))
    return first, second


def _tensor(draw: Draw, values: Any, *, soft: float = 0.1, dtype: str = "") -> Any:
    """Return an array as a tensor of some type and layout; now and then with other values."""
    torch = _torch()
    tensor = torch.from_numpy(np.ascontiguousarray(values)).to(
        getattr(torch, dtype or draw.choice(_DTYPES))
    )
    if draw.chance(soft) and tensor.dtype != torch.bool and tensor.numel():
        noise = torch.from_numpy(draw.rng.random(values.shape))
        if tensor.is_floating_point():
            kind = draw.integer(0, 2)
            tensor = tensor * (noise if kind else noise + 0.5).to(tensor.dtype)
            if kind == 2:
                tensor = tensor - 0.2
        else:
            tensor = tensor * draw.choice((2, 3))
    kind = draw.integer(0, 5)
    if kind == 0 and tensor.ndim > 2:  # channels last in memory
        tensor = tensor.movedim(1, -1).contiguous().movedim(-1, 1)
    elif kind == 1:
        roomy = torch.zeros((*tensor.shape[:-1], 2 * tensor.shape[-1]), dtype=tensor.dtype)
        roomy[..., ::2] = tensor
        tensor = roomy[..., ::2]
    return tensor


def _batches(draw: Draw, min_ndim: int = 1, max_ndim: int = 3, **how: Any) -> tuple[Any, Any]:
    first, second = _arrays(draw, min_ndim, max_ndim)
    pair = [_tensor(draw, one, **how) for one in (first, second)]
    if draw.chance(0.03):
        pair[draw.integer(0, 1)] = _tensor(draw, _arrays(draw, min_ndim, max_ndim)[0])
    return pair[0], pair[1]


def _metric(name: str) -> Any:
    """Return the life of a metric: made, called with every batch, aggregated, reset."""

    def act(space: Any, made: Any, batches: Any, called: Any, aggregated: Any) -> Any:
        metric = getattr(space, name)(**made)
        found = [metric(*batch, **called) for batch in batches]
        results = [metric.aggregate(**aggregated), metric.get_buffer(), len(metric)]
        metric.reset()
        return [found, results, str(metric), metric.get_buffer()]

    return act


def _some(draw: Draw, **options: Any) -> dict[str, Any]:
    """Return some of the options, each of one of its values."""
    return {name: draw.choice(values) for name, values in options.items() if draw.chance(0.5)}


_BOTH: Final = (True, False)
_INDICES: Final = (None, 0, 1, 2, 3, -1, 255)


def _reductions(draw: Draw) -> dict[str, Any]:
    chosen = _some(draw, reduction=_REDUCTIONS, get_not_nans=_BOTH)
    if draw.chance(0.02):
        chosen["reduction"] = draw.choice(("median", "mean ", 3))
    return chosen


def _life(draw: Draw, name: str, made: Any, batches: Any, called: Any = None) -> Call:
    """Return the call of a metric with one or two batches, some as lists of samples."""
    given = []
    for pair in batches:
        kind = draw.integer(0, 7)
        if kind == 0 and len(pair[0]) == len(pair[1]):
            given.append((list(pair[0]), list(pair[1])))
        elif kind == 1:
            given.append((list(pair[0]), pair[1]))
        else:
            given.append(pair)
    aggregated = _some(draw, reduction=(None, *_REDUCTIONS)) if draw.chance(0.3) else {}
    return Call(_metric(name), (made, given, called or {}, aggregated))


def _twice(draw: Draw, batch: Any) -> list[Any]:
    """Return one batch, or two of the same samples in another order."""
    if draw.chance(0.5):
        return [batch]
    return [batch, tuple(one.flip(0) for one in batch)]


# Dice, IoU, volumes, counts


def _labels(draw: Draw) -> tuple[Any, Any, int]:
    """Return label maps or channels of classes, and the number of classes."""
    torch = _torch()
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
    options = _some(draw, include_background=_BOTH, ignore_empty=_BOTH)
    if draw.chance(0.2):
        options["ignore_index"] = draw.choice(_INDICES)
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
            _tensor(draw, np.stack([[~one, one] for one in side]), soft=0)
            for side in zip(*pairs, strict=True)
        )
        return y_pred, y, _dice_options(draw, y.ndim) | {"per_component": True}
    y_pred, y = _batches(draw)
    return y_pred, y, _dice_options(draw, y.ndim)


def _compute_dice(draw: Draw) -> Call:
    y_pred, y, options = _dice_batch(draw)
    return Call(function("compute_dice"), (y_pred, y), options)


def _dice_metric(draw: Draw) -> Call:
    y_pred, y, options = _dice_batch(draw)
    made = options | _reductions(draw)
    if draw.chance(0.2):
        labels = draw.choice((True, ["a", "b", "c", "d", "e"]))
        made |= {"reduction": "mean_batch", "return_with_label": labels}
    return _life(draw, "DiceMetric", made, _twice(draw, (y_pred, y)))


def _dice_helper(draw: Draw) -> Call:
    y_pred, y, options = _dice_batch(draw)
    options |= _some(
        draw,
        threshold=_BOTH,
        apply_argmax=_BOTH,
        activate=_BOTH,
        get_not_nans=_BOTH,
        reduction=_REDUCTIONS,
    )
    options |= draw.choice(({}, {}, {}, {"sigmoid": True}, {"softmax": False}))
    if y_pred.is_floating_point() and draw.chance(0.5):
        y_pred = y_pred * 2 - 0.7

    def act(space: Any, y_pred: Any, y: Any, options: Any) -> Any:
        return space.DiceHelper(**options)(y_pred, y)

    return Call(act, (y_pred, y, options))


def _iou_options(draw: Draw) -> dict[str, Any]:
    options = _some(draw, include_background=_BOTH, ignore_empty=_BOTH)
    if draw.chance(0.2):
        options["ignore_index"] = draw.choice(_INDICES)
    return options


def _generalized_options(draw: Draw) -> dict[str, Any]:
    options = _some(
        draw, include_background=_BOTH, weight_type=("square", "simple", "uniform", "x"), epsilon=(0.1,)
    )
    if draw.chance(0.2):
        options["ignore_index"] = draw.choice(_INDICES)
    return options


def _generalized_metric(draw: Draw) -> Call:
    made = _generalized_options(draw) | _some(draw, reduction=_REDUCTIONS)
    call = _life(draw, "GeneralizedDiceScore", made, _twice(draw, _batches(draw)))
    return Call(call.act, (*call.args[:3], {}))


def _volume_options(draw: Draw) -> dict[str, Any]:
    return _some(draw, include_background=_BOTH, ignore_empty=_BOTH)


def _matrix_options(draw: Draw) -> dict[str, Any]:
    options = _some(draw, include_background=_BOTH)
    if draw.chance(0.2):
        options["ignore_index"] = draw.choice(_INDICES)
    return options


def _matrix_batches(draw: Draw) -> tuple[Any, Any]:
    if draw.chance(0.2):
        shape = (draw.integer(1, 5), draw.integer(1, 4), *draw.choice(((), (1,))))
        one, other = (draw.rng.random(shape) < 0.5 for _ in range(2))
        return _tensor(draw, one), _tensor(draw, other)
    return _batches(draw)


def _calls_of(name: str, batches: Any, options: Any) -> Any:
    return lambda draw: Call(function(name), batches(draw), options(draw))


def _lives_of(name: str, batches: Any, options: Any) -> Any:
    def drawn(draw: Draw) -> Call:
        made = options(draw) | _reductions(draw)
        return _life(draw, name, made, _twice(draw, batches(draw)))

    return drawn


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
    torch = _torch()
    shape = draw.choice(((4,), (1, 4), (3, 4), (2, 3, 4), (2, 3)))
    counts = torch.from_numpy(draw.rng.integers(0, 4, shape)).to(torch.float32)
    return Call(function("compute_confusion_matrix_metric"), (draw.choice(_NAMES), counts))


def _f_beta(draw: Draw) -> Call:
    torch = _torch()
    shape = draw.choice(((4,), (1, 4), (3, 4), (2, 3, 4), (2, 3)))
    counts = torch.from_numpy(draw.rng.integers(0, 4, shape)).to(torch.float32)
    return Call(function("compute_f_beta_score"), (counts, draw.choice((1.0, 2.0, 0.5, 1))))


def _matrix_metric(draw: Draw) -> Call:
    made = _matrix_options(draw) | _reductions(draw)
    made |= _some(draw, compute_sample=_BOTH)
    names = draw.choice(_NAMES[:-1]), tuple(draw.choice(_NAMES[:-1]) for _ in range(3))
    made["metric_name"] = draw.choice(names)
    return _life(draw, "ConfusionMatrixMetric", made, _twice(draw, _matrix_batches(draw)))


def _f_metric(draw: Draw) -> Call:
    made = _some(draw, include_background=_BOTH, beta=(1.0, 2.0, 0.5)) | _reductions(draw)
    return _life(draw, "FBetaScore", made, _twice(draw, _matrix_batches(draw)))


# distances


def _spacing(draw: Draw, samples: int, ndim: int) -> Any:
    kind = draw.integer(0, 11)
    if kind < 4:
        return None
    if kind == 4:
        return draw.choice((1, 2.0, 0.7))
    if kind == 5:
        return [list(draw.spacing(ndim)) for _ in range(samples)]
    if kind == 6:
        return draw.choice(((1.0,) * (ndim + 1), [[1.0] * ndim] * (samples + 1), "x", [1, 2.5], []))
    if kind == 7:
        return np.array(draw.spacing(ndim), draw.choice(("f8", "f4")))
    if kind == 8:
        return tuple(draw.choice((0.0, -1.5, 1.0)) for _ in range(ndim))
    return draw.choice((tuple, list))(draw.spacing(ndim))


_DISTANCES: Final = ("euclidean",) * 4 + ("chessboard", "taxicab", "manhattan")


def _distance_options(draw: Draw, batch: Any) -> dict[str, Any]:
    options = _some(draw, include_background=_BOTH, distance_metric=_DISTANCES)
    if draw.chance(0.15):
        options["ignore_index"] = draw.choice(_INDICES)
    if draw.chance(0.7):
        options["spacing"] = _spacing(draw, len(batch[0]), batch[0].ndim - 2)
    return options


_PERCENTILES: Final = (None, 95, 95.0, 50, 99.5, 100, 0, 0.0, 5, 120, -1)


def _hausdorff_options(draw: Draw, batch: Any) -> dict[str, Any]:
    return _distance_options(draw, batch) | _some(draw, directed=_BOTH, percentile=_PERCENTILES)


def _mean_options(draw: Draw, batch: Any) -> dict[str, Any]:
    return _distance_options(draw, batch) | _some(draw, symmetric=_BOTH)


def _surface_options(draw: Draw, batch: Any) -> dict[str, Any]:
    options = _distance_options(draw, batch) | _some(draw, use_subvoxels=_BOTH)
    channels = batch[0].shape[1]
    n = channels if options.get("include_background") else max(1, channels - 1)
    limits = [draw.choice((0, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0)) for _ in range(n)]
    if draw.chance(0.05):
        limits = draw.choice((limits + [1.0], [-1.0] * n, [np.inf] * n, 1.0))
    return options | {"class_thresholds": limits}


def _distances(name: str, options: Any, min_ndim: int = 1) -> Any:
    def drawn(draw: Draw) -> Call:
        batch = _batches(draw, min_ndim, soft=0.05)
        if draw.chance(0.1) and all(str(one.dtype) != "torch.bfloat16" for one in batch):
            batch = tuple(one.numpy() for one in batch)
        return Call(function(name), batch, options(draw, batch))

    return drawn


def _distance_lives(name: str, options: Any, min_ndim: int = 1) -> Any:
    def drawn(draw: Draw) -> Call:
        batch = _batches(draw, min_ndim, soft=0.05)
        made = options(draw, batch)
        called = {"spacing": made.pop("spacing")} if "spacing" in made else {}
        return _life(draw, name, made | _reductions(draw), _twice(draw, batch), called)

    return drawn


def _masks(draw: Draw, max_ndim: int = 3, min_ndim: int = 1) -> list[Any]:
    pair = draw.pair(draw.shape(min_ndim, max_ndim, voxels=200))
    if draw.chance(0.5):
        return [draw.layout(one) for one in pair]
    return [_torch().from_numpy(one.copy()) for one in pair]


def _mask_edges(draw: Draw) -> Call:
    masks = _masks(draw)
    ndim = masks[0].ndim
    if draw.chance(0.4):
        factor = draw.choice((1, 1, 2))
        masks = [one * factor for one in masks]
    options = _some(draw, label_idx=(1, 2), crop=_BOTH)
    if draw.chance(0.4):
        options["spacing"] = draw.choice((draw.spacing(ndim), draw.spacing(2), draw.spacing(3), 1.0))
    if draw.chance(0.1):
        options["always_return_as_numpy"] = draw.choice(_BOTH)
    if draw.chance(0.03):
        masks[1] = _masks(draw)[1]
        if type(masks[0]) is not type(masks[1]):
            masks[1] = masks[0][..., :-1]
    return Call(function("get_mask_edges"), tuple(masks), options)


def _one_spacing(draw: Draw, ndim: int) -> Any:
    return draw.choice((None, None, 0.7, draw.spacing(ndim), draw.spacing(ndim)))


def _surface_distance(draw: Draw) -> Call:
    masks = _masks(draw)
    options = _some(draw, distance_metric=_DISTANCES)
    options["spacing"] = _one_spacing(draw, masks[0].ndim)
    return Call(function("get_surface_distance"), tuple(masks), options)


def _edge_distance(draw: Draw) -> Call:
    torch = _torch()
    masks = [torch.from_numpy(one.copy()) for one in draw.pair(draw.shape(2, 3, voxels=200))]
    if draw.chance(0.5):
        masks = [one.float() for one in masks]
    options = _some(
        draw, distance_metric=_DISTANCES, symmetric=_BOTH, class_index=(0, 1), warn_empty=_BOTH
    )
    if draw.chance(0.4):
        options["use_subvoxels"] = True
        options["spacing"] = draw.choice((None, draw.spacing(masks[0].ndim)))
    else:
        options["spacing"] = _one_spacing(draw, masks[0].ndim)
        if draw.chance(0.2):
            options["mask"] = torch.from_numpy(draw.mask(masks[0].shape))
    return Call(function("get_edge_surface_distance"), tuple(masks), options)


def _transform(draw: Draw) -> Call:
    shape = draw.shape(2, 3, voxels=300)
    image = np.stack([draw.mask(shape) for _ in range(draw.integer(1, 3))])
    dtype = draw.choice(("?", "u1", "f4", "f8", "i8"))
    img: Any = draw.layout(image.astype(dtype))
    if draw.chance(0.5):
        img = _torch().from_numpy(np.ascontiguousarray(img))
    if draw.chance(0.05):
        img = img[0] if img.ndim == 3 else img[None]
    ndim = img.ndim - 1
    options = _some(draw, return_distances=_BOTH, return_indices=_BOTH, float64_distances=_BOTH)
    if draw.chance(0.6):
        options["sampling"] = draw.choice(
            (0.7, 2, draw.spacing(ndim), list(draw.spacing(ndim)), draw.spacing(ndim + 1))
        )
    if draw.chance(0.1):
        options["distances"] = np.zeros(np.shape(img))
    return Call(function("distance_transform_edt"), (img,), options)


# instances, curves, reductions


def _instances(draw: Draw, shape: Any) -> Any:
    """Return two maps of instances, the second much like the first."""
    torch = _torch()
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
        pred, gt = (one.to(getattr(_torch(), dtype)) for one in (pred, gt))
    if draw.chance(0.02):
        gt = gt[..., :-1]
    options = _some(
        draw,
        metric_name=_QUALITIES,
        remap=_BOTH,
        match_iou_threshold=(0.5, 0.5, 0.3, 0.1, 0.7, 1.0, 0.0),
        output_confusion_matrix=_BOTH,
        smooth_numerator=(1e-6, 0.1),
    )
    return Call(function("compute_panoptic_quality"), (pred, gt), options)


def _panoptic_metric(draw: Draw) -> Call:
    torch = _torch()
    shape = draw.shape(2, 3, voxels=120)
    classes = draw.integer(1, 3)
    samples = []
    for _ in range(draw.integer(1, 2)):
        pred, gt = _instances(draw, shape)
        of_class = torch.from_numpy(draw.labels(shape, largest=classes))
        other = of_class if draw.chance(0.5) else torch.from_numpy(draw.labels(shape, largest=classes))
        samples.append((torch.stack([pred, of_class]), torch.stack([gt, other])))
    batch = tuple(torch.stack(side) for side in zip(*samples, strict=True))
    made = _some(
        draw,
        metric_name=(*_QUALITIES[:4], ("pq", "sq", "rq")),
        reduction=_REDUCTIONS,
        match_iou_threshold=(0.5, 0.3, 0.8),
        return_confusion_matrix=_BOTH,
    )
    made["num_classes"] = classes
    return _life(draw, "PanopticQualityMetric", made, _twice(draw, batch))


def _scores(draw: Draw) -> tuple[Any, Any]:
    torch = _torch()
    rows = draw.integer(1, 30)
    shape = draw.choice(((rows,), (rows, 1), (rows, 2), (rows, 4)))
    values = draw.rng.random(shape)
    if draw.chance(0.6):
        values = np.round(values * draw.choice((2, 5, 10)))
    labels = draw.rng.random(shape) < draw.choice((0.0, 0.3, 0.5, 0.9))
    y = torch.from_numpy(labels).to(getattr(torch, draw.choice(("float32", "int64", "bool", "float64"))))
    y_pred = torch.from_numpy(values).to(getattr(torch, draw.choice(("float32", "float64"))))
    if draw.chance(0.03):
        y_pred = draw.choice((y_pred[:-1], y_pred[..., None, None]))
    if draw.chance(0.03):
        y = y.float() * 2
    return y_pred, y


_AVERAGES: Final = ("macro", "weighted", "micro", "none", "x")


def _curve(name: str) -> Any:
    return lambda draw: Call(function(name), _scores(draw), _some(draw, average=_AVERAGES))


def _curve_metric(name: str) -> Any:
    def act(space: Any, batches: Any, average: Any) -> Any:
        metric = getattr(space, name)()
        for batch in batches:
            metric(*batch)
        return [metric.aggregate(average), metric.get_buffer(), len(metric)]

    def drawn(draw: Draw) -> Call:
        return Call(act, (_twice(draw, _scores(draw)), draw.choice((None, *_AVERAGES))))

    return drawn


def _detections(draw: Draw) -> Call:
    shape = draw.shape(1, 3, voxels=200)
    targets = draw.labels(shape, largest=4)
    n = draw.integer(1, 20)
    coords = np.stack([draw.rng.integers(0, side, n) for side in shape], axis=1)
    given = [draw.rng.random(n).astype(draw.choice(("f4", "f8"))), coords, targets]
    if draw.chance(0.3):
        given = [_torch().from_numpy(one) for one in given]
    if draw.chance(0.03):
        given[0] = given[0][:-1]
    options = _some(draw, labels_to_exclude=([], [1], [2, 3], None))
    return Call(function("compute_fp_tp_probs_nd"), tuple(given), options)


def _detections_2d(draw: Draw) -> Call:
    shape = (draw.integer(2, 12), draw.integer(2, 12))
    level = draw.choice((0, 1, 2))
    n = draw.integer(1, 20)
    coords = [draw.rng.integers(0, side << level, n) for side in shape]
    given = [draw.rng.random(n), *coords, draw.labels(shape, largest=4)]
    if draw.chance(0.3):
        given = [_torch().from_numpy(one) for one in given]
    options = _some(draw, labels_to_exclude=([], [1], None)) | {"resolution_level": level}
    return Call(function("compute_fp_tp_probs"), tuple(given), options)


def _froc_curve(draw: Draw) -> Call:
    given: list[Any] = [
        np.round(draw.rng.random(draw.integer(0, 20)), draw.choice((1, 2, 8))) for _ in range(2)
    ]
    if draw.chance(0.3):
        given = [_torch().from_numpy(one) for one in given]
    if draw.chance(0.05):
        given[0] = np.asarray(given[0])
    return Call(function("compute_froc_curve_data"), (*given, draw.integer(0, 9), draw.integer(1, 5)))


def _froc_score(draw: Draw) -> Call:
    n = draw.integer(1, 12)
    rates = [np.sort(draw.rng.random(n) * scale)[::-1] for scale in (8, 1)]
    return Call(function("compute_froc_score"), tuple(rates), _some(draw, eval_thresholds=((1, 2), (0.5,))))


def _reduction(draw: Draw) -> Call:
    torch = _torch()
    shape = (draw.integer(1, 4), draw.integer(1, 4), *draw.choice(((), (4,))))
    values = torch.from_numpy(draw.rng.random(shape)).to(torch.float32)
    values[torch.from_numpy(draw.rng.random(shape) < draw.choice((0.0, 0.5, 1.0)))] = torch.nan
    return Call(function("do_metric_reduction"), (values,), _some(draw, reduction=(*_REDUCTIONS, "x")))


def _background(draw: Draw) -> Call:
    batch = _batches(draw)
    return Call(function("ignore_background"), batch if draw.chance(0.7) else (batch[0],))


def _ignore_mask(draw: Draw) -> Call:
    return Call(function("create_ignore_mask"), (_batches(draw)[0], draw.choice(_INDICES)))


def _prepared(draw: Draw) -> Call:
    samples, ndim = draw.integer(1, 3), draw.integer(1, 3)
    return Call(function("prepare_spacing"), (_spacing(draw, samples, ndim), samples, ndim))


def _remapped(draw: Draw) -> Call:
    labels = _instances(draw, draw.shape(1, 3))[0]
    options = {"by_size": True} if draw.chance(0.2) and _distinct(labels) else {}
    return Call(function("remap_instance_id"), (labels,), options)


def _distinct(labels: Any) -> bool:
    sizes = labels.unique(return_counts=True)[1].tolist()
    return len(set(sizes)) == len(sizes)


def _mean_iou(draw: Draw) -> Call:
    counts = _torch().from_numpy(draw.rng.random(draw.choice(((4,), (2, 4), (2, 3)))))
    return Call(function("compute_mean_iou"), (counts,), _some(draw, smooth_numerator=(0.1,)))


def _cumulative(draw: Draw) -> Call:
    torch = _torch()

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
    "compute_dice": _compute_dice,
    "DiceHelper.__call__": _dice_helper,
    "DiceHelper": _dice_helper,
    "DiceMetric": _dice_metric,
    "compute_iou": _calls_of("compute_iou", _batches, _iou_options),
    "MeanIoU": _lives_of("MeanIoU", _batches, _iou_options),
    "compute_generalized_dice": _calls_of(
        "compute_generalized_dice",
        _batches,
        lambda draw: _generalized_options(draw) | _some(draw, sum_over_classes=_BOTH),
    ),
    "GeneralizedDiceScore": _generalized_metric,
    "compute_hausdorff_distance": _distances("compute_hausdorff_distance", _hausdorff_options),
    "HausdorffDistanceMetric": _distance_lives("HausdorffDistanceMetric", _hausdorff_options),
    "compute_average_surface_distance": _distances(
        "compute_average_surface_distance", _mean_options
    ),
    "SurfaceDistanceMetric": _distance_lives("SurfaceDistanceMetric", _mean_options),
    "compute_surface_dice": _distances("compute_surface_dice", _surface_options, 2),
    "SurfaceDiceMetric": _distance_lives("SurfaceDiceMetric", _surface_options, 2),
    "compute_absolute_volume_difference": _calls_of(
        "compute_absolute_volume_difference", _batches, _volume_options
    ),
    "AbsoluteVolumeDifferenceMetric": _lives_of(
        "AbsoluteVolumeDifferenceMetric", _batches, _volume_options
    ),
    "get_confusion_matrix": _calls_of("get_confusion_matrix", _matrix_batches, _matrix_options),
    "compute_confusion_matrix_metric": _ratio,
    "ConfusionMatrixMetric": _matrix_metric,
    "get_f_beta_score": _calls_of(
        "get_f_beta_score", _matrix_batches, lambda draw: _some(draw, include_background=_BOTH)
    ),
    "compute_f_beta_score": _f_beta,
    "FBetaScore": _f_metric,
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
    "get_mask_edges": _mask_edges,
    "get_surface_distance": _surface_distance,
    "get_edge_surface_distance": _edge_distance,
    "do_metric_reduction": _reduction,
    "ignore_background": _background,
    "create_ignore_mask": _ignore_mask,
    "prepare_spacing": _prepared,
    "remap_instance_id": _remapped,
    "Cumulative": _cumulative,
    "distance_transform_edt": _transform,
}
