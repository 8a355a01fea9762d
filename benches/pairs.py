"""HD, HD95, ASSD and NSD of two masks, in one call where a library has one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgewise.racing.mask_peers import floor_read
from edgewise.racing.pair_peers import PEERS, pair_contenders

from . import volumes
from .contest import Field, Race, Settings, Table
from .volumes import ANI, ISO, Array, Shape

TOLERANCE = 2.0  # mm


def _race(
    key: str,
    title: str,
    make: Callable[[Shape], Array],
    size: str,
    spacing: tuple[float, ...],
    *,
    main: bool = True,
) -> Race:
    def field(settings: Settings) -> Field:
        reference, prediction = make(volumes.shape_of(size, quick=settings.quick))
        runners = pair_contenders(
            reference, prediction, spacing=spacing, tolerance=TOLERANCE, threads=settings.threads
        )
        return Field(reference.shape, [*runners, floor_read(reference, prediction)], spacing)

    return Race(key, title, field, main)


def _identical(size: str) -> Callable[[Settings], Field]:
    fast = {"scipy", "edt", "mikan", "surface_distance"}
    peers = [peer for peer in PEERS if peer.module in fast and "EDT" not in peer.what]

    def field(settings: Settings) -> Field:
        mask = volumes.organ(volumes.shape_of(size, quick=settings.quick))[0]
        copy = np.array(mask)
        runners = pair_contenders(
            mask, copy, spacing=ANI, tolerance=TOLERANCE, threads=settings.threads, peers=peers
        )
        return Field(mask.shape, [*runners, floor_read(mask, copy)], ANI)

    return field


TABLE = Table(
    "pairs",
    "HD, HD95, ASSD and NSD of a pair",
    (
        _race("pair-organ-m", "organ m", volumes.organ, "m", ISO),
        _race("pair-tree-m", "tree m", volumes.tree, "m", ISO),
        _race("pair-far-m", "far apart m", volumes.far, "m", ISO),
        _race("pair-organ-l", "organ l", volumes.organ, "l", ANI),
        _race("pair-tree-l", "tree l", volumes.tree, "l", ANI),
        _race("pair-far-l", "far apart l", volumes.far, "l", ANI),
        Race("pair-same-m", "identical masks m", _identical("m")),
        Race("pair-same-l", "identical masks l", _identical("l")),
    ),
)
