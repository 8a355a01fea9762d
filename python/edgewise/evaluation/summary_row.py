"""One line of a summary: a metric of a label over all cases."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["SummaryRow"]


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One metric of one label over all cases.

    Attributes
    ----------
    algorithm : str
        Empty if there is only one.
    label, label_name, metric, unit
        What is summarised; the unit is empty for ratios.
    n : int
        Values in the mean.
    n_missing : int
        Missing or failed cases; whether they are among `n` is the policy's choice.
    n_both_empty, n_undefined : int
        Values NaN because both masks are empty, or for another reason.
    n_one_empty, n_infinite : int
        Values with one mask empty; infinite values.
    mean, low, high : float
        Mean and its 95 % interval by percentile bootstrap; NaN ends for fewer than six values.
    sd, median, q25, q75 : float
        Standard deviation (n - 1), quartiles by linear interpolation.
    worst, worst_case
        Of the evaluated cases; NaN and empty for metrics without direction.
    """

    algorithm: str
    label: int
    label_name: str
    metric: str
    unit: str
    n: int
    n_missing: int
    n_both_empty: int
    n_undefined: int
    n_one_empty: int
    n_infinite: int
    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan
    sd: float = math.nan
    median: float = math.nan
    q25: float = math.nan
    q75: float = math.nan
    worst: float = math.nan
    worst_case: str = ""
