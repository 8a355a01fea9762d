"""Surface elements of the half-shifted grid, block by block.

1D and 2D weights follow the written rule. In 3D the area is known from geometry alone where the
pattern is flat or a single
cut corner; `area_3d` gives those and None for the others, which depend on how a table triangulates
them.
"""

from __future__ import annotations

import itertools
import math

import numpy as np


def length_2d(block, spacing):
    """Contour length in one 2 x 2 block of corners, from the number and place of its foreground
    corners.
    """
    (a, b), (c, d) = block
    corners = int(a) + int(b) + int(c) + int(d)
    half = 0.5 * math.sqrt(spacing[0] ** 2 + spacing[1] ** 2)
    if corners in (0, 4):
        return 0.0
    if corners in (1, 3):
        return half
    if a == d:
        return 2 * half
    if a == b:
        return spacing[1]  # rows differ: the contour runs along axis 1
    return spacing[0]


def area_3d(block, spacing):
    """Area in one 2 x 2 x 2 block: 0, a flat face, a cut corner or a cut edge; None for other
    patterns.
    """
    block = np.asarray(block, bool)
    corners = int(block.sum())
    if corners in (0, 8):
        return 0.0
    if corners > 4:
        block, corners = ~block, 8 - corners
    places = np.argwhere(block)
    s = np.asarray(spacing, float)
    if corners == 1:
        # triangle through the middles of the three grid edges that meet in the corner
        u = np.array([-s[0], s[1], 0.0]) / 2
        w = np.array([-s[0], 0.0, s[2]]) / 2
        return float(np.linalg.norm(np.cross(u, w)) / 2)
    flat = [axis for axis in range(3) if len(set(places[:, axis])) == 1]
    if corners == 2 and len(flat) == 2:
        # rectangle: full length along the edge that both corners share, half steps across
        along = next(axis for axis in range(3) if axis not in flat)
        across = [s[axis] for axis in flat]
        return float(s[along] * math.hypot(*across) / 2)
    if corners == 4 and len(flat) == 1:
        return float(np.prod(np.delete(s, flat[0])))
    return None


def weights(mask, spacing, block_weight=None):
    """Weight of every block that straddles the padded grid: an array one longer along each axis.

    `block_weight(block, spacing)` is the rule for one block; 1D and 2D have their own.
    """
    padded = np.pad(np.asarray(mask) != 0, 1)
    ndim = padded.ndim
    shape = tuple(n - 1 for n in padded.shape)
    result = np.zeros(shape)
    for index in itertools.product(*map(range, shape)):
        block = padded[tuple(slice(i, i + 2) for i in index)]
        if block.all() or not block.any():
            continue
        if ndim == 1:
            result[index] = 1.0
        elif ndim == 2 and block_weight is None:
            result[index] = length_2d(block, spacing)
        else:
            result[index] = block_weight(block, spacing)
    return result


def blocks_with(mask):
    """Blocks of the padded grid that hold any of the elements."""
    padded = np.pad(np.asarray(mask) != 0, 1)
    result = np.zeros(tuple(n - 1 for n in padded.shape), bool)
    for index in itertools.product(*map(range, result.shape)):
        result[index] = padded[tuple(slice(i, i + 2) for i in index)].any()
    return result
