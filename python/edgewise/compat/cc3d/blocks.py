"""Components in the order of the blocks of 2 by 2 pixels that they begin in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["numbered_by_blocks"]


def numbered_by_blocks(components: NDArray[np.uint32], number: int) -> NDArray[np.uint32]:
    """Renumber the components of 8 neighbours of an image: by their first block, in raster order.

    The library walks images of bool in blocks. The pixels of a block touch each other, so no block
    holds two components.
    """
    blocks = components[::2, ::2].copy()
    rows, columns = (n // 2 for n in components.shape)
    np.maximum(blocks[:, :columns], components[::2, 1::2], out=blocks[:, :columns])
    np.maximum(blocks[:rows], components[1::2, ::2], out=blocks[:rows])
    inner = blocks[:rows, :columns]
    np.maximum(inner, components[1::2, 1::2], out=inner)
    filled = blocks[blocks != 0]
    first = np.zeros(number + 1, np.int64)
    first[filled[::-1]] = np.arange(filled.size - 1, -1, -1)  # the last assignment stays
    order = np.argsort(first[1:])
    if (np.diff(order) == 1).all():
        return components
    numbers = np.zeros(number + 1, np.uint32)
    numbers[1 + order] = np.arange(1, number + 1, dtype=np.uint32)
    return numbers[components]
