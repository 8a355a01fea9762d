"""Where tiles begin along an axis, and which voxels of the image each of them answers for.

Two published rules for the beginnings (nnU-Net: Isensee et al. 2021, Nature Methods 18, its
predictor; MONAI: Cardoso et al. 2022, arXiv 2211.02701, its sliding window), and the places of
outputs that are smaller than the tile. Nothing here knows of networks or arrays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from edgewise.errors import ConfigError, ShapeError

__all__ = ["Window", "axis_windows", "edgewise_starts", "monai_starts", "nnunet_starts"]


@dataclass(frozen=True, slots=True)
class Window:
    """One tile along one axis.

    Attributes
    ----------
    start : int
        The image's voxel under the tile's first; negative where the tile begins in the padding.
    lo, hi : int
        Voxels ``lo:hi`` of the image take the tile's answer.
    crop : int
        Voxel of the network's output that lies over `lo`.
    """

    start: int
    lo: int
    hi: int
    crop: int


def nnunet_starts(size: int, tile: int, step: float = 0.5) -> tuple[int, ...]:
    """Return where tiles begin by nnU-Net's rule: as few as the step allows, evenly spread.

    Parameters
    ----------
    size, tile : int
        Voxels of the axis and of the tile, ``size >= tile``.
    step : float, default 0.5
        Largest distance between two tiles, as a fraction of the tile, in (0, 1].

    Returns
    -------
    tuple of int
        The first is 0, the last ``size - tile``; between them halves are rounded to even.

    Examples
    --------
    >>> nnunet_starts(110, 64, 0.5)
    (0, 23, 46)
    """
    return _evenly(size - tile, tile * step)


def edgewise_starts(size: int, tile: int, step: float = 0.5) -> tuple[int, ...]:
    """Return nnU-Net's beginnings, none of them twice.

    Parameters
    ----------
    size, tile, step
        As for `nnunet_starts`, which repeats tiles where ``tile * step`` is less than a voxel.

    Examples
    --------
    >>> nnunet_starts(4, 1, 0.5), edgewise_starts(4, 1, 0.5)
    ((0, 0, 1, 2, 2, 2, 3), (0, 1, 2, 3))
    """
    return _evenly(size - tile, max(tile * step, 1.0))


def _evenly(way: int, furthest: float) -> tuple[int, ...]:
    """Spread beginnings from 0 to `way`, at most `furthest` apart."""
    count = math.ceil(way / furthest) + 1
    apart = way / (count - 1) if count > 1 else 0.0
    return tuple(int(np.round(apart * k)) for k in range(count))


def monai_starts(size: int, tile: int, step: float = 0.5) -> tuple[int, ...]:
    """Return where tiles begin by MONAI's rule: a fixed distance, the last tile shifted back.

    Parameters
    ----------
    size, tile, step
        As for `nnunet_starts`; MONAI's ``overlap`` is ``1 - step``.

    Examples
    --------
    >>> monai_starts(110, 64, 0.5)
    (0, 32, 46)
    """
    apart = max(int(tile * step), 1)
    count = math.ceil((size - tile) / apart) + 1
    return tuple(min(k * apart, size - tile) for k in range(count))


_RULES: Final = {"edgewise": edgewise_starts, "nnunet": nnunet_starts, "monai": monai_starts}


def axis_windows(
    size: int,
    tile: int,
    output: int | None = None,
    *,
    step: float = 0.5,
    rule: str = "edgewise",
    halo: int = 0,
    align: int = 1,
) -> tuple[Window, ...]:
    """Return the tiles of one axis, in order; together they answer for every voxel.

    Parameters
    ----------
    size, tile : int
        Voxels of the image and of the tile. A smaller image lies in the middle of its one tile
        (the odd voxel of padding comes after it; before it is a multiple of `align`).
    output : int, optional
        Voxels of the network's output for one tile; it lies over the tile's middle. Default: the
        tile. Where it is less, the first and the last tile reach beyond the image.
    step : float, default 0.5
        Largest distance between two tiles, as a fraction of what one answers for.
    rule : {"edgewise", "nnunet", "monai"}
        How tiles are spread.
    halo : int, default 0
        Outermost voxels of an output that are not used, save at the image's own border.
    align : int, default 1
        Beginnings are multiples of it, counted from the first; the image is padded at its end as
        far as that needs. A network that divides by strides answers alike only there.

    Returns
    -------
    tuple of Window
        `Window.lo` never falls from one to the next.

    Raises
    ------
    ConfigError
        If the halo leaves nothing, or the distance allowed is below `align`.
    ShapeError
        If an output is larger than its tile.
    """
    output = tile if output is None else output
    core = output - 2 * halo
    if output > tile:
        message = f"the network's output has {output} voxels along an axis of {tile}: larger than "
        message += "the tile, so its place is not known; resample it inside the network"
        raise ShapeError(message)
    if core < 1:
        message = f"halo={halo} leaves nothing of the {output} voxels that a tile answers for"
        raise ConfigError(message)
    before = max(output - size, 0) // 2
    before -= before % align  # else a small image meets the strides elsewhere than a large one
    way = max(size - output, 0)
    if align > 1:
        starts = _aligned(way, core, step, align, rule)
    else:
        starts = _RULES[rule](way + core, core, step)
    margin = (tile - output) // 2
    last = len(starts) - 1
    windows = []
    for k, start in enumerate(starts):
        place = start - before
        lo = max(place + (halo if k else 0), 0)
        hi = min(place + output - (halo if k < last else 0), size)
        windows.append(Window(place - margin, lo, hi, lo - place))
    return tuple(windows)


def _aligned(way: int, core: int, step: float, align: int, rule: str) -> tuple[int, ...]:
    """Apply the rule with `align` voxels for one; the way is rounded up to a multiple."""
    most = int(core * step) // align
    if most < 1:
        message = f"step={step} of {core} voxels is less than align={align}; use a larger tile"
        raise ConfigError(message)
    ways = -(-way // align)
    if rule == "monai":
        return tuple(align * s for s in monai_starts(ways + most, most, 1.0))
    return tuple(align * s for s in _evenly(ways, most))
