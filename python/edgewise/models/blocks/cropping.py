"""Cutting a larger map to the size of a smaller one around a common centre.

Output size: that of the smaller map. Where the difference is odd, one voxel more is lost at the
end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["crop_to_centre"]


def crop_to_centre(image: Tensor, like: Tensor) -> Tensor:
    """Return the middle of `image` (N, C, ...), as large as `like`."""
    for axis in range(2, image.ndim):
        lost = image.shape[axis] - like.shape[axis]
        image = image.narrow(axis, lost // 2, like.shape[axis])
    return image
