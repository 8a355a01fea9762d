"""SciPy 1.17.1's ``scipy.spatial.distance``: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library, Suite

__all__ = ["LIBRARY"]

LIBRARY: Final = Library(
    "scipy_spatial",
    "scipy",
    "scipy.spatial",
    "1.17.1",
    (
        Entry(
            "distance.directed_hausdorff",
            "scipy.spatial.distance:directed_hausdorff",
            note="The indices as well, of equally far pairs the one that SciPy's shuffles favour. "
            "For a side without points SciPy's index is what happens to be in memory, here 0. "
            "SciPy computes points with NaN, inf or beyond 1e150.",
        ),
    ),
    suites=(
        Suite(
            "scipy.spatial.tests.test_hausdorff",
            (("TestHausdorff::test_invalid_dimensions", "compares words of the message"),),
        ),
    ),
)
