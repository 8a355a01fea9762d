"""One number for several labels: generalised Dice, and averages over the labels of a pair."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from edgewise.errors import ConfigError

from .conventions import chosen
from .counts import Counts
from .formulas.ratios import OF_COUNTS, quotient
from .labels import targets_of
from .metric_ids import parse
from .scoring import table_of_label_maps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from edgewise._arguments import Spacing

    from .labels import Labels
    from .pair_result import PairResult

__all__ = ["generalized_dice", "label_average"]


def generalized_dice(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    labels: Labels = "auto",
    weights: Literal["square", "simple", "uniform"] = "square",
    include_background: bool = False,
    spacing: Spacing = None,
    ignore_label: int | None = None,
    ignore_mask: ArrayLike | None = None,
    allow_negative_labels: bool = False,
) -> float:
    """Return the generalised Dice score of two label maps.

    Parameters
    ----------
    reference, prediction : array_like of integers
        Label maps of the same shape; never modified.
    labels : "auto", "union", sequence of int, or mapping of int to str, default "auto"
        The labels that enter, as in ``measure``.
    weights : {"square", "simple", "uniform"}, default "square"
        Weight of a label: 1 / n^2, 1 / n (n voxels in the reference), or 1. A label that the
        reference lacks takes the largest weight of the others.
    include_background : bool, default False
        Whether label 0 enters.
    spacing : float or sequence of float, optional
        Voxel size along each axis, in mm. Does not change the value.
    ignore_label : int, optional
        Voxels with this reference label do not count.
    ignore_mask : array_like of bool, optional
        Voxels that do not count.
    allow_negative_labels : bool, default False
        Whether negative values are ordinary labels.

    Returns
    -------
    float
        ``2 sum w TP / sum w (|R| + |P|)``, 0 to 1, larger is better; NaN if no label occurs.

    Raises
    ------
    ShapeError
        If the shapes differ or an axis has length 0.
    LabelError
        If an array is no label map.
    SpacingError
        If there is not one finite, positive spacing per axis.
    ConfigError
        If an option has an unknown value.

    References
    ----------
    .. [1] Crum et al., IEEE TMI 25, 2006; Sudre et al., DLMIA 2017
    """
    if weights not in ("square", "simple", "uniform"):
        message = f"weights must be square, simple or uniform, got {weights!r}"
        raise ConfigError(message)
    table = table_of_label_maps(
        reference,
        prediction,
        spacing=spacing,
        ignore_label=ignore_label,
        ignore_mask=ignore_mask,
        allow_negative_labels=allow_negative_labels,
    )
    targets = targets_of(
        table,
        labels,
        None,
        include_background=include_background,
        ignore_label=ignore_label,
    )
    counts = [table.counts(target.members) for target in targets]
    weight = _weights([c.n_ref for c in counts], weights)
    above = sum((w * 2 * c.tp for w, c in zip(weight, counts, strict=True)), Fraction(0))
    below = sum(
        (w * (c.n_ref + c.n_pred) for w, c in zip(weight, counts, strict=True)), Fraction(0)
    )
    return quotient(above, below)


def _weights(sizes: Sequence[int], rule: str) -> list[Fraction]:
    power = {"square": 2, "simple": 1, "uniform": 0}[rule]
    finite = [Fraction(1, n**power) for n in sizes if n]
    largest = max(finite, default=Fraction(1))
    return [Fraction(1, n**power) if n else largest for n in sizes]


def label_average(
    result: PairResult,
    metric: str,
    *,
    reduction: Literal["macro", "micro", "weighted"] = "macro",
) -> float:
    """Return the average of a metric over the labels of a measured pair; regions do not enter.

    Parameters
    ----------
    result : PairResult
        What ``measure`` returned.
    metric : str
        Id of one of its metrics; for "micro" any ratio of counts.
    reduction : {"macro", "micro", "weighted"}, default "macro"
        Mean over labels; the ratio of the counts summed over labels; mean weighted by the size of
        the label in the reference. In the means values that are NaN are left out and infinite ones
        stay: policies for them belong to the summary of a data set.

    Returns
    -------
    float
        NaN if nothing can be averaged.

    Raises
    ------
    ConfigError
        If the metric was not measured, or has no counts to sum.

    Examples
    --------
    >>> from edgewise.metrics import measure
    >>> result = measure([0, 1, 1, 2], [0, 1, 2, 2], metrics="dice")
    >>> round(label_average(result, "dice"), 4)
    0.6667
    """
    labels = [label for label in result.labels if label not in result.regions]
    if reduction == "micro":
        return _micro(result, labels, metric)
    if reduction not in ("macro", "weighted"):
        message = f"reduction must be macro, micro or weighted, got {reduction!r}"
        raise ConfigError(message)
    pairs = []
    for label in labels:
        value = result.value(label, metric)
        weight = 1.0 if reduction == "macro" else result.value(label, "n_ref")
        if value is not None and weight and not math.isnan(value):
            pairs.append((value, weight))
    if not pairs:
        return math.nan
    return math.fsum(v * w for v, w in pairs) / math.fsum(w for _, w in pairs)


def _micro(result: PairResult, labels: Sequence[int], metric: str) -> float:
    request = parse(metric)
    if request.name not in OF_COUNTS:
        message = f"micro sums counts over labels; {request.name} is no ratio of counts"
        raise ConfigError(message)
    tp, fp, fn, tn = (
        sum(int(result.value(label, count) or 0) for label in labels)
        for count in ("tp", "fp", "fn", "tn")
    )
    settings = chosen(request.preset, dict(request.parameters))
    return OF_COUNTS[request.name](Counts(tp, fp, fn, tn), settings)
