"""Intensities of the foreground of a data set: what CT normalisation clips and scales by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["IntensityStatistics"]

_PERCENTILES: Final = (0.5, 50.0, 99.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntensityStatistics:
    """Statistics of one channel over labelled voxels, in the unit of the image.

    Attributes
    ----------
    mean, std : float
        Standard deviation by the number of voxels.
    lower, median, upper : float
        Percentiles 0.5, 50 and 99.5.
    minimum, maximum : float
        Extremes.
    """

    mean: float
    std: float
    lower: float
    median: float
    upper: float
    minimum: float
    maximum: float

    @classmethod
    def of(cls, values: NDArray[Any]) -> IntensityStatistics:
        """Return the statistics of an array of at least one value."""
        lower, median, upper = np.percentile(values, _PERCENTILES)
        return cls(
            mean=float(np.mean(values, dtype=np.float64)),
            std=float(np.std(values, dtype=np.float64)),
            lower=float(lower),
            median=float(median),
            upper=float(upper),
            minimum=float(np.min(values)),
            maximum=float(np.max(values)),
        )

    @classmethod
    def from_plans(cls, channel: Mapping[str, float]) -> IntensityStatistics:
        """Return what a plans.json says of a channel."""
        return cls(
            mean=float(channel["mean"]),
            std=float(channel["std"]),
            lower=float(channel["percentile_00_5"]),
            median=float(channel["median"]),
            upper=float(channel["percentile_99_5"]),
            minimum=float(channel["min"]),
            maximum=float(channel["max"]),
        )
