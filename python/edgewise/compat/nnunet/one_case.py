"""The metrics of one case: one joint histogram serves all labels and regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise._arguments import as_same_order
from edgewise.metrics.counts import Counts
from edgewise.metrics.joint import joint_histogram, table_of

from .arrays import compute_tp_fp_fn_tn, region_or_label_to_mask
from .files import check_grids, read_segmentation
from .whole_numbers import as_whole_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edgewise.metrics.joint import JointHistogram

    from .arrays import Class
    from .files import Reader

__all__ = ["measure_case", "measure_missed"]

_THREADS: Final = 1  # other cases keep the other cores busy


def measure_case(
    reference_file: str,
    prediction_file: str,
    reader: Reader | None,
    classes: Sequence[Class],
    ignore_label: int | None,
    same_grid: bool,
) -> dict[str, Any]:
    """Return the metrics of two files, see `compute_metrics`."""
    reference, prediction = (
        read_segmentation(file, reader) for file in (reference_file, prediction_file)
    )
    if same_grid:
        reference, prediction = check_grids(reference, prediction)
    metrics = _metrics(reference.array, prediction.array, classes, ignore_label)
    return {
        "reference_file": reference_file,
        "prediction_file": prediction_file,
        "metrics": metrics,
    }


def measure_missed(
    reference_file: str,
    reader: Reader | None,
    classes: Sequence[Class],
    ignore_label: int | None,
) -> dict[str, Any]:
    """Return the metrics of a file whose prediction is missing: as if it were all background."""
    reference = read_segmentation(reference_file, reader).array
    metrics = _metrics(reference, np.zeros_like(reference), classes, ignore_label)
    return {"reference_file": reference_file, "prediction_file": None, "metrics": metrics}


def _metrics(
    reference: NDArray[Any],
    prediction: NDArray[Any],
    classes: Sequence[Class],
    ignore_label: int | None,
) -> dict[Class, dict[str, Any]]:
    table = _table(reference, prediction, ignore_label)
    found = {}
    for one in classes:
        if table is not None:
            members = (one,) if np.isscalar(one) else tuple(one)  # type: ignore[arg-type]
            counts = table.counts(members)  # type: ignore[arg-type]
        else:
            ignored = None if ignore_label is None else reference == ignore_label
            first = region_or_label_to_mask(reference, one)
            second = region_or_label_to_mask(prediction, one)
            counts = Counts(*map(int, compute_tp_fp_fn_tn(first, second, ignored)))
        found[one] = _of_counts(*(np.int64(count) for count in counts))
    return found


def _table(
    reference: NDArray[Any], prediction: NDArray[Any], ignore_label: int | None
) -> JointHistogram | None:
    """Count the pairs of labels; None where something is no whole number or shapes differ."""
    if reference.shape != prediction.shape or not reference.size:
        return None
    first, second = as_whole_numbers(reference), as_whole_numbers(prediction)
    if first is None or second is None:
        return None
    table = joint_histogram(*as_same_order(first, second), None, _THREADS)
    if ignore_label is None:
        return table
    return table_of({pair: n for pair, n in table.joint.items() if pair[0] != ignore_label})


def _of_counts(tp: np.int64, fp: np.int64, fn: np.int64, tn: np.int64) -> dict[str, Any]:
    either = tp + fp + fn
    return {
        "Dice": 2 * tp / (either + tp) if either else np.nan,
        "IoU": tp / either if either else np.nan,
        "FP": fp,
        "TP": tp,
        "FN": fn,
        "TN": tn,
        "n_pred": fp + tp,
        "n_ref": fn + tp,
    }
