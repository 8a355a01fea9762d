"""What a call costs that has nothing to do: a thousand of them, so ms are us a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import edgewise
from edgewise.racing import Contender, optional

from .contest import OURS, Field, Race, Settings, Table, ours

_CALLS = 1000


def _repeated(call: Callable[[], Any]) -> Callable[[], Any]:
    def run() -> Any:
        for _ in range(_CALLS - 1):
            call()
        return call()

    return run


def _dice(_: Settings) -> Field:
    mask = np.ones((1, 1), bool)

    def medpy(name: str, library: Any) -> Contender:
        return Contender(name, _repeated(lambda: library.dc(mask, mask)), like=OURS)

    def deepmind(name: str, library: Any) -> Contender:
        call = library.compute_dice_coefficient
        return Contender(name, _repeated(lambda: call(mask, mask)), like=OURS)

    runners = [
        ours(_repeated(lambda: edgewise.dice(mask, mask))),
        optional("medpy", " dc", medpy, part="medpy.metric.binary"),
        optional("surface_distance", " Dice", deepmind),
    ]
    return Field(mask.shape, runners)


def _distance(_: Settings) -> Field:
    mask = np.ones((4, 4, 4), bool)
    mask[0] = False

    def scipy(name: str, library: Any) -> Contender:
        return Contender(
            name, _repeated(lambda: library.distance_transform_edt(mask)), like=OURS, rtol=1e-5
        )

    def edt(name: str, library: Any) -> Contender:
        return Contender(
            name, _repeated(lambda: library.edt(mask, parallel=1)), like=OURS, rtol=1e-5
        )

    runners = [
        ours(_repeated(lambda: edgewise.distance_transform(mask, threads=1))),
        optional("edt", "", edt),
        optional("scipy", " distance_transform_edt", scipy, part="scipy.ndimage"),
    ]
    return Field(mask.shape, runners)


def _pair(settings: Settings) -> Field:
    mask = np.ones((4, 4, 4), bool)
    mask[0] = False
    names = ["dice", "hd95"]

    def medpy(name: str, library: Any) -> Contender:
        return Contender(
            name,
            _repeated(lambda: (library.dc(mask, mask), library.hd95(mask, mask))),
            like=OURS,
        )

    def call() -> list[float | None]:
        found = edgewise.evaluate_pair(mask, mask, metrics=names, threads=settings.threads)
        return [found.value(1, name) for name in names]

    runners = [
        ours(_repeated(call)),
        optional("medpy", " dc and hd95", medpy, part="medpy.metric.binary"),
    ]
    return Field(mask.shape, runners)


TABLE = Table(
    "overhead",
    "A thousand calls on next to nothing",
    (
        Race("calls-dice", "1000 x Dice of one voxel", _dice),
        Race("calls-edt", "1000 x distance transform", _distance),
        Race("calls-pair", "1000 x Dice and HD95 of a pair", _pair),
    ),
)
