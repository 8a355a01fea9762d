"""How far the resident set rises during one call, in bytes a voxel: `python peak_memory.py NAME`.

In a process of its own, because memory that an earlier call has freed may still be resident.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import edgewise
from edgewise import methods, metrics, voxels
from edgewise.voxels.chamfer import chamfer_transform

SHAPE = (160, 256, 256)
VOXELS = SHAPE[0] * SHAPE[1] * SHAPE[2]
SPACING = (3.0, 0.8, 0.8)


def balls(shift: float = 0.0) -> NDArray[np.bool_]:
    """A large ball with a small one beside it."""
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    large = (z - 80 - shift) ** 2 + (y - 120) ** 2 + (x - 130) ** 2 < 70**2
    return large | ((z - 20) ** 2 + (y - 220) ** 2 + (x - 20 - 9 * shift) ** 2 < 64)


def noise() -> NDArray[np.bool_]:
    return np.random.default_rng(0).random(SHAPE, dtype=np.float32) < 0.5


def chances() -> NDArray[np.float32]:
    """Probabilities of two labels."""
    inside = np.where(balls(), np.float32(0.8), np.float32(0.3))
    return np.stack([1 - inside, inside])


def scan() -> NDArray[np.float32]:
    """An image of the balls with noise, one channel."""
    rng = np.random.default_rng(0)
    return (100 * balls() + 6 * rng.standard_normal(SHAPE, dtype=np.float32))[None]


def labels(shift: int = 0) -> NDArray[np.uint8]:
    """64 boxes."""
    z, y, x = (np.arange(n) for n in SHAPE)
    z, y, x = z[:, None, None] // 40, (y[:, None] + shift) // 64 % 4, x // 64
    return (1 + z * 16 + y * 4 + x).astype(np.uint8)


def scores(*, classes_last: bool = False) -> NDArray[np.float32]:
    """24 classes on half the grid."""
    shape = tuple(n // 2 for n in SHAPE)
    rng = np.random.default_rng(0)
    if classes_last:
        return np.moveaxis(rng.random((*shape, 24), dtype=np.float32), -1, 0)
    return rng.random((24, *shape), dtype=np.float32)


def from_slabs(logits: NDArray[np.float32]) -> object:
    resampler = voxels.ArgmaxResampler(SHAPE, logits.shape[1:], len(logits))
    for start in range(0, logits.shape[1], 8):
        resampler.push(logits[:, start : start + 8])
    return resampler.finish()


# what is called; it is made outside of the measurement
CALLS: dict[str, Callable[[], Callable[[], object]]] = {
    "distance_transform float32": lambda: partial(edgewise.distance_transform, noise()),
    "distance_transform float32, far": lambda: partial(edgewise.distance_transform, ~balls()),
    "distance_transform float64": lambda: partial(
        edgewise.distance_transform, ~balls(), dtype="float64"
    ),
    "distance_transform float64, spacing": lambda: partial(
        edgewise.distance_transform, ~balls(), dtype="float64", spacing=SPACING
    ),
    "distance_transform indices": lambda: partial(
        edgewise.distance_transform, ~balls(), return_indices=True
    ),
    "chamfer_transform": lambda: partial(chamfer_transform, balls()),
    "label_distance_transform uint8": lambda: partial(voxels.label_distance_transform, labels()),
    "label_distance_transform int64": lambda: partial(
        voxels.label_distance_transform, labels().astype(np.int64)
    ),
    "boundary": lambda: partial(edgewise.boundary, balls()),
    "connected_components": lambda: partial(edgewise.connected_components, balls()),
    "connected_components, noise": lambda: partial(edgewise.connected_components, noise()),
    "region_grow": lambda: partial(
        edgewise.region_grow, balls().astype(np.float32), [(80, 120, 130)], lower=0.5
    ),
    "flood": lambda: partial(methods.flood, balls().astype(np.uint8), (0, 0, 0)),
    "fill_holes": lambda: partial(voxels.fill_holes, balls()),
    "dilate": lambda: partial(voxels.dilate, balls()),
    "skeleton": lambda: partial(voxels.skeleton, balls()),
    "resample": lambda: partial(voxels.resample, scores()[0], SHAPE),
    "resample_argmax": lambda: partial(voxels.resample_argmax, scores(), SHAPE),
    "resample_argmax, classes last": lambda: partial(
        voxels.resample_argmax, scores(classes_last=True), SHAPE
    ),
    "ArgmaxResampler": lambda: partial(from_slabs, scores()),
    "count_labels": lambda: partial(voxels.count_labels, labels()),
    "dice": lambda: partial(edgewise.dice, balls(), balls(1.0)),
    "hd95": lambda: partial(edgewise.hd95, balls(), balls(1.0), spacing=SPACING),
    "nsd": lambda: partial(edgewise.nsd, balls(), balls(1.0), tolerance=1.0, spacing=SPACING),
    "hd95, noise": lambda: partial(edgewise.hd95, noise(), balls()),
    "dense_crf": lambda: partial(
        methods.dense_crf,
        chances(),
        scan(),
        sigma_bilateral=10,
        sigma_intensity=20,
        iterations=1,
    ),
    "dense_crf, positions convolved": lambda: partial(
        methods.dense_crf, chances(), method="grid", iterations=1
    ),
    "measure 64 labels": lambda: partial(
        metrics.measure, labels(), labels(2), metrics=("dice", "hd95", "assd", "nsd@1mm")
    ),
}


def status(key: str) -> int:
    """A line of the process's own account, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(key)


def main(name: str) -> float:
    call = CALLS[name]()
    edgewise.distance_transform([0, 1], threads=2)  # the library and its threads are there
    edgewise.hd95([0, 1], [0, 1])
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
    before = status("VmRSS")
    result = call()
    risen = status("VmHWM") - before
    del result
    return risen / VOXELS


if __name__ == "__main__":
    sys.stdout.write(f"{main(sys.argv[1])}\n")
