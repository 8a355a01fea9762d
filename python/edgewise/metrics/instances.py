"""Agreement of instances: panoptic quality with the default matching, IoU above 1/2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise import _core
from edgewise._arguments import AnyArray, as_connectivity, as_label_map, as_threads

from .documentation import documented
from .formulas.instances import OF_MATCHES
from .grids import open_label_maps
from .instance_matching import match_instances
from .pair_ingredients import PairIngredients

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["instance_fn", "instance_fp", "instance_tp", "pq", "rq", "sq"]


def _instance_map(values: Any, name: str, connectivity: int | None, *, squeeze: bool) -> AnyArray:  # noqa: ANN401
    """Return an instance map: integers as they are, the components of a bool array."""
    array = as_label_map(getattr(values, "array", values), name)
    if array.dtype != np.bool_:
        return array
    shape = array.shape
    if squeeze:
        array = array.squeeze() if array.size > 1 else array.reshape(1)
    if array.ndim > 3:
        array = as_label_map(array)
    given = as_connectivity(connectivity, array.ndim)
    labels, _ = _core.connected_components(array, connectivity=given, threads=as_threads("auto"))
    return labels.reshape(shape, order="F" if labels.flags.f_contiguous else "C")


def _score(
    name: str,
    reference: ArrayLike,
    prediction: ArrayLike,
    connectivity: int | None,
    *,
    squeeze: bool | None,
    ignore_mask: ArrayLike | None,
) -> float:
    squeezed = squeeze is None or squeeze
    grid = open_label_maps(
        _instance_map(reference, "reference", connectivity, squeeze=squeezed),
        _instance_map(prediction, "prediction", connectivity, squeeze=squeezed),
        ignore_mask=ignore_mask,
    )
    histogram = PairIngredients(grid, as_threads("auto")).histogram
    return OF_MATCHES[name](match_instances(histogram))


@documented
def pq(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    connectivity: int | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
) -> float:
    """Return the panoptic quality."""
    return _score(
        "pq", reference, prediction, connectivity, squeeze=squeeze, ignore_mask=ignore_mask
    )


@documented
def sq(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    connectivity: int | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
) -> float:
    """Return the segmentation quality, the mean IoU of matched instances."""
    return _score(
        "sq", reference, prediction, connectivity, squeeze=squeeze, ignore_mask=ignore_mask
    )


@documented
def rq(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    connectivity: int | None = None,
    squeeze: bool | None = None,
    ignore_mask: ArrayLike | None = None,
) -> float:
    """Return the recognition quality, the F1 score of detection."""
    return _score(
        "rq", reference, prediction, connectivity, squeeze=squeeze, ignore_mask=ignore_mask
    )


@documented
def instance_tp(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    connectivity: int | None = None,
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
            squeeze=squeeze,
            ignore_mask=ignore_mask,
        )
    )
