"""SimpleITK's filters that measure two images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise.compat.mask_pairs import element_lists

from .images import on_one_grid, spacing_of, their, values_of
from .overlap import MEASURES, Overlap, Sizes, overlap_of

if TYPE_CHECKING:
    from edgewise.metrics.distance_list import ListPair

__all__ = ["HausdorffDistanceImageFilter", "LabelOverlapMeasuresImageFilter"]

_Overlap: Any = their("LabelOverlapMeasuresImageFilter")
_Hausdorff: Any = their("HausdorffDistanceImageFilter")


class LabelOverlapMeasuresImageFilter(_Overlap):  # type: ignore[misc]
    """Overlap of the labels of two images; the getters take a label, or none for all but 0.

    Parameters
    ----------
    corrected : bool, default False
        What cannot be divided is NaN. Otherwise it is, as in ITK, the largest float64, infinite
        (Dice), 0 (a label in neither image), or NaN (false positives of a label that fills both).
    """

    def __init__(self, *, corrected: bool = False) -> None:
        super().__init__()
        self._corrected = corrected
        self._found: tuple[Overlap, np.dtype[Any]] | None = None

    def Execute(self, sourceImage: Any, targetImage: Any) -> None:
        """Count two images of one integer type on one grid; RuntimeError otherwise."""
        source, target = values_of(sourceImage, "iu"), values_of(targetImage, "iu")
        if source is None or target is None or not on_one_grid(sourceImage, targetImage):
            super().Execute(sourceImage, targetImage)
            self._found = None
        else:
            self._found = overlap_of(source, target), source.dtype

    def _get(self, name: str, args: tuple[Any, ...]) -> float:
        valid = not args or (
            len(args) == 1 and isinstance(args[0], int) and -(2**63) <= args[0] < 2**63
        )
        if self._found is None or not valid:
            return getattr(super(), name)(*args)  # type: ignore[no-any-return]
        overlap, dtype = self._found
        sizes: Sizes | None = overlap.total
        if args:
            sizes = overlap.labels.get(int(np.array(args[0]).astype(dtype)))
        if sizes is None:
            return float("nan") if self._corrected else 0.0
        return MEASURES[name](sizes, corrected=self._corrected)

    def GetDiceCoefficient(self, *args: Any) -> float:
        """Return 2 J / (1 + J) with J of `GetJaccardCoefficient`."""
        return self._get("GetDiceCoefficient", args)

    def GetFalseDiscoveryRate(self, *args: Any) -> float:
        """Return the share of the source that is not in the target."""
        return self._get("GetFalseDiscoveryRate", args)

    def GetFalseNegativeError(self, *args: Any) -> float:
        """Return the share of the target that is not in the source."""
        return self._get("GetFalseNegativeError", args)

    def GetFalsePositiveError(self, *args: Any) -> float:
        """Return the source's excess as a share of what lies outside the target."""
        return self._get("GetFalsePositiveError", args)

    def GetJaccardCoefficient(self, *args: Any) -> float:
        """Return the intersection over the union."""
        return self._get("GetJaccardCoefficient", args)

    def GetMeanOverlap(self, *args: Any) -> float:
        """Return the same as `GetDiceCoefficient`."""
        return self._get("GetMeanOverlap", args)

    def GetUnionOverlap(self, *args: Any) -> float:
        """Return the same as `GetJaccardCoefficient`."""
        return self._get("GetUnionOverlap", args)

    def GetVolumeSimilarity(self, *args: Any) -> float:
        """Return 2 (source - target) / (source + target): signed, 0 for equal sizes."""
        return self._get("GetVolumeSimilarity", args)


class HausdorffDistanceImageFilter(_Hausdorff):  # type: ignore[misc]
    """Distances of all elements that are not 0 to those of the other image, in mm."""

    def __init__(self) -> None:
        super().__init__()
        self._found: ListPair | None = None

    def Execute(self, image1: Any, image2: Any) -> None:
        """Measure two images of one type on one grid; RuntimeError otherwise or if one is empty."""
        first, second = values_of(image1, "iuf"), values_of(image2, "iuf")
        if first is None or second is None or not on_one_grid(image1, image2):
            super().Execute(image1, image2)
            self._found = None
            return
        masks = np.not_equal(first, 0), np.not_equal(second, 0)
        lists = element_lists(*masks, spacing_of(image1))
        if lists.has_empty:
            message = "both images must have an element that is not 0"
            raise RuntimeError(message)
        self._found = lists

    def GetHausdorffDistance(self) -> float:
        """Return the largest distance."""
        found = self._found
        return super().GetHausdorffDistance() if found is None else found.maximum()

    def GetAverageHausdorffDistance(self) -> float:
        """Return the mean of the two mean distances."""
        found = self._found
        return super().GetAverageHausdorffDistance() if found is None else found.mean_of_means()
