"""SimpleITK's filters that make an image of an image."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import arrays
from .images import cast, image_of, spacing_of, their, values_of

__all__ = [
    "BinaryFillholeImageFilter",
    "ConnectedComponentImageFilter",
    "LabelContourImageFilter",
    "SignedMaurerDistanceMapImageFilter",
]


_Maurer: Any = their("SignedMaurerDistanceMapImageFilter")
_Contour: Any = their("LabelContourImageFilter")
_Component: Any = their("ConnectedComponentImageFilter")
_Fillhole: Any = their("BinaryFillholeImageFilter")


class SignedMaurerDistanceMapImageFilter(_Maurer):  # type: ignore[misc]
    """Distance of every element to the boundary of the mask, float32, negative inside.

    Boundary elements belong to the mask and lie at 0; the edge of the image is no boundary. Squared
    and without spacing unless asked for otherwise.
    """

    def Execute(self, image1: Any) -> Any:
        """Return the distances of an integer image; what is not the background value is inside."""
        values = values_of(image1, "iu")
        background = None if values is None else cast(self.GetBackgroundValue(), values.dtype)
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
        background = None if values is None else cast(self.GetBackgroundValue(), values.dtype)
        if values is None or background is None:
            return super().Execute(image1)
        return image_of(arrays.contour(values, background, full=self.GetFullyConnected()), image1)


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


class BinaryFillholeImageFilter(_Fillhole):  # type: ignore[misc]
    """An image with the foreground value in what the foreground encloses."""

    def Execute(self, image1: Any) -> Any:
        """Return the filled image in the type of an integer image."""
        values = values_of(image1, "iu")
        foreground = None if values is None else cast(self.GetForegroundValue(), values.dtype)
        if values is None or foreground is None:
            return super().Execute(image1)
        return image_of(arrays.filled(values, foreground, full=self.GetFullyConnected()), image1)
