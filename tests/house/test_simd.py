"""Which instructions the kernels use: the switch, and that results do not depend on it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from edgewise import _core

SCRIPT = """
import hashlib, numpy as np, edgewise
from edgewise import _core, methods, voxels
rng = np.random.default_rng(3)
a = rng.random((40, 65, 130)) < 0.9
b = np.roll(a, 1, 0) & (rng.random(a.shape) < 0.97)
labels = rng.integers(0, 5, (20, 33, 70)).repeat(2, 1).astype(np.int16)
results = [
    edgewise.distance_transform(a), edgewise.distance_transform(a, spacing=(3, 0.8, 0.7)),
    voxels.label_distance_transform(labels), edgewise.connected_components(a),
    edgewise.boundary(a), voxels.fill_holes(a), edgewise.region_grow(a, [(1, 2, 3)], lower=1),
    [edgewise.hd95(a, b), edgewise.assd(a, b), edgewise.nsd(a, b, tolerance=1)],
    list(voxels.count_labels(labels).values()),
    voxels.resample_argmax(rng.normal(size=(9, 5, 20, 33)).astype(np.float32), (9, 31, 70)),
    voxels.resample_argmax(rng.normal(size=(9, 20, 70)).astype(np.float16), (31, 33)),
    voxels.resample(rng.normal(size=(5, 20, 33)), (9, 31, 70)),
    methods.dense_crf(rng.dirichlet(np.ones(9), (30, 40)).T, rng.random((2, 40, 30)) * 90),
]
digest = hashlib.sha256(b"".join(np.asarray(r).tobytes() for r in results)).hexdigest()
print(_core.simd_level(), digest)
"""


def run(level: str | None) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "EDGEWISE_SIMD"}
    if level is not None:
        environment["EDGEWISE_SIMD"] = level
    return subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False, env=environment
    )


def test_results_do_not_depend_on_the_instructions():
    lines = [run(level).stdout.split() for level in (None, "baseline", "avx2", "avx512")]
    assert [line[0] for line in lines[1:2]] == ["baseline"]
    assert len({line[1] for line in lines}) == 1


def test_a_misspelt_level_is_refused():
    failed = run("avx3")
    assert failed.returncode != 0
    assert "EDGEWISE_SIMD" in failed.stderr
    assert "'avx2'" in failed.stderr


@pytest.mark.skipif(os.environ.get("EDGEWISE_SIMD") is not None, reason="a level is asked for")
def test_the_level_has_a_name():
    assert _core.simd_level() in ("baseline", "avx2", "avx512")
