"""Random calls of torchmetrics' segmentation metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise._extras import require

from .call import Call, Calls, function

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .draw import Draw

__all__ = ["CALLS"]

_FORMATS: Final = ("one-hot", "index", "mixed")
_INTEGERS: Final = ("int64", "int64", "uint8", "int32", "int8", "bool")
_SIDES: Final = (1, 2, 3, 4, 5, 8, 9)


def _tensor(draw: Draw, array: np.ndarray[Any, Any], dtype: str) -> Any:
    torch = require("torch", extra="torch")
    tensor = torch.from_numpy(np.ascontiguousarray(array)).to(getattr(torch, dtype))
    if tensor.dim() > 2 and draw.chance(0.2):  # axis of classes last in memory
        return tensor.movedim(1, -1).contiguous().movedim(-1, 1)
    if tensor.dim() > 1 and draw.chance(0.05):
        return tensor.transpose(0, 1).contiguous().transpose(0, 1)
    return tensor


def _masks(draw: Draw, shape: Sequence[int], classes: int, side: str) -> Any:
    """Return one side: masks, scores, or class numbers; now and then something that is none."""
    labels = np.stack([draw.labels(shape[1:], largest=classes - 1) for _ in range(shape[0])])
    if side == "index":
        if draw.chance(0.02):
            labels.flat[0] = draw.choice((-1, classes, 300))
        return _tensor(draw, labels, draw.choice(("int64",) * 40 + ("int32", "float32")))
    axis = classes if draw.chance(0.97) else draw.choice((1, classes + 1))
    if draw.chance(0.2):
        scores = draw.rng.normal(size=(shape[0], axis, *shape[1:])).round(draw.choice((0, 3)))
        if scores.size and draw.chance(0.1):
            scores.flat[draw.integer(0, scores.size - 1)] = np.nan
        return _tensor(draw, scores, draw.choice(("float32", "float64", "float16")))
    if draw.chance(0.5):
        one_hot = labels[:, np.newaxis] == np.arange(axis).reshape(-1, *[1] * (len(shape) - 1))
    else:
        one_hot = np.stack(
            [np.stack([draw.mask(shape[1:]) for _ in range(axis)]) for _ in range(shape[0])]
        )
    values = one_hot.astype(np.int64)
    dtype = draw.choice(_INTEGERS)
    if draw.chance(0.03) and dtype != "bool":
        values *= draw.choice((2, 3, -1))
    return _tensor(draw, values, dtype)


def _batch(draw: Draw, shape: Sequence[int], form: str, classes: int) -> tuple[Any, Any]:
    sides = {
        "one-hot": ("spread", "spread"),
        "index": ("index", "index"),
        "mixed": draw.choice((("spread", "index"), ("index", "spread"))),
    }[form]
    first = _masks(draw, shape, classes, sides[0])
    second = _masks(draw, shape, classes, sides[1])
    if draw.chance(0.2) and first.shape == second.shape and first.dtype == second.dtype:
        second = first.clone()
    if draw.chance(0.02):
        second = draw.choice((second[..., :1], second[:1], second[0]))
    return first, second


def _shape(draw: Draw, *, images: bool = False) -> tuple[int, ...]:
    samples = draw.choice((1, 1, 2, 3))
    if images and draw.chance(0.9):
        side = draw.integer(1, 12)
        square = (side, side) if draw.chance(0.7) else (side, draw.integer(side, 14))
        return samples, *square
    large = draw.chance(0.05)  # as many elements as are worth a kernel
    axes = draw.choice((1, 2, 2, 2, 3)) if draw.chance(0.97) else 0
    room = (4000, 70, 18) if large else (20, 9, 5)
    return samples, *[draw.integer(1, room[axes - 1]) for _ in range(axes)]


def _form(draw: Draw) -> str:
    return draw.choice(_FORMATS)


def _classes(draw: Draw) -> int:
    return draw.choice((1, 2, 3, 3, 4, 5))


def _odd(draw: Draw, kwargs: dict[str, Any], name: str) -> None:
    """Now and then replace an option by something that it is not."""
    if draw.chance(0.02):
        kwargs[name] = draw.choice(("", 0, None, "macro", 1.0, -1))


def _dice_options(draw: Draw) -> dict[str, Any]:
    kwargs: dict[str, Any] = {}
    if draw.chance(0.6):
        kwargs["include_background"] = draw.choice((True, False))
    if draw.chance(0.8):
        kwargs["average"] = draw.choice(("micro", "macro", "weighted", "none", None))
    if draw.chance(0.6):
        kwargs["aggregation_level"] = draw.choice(("samplewise", "global"))
    _odd(draw, kwargs, draw.choice(("include_background", "average", "aggregation_level")))
    return kwargs


def _generalized_options(draw: Draw) -> dict[str, Any]:
    kwargs: dict[str, Any] = {}
    if draw.chance(0.6):
        kwargs["include_background"] = draw.choice((True, False))
    if draw.chance(0.6):
        kwargs["per_class"] = draw.choice((True, False))
    if draw.chance(0.8):
        kwargs["weight_type"] = draw.choice(("square", "simple", "linear"))
    _odd(draw, kwargs, draw.choice(("include_background", "per_class", "weight_type")))
    return kwargs


def _iou_options(draw: Draw) -> dict[str, Any]:
    kwargs: dict[str, Any] = {}
    if draw.chance(0.6):
        kwargs["include_background"] = draw.choice((True, False))
    if draw.chance(0.6):
        kwargs["per_class"] = draw.choice((True, False))
    _odd(draw, kwargs, draw.choice(("include_background", "per_class")))
    return kwargs


def _spacing(draw: Draw) -> Any:
    torch = require("torch", extra="torch")
    if draw.chance(0.08):
        return draw.choice((torch.tensor([1.0, 2.0]), (1.0, 1.0), [1.0], [1.0] * 3, [0.0, 1.0]))
    if draw.chance(0.5):
        return [draw.choice((1, 2, 3)) for _ in range(2)]
    return [float(step) for step in draw.spacing(2)]


def _hausdorff_options(draw: Draw) -> dict[str, Any]:
    kwargs: dict[str, Any] = {}
    if draw.chance(0.6):
        kwargs["include_background"] = draw.choice((True, False))
    if draw.chance(0.6):
        kwargs["distance_metric"] = draw.choice(("euclidean", "chessboard", "taxicab"))
    if draw.chance(0.5):
        kwargs["spacing"] = _spacing(draw)
    if draw.chance(0.5):
        kwargs["directed"] = draw.choice((True, False))
    _odd(draw, kwargs, draw.choice(("include_background", "directed", "distance_metric")))
    return kwargs


def _of_function(
    name: str, options: Callable[[Draw], dict[str, Any]], *, images: bool = False
) -> Any:
    def drawn(draw: Draw) -> Call:
        form, classes = _form(draw), _classes(draw)
        first, second = _batch(draw, _shape(draw, images=images), form, classes)
        kwargs = options(draw) | {"num_classes": classes, "input_format": form}
        if name == "mean_iou" and form != "index" and draw.chance(0.5):
            del kwargs["num_classes"]
        if form == "one-hot" and draw.chance(0.3):
            del kwargs["input_format"]
        _odd(draw, kwargs, draw.choice(("num_classes", "input_format")))
        return Call(function(name), (first, second), kwargs)

    return drawn


def _of_inner(name: str, *options: str) -> Any:
    def drawn(draw: Draw) -> Call:
        form, classes = _form(draw), _classes(draw)
        sides = _batch(draw, _shape(draw), form, classes)
        weights = [draw.choice(("square", "simple", "linear")) for _ in options]
        return Call(function(name), (*sides, classes, draw.choice((True, False)), *weights, form))

    return drawn


def _collect(
    space: Any, name: str, kwargs: Mapping[str, Any], batches: Sequence[Any], steps: Sequence[str]
) -> Any:
    """Feed the batches to one or two metrics of a class; return what they say on the way."""
    kind = getattr(space, name)
    metric, other = kind(**kwargs), kind(**kwargs)
    said: list[Any] = []
    for step, (first, second) in zip(steps, batches, strict=True):
        if step == "forward":
            said.append(metric(first, second))
        elif step == "merge":
            other.update(first, second)
            metric.merge_state(other)
        elif step == "reset":
            metric.reset()
        elif step == "compute":
            metric.update(first, second)
            said.append(metric.compute())
        else:
            metric.update(first, second)
        said.append(metric.update_count)
    if len(said) > 1:
        metric.to(require("torch", extra="torch").float64)
    states = metric.metric_state
    return [*said, states, metric.compute(), metric.compute(), metric.clone().compute()]


def _of_class(name: str, options: Callable[[Draw], dict[str, Any]], *, images: bool = False) -> Any:
    def drawn(draw: Draw) -> Call:
        form, classes = _form(draw), _classes(draw)
        kwargs = options(draw) | {"num_classes": classes, "input_format": form}
        if name == "MeanIoU" and form != "index" and draw.chance(0.5):
            del kwargs["num_classes"]
        _odd(draw, kwargs, draw.choice(("num_classes", "input_format", "compute_on_cpu", "typo")))
        shape = _shape(draw, images=images)
        steps = [
            draw.choice(("update", "update", "forward", "merge", "compute", "reset"))
            for _ in range(draw.integer(0, 4))
        ]
        batches = [_batch(draw, shape, form, classes) for _ in steps]
        return Call(_collect, (name, kwargs, batches, steps))

    return drawn


CALLS: Final[Calls] = {
    "dice_score": _of_function("dice_score", _dice_options),
    "generalized_dice_score": _of_function("generalized_dice_score", _generalized_options),
    "mean_iou": _of_function("mean_iou", _iou_options),
    "hausdorff_distance": _of_function("hausdorff_distance", _hausdorff_options, images=True),
    "updates._dice_score_update": _of_inner("_dice_score_update"),
    "updates._generalized_dice_update": _of_inner("_generalized_dice_update", "weight_type"),
    "updates._mean_iou_update": _of_inner("_mean_iou_update"),
    "DiceScore": _of_class("DiceScore", _dice_options),
    "GeneralizedDiceScore": _of_class("GeneralizedDiceScore", _generalized_options),
    "MeanIoU": _of_class("MeanIoU", _iou_options),
    "HausdorffDistance": _of_class("HausdorffDistance", _hausdorff_options, images=True),
}
