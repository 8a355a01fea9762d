"""What can be done with the voxels of one array: distances, boundaries, components, morphology."""

from __future__ import annotations

from .distance import distance_transform

__all__ = ["distance_transform"]
