"""Agreement of instances: panoptic quality with the default matching, IoU above 1/2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgewise import _core
from edgewise._arguments import as_connectivity, as_same_order, as_threads

from .documentation import documented
from .formulas.instances import OF_MATCHES
from .grids import Grid, open_label_maps
from .instance_matching import match_instances
from .pair_ingredients import PairIngredients

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from edgewise._arguments import Spacing

__all__ = ["instance_fn", "instance_fp", "instance_tp", "pq", "rq", "sq"]


def _instance_maps(grid: Grid, connectivity: int | None, threads: int) -> Grid:
    """Return the grid with bool arrays replaced by their components, ignored voxels left out."""
    if np.bool_ not in (grid.reference.dtype, grid.prediction.dtype):
        return grid
    grid.require_three_axes("a connected component")
    given = as_connectivity(connectivity, grid.ndim)
    maps = []
    for array in (grid.reference, grid.prediction):
        if array.dtype != np.bool_:
            maps.append(array)
            continue
        mask = array if grid.ignored is None else array & (grid.ignored == 0)
        labels, _ = _core.connected_components(mask, connectivity=given, threads=threads)
        maps.append(labels)
    return Grid(*as_same_order(*maps), grid.ignored, grid.spacing)


def _score(
    name: str,
    reference: ArrayLike,
    prediction: ArrayLike,
    connectivity: int | None,
    *,
    spacing: Spacing,
    squeeze: bool | None,
    ignore_mask: ArrayLike | None,
) -> float:
    threads = as_threads("auto")
    grid = open_label_maps(reference, prediction, spacing=spacing, ignore_mask=ignore_mask)
    if squeeze is None or squeeze:
        grid = grid.squeezed()
    maps = _instance_maps(grid, connectivity, threads)
    return OF_MATCHES[name](match_instances(PairIngredients(maps, threads).histogram))


@documented
def pq(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    connectivity: int | None = None,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
) -> float:
    """Return the panoptic quality."""
    return _score(
        "pq",
        reference,
        prediction,
        connectivity,
        spacing=spacing,
        squeeze=squeeze,
        ignore_mask=ignore_mask,
    )


@documented
def sq(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    connectivity: int | None = None,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
) -> float:
    """Return the segmentation quality, the mean IoU of matched instances."""
    return _score(
        "sq",
        reference,
        prediction,
        connectivity,
        spacing=spacing,
        squeeze=squeeze,
        ignore_mask=ignore_mask,
    )


@documented
def rq(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    connectivity: int | None = None,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
) -> float:
    """Return the recognition quality, the F1 score of detection."""
    return _score(
        "rq",
        reference,
        prediction,
        connectivity,
        spacing=spacing,
        squeeze=squeeze,
        ignore_mask=ignore_mask,
    )


@documented
def instance_tp(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    connectivity: int | None = None,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
) -> int:
    """Return the number of matched instances."""
    return int(
        _score(
            "instance_tp",
            reference,
            prediction,
            connectivity,
            spacing=spacing,
            squeeze=squeeze,
            ignore_mask=ignore_mask,
        )
    )


@documented
def instance_fp(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    connectivity: int | None = None,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
) -> int:
    """Return the number of predicted instances without partner."""
    return int(
        _score(
            "instance_fp",
            reference,
            prediction,
            connectivity,
            spacing=spacing,
            squeeze=squeeze,
            ignore_mask=ignore_mask,
        )
    )


@documented
def instance_fn(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    connectivity: int | None = None,
    spacing: Spacing = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
) -> int:
    """Return the number of reference instances without partner."""
    return int(
        _score(
            "instance_fn",
            reference,
            prediction,
            connectivity,
            spacing=spacing,
            squeeze=squeeze,
            ignore_mask=ignore_mask,
        )
    )
