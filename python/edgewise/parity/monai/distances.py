"""Random calls of MONAI's distances, edges and distance transforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.parity.call import Call, Calls, function

from .draws import BOTH, INDICES, batches, life, load_torch, reductions, some, twice

if TYPE_CHECKING:
    from edgewise.parity.draw import Draw

__all__ = ["CALLS", "spacing_of"]


def spacing_of(draw: Draw, samples: int, ndim: int) -> Any:
    """Return a spacing in one of the ways that MONAI takes, or in one that it does not."""
    plain = draw.choice((tuple, list))(draw.spacing(ndim))
    return draw.choice(
        (
            *(None,) * 4,
            *(plain,) * 3,
            draw.choice((1, 2.0, 0.7)),
            [list(draw.spacing(ndim)) for _ in range(samples)],
            draw.choice(((1.0,) * (ndim + 1), [[1.0] * ndim] * (samples + 1), "x", [1, 2.5], [])),
            np.array(draw.spacing(ndim), draw.choice(("f8", "f4"))),
            tuple(draw.choice((0.0, -1.5, 1.0)) for _ in range(ndim)),
        )
    )


_DISTANCES: Final = ("euclidean",) * 4 + ("chessboard", "taxicab", "manhattan")


def _distance_options(draw: Draw, batch: Any) -> dict[str, Any]:
    options = some(draw, include_background=BOTH, distance_metric=_DISTANCES)
    if draw.chance(0.15):
        options["ignore_index"] = draw.choice(INDICES)
    if draw.chance(0.7):
        options["spacing"] = spacing_of(draw, len(batch[0]), batch[0].ndim - 2)
    return options


_PERCENTILES: Final = (None, 95, 95.0, 50, 99.5, 100, 0, 0.0, 5, 120, -1)


def _hausdorff_options(draw: Draw, batch: Any) -> dict[str, Any]:
    return _distance_options(draw, batch) | some(draw, directed=BOTH, percentile=_PERCENTILES)


def _mean_options(draw: Draw, batch: Any) -> dict[str, Any]:
    return _distance_options(draw, batch) | some(draw, symmetric=BOTH)


def _surface_options(draw: Draw, batch: Any) -> dict[str, Any]:
    options = _distance_options(draw, batch) | some(draw, use_subvoxels=BOTH)
    channels = batch[0].shape[1]
    n = channels if options.get("include_background") else max(1, channels - 1)
    limits: Any = [draw.choice((0, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0)) for _ in range(n)]
    if draw.chance(0.05):
        bad: tuple[Any, ...] = ([*limits, 1.0], [-1.0] * n, [np.inf] * n, 1.0)
        limits = draw.choice(bad)
    return options | {"class_thresholds": limits}


def _distances(name: str, options: Any, min_ndim: int = 1) -> Any:
    def drawn(draw: Draw) -> Call:
        batch = batches(draw, min_ndim, soft=0.05)
        if draw.chance(0.1) and all(str(one.dtype) != "torch.bfloat16" for one in batch):
            batch = tuple(one.numpy() for one in batch)
        return Call(function(name), batch, options(draw, batch))

    return drawn


def _distance_lives(name: str, options: Any, min_ndim: int = 1) -> Any:
    def drawn(draw: Draw) -> Call:
        batch = batches(draw, min_ndim, soft=0.05)
        made = options(draw, batch)
        called = {"spacing": made.pop("spacing")} if "spacing" in made else {}
        return life(draw, name, made | reductions(draw), twice(draw, batch), called)

    return drawn


def _masks(draw: Draw, max_ndim: int = 3, min_ndim: int = 1) -> list[Any]:
    pair = draw.pair(draw.shape(min_ndim, max_ndim, voxels=200))
    if draw.chance(0.5):
        return [draw.layout(one) for one in pair]
    return [load_torch().from_numpy(one.copy()) for one in pair]


def _mask_edges(draw: Draw) -> Call:
    masks = _masks(draw)
    ndim = masks[0].ndim
    if draw.chance(0.4):
        factor = draw.choice((1, 1, 2))
        masks = [one * factor for one in masks]
    options = some(draw, label_idx=(1, 2), crop=BOTH)
    if draw.chance(0.4):
        options["spacing"] = draw.choice(
            (draw.spacing(ndim), draw.spacing(2), draw.spacing(3), 1.0)
        )
    if draw.chance(0.1):
        options["always_return_as_numpy"] = draw.choice(BOTH)
    if draw.chance(0.03):
        masks[1] = _masks(draw)[1]
        if type(masks[0]) is not type(masks[1]):
            masks[1] = masks[0][..., :-1]
    return Call(function("get_mask_edges"), tuple(masks), options)


def _one_spacing(draw: Draw, ndim: int) -> Any:
    return draw.choice((None, None, 0.7, draw.spacing(ndim), draw.spacing(ndim)))


def _surface_distance(draw: Draw) -> Call:
    masks = _masks(draw)
    options = some(draw, distance_metric=_DISTANCES)
    options["spacing"] = _one_spacing(draw, masks[0].ndim)
    return Call(function("get_surface_distance"), tuple(masks), options)


def _edge_distance(draw: Draw) -> Call:
    torch = load_torch()
    masks = [torch.from_numpy(one.copy()) for one in draw.pair(draw.shape(2, 3, voxels=200))]
    if draw.chance(0.5):
        masks = [one.float() for one in masks]
    options = some(
        draw, distance_metric=_DISTANCES, symmetric=BOTH, class_index=(0, 1), warn_empty=BOTH
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
        img = load_torch().from_numpy(img.copy(order="C"))
    if draw.chance(0.05):
        img = img[0] if img.ndim == 3 else img[None]
    ndim = img.ndim - 1
    options = some(draw, return_distances=BOTH, return_indices=BOTH, float64_distances=BOTH)
    if draw.chance(0.6):
        options["sampling"] = draw.choice(
            (0.7, 2, draw.spacing(ndim), list(draw.spacing(ndim)), draw.spacing(ndim + 1))
        )
    steps = np.ravel(options.get("sampling", 1.0))
    ties = options.get("return_indices") and (steps * 2 % 1).any()
    if draw.chance(0.1):
        options["distances"] = np.zeros(np.shape(img))
    words = "equally near" if ties else ""
    return Call(function("distance_transform_edt"), (img,), options, words)


CALLS: Final[Calls] = {
    "compute_hausdorff_distance": _distances("compute_hausdorff_distance", _hausdorff_options),
    "HausdorffDistanceMetric": _distance_lives("HausdorffDistanceMetric", _hausdorff_options),
    "compute_average_surface_distance": _distances(
        "compute_average_surface_distance", _mean_options
    ),
    "SurfaceDistanceMetric": _distance_lives("SurfaceDistanceMetric", _mean_options),
    "compute_surface_dice": _distances("compute_surface_dice", _surface_options, 2),
    "SurfaceDiceMetric": _distance_lives("SurfaceDiceMetric", _surface_options, 2),
    "get_mask_edges": _mask_edges,
    "get_surface_distance": _surface_distance,
    "get_edge_surface_distance": _edge_distance,
    "distance_transform_edt": _transform,
}
