"""A network's answer brought back onto the image's own grid.

Linear interpolation goes with the rows as they come, in bounded memory; a cubic spline needs all
logits at once. A network that takes its surroundings from the whole image gets it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise.models.preprocessing.resampling import resample_logits, separate_axis

from .consumers import Consumer, Labels, Logits, label_dtype
from .dense import stream_dense
from .resampled import ResampledLabels
from .stream import stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from edgewise.models.preprocessing import Prepared

    from .options import Execution, Tiling
    from .stream import Progress

__all__ = ["answer_on_own_grid"]


def answer_on_own_grid(
    prepared: Prepared,
    network: Callable[[Any], Any],
    *,
    tiling: Tiling,
    execution: Execution,
    labels: Sequence[int] | None = None,
    regions: Sequence[int] | None = None,
    progress: Progress | None = None,
) -> NDArray[Any]:
    """Segment a prepared image and return the label map on the grid it came from.

    Parameters
    ----------
    prepared : Prepared
        From `Preprocessing.apply`.
    network, tiling, execution, progress
        As for `stream`.
    labels, regions : sequence of int, optional
        As for `segment`.

    Returns
    -------
    unsigned integer array
        Axes and shape of the original array; 0 outside of what was cropped to.
    """
    origin = prepared.origin
    rule, shape = origin.resample_logits, origin.cropped_shape
    apart = separate_axis(rule, prepared.spacing, origin.spacing)
    consumer: Consumer
    if shape == prepared.array.shape[1:]:
        consumer = Labels(labels, regions=regions)
    elif rule.order == 1 and (apart is None or rule.order_across < 2):
        nearest = apart if rule.order_across == 0 else None
        consumer = ResampledLabels(shape, labels=labels, regions=regions, separate_axis=nearest)
    else:
        consumer = Logits()
    if getattr(network, "takes_whole_image", False):
        answer = stream_dense(
            prepared.array, network, consumer,  # type: ignore[arg-type]  # it says that it is one
            segment=max(tiling.tile), execution=execution, progress=progress,
        )  # fmt: skip
    else:
        answer = stream(
            prepared.array, network, consumer, tiling=tiling, execution=execution,
            slabs=not isinstance(consumer, Logits), progress=progress,
        )  # fmt: skip
    if isinstance(consumer, Logits):
        answer = resample_logits(
            answer, shape, rule=rule, before=prepared.spacing, after=origin.spacing, regions=regions
        )
        if labels is not None:
            answer = np.asarray(labels, dtype=label_dtype(labels))[answer]
    return prepared.place(answer)
