"""SimpleITK's filters that make an image of an image."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgewise.compat.originals import original

from . import arrays
from .images import image_of, spacing_of, values_of

__all__ = [
    "BinaryFillholeImageFilter",
    "ConnectedComponentImageFilter",
    "ConnectedThresholdImageFilter",
    "LabelContourImageFilter",
    "SignedMaurerDistanceMapImageFilter",
]


def _theirs(name: str) -> Any:
    return original(f"SimpleITK:{name}", why="images of SimpleITK")


_Maurer: Any = _theirs("SignedMaurerDistanceMapImageFilter")
_Contour: Any = _theirs("LabelContourImageFilter")
_Component: Any = _theirs("ConnectedComponentImageFilter")
_Threshold: Any = _theirs("ConnectedThresholdImageFilter")
_Fillhole: Any = _theirs("BinaryFillholeImageFilter")


def _cast(value: float, dtype: np.dtype[Any]) -> Any:
    """Return a number as ITK casts it to the type of an image; None if that is undefined."""
    if dtype.kind == "f":
        return dtype.type(value)
    limits = np.iinfo(dtype)
    if not math.isfinite(value) or not limits.min <= int(value) <= limits.max:
        return None
    return int(value)


class SignedMaurerDistanceMapImageFilter(_Maurer):  # type: ignore[misc]
    """Distance of every element to the boundary of the mask, float32, negative inside.

    Boundary elements belong to the mask and lie at 0; the edge of the image is no boundary. Squared
    and without spacing unless asked for otherwise.
    """

    def Execute(self, image1: Any) -> Any:
        """Return the distances of an integer image; what is not the background value is inside."""
        values = values_of(image1, "iu")
        background = None if values is None else _cast(self.GetBackgroundValue(), values.dtype)
        if values is None or background is None:
            return super().Execute(image1)
        distances = arrays.signed_distances(
            np.not_equal(values, background),
            spacing_of(image1) if self.GetUseImageSpacing() else None,
            squared=self.GetSquaredDistance(),
            inside_is_positive=self.GetInsideIsPositive(),
        )
        return image_of(distances, image1)


class LabelContourImageFilter(_Contour):  # type: ignore[misc]
    """The labels of an image where a neighbour has another label."""

    def Execute(self, image1: Any) -> Any:
        """Return the outlines in the type of an integer image."""
        values = values_of(image1, "iu")
        background = None if values is None else _cast(self.GetBackgroundValue(), values.dtype)
        if values is None or background is None:
            return super().Execute(image1)
        return image_of(
            arrays.contour(values, background, full=self.GetFullyConnected()), image1
        )


class ConnectedComponentImageFilter(_Component):  # type: ignore[misc]
    """Connected components of what is not 0, uint32, in raster order."""

    def __init__(self) -> None:
        super().__init__()
        self._count: int | None = None

    def Execute(self, *args: Any) -> Any:
        """Return the components of an integer image; with a mask as second image SimpleITK runs."""
        values = values_of(args[0], "iu") if len(args) == 1 else None
        if values is None:
            found = super().Execute(*args)
            self._count = None
            return found
        labels = arrays.components(np.not_equal(values, 0), full=self.GetFullyConnected())
        self._count = int(labels.max())
        return image_of(labels, args[0])

    def GetObjectCount(self) -> int:
        """Return the number of components that the last run found."""
        return super().GetObjectCount() if self._count is None else self._count


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
        seeds = self.GetSeedList()
        if values is None or any(len(seed) < values.ndim for seed in seeds):
            return super().Execute(image1)
        lower, upper = self.GetLower(), self.GetUpper()
        if not self._corrected:
            lower, upper = _cast(lower, values.dtype), _cast(upper, values.dtype)
            if lower is None or upper is None:
                return super().Execute(image1)
        region = arrays.grown(
            values,
            [seed[: values.ndim][::-1] for seed in seeds],
            lower,
            upper,
            full=self.GetConnectivity() == self.FullConnectivity,
        )
        return image_of(region.view(np.uint8) * np.uint8(self.GetReplaceValue()), image1)


class BinaryFillholeImageFilter(_Fillhole):  # type: ignore[misc]
    """An image with the foreground value in what the foreground encloses."""

    def Execute(self, image1: Any) -> Any:
        """Return the filled image in the type of an integer image."""
        values = values_of(image1, "iu")
        foreground = None if values is None else _cast(self.GetForegroundValue(), values.dtype)
        if values is None or foreground is None:
            return super().Execute(image1)
        return image_of(arrays.filled(values, foreground, full=self.GetFullyConnected()), image1)
