"""The memory that docs/speed.md states, measured: bytes a voxel, result included."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="the high-water mark is Linux's"
)

SCRIPT = Path(__file__).parents[1] / "peak_memory.py"
# the result, what the documentation states beside it, and half a byte for what does not grow
SLACK = 0.5
STATED = {
    "distance_transform float32": 4 + 0.25,
    "distance_transform float32, far": 4 + 0.25,
    "distance_transform float64": 8 + 0.25,
    "distance_transform float64, spacing": 8 + 4 + 0.25,
    "distance_transform indices": 4 + 12 + 0.25,
    "chamfer_transform": 4,
    "label_distance_transform uint8": 4,
    "label_distance_transform int64": 4 + 2,
    "boundary": 1 + 0.375,
    "connected_components": 4 + 5 / 16,
    "connected_components, noise": 4 + 5 / 16 + 1,
    "region_grow": 1 + 7 / 16,
    "flood": 1 + 7 / 16,
    "fill_holes": 1 + 9 / 16,
    "dilate": 1 + 0.5,
    "skeleton": 1 + 1 + 32 * 0.15,  # the object is an eighth of the voxels
    "resample": 4,
    # one thread's working memory is 16 bytes a class and element of a row: nothing of volume size
    "resample_argmax": 1,
    "resample_argmax, classes last": 1 + 2 * 24 * 81 * 128 * 4 / (160 * 256 * 256),
    "ArgmaxResampler": 1 + 24 * 2 * 128 * 128 * 4 / (160 * 256 * 256),
    "count_labels": 0,
    "dice": 0,
    # both masks as bits, in the volume and in the box
    "hd95": 0.25 + 0.25 + 0.375,
    "nsd": 0.25 + 0.25 + 0.375 + 0.25,
    "hd95, noise": 0.25 + 0.25 + 0.375 + 4 + 16 * 0.5,  # half of all voxels are far elements
    # two labels; 4 corners of positions and 5 of positions and image; normalisation; the lattice
    "dense_crf": 8 + 8 * (4 + 5) + 4 + 8,
    "dense_crf, positions convolved": 8 + 16,
    "measure 64 labels": 0.5,
}


@pytest.mark.parametrize("name", STATED)
def test_a_call_takes_no_more_memory_than_stated(name: str) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), name],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "EDGEWISE_NUM_THREADS": "2"},
    )
    assert float(done.stdout) <= STATED[name] + SLACK
