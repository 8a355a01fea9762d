"""Who is measured, at which version, with which call; missing packages are left out and named."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from importlib.metadata import version

import numpy as np

from .gate import Contender
from .workloads import Mask

PACKAGES = {
    "edt": "edt",
    "medpy": "MedPy",
    "scipy": "scipy",
    "surface_distance": "surface-distance",
}


def present(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _named(module: str, what: str, call: Callable[[], object]) -> Contender:
    return Contender(f"{PACKAGES[module]} {version(PACKAGES[module])}{what}", call)


def distance_transforms(mask: Mask) -> list[Contender]:
    """Distance of every foreground voxel to the nearest background voxel, float32, one thread."""
    import edgewise

    found = [Contender("edgewise", lambda: edgewise.distance_transform(mask, threads=1))]
    if present("edt"):
        import edt

        found.append(_named("edt", "", lambda: edt.edt(mask, parallel=1)))
    if present("scipy"):
        from scipy import ndimage

        found.append(_named("scipy", "", lambda: ndimage.distance_transform_edt(mask)))
    return found


def pooled_hd95(reference: Mask, prediction: Mask) -> list[Contender]:
    """One percentile over both lists of boundary distances, one thread."""
    from edgewise import metrics

    found = [Contender("edgewise", lambda: metrics.hd95_pooled(reference, prediction))]
    if present("medpy"):
        from medpy.metric import binary

        found.append(_named("medpy", " hd95", lambda: binary.hd95(prediction, reference)))
    if present("scipy"):
        found.append(_named("scipy", " recipe", lambda: _scipy_hd95(reference, prediction)))
    return found


def _scipy_hd95(reference: Mask, prediction: Mask) -> float:
    from scipy import ndimage

    r, p = reference.astype(bool), prediction.astype(bool)
    edge_r, edge_p = r ^ ndimage.binary_erosion(r), p ^ ndimage.binary_erosion(p)
    to_p = ndimage.distance_transform_edt(~edge_p)[edge_r]
    to_r = ndimage.distance_transform_edt(~edge_r)[edge_p]
    return float(np.percentile(np.concatenate([to_p, to_r]), 95))


def surface_dice(reference: Mask, prediction: Mask) -> list[Contender]:
    """Surface-weighted NSD at 1 voxel."""
    from edgewise import metrics

    found = [
        Contender("edgewise", lambda: metrics.nsd(reference, prediction, tolerance=1.0)),
    ]
    if present("surface_distance"):
        import surface_distance as sd

        r, p = reference.astype(bool), prediction.astype(bool)

        def call() -> float:
            lists = sd.compute_surface_distances(r, p, (1.0, 1.0, 1.0))
            return float(sd.compute_surface_dice_at_tolerance(lists, 1.0))

        found.append(_named("surface_distance", "", call))
    return found
