"""Boundaries, components, flooding, holes and skeletons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import edgewise
from edgewise import methods, voxels
from edgewise.racing import Contender, optional
from edgewise.racing.mask_peers import component_contenders, floor_read
from edgewise.racing.pair_calls import face_boundary

from . import volumes
from .contest import OURS, Field, Race, Settings, Table, ours
from .volumes import Array

_BELOW, _ABOVE = 70.0, 160.0  # of the interval, around the seed's value


def _itk_image(library: Any, array: Array) -> Any:
    return library.GetImageFromArray(array.view(np.uint8) if array.dtype == bool else array)


def _boundary(size: str) -> Callable[[Settings], Field]:
    def field(settings: Settings) -> Field:
        mask = volumes.organ(volumes.shape_of(size, quick=settings.quick))[0]

        def itk(name: str, library: Any) -> Contender:
            return Contender(
                name,
                lambda: library.GetArrayFromImage(library.LabelContour(_itk_image(library, mask))),
                like=OURS,
                value=lambda found: found != 0,
            )

        def scipy(name: str, library: Any) -> Contender:
            return Contender(name, lambda: library.binary_erosion(mask) ^ mask, like=OURS)

        def shifts(name: str, _: Any) -> Contender:
            return Contender(name, lambda: face_boundary(mask), like=OURS)

        runners = [
            ours(lambda: edgewise.boundary(mask)),
            optional("SimpleITK", " LabelContour", itk),
            optional("numpy", " shifted ands recipe", shifts),
            optional("scipy", " erosion XOR", scipy, part="scipy.ndimage"),
            floor_read(mask),
        ]
        return Field(mask.shape, runners)

    return field


def _interval(image: Array) -> tuple[tuple[int, ...], float, float]:
    """A seed near the middle with a middling value, and the interval around it."""
    middle = tuple(slice(n // 2 - 8, n // 2 + 8) for n in image.shape)
    best = np.abs(image[middle] - 520).argmin()
    seed = tuple(
        int(k) + part.start
        for k, part in zip(np.unravel_index(best, image[middle].shape), middle, strict=True)
    )
    value = float(image[seed])
    return seed, value - _BELOW, value + _ABOVE


def _grow(settings: Settings) -> Field:
    image = volumes.intensities(volumes.shape_of("m", quick=settings.quick))
    seed, lower, upper = _interval(image)
    point = [int(k) for k in reversed(seed)]

    def cc3d(name: str, library: Any) -> Contender:
        def call() -> Array:
            labels = library.connected_components(
                (image >= lower) & (image <= upper), connectivity=6
            )
            return labels == labels[seed]

        return Contender(name, call, like=OURS)

    def skimage(name: str, library: Any) -> Contender:
        return Contender(
            name,
            lambda: library.flood((image >= lower) & (image <= upper), seed, connectivity=1),
            like=OURS,
        )

    def tolerance(name: str, library: Any) -> Contender:
        return Contender(
            name,
            lambda: library.flood(image, seed, connectivity=1, tolerance=_BELOW),
            like="edgewise flood",
        )

    def itk(name: str, library: Any) -> Contender:
        def call() -> Array:
            grown = library.ConnectedThreshold(
                library.GetImageFromArray(image), [point], lower, upper
            )
            return library.GetArrayFromImage(grown)

        return Contender(name, call, like=OURS, value=lambda found: found != 0)

    runners = [
        ours(lambda: methods.region_grow(image, seed, lower=lower, upper=upper)),
        ours(
            lambda: methods.flood(image, seed, tolerance=_BELOW, connectivity=1), "edgewise flood"
        ),
        optional("cc3d", " of a threshold, recipe", cc3d),
        optional("skimage", " flood of a threshold", skimage, part="skimage.segmentation"),
        optional("skimage", " flood", tolerance, part="skimage.segmentation"),
        optional("SimpleITK", " ConnectedThreshold", itk),
        floor_read(image),
    ]
    return Field(image.shape, runners)


def _noisy_mask(settings: Settings) -> Array:
    """A mask of many pieces: the interval of region growing."""
    image = volumes.intensities(volumes.shape_of("m", quick=settings.quick))
    _, lower, upper = _interval(image)
    return (image >= lower) & (image <= upper)


def _components(connectivity: int) -> Callable[[Settings], Field]:
    def field(settings: Settings) -> Field:
        mask = _noisy_mask(settings)
        runners = component_contenders(mask, connectivity=connectivity, threads=settings.threads)
        return Field(mask.shape, runners)

    return field


def _holes(settings: Settings) -> Field:
    shape = volumes.shape_of("m", quick=settings.quick)
    mask = volumes.organ(shape)[0] & ~volumes.coin(shape, density=0.02)

    def scipy(name: str, library: Any) -> Contender:
        return Contender(name, lambda: library.binary_fill_holes(mask), like=OURS)

    def itk(name: str, library: Any) -> Contender:
        return Contender(
            name,
            lambda: library.GetArrayFromImage(
                library.BinaryFillhole(_itk_image(library, mask), False, 1)
            ),
            like=OURS,
            value=lambda found: found != 0,
        )

    runners = [
        ours(lambda: voxels.fill_holes(mask)),
        optional("SimpleITK", " BinaryFillhole", itk),
        optional("scipy", " binary_fill_holes", scipy, part="scipy.ndimage"),
        floor_read(mask),
    ]
    return Field(shape, runners)


def _skeleton(settings: Settings) -> Field:
    mask = volumes.tree(volumes.shape_of("m", quick=settings.quick))[0]

    def skimage(name: str, library: Any) -> Contender:
        return Contender(
            name,
            lambda: library.skeletonize(mask, method="lee"),
            like=OURS,
            value=lambda found: found != 0,
        )

    runners = [
        ours(lambda: voxels.skeleton(mask, thinning="lee")),
        optional("skimage", " skeletonize", skimage, part="skimage.morphology"),
        floor_read(mask),
    ]
    return Field(mask.shape, runners)


TABLE = Table(
    "regions",
    "Boundaries, regions, components",
    (
        Race("boundary-m", "boundary voxels, organ m", _boundary("m")),
        Race("boundary-l", "boundary voxels, organ l", _boundary("l")),
        Race("flood-m", "region growing, float32 m", _grow),
        Race("components-6", "components, 6 neighbours, m", _components(1), main=True),
        Race("components-26", "components, 26 neighbours, m", _components(3), main=True),
        Race("holes-m", "fill holes, organ with 2 % holes m", _holes),
        Race("skeleton-m", "skeleton, tree m", _skeleton),
    ),
)
