"""Statistics of plain numbers: intervals of a mean and of a proportion."""

from .intervals import (
    Interval,
    mean_bootstrap,
    mean_t,
    means_bootstrap,
    proportion_wilson,
)

__all__ = ["Interval", "mean_bootstrap", "mean_t", "means_bootstrap", "proportion_wilson"]
