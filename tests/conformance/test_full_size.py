"""Whole volumes, as large as clinical ones, against scipy and numpy: `python -m pytest -m slow`."""

from __future__ import annotations

import numpy as np
import pytest

from edgewise import distance_transform, metrics
from scipy_distances import directed_lists, distance_metrics

pytestmark = pytest.mark.slow

SHAPE = (256, 256, 200)
SPACING = (0.8, 0.8, 1.25)


def ellipsoid(center, radii):
    """An ellipsoid with a rough surface."""
    noise = np.random.default_rng(4).random(SHAPE, np.float32)
    steps = (
        ((np.arange(n, dtype=np.float32) - c) / r) ** 2
        for n, c, r in zip(SHAPE, center, radii, strict=True)
    )
    z, y, x = np.ix_(*steps)
    return z + y + x < 0.9 + 0.2 * noise


PAIRS = {  # center and radii of the reference, then of the prediction
    "near": (((120, 130, 100), (90, 70, 60)), ((123, 129, 98), (92, 66, 61))),
    "far": (((40, 50, 40), (30, 35, 30)), ((200, 190, 150), (45, 50, 40))),
    "inside": (((128, 128, 100), (120, 115, 95)), ((120, 120, 90), (9, 8, 7))),
}


@pytest.mark.parametrize("name", PAIRS)
def test_distances_equal_scipy(name):
    ndimage = pytest.importorskip("scipy.ndimage")
    reference, prediction = (ellipsoid(*shape) for shape in PAIRS[name])
    lists = directed_lists(ndimage, reference, prediction, SPACING)
    expected = distance_metrics(*lists)
    result = metrics.measure(reference, prediction, spacing=SPACING, metrics=list(expected))
    for metric, value in expected.items():
        assert result.value(1, metric) == pytest.approx(value, rel=1e-9), metric
    moved = metrics.measure(
        reference, np.roll(prediction, 1, 1), spacing=SPACING, metrics=list(expected)
    )
    assert moved.value(1, "assd") != result.value(1, "assd")


def test_the_transform_has_scipys_bits():
    ndimage = pytest.importorskip("scipy.ndimage")
    mask = ellipsoid(*PAIRS["near"][0])
    expected = ndimage.distance_transform_edt(mask)
    assert np.array_equal(distance_transform(mask, dtype="float64"), expected)


def test_counts_of_many_labels_are_numpys():
    rng = np.random.default_rng(2)
    coarse = rng.integers(0, 90, tuple(-(-n // 8) for n in SHAPE), np.uint16)
    reference = np.kron(coarse, np.ones((8, 8, 8), np.uint16))[tuple(map(slice, SHAPE))]
    prediction = np.where(rng.random(SHAPE) < 0.05, 0, np.roll(reference, (1, 2, 3), (0, 1, 2)))
    result = metrics.measure(reference, prediction, metrics="dice")
    pairs = np.bincount(reference.ravel().astype(np.int64) * 90 + prediction.ravel(), None, 8100)
    table = pairs.reshape(90, 90)
    for label in range(1, 90):
        tp, n_ref, n_pred = table[label, label], table[label].sum(), table[:, label].sum()
        assert result.value(label, "tp") == tp
        assert result.value(label, "fn") == n_ref - tp
        assert result.value(label, "fp") == n_pred - tp
