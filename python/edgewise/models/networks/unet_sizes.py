"""Image sizes of networks with two 3-voxel convolutions a level and poolings by 2: both U-Nets."""

from __future__ import annotations

from edgewise.models.card import Sizes

__all__ = ["sizes_of"]


def sizes_of(depth: int, padding: str) -> Sizes:
    """Return the sizes for which every pooling meets an even map.

    Parameters
    ----------
    depth : int
        Number of poolings.
    padding : {"same", "valid"}
        With "valid" an axis loses ``12 * 2^depth - 8`` voxels and must be -4 modulo 2^depth.
    """
    period = 2**depth
    if padding == "same":
        return Sizes(period, period)
    lost = 12 * period - 8
    first = next(n for n in range(lost + 1, lost + period + 1) if (n + 4) % period == 0)
    return Sizes(first, period)
