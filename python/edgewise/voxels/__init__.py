"""What can be done with the voxels of one array: distances, boundaries, components, morphology."""

from __future__ import annotations

from .boundary import boundary, surfels
from .distance import distance_transform

__all__ = ["boundary", "distance_transform", "surfels"]
