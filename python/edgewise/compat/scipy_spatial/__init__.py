"""Drop-in for ``scipy.spatial``: ``distance.directed_hausdorff``, also flat."""

from __future__ import annotations

from . import distance as distance
from .distance import directed_hausdorff

__all__ = ["directed_hausdorff", "distance"]
