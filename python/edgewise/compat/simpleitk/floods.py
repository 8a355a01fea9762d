"""SimpleITK's filters that grow a region from seeds; indices of seeds are (x, y, z)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import growing
from .images import cast, image_of, their, values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "ConfidenceConnectedImageFilter",
    "ConnectedThresholdImageFilter",
    "IsolatedConnectedImageFilter",
    "NeighborhoodConnectedImageFilter",
]

_Threshold: Any = their("ConnectedThresholdImageFilter")
_Neighborhood: Any = their("NeighborhoodConnectedImageFilter")
_Confidence: Any = their("ConfidenceConnectedImageFilter")
_Isolated: Any = their("IsolatedConnectedImageFilter")


def _indices(seeds: Sequence[Sequence[int]], ndim: int) -> list[tuple[int, ...]] | None:
    """Return the seeds in the order of the array's axes; None if one has too few indices."""
    if any(len(seed) < ndim for seed in seeds):
        return None
    return [tuple(seed[:ndim][::-1]) for seed in seeds]


def _painted(region: NDArray[np.bool_], value: float, like: Any) -> Any:
    return image_of(region.view(np.uint8) * np.uint8(value), like)


class ConnectedThresholdImageFilter(_Threshold):  # type: ignore[misc]
    """What is connected to the seeds with values of a closed interval, uint8.

    Parameters
    ----------
    corrected : bool, default False
        Compare with the limits as they are. Otherwise, as in ITK, they are cast to the type of the
        image first: 1.5 becomes 1, and a limit beyond the type becomes an arbitrary number.
    """

    def __init__(self, *, corrected: bool = False) -> None:
        super().__init__()
        self._corrected = corrected

    def Execute(self, image1: Any) -> Any:
        """Return the region of an image of numbers."""
        values = values_of(image1, "iuf")
        seeds = None if values is None else _indices(self.GetSeedList(), values.ndim)
        if values is None or seeds is None:
            return super().Execute(image1)
        lower, upper = self.GetLower(), self.GetUpper()
        if not self._corrected:
            lower, upper = cast(lower, values.dtype), cast(upper, values.dtype)
            if lower is None or upper is None:
                return super().Execute(image1)
        full = self.GetConnectivity() == self.FullConnectivity
        region = growing.grown(values, seeds, lower, upper, full=full)
        return _painted(region, self.GetReplaceValue(), image1)


class NeighborhoodConnectedImageFilter(_Neighborhood):  # type: ignore[misc]
    """What is connected to the seeds by faces, the whole box around it within an interval, uint8.

    The edge of the image is repeated outwards.
    """

    def Execute(self, image1: Any) -> Any:
        """Return the region of an image of numbers."""
        values = values_of(image1, "iuf")
        seeds = None if values is None else _indices(self.GetSeedList(), values.ndim)
        radius = None if values is None else _indices([self.GetRadius()], values.ndim)
        value = cast(self.GetReplaceValue(), np.dtype(np.uint8))
        if values is None or seeds is None or radius is None or value is None:
            return super().Execute(image1)
        lower, upper = cast(self.GetLower(), values.dtype), cast(self.GetUpper(), values.dtype)
        if lower is None or upper is None:
            return super().Execute(image1)
        region = growing.neighbourhood(values, seeds, lower, upper, radius[0])
        return _painted(region, value, image1)


class ConfidenceConnectedImageFilter(_Confidence):  # type: ignore[misc]
    """What is connected to the seeds by faces within some deviations of its own mean, uint8."""

    def __init__(self) -> None:
        super().__init__()
        self._found: growing.Confident | None = None

    def Execute(self, image1: Any) -> Any:
        """Return the region of an image of numbers of at most 32 bits, or float64."""
        values = values_of(image1, "iuf")
        seeds = None if values is None else _indices(self.GetSeedList(), values.ndim)
        found = None
        if values is not None and seeds is not None and self._takes(values):
            found = growing.confident(
                values,
                seeds,
                iterations=self.GetNumberOfIterations(),
                multiplier=self.GetMultiplier(),
                radius=self.GetInitialNeighborhoodRadius(),
            )
        result = (
            super().Execute(image1)
            if found is None
            else _painted(found.region, self.GetReplaceValue(), image1)
        )
        self._found = found
        return result

    def _takes(self, values: NDArray[Any]) -> bool:
        """Whether every value is a float64, and the region can be told from the rest."""
        small = values.dtype.kind == "f" or values.dtype.itemsize < 8
        return small and self.GetReplaceValue() != 0

    def GetMean(self) -> float:
        """Return the mean of the last region but one."""
        return super().GetMean() if self._found is None else self._found.mean

    def GetVariance(self) -> float:
        """Return the variance of the last region but one."""
        return super().GetVariance() if self._found is None else self._found.variance


class IsolatedConnectedImageFilter(_Isolated):  # type: ignore[misc]
    """What is connected to seed 1 by faces and not to seed 2, a limit being found by halving."""

    def __init__(self) -> None:
        super().__init__()
        self._found: growing.Isolated | None = None

    def Execute(self, image1: Any) -> Any:
        """Return the region of an image of numbers, uint8."""
        found = self._isolated(image1)
        result = (
            super().Execute(image1)
            if found is None
            else _painted(found.region, self.GetReplaceValue(), image1)
        )
        self._found = found
        return result

    def _isolated(self, image: Any) -> growing.Isolated | None:
        values = values_of(image, "iuf")
        if values is None or (values.dtype.kind != "f" and values.dtype.itemsize == 8):
            return None
        seeds = _indices([self.GetSeed1(), self.GetSeed2()], values.ndim)
        numbers = (self.GetLower(), self.GetUpper(), self.GetIsolatedValueTolerance())
        lower, upper, tolerance = (cast(number, values.dtype) for number in numbers)
        if seeds is None or len(growing.inside(values, seeds)) < 2 or not self.GetReplaceValue():
            return None
        if lower is None or upper is None or tolerance is None:
            return None
        if not (0 < tolerance <= upper and lower <= upper < np.inf and lower > -np.inf):
            return None  # where ITK's numbers wrap around or never meet
        return growing.isolated(
            values,
            seeds[0],
            seeds[1],
            (lower, upper),
            tolerance=tolerance,
            find_upper=self.GetFindUpperThreshold(),
        )

    def GetThresholdingFailed(self) -> bool:
        """Whether the last region misses seed 1 or reaches seed 2."""
        return super().GetThresholdingFailed() if self._found is None else self._found.failed

    def GetIsolatedValue(self) -> float:
        """Return the limit that was found."""
        return super().GetIsolatedValue() if self._found is None else float(self._found.value)
