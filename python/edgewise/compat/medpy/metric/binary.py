"""Drop-in for ``medpy.metric.binary`` of MedPy 0.5.2; arguments in the order (result, reference).

What is not zero (NaN and 0.3 included) is foreground. The functions that divide counts give what
MedPy gives with the installed numpy: 0/0 is NaN with a RuntimeWarning from numpy 2.3 on, the value
that MedPy documents before; ``corrected=True`` gives the documented value everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise._extras import require
from edgewise.compat.mask_pairs import boundary_lists, count_pair
from edgewise.metrics.counts import Counts

from .objects import correspondences, matched_lists

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edgewise.metrics.distance_list import DistanceList, ListPair

__all__ = [
    "asd",
    "assd",
    "dc",
    "hd",
    "hd95",
    "jc",
    "obj_asd",
    "obj_assd",
    "obj_fpr",
    "obj_tpr",
    "positive_predictive_value",
    "precision",
    "ravd",
    "recall",
    "sensitivity",
    "specificity",
    "true_negative_rate",
    "true_positive_rate",
    "volume_change_correlation",
    "volume_correlation",
]


def dc(result: Any, reference: Any, *, corrected: bool = False) -> float:
    """Return the Dice coefficient; both empty: see the module's text, documented value 1."""
    first, second = _mask(result), _mask(reference)
    if first.shape == second.shape:
        c = _counts(first, second)
        both, sizes = c.tp, c.n_ref + c.n_pred
    else:  # each is counted as it is, what they share as numpy broadcasts
        both = _count(first & second)
        sizes = _count(first) + _count(second)
    return _ratio(2.0 * both, float(sizes), 1.0, corrected=corrected)


def jc(result: Any, reference: Any) -> float:
    """Return the Jaccard coefficient, a Python float; 1 if both are empty."""
    c = _counts(result, reference)
    return float(c.tp) / float(c.n_union) if c.n_union else 1.0


def precision(result: Any, reference: Any, *, corrected: bool = False) -> float:
    """Return TP / (TP + FP); documented value 0 for an empty result."""
    c = _counts(result, reference)
    return _ratio(c.tp, float(c.n_pred), 0.0, corrected=corrected)


def recall(result: Any, reference: Any, *, corrected: bool = False) -> float:
    """Return TP / (TP + FN); documented value 0 for an empty reference."""
    c = _counts(result, reference)
    return _ratio(c.tp, float(c.n_ref), 0.0, corrected=corrected)


def sensitivity(result: Any, reference: Any, *, corrected: bool = False) -> float:
    """Return the `recall`."""
    return recall(result, reference, corrected=corrected)


def specificity(result: Any, reference: Any, *, corrected: bool = False) -> float:
    """Return TN / (TN + FP) over the whole array; documented value 0 for a full reference."""
    c = _counts(result, reference)
    return _ratio(c.tn, float(c.tn + c.fp), 0.0, corrected=corrected)


def true_negative_rate(result: Any, reference: Any, *, corrected: bool = False) -> float:
    """Return the `specificity`."""
    return specificity(result, reference, corrected=corrected)


def true_positive_rate(result: Any, reference: Any, *, corrected: bool = False) -> float:
    """Return the `recall`."""
    return recall(result, reference, corrected=corrected)


def positive_predictive_value(
    result: Any,
    reference: Any,
    *,
    corrected: bool = False,
) -> float:
    """Return the `precision`."""
    return precision(result, reference, corrected=corrected)


def hd(
    result: Any,
    reference: Any,
    voxelspacing: Any = None,
    connectivity: int = 1,
) -> np.float64:
    """Return the Hausdorff distance of the borders.

    Parameters
    ----------
    result, reference : array
        Any dimension; what is not zero is foreground.
    voxelspacing : float or sequence of float, optional
        One per axis, in any unit. Default: 1.
    connectivity : int, default 1
        Of the erosion that makes the border.

    Raises
    ------
    RuntimeError
        If a mask is empty, or the number of spacings is not that of the axes.
    """
    return np.float64(_lists(result, reference, voxelspacing, connectivity).maximum())


def hd95(
    result: Any,
    reference: Any,
    voxelspacing: Any = None,
    connectivity: int = 1,
) -> np.float64:
    """Return the 95th percentile of both directions' distances together; arguments as `hd`."""
    lists = _lists(result, reference, voxelspacing, connectivity)
    return np.float64(lists.quantile(95.0, "linear", "pooled"))


def assd(
    result: Any,
    reference: Any,
    voxelspacing: Any = None,
    connectivity: int = 1,
) -> np.float64:
    """Return the mean of both directions' distances together; arguments as `hd`."""
    return np.float64(_lists(result, reference, voxelspacing, connectivity).pooled_mean())


def asd(
    result: Any,
    reference: Any,
    voxelspacing: Any = None,
    connectivity: int = 1,
) -> np.float64:
    """Return the mean distance from the result's border to the reference's; arguments as `hd`."""
    lists = _lists(result, reference, voxelspacing, connectivity)
    return np.float64(lists.ref_to_pred.mean())


def ravd(result: Any, reference: Any) -> float:
    """Return the signed relative difference of the volumes.

    Raises
    ------
    RuntimeError
        If the reference is empty.
    """
    first, second = _mask(result), _mask(reference)
    vol1, vol2 = np.count_nonzero(first), np.count_nonzero(second)
    if vol2 == 0:
        raise RuntimeError(_EMPTY.format("second"))
    return (vol1 - vol2) / float(vol2)


def volume_correlation(results: Sequence[Any], references: Sequence[Any]) -> Any:
    """Return Pearson's correlation of the volumes of sequences of masks, as SciPy returns it."""
    return _pearson(_volumes(results), _volumes(references))


def volume_change_correlation(results: Sequence[Any], references: Sequence[Any]) -> Any:
    """Return Pearson's correlation of the changes of volume along sequences of masks."""
    return _pearson(np.diff(_volumes(results)), np.diff(_volumes(references)))


def obj_assd(
    result: Any,
    reference: Any,
    voxelspacing: Any = None,
    connectivity: int = 1,
) -> np.float64:
    """Return the mean of both directions' distances of matched objects; arguments as `hd`."""
    lists = _matched(result, reference, voxelspacing, connectivity)
    lists += _matched(reference, result, voxelspacing, connectivity)
    return _mean(lists)


def obj_asd(
    result: Any,
    reference: Any,
    voxelspacing: Any = None,
    connectivity: int = 1,
) -> np.float64:
    """Return the mean distance from the *reference's* matched objects to the result's."""
    return _mean(_matched(result, reference, voxelspacing, connectivity))


def obj_fpr(result: Any, reference: Any, connectivity: int = 1) -> float:
    """Return the share of the reference's objects without a partner.

    Raises
    ------
    ZeroDivisionError
        If the reference has no object.
    """
    found = correspondences(_mask(reference), _mask(result), connectivity)
    return (found.n_reference - len(found.mapping)) / float(found.n_reference)


def obj_tpr(result: Any, reference: Any, connectivity: int = 1) -> float:
    """Return the share of the result's objects that have a partner.

    Raises
    ------
    ZeroDivisionError
        If the result has no object.
    """
    found = correspondences(_mask(reference), _mask(result), connectivity)
    return len(found.mapping) / float(found.n_result)


_EMPTY = "The {} supplied array does not contain any binary object."


def _mask(values: Any) -> NDArray[np.bool_]:
    return np.atleast_1d(values.astype(np.bool_, copy=False))


def _count(mask: NDArray[np.bool_]) -> Any:
    return np.count_nonzero(mask)


def _counts(result: Any, reference: Any) -> Counts:
    """Return the counts in the type in which the installed numpy counts: 0/0 depends on it."""
    first, second = _mask(result), _mask(reference)
    if first.shape == second.shape and first.size:
        of: Any = type(np.count_nonzero(first[:0]))
        return Counts(*(of(n) for n in count_pair(second, first)))
    return Counts(  # broadcasts, or raises numpy's ValueError
        _count(first & second),
        _count(first & ~second),
        _count(~first & second),
        _count(~first & ~second),
    )


def _ratio(above: Any, below: float, documented: float, *, corrected: bool) -> float:
    if corrected and below == 0.0:
        return documented
    try:
        ratio: float = above / below
    except ZeroDivisionError:
        return documented
    return ratio


def _lists(
    result: Any,
    reference: Any,
    voxelspacing: Any,
    connectivity: int,
) -> ListPair:
    """Return the distances result -> reference and back, after MedPy's checks in MedPy's order."""
    first, second = _mask(result), _mask(reference)
    spacing = _spacing(voxelspacing, first.ndim)
    for mask, word in ((first, "first"), (second, "second")):
        if not mask.any():
            raise RuntimeError(_EMPTY.format(word))
    if first.ndim != second.ndim:
        message = f"result has {first.ndim} axes, reference {second.ndim}"
        raise RuntimeError(message)
    if first.shape != second.shape:
        message = f"result has shape {first.shape}, reference {second.shape}"
        raise IndexError(message)
    return boundary_lists(first, second, spacing, connectivity=max(1, int(connectivity)))


def _spacing(voxelspacing: Any, ndim: int) -> list[float] | None:
    if voxelspacing is None:
        return None
    if not np.iterable(voxelspacing):
        return [float(voxelspacing)] * ndim
    spacing = [float(step) for step in voxelspacing]
    if len(spacing) != ndim:
        message = "sequence argument must have length equal to input rank"
        raise RuntimeError(message)
    return spacing


def _matched(
    result: Any,
    reference: Any,
    voxelspacing: Any,
    connectivity: int,
) -> list[DistanceList]:
    """Return the lists from every matched object of the *reference* to its partner in the result.

    That is how MedPy's own helpers swap their arguments: the opposite of what `asd` does.
    """
    first, second = _mask(result), _mask(reference)
    found = correspondences(first, second, connectivity)
    spacing = _spacing(voxelspacing, first.ndim) if found.mapping else None
    return matched_lists(found, spacing, connectivity)


def _mean(lists: Sequence[DistanceList]) -> np.float64:
    distances = np.concatenate([one.distances for one in lists]) if lists else np.empty(0)
    counts = np.concatenate([one.counts for one in lists]) if lists else np.empty(0)
    if not distances.size:
        return np.float64(np.empty(0).mean())  # NaN, with numpy's warning
    return np.float64(np.dot(distances, counts) / counts.sum())


def _volumes(masks: Sequence[Any]) -> NDArray[np.int64]:
    rows = np.atleast_2d(np.array(masks).astype(np.bool_))
    return np.array([np.count_nonzero(row) for row in rows])


def _pearson(results: NDArray[np.int64], references: NDArray[np.int64]) -> Any:
    return require("scipy.stats", extra="scipy").pearsonr(results, references)
