"""Pairs that break clever searches; a plain distance transform of the crop is the yardstick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

import edgewise
from edgewise.racing import Contender
from edgewise.racing.mask_peers import floor_read
from edgewise.racing.pair_calls import face_boundary
from edgewise.racing.pair_peers import PEERS, pair_contenders

from . import volumes
from .contest import Field, Race, Settings, Table
from .volumes import Array

YARDSTICK = "distance transform of the crop"
_TOO_LONG = "not run: minutes to hours for millions of boundary voxels"

Pair = tuple[Array, Array]


def _field(
    make: Callable[[bool], Pair], settings: Settings, hopeless: tuple[str, ...] = ()
) -> Field:
    reference, prediction = make(settings.quick)
    # axes of length 1 say nothing about the shape, and only we leave them out by ourselves
    flat = tuple(np.ascontiguousarray(mask.squeeze()) for mask in (reference, prediction))
    spacing = (1.0,) * flat[0].ndim
    peers = [p for p in PEERS if p.module in ("scipy", "edt", "mikan") and "EDT" not in p.what]
    runners = pair_contenders(
        *flat, spacing=spacing, tolerance=2.0, threads=settings.threads, peers=peers
    )
    if not settings.quick:  # a call in compiled code cannot be stopped
        runners = [
            replace(one, problem=_TOO_LONG) if one.name.startswith(hopeless) else one
            for one in runners
        ]
    yardstick = Contender(YARDSTICK, _transform(*flat, settings.threads), kind="floor")
    return Field(reference.shape, [*runners, yardstick, floor_read(*flat)], spacing)


def _transform(reference: Array, prediction: Array, threads: int) -> Callable[[], object]:
    """Distance to the reference's boundary in the box that holds both masks: one direction."""
    both = reference | prediction
    box = []
    for axis in range(both.ndim):
        others = tuple(k for k in range(both.ndim) if k != axis)
        used = np.flatnonzero(both.any(axis=others))
        box.append(slice(int(used[0]), int(used[-1]) + 1))
    crop = np.ascontiguousarray(~face_boundary(reference)[tuple(box)])
    return lambda: edgewise.distance_transform(crop, threads=threads)


def _side(quick: bool) -> int:
    return 48 if quick else 256


def _blobs(quick: bool) -> Pair:
    shape = (_side(quick),) * 3
    pair = np.zeros((2, *shape), bool)
    for mask, place in zip(pair, (0.1, 0.9), strict=True):
        volumes.stamp(mask, np.array(shape) * place, 0.08 * shape[0])
    return pair[0], pair[1]


def _boards(quick: bool) -> Pair:
    z, y, x = np.ogrid[(slice(_side(quick)),) * 3]
    board = (z + y + x) % 2 == 0
    return board, ~board


def _noise(quick: bool) -> Pair:
    shape = (_side(quick),) * 3
    return volumes.coin(shape, 1), volumes.coin(shape, 2)


def _one_against_all(quick: bool) -> Pair:
    shape = (_side(quick),) * 3
    one = np.zeros(shape, bool)
    one[shape[0] // 3, shape[1] // 2, shape[2] // 5] = True
    return one, np.ones(shape, bool)


def _slice(quick: bool) -> Pair:
    side = 256 if quick else 2048
    islands = volumes.landscape(side)
    return islands[..., None], np.roll(islands, 5, axis=0)[..., None]


def _line(quick: bool) -> Pair:
    n = 10**5 if quick else 10**7
    return volumes.coin((1, 1, n), 3), volumes.coin((1, 1, n), 4)


def _line_of_pieces(quick: bool) -> Pair:
    n = 10**5 if quick else 10**7
    step = np.arange(n) // 1000
    pair = step % 7 == 0, step % 11 == 3
    return pair[0][None, None], pair[1][None, None]


def _race(
    key: str, title: str, make: Callable[[bool], Pair], *, hopeless: tuple[str, ...] = ()
) -> Race:
    return Race(key, title, lambda settings: _field(make, settings, hopeless))


TABLE = Table(
    "worst-cases",
    "Pairs that break clever searches",
    (
        _race("worst-blobs", "two small blobs in opposite corners", _blobs),
        _race("worst-boards", "checkerboard against its inverse", _boards, hopeless=("mikan",)),
        _race("worst-noise", "noise 50 % against noise", _noise, hopeless=("mikan",)),
        _race("worst-one", "one voxel against the full volume", _one_against_all),
        _race("worst-slice", "one slice: islands and the same moved", _slice),
        _race("worst-line", "one line: noise against noise", _line),
        _race("worst-pieces", "one line: pieces of 1000 voxels", _line_of_pieces),
    ),
)
