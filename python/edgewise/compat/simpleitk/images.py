"""SimpleITK's images as arrays and back; their axes are those of the array in reverse."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise._extras import require
from edgewise.compat.originals import original

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["cast", "image_of", "on_one_grid", "spacing_of", "their", "values_of"]


def their(name: str) -> Any:
    """Return SimpleITK's own class of a name."""
    return original(f"SimpleITK.SimpleITK:{name}", why="images of SimpleITK")


def cast(value: float, dtype: np.dtype[Any]) -> Any:
    """Return a number as ITK casts it to the type of an image; None if that is undefined."""
    if dtype.kind == "f":
        return float(dtype.type(value))
    limits = np.iinfo(dtype)
    if not math.isfinite(value) or not limits.min <= int(value) <= limits.max:
        return None
    return int(value)


def values_of(image: Any, kinds: str) -> NDArray[Any] | None:
    """Return the values of an image, not copied and read-only; None if it is not one that we take.

    Parameters
    ----------
    image : object
        Taken are images of two or three axes with one number per element.
    kinds : str
        Kinds of numpy's types: "iu" integers, "f" floating numbers.
    """
    sitk = require("SimpleITK", extra="simpleitk")
    if not isinstance(image, sitk.Image) or image.GetDimension() not in (2, 3):
        return None
    if "vector" in image.GetPixelIDTypeAsString() or not image.GetNumberOfPixels():
        return None
    values: NDArray[Any] = sitk.GetArrayViewFromImage(image)
    return values if values.dtype.kind in kinds else None


def spacing_of(image: Any) -> tuple[float, ...]:
    """Return the spacing in the order of the array's axes."""
    return tuple(image.GetSpacing())[::-1]


def on_one_grid(first: Any, second: Any) -> bool:
    """Whether two images have the same type, size, spacing, origin and directions to the bit."""
    return all(
        getattr(first, name)() == getattr(second, name)()
        for name in ("GetPixelID", "GetSize", "GetSpacing", "GetOrigin", "GetDirection")
    )


def image_of(values: NDArray[Any], like: Any) -> Any:
    """Return an image of these values on the grid of another; bool becomes uint8."""
    sitk = require("SimpleITK", extra="simpleitk")
    plain = values.view(np.uint8) if values.dtype == bool else values
    image = sitk.GetImageFromArray(plain)
    image.SetSpacing(like.GetSpacing())
    image.SetOrigin(like.GetOrigin())
    image.SetDirection(like.GetDirection())
    return image
