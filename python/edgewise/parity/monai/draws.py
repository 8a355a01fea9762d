"""Tensors, batches and options of MONAI's metrics, drawn."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.parity.call import Call, function

if TYPE_CHECKING:
    from edgewise.parity.draw import Draw

__all__ = [
    "BOTH",
    "INDICES",
    "REDUCTIONS",
    "arrays",
    "batches",
    "calls_of",
    "life",
    "lives_of",
    "load_torch",
    "reductions",
    "some",
    "tensor_of",
    "twice",
]

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
REDUCTIONS: Final = (
    "none",
    "mean",
    "sum",
    "mean_batch",
    "sum_batch",
    "mean_channel",
    "sum_channel",
)
_SIZES: Final = (1, 1, 2, 3, 4)


def load_torch() -> Any:
    """Return torch."""
    return importlib.import_module("torch")


def arrays(draw: Draw, min_ndim: int = 1, max_ndim: int = 3) -> tuple[Any, Any]:
    """Return two bool arrays [B, C, spatial...] of one shape."""
    shape = draw.shape(min_ndim, max_ndim, voxels=120)
    samples, channels = draw.choice(_SIZES[:4]), draw.choice(_SIZES)
    pairs = [draw.pair(shape) for _ in range(samples * channels)]
    first, second = (
        np.array(one).reshape(samples, channels, *shape) for one in zip(*pairs, strict=True)
    )
    return first, second


def tensor_of(draw: Draw, values: Any, *, soft: float = 0.1, dtype: str = "") -> Any:
    """Return an array as a tensor of some type and layout; now and then with other values."""
    torch = load_torch()
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


def batches(draw: Draw, min_ndim: int = 1, max_ndim: int = 3, **how: Any) -> tuple[Any, Any]:
    """Return two tensors [B, C, spatial...], now and then of two shapes."""
    first, second = arrays(draw, min_ndim, max_ndim)
    pair = [tensor_of(draw, one, **how) for one in (first, second)]
    if draw.chance(0.03):
        pair[draw.integer(0, 1)] = tensor_of(draw, arrays(draw, min_ndim, max_ndim)[0])
    return pair[0], pair[1]


def metric_of(name: str) -> Any:
    """Return the life of a metric: made, called with every batch, aggregated, reset."""

    def act(space: Any, made: Any, batches: Any, called: Any, aggregated: Any) -> Any:
        metric = getattr(space, name)(**made)
        found = [metric(*batch, **called) for batch in batches]
        results = [metric.aggregate(**aggregated), metric.get_buffer(), len(metric)]
        metric.reset()
        return [found, results, str(metric), metric.get_buffer()]

    return act


def some(draw: Draw, **options: Any) -> dict[str, Any]:
    """Return some of the options, each of one of its values."""
    return {name: draw.choice(values) for name, values in options.items() if draw.chance(0.5)}


BOTH: Final = (True, False)
INDICES: Final = (None, 0, 1, 2, 3, -1, 255)


def reductions(draw: Draw) -> dict[str, Any]:
    """Return options of a reduction, now and then one that there is not."""
    chosen = some(draw, reduction=REDUCTIONS, get_not_nans=BOTH)
    if draw.chance(0.02):
        chosen["reduction"] = draw.choice(("median", "mean ", 3))
    return chosen


def life(draw: Draw, name: str, made: Any, batches: Any, called: Any = None) -> Call:
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
    aggregated = some(draw, reduction=(None, *REDUCTIONS)) if draw.chance(0.3) else {}
    return Call(metric_of(name), (made, given, called or {}, aggregated))


def twice(draw: Draw, batch: Any) -> list[Any]:
    """Return one batch, or two of the same samples in another order."""
    if draw.chance(0.5):
        return [batch]
    return [batch, tuple(one.flip(0) for one in batch)]


def calls_of(name: str, batches: Any, options: Any) -> Any:
    """Return what draws calls of a function of two tensors."""
    return lambda draw: Call(function(name), batches(draw), options(draw))


def lives_of(name: str, batches: Any, options: Any) -> Any:
    """Return what draws lives of a metric of two tensors."""

    def drawn(draw: Draw) -> Call:
        made = options(draw) | reductions(draw)
        return life(draw, name, made, twice(draw, batches(draw)))

    return drawn
