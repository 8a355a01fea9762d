"""Distance transforms: of a mask's inside, to a boundary, of noise, of points, of many labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgewise import voxels
from edgewise.racing import Contender, optional
from edgewise.racing.mask_peers import floor_convert, transform_contenders
from edgewise.racing.pair_calls import face_boundary

from . import volumes
from .contest import OURS, Field, Race, Settings, Table, absent, ours
from .volumes import ANI, ISO, Array

_SINGLE = 1e-5


def _race(
    key: str,
    title: str,
    make: Callable[[Settings], Array],
    *,
    spacing: tuple[float, ...] = ISO,
    main: bool = False,
) -> Race:
    def field(settings: Settings) -> Field:
        mask = np.ascontiguousarray(make(settings))
        runners = transform_contenders(mask, spacing=spacing, threads=settings.threads)
        return Field(mask.shape, runners, spacing)

    return Race(key, title, field, main)


def _organ(size: str) -> Callable[[Settings], Array]:
    return lambda s: volumes.organ(volumes.shape_of(size, quick=s.quick))[0]


def _all_but_boundary(size: str) -> Callable[[Settings], Array]:
    return lambda s: ~face_boundary(_organ(size)(s))


def _noise(settings: Settings) -> Array:
    return volumes.coin(volumes.shape_of("m", quick=settings.quick))


def _points(settings: Settings) -> Array:
    return ~volumes.coin(volumes.shape_of("m", quick=settings.quick), density=1e-4)


def _one_point(settings: Settings) -> Array:
    shape = volumes.shape_of("m", quick=settings.quick)
    mask = np.ones(shape, bool)
    mask[shape[0] // 15, 4 * shape[1] // 5, 2 * shape[2] // 5] = False
    return mask


def _plane(settings: Settings) -> Field:
    mask = volumes.landscape(512 if settings.quick else 4096)
    spacing = (1.0, 1.0)

    def opencv(name: str, library: Any) -> Contender:
        library.setNumThreads(settings.threads)
        pixels = mask.view(np.uint8)
        return Contender(
            name,
            lambda: library.distanceTransform(pixels, library.DIST_L2, library.DIST_MASK_PRECISE),
            like=OURS,
            rtol=_SINGLE,
        )

    runners = transform_contenders(mask, spacing=spacing, threads=settings.threads)
    runners.insert(1, optional("cv2", " precise", opencv))
    return Field(mask.shape, runners, spacing)


def _many_labels(settings: Settings) -> Field:
    labels = volumes.organs(volumes.shape_of("m", quick=settings.quick))[0]
    threads = settings.threads
    own = getattr(voxels, "label_distance_transform", None)

    def edt(name: str, library: Any) -> Contender:
        return Contender(
            name,
            lambda: library.edt(labels, black_border=False, parallel=threads),
            like=OURS,
            rtol=_SINGLE,
        )

    def scipy(name: str, library: Any) -> Contender:
        def call() -> Array:
            out = np.zeros(labels.shape, np.float32)
            for label, box in enumerate(library.find_objects(labels), 1):
                if box is None:
                    continue
                wider = tuple(slice(max(0, s.start - 1), s.stop + 1) for s in box)
                mask = labels[wider] == label
                out[wider][mask] = library.distance_transform_edt(mask)[mask]
            return out

        return Contender(name, call, like=OURS, rtol=_SINGLE)

    first = (
        ours(lambda: own(labels, spacing=ISO, threads=threads))
        if own
        else absent("edgewise.voxels.label_distance_transform is not there yet")
    )
    runners = [
        first,
        optional("edt", " multi-label", edt),
        optional("scipy", " label by label, cropped", scipy, part="scipy.ndimage"),
        floor_convert(labels),
    ]
    return Field(labels.shape, runners, ISO)


TABLE = Table(
    "distance-transform",
    "Distance transform",
    (
        _race("edt-inside-m", "organ m, inside", _organ("m"), main=True),
        _race("edt-boundary-m", "organ m, to its boundary", _all_but_boundary("m"), main=True),
        _race("edt-inside-l", "organ l, inside", _organ("l"), spacing=ANI),
        _race("edt-boundary-l", "organ l, to its boundary", _all_but_boundary("l"), spacing=ANI,
              main=True),
        _race("edt-noise", "noise 50 %, m", _noise, main=True),
        _race("edt-points", "points, density 1e-4, m", _points),
        _race("edt-one", "one far voxel, m", _one_point),
        Race("edt-plane", "2D islands", _plane, main=True),
        Race("edt-labels", "117 labels, m", _many_labels, main=True),
        _race("edt-cube", "organ 512^3, inside", _organ("c"), main=True),
    ),
)  # fmt: skip
