"""Overlap of two label maps as ITK defines it: per label and over all labels but 0."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from edgewise._arguments import as_threads
from edgewise.metrics.joint import joint_histogram

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgewise._arguments import AnyArray

__all__ = ["MEASURES", "Overlap", "Sizes", "overlap_of"]

_UNDEFINED: Final = sys.float_info.max  # ITK's value for a division by 0


class Sizes(NamedTuple):
    """Elements of a label, or sums over labels.

    Attributes
    ----------
    source, target, both : int
        In the first image, the second, both.
    outside : int
        Outside the label in the target; summed over labels.
    is_sum : bool
        Whether these are sums over labels.
    """

    source: int
    target: int
    both: int
    outside: int
    is_sum: bool


class Overlap(NamedTuple):
    """The sizes of every label, and their sums over all labels but 0."""

    labels: Mapping[int, Sizes]
    total: Sizes


def overlap_of(source: AnyArray, target: AnyArray) -> Overlap:
    """Count two label maps of one shape and memory order."""
    table = joint_histogram(source, target, None, as_threads("auto"))
    labels = {}
    for label in {*table.rows, *table.columns}:
        there, here = table.rows.get(label, 0), table.columns.get(label, 0)
        both = table.joint.get((label, label), 0)
        labels[label] = Sizes(there, here, both, table.total - here, is_sum=False)
    kept = [sizes for label, sizes in labels.items() if label != 0]
    total = Sizes(
        sum(sizes.source for sizes in kept),
        sum(sizes.target for sizes in kept),
        sum(sizes.both for sizes in kept),
        sum(sizes.outside for sizes in kept),
        is_sum=True,
    )
    return Overlap(labels, total)


def _jaccard(sizes: Sizes, *, corrected: bool) -> float:
    return _ratio(sizes.both, sizes.source + sizes.target - sizes.both, corrected=corrected)


def _dice(sizes: Sizes, *, corrected: bool) -> float:
    jaccard = _jaccard(sizes, corrected=corrected)
    return 2.0 * jaccard / (1.0 + jaccard)


def _similarity(sizes: Sizes, *, corrected: bool) -> float:
    """Return the signed difference of the sizes over their mean."""
    return _ratio(
        2 * (sizes.source - sizes.target), sizes.source + sizes.target, corrected=corrected
    )


def _false_negative(sizes: Sizes, *, corrected: bool) -> float:
    return _ratio(sizes.target - sizes.both, sizes.target, corrected=corrected)


def _false_positive(sizes: Sizes, *, corrected: bool) -> float:
    """Return the source's excess over what lies outside the target.

    ITK asks of a single label whether it is in the source before it divides, of the sums whether
    they can be divided.
    """
    if not corrected and not sizes.is_sum:
        if not sizes.source:
            return _UNDEFINED
        if not sizes.outside:
            return math.nan
    return _ratio(sizes.source - sizes.both, sizes.outside, corrected=corrected)


def _false_discovery(sizes: Sizes, *, corrected: bool) -> float:
    return _ratio(sizes.source - sizes.both, sizes.source, corrected=corrected)


def _ratio(above: int, below: int, *, corrected: bool) -> float:
    if below:
        return above / below
    return math.nan if corrected else _UNDEFINED


MEASURES: Final = {
    "GetDiceCoefficient": _dice,
    "GetFalseDiscoveryRate": _false_discovery,
    "GetFalseNegativeError": _false_negative,
    "GetFalsePositiveError": _false_positive,
    "GetJaccardCoefficient": _jaccard,
    "GetMeanOverlap": _dice,
    "GetUnionOverlap": _jaccard,
    "GetVolumeSimilarity": _similarity,
}
