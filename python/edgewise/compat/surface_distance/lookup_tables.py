"""Mirrors ``surface_distance.lookup_tables``: the size of the surface in every block of 2 voxels.

A block's code is the sum of the kernel's numbers over the voxels of the block that are foreground.
Lengths and areas are made here from the blocks themselves, not read from a table of normals.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.voxels import surfels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "ENCODE_NEIGHBOURHOOD_2D_KERNEL",
    "ENCODE_NEIGHBOURHOOD_3D_KERNEL",
    "create_table_neighbour_code_to_contour_length",
    "create_table_neighbour_code_to_surface_area",
]

ENCODE_NEIGHBOURHOOD_2D_KERNEL: Final = 1 << np.arange(3, -1, -1).reshape(2, 2)
ENCODE_NEIGHBOURHOOD_3D_KERNEL: Final = 1 << np.arange(7, -1, -1).reshape(2, 2, 2)

_NOTHING: Final = 1e-170  # a step whose square is 0


def create_table_neighbour_code_to_contour_length(spacing_mm: Any) -> NDArray[np.float64]:
    """Return the length of the contour in each of the 16 blocks of 2 by 2 pixels.

    Parameters
    ----------
    spacing_mm : sequence of float
        Spacing of the axes 0 and 1, in any unit; further values are not read. The lengths of
        straight contours have the sign of their spacing.

    Returns
    -------
    array of float64
        By code, in the unit of the spacing.
    """
    down, right = spacing_mm[0], spacing_mm[1]
    corner = 0.5 * math.sqrt(down**2 + right**2)
    table = np.full(16, corner)  # one pixel alone, or all but one
    table[[0b0000, 0b1111]] = 0.0
    table[[0b0011, 0b1100]] = right
    table[[0b0101, 0b1010]] = down
    table[[0b0110, 0b1001]] = 2 * corner
    return table


def create_table_neighbour_code_to_surface_area(spacing_mm: Any) -> NDArray[np.float64]:
    """Return the area of the surface in each of the 256 blocks of 2 by 2 by 2 voxels.

    Parameters
    ----------
    spacing_mm : sequence of float
        Spacing of the axes 0, 1 and 2, in any unit; further values are not read, signs do not
        matter.

    Returns
    -------
    array of float64
        By code, in the square of the unit of the spacing.

    Raises
    ------
    SpacingError
        If a spacing is not finite.
    """
    second, third, first = (abs(float(1.0 * spacing_mm[axis])) for axis in (1, 2, 0))
    steps = (first, second, third)
    if sum(step == 0.0 for step in steps) > 1:
        return np.zeros(256)
    return _areas([step or _NOTHING for step in steps])


def _areas(steps: Sequence[float]) -> NDArray[np.float64]:
    """Return the areas of all blocks, each two voxels of one row of blocks with a gap between."""
    codes = np.arange(256).reshape(-1, 1, 1, 1)
    blocks = np.zeros((256, 3, 2, 2), np.uint8)
    blocks[:, :2] = (codes & ENCODE_NEIGHBOURHOOD_3D_KERNEL) != 0
    sizes = surfels(blocks.reshape(-1, 2, 2), spacing=steps)
    return np.ascontiguousarray(sizes[1::3, 1, 1])
