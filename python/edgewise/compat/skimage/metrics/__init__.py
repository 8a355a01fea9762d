"""Drop-in for ``skimage.metrics``: point sets and tables of labels."""

from __future__ import annotations

from .point_sets import hausdorff_distance, hausdorff_pair
from .tables import adapted_rand_error, contingency_table, variation_of_information

__all__ = [
    "adapted_rand_error",
    "contingency_table",
    "hausdorff_distance",
    "hausdorff_pair",
    "variation_of_information",
]
