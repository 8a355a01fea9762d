"""Matching of instances: pairs with an IoU above 1/2; every object is in at most one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .joint import JointHistogram

__all__ = ["Matches", "match_instances"]


@dataclass(frozen=True, slots=True)
class Matches:
    """Matched and unmatched instances.

    Attributes
    ----------
    scores : tuple of float
        IoU of each matched pair.
    fp, fn : int
        Predictions, references without partner.
    """

    scores: tuple[float, ...]
    fp: int
    fn: int

    @property
    def tp(self) -> int:
        """Number of matched pairs."""
        return len(self.scores)


def match_instances(histogram: JointHistogram) -> Matches:
    """Match the labels other than 0 of two instance maps, given their joint histogram."""
    scores = []
    for (reference, prediction), common in histogram.joint.items():
        if not (reference and prediction):
            continue
        union = histogram.rows[reference] + histogram.columns[prediction] - common
        if 2 * common > union:
            scores.append(common / union)
    references = sum(1 for label in histogram.rows if label)
    predictions = sum(1 for label in histogram.columns if label)
    return Matches(tuple(scores), predictions - len(scores), references - len(scores))
