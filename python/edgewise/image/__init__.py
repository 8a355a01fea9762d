"""Arrays with a place in the world, and whether two of them show the same grid.

World coordinates are RAS millimetres: x grows to the patient's right, y to the front, z upwards.
"""

from __future__ import annotations

from .array import Image
from .grid import GeometryPolicy, drift, match_grid

__all__ = ["GeometryPolicy", "Image", "drift", "match_grid"]
