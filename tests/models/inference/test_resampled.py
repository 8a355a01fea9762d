"""Label maps on another grid: interpolated logits, largest taken, while rows come in."""

import tracemalloc

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models.inference import segment, sliding_window  # noqa: E402
from edgewise.voxels import resample_argmax  # noqa: E402

MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}


def smooth(channels, classes, axes, seed=0):
    draw = np.random.default_rng(seed)
    weights = torch.from_numpy(draw.normal(size=(classes, channels, *[3] * axes)).astype("f4"))
    convolve = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[axes]
    return lambda batch: convolve(batch, weights, padding=1)


def interpolated(logits, shape):
    batch = torch.from_numpy(logits[None])
    return F.interpolate(batch, shape, mode=MODES[logits.ndim - 1], align_corners=False)[0]


def sure(logits):
    """Where the largest is clear of the second by more than rounding."""
    best, second = logits.topk(2, dim=0).values
    return (best - second > 1e-5).numpy()


@pytest.mark.parametrize("seed", range(10))
def test_it_is_interpolation_then_the_largest(seed):
    draw = np.random.default_rng(seed)
    axes = int(draw.integers(2, 4))
    image = draw.normal(size=(1, *draw.integers(5, 20, axes))).astype(np.float32)
    shape = tuple(int(n) for n in draw.integers(1, 30, axes))
    network = smooth(1, 4, axes, seed)
    logits = interpolated(sliding_window(image, network, tile=(6,) * axes), shape)
    labels = segment(image, network, tile=(6,) * axes, out_shape=shape)
    assert labels.shape == shape
    assert labels.dtype == np.uint8
    clear = sure(logits)
    assert clear.mean() > 0.99
    assert np.array_equal(labels[clear], logits.argmax(0).numpy()[clear])


def test_labels_and_regions():
    image = np.random.default_rng(0).normal(size=(1, 9, 10, 11)).astype(np.float32)
    network, shape = smooth(1, 3, 3), (15, 8, 13)
    logits = interpolated(sliding_window(image, network, tile=(6, 6, 6)), shape)
    named = segment(image, network, tile=(6, 6, 6), out_shape=shape, labels=[0, 400, 7])
    clear = sure(logits)
    expected = np.array([0, 400, 7])[logits.argmax(0).numpy()]
    assert np.array_equal(named[clear], expected[clear])
    assert named.dtype == np.uint16
    regions = segment(image, network, tile=(6, 6, 6), out_shape=shape, regions=[1, 2, 9])
    expected = np.zeros(shape, np.uint8)
    for label, channel in zip([1, 2, 9], logits.numpy(), strict=True):
        expected[channel > 0] = label
    clear = (logits.abs() > 1e-5).all(0).numpy()
    assert np.array_equal(regions[clear], expected[clear])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_nearest_row_along_one_axis(axis):
    image = np.random.default_rng(1).normal(size=(1, 7, 8, 9)).astype(np.float32)
    network, shape = smooth(1, 3, 3), (11, 12, 13)
    logits = sliding_window(image, network, tile=(6, 6, 6))
    rows = ((np.arange(shape[axis]) + 0.5) * logits.shape[axis + 1] / shape[axis]).astype(int)
    plane = tuple(n for k, n in enumerate(shape) if k != axis)
    moved = np.moveaxis(np.take(logits, rows, axis + 1), axis + 1, 0)
    planes = torch.stack([interpolated(np.ascontiguousarray(m), plane) for m in moved])
    expected = torch.movedim(planes, 0, axis + 1)
    labels = segment(image, network, tile=(6, 6, 6), out_shape=shape, separate_axis=axis)
    clear = sure(expected)
    assert np.array_equal(labels[clear], expected.argmax(0).numpy()[clear])


def test_the_same_grid_is_the_plain_label_map():
    image = np.random.default_rng(2).normal(size=(1, 12, 13)).astype(np.float32)
    network = smooth(1, 4, 2)
    plain = segment(image, network, tile=(6, 6))
    assert np.array_equal(segment(image, network, tile=(6, 6), out_shape=(12, 13)), plain)


def test_what_does_not_fit_is_refused():
    image = np.zeros((1, 12, 13), np.float32)
    network = smooth(1, 4, 2)
    with pytest.raises(ShapeError, match="out_shape must have 2 axes"):
        segment(image, network, tile=(6, 6), out_shape=(12, 13, 14))
    with pytest.raises(ConfigError, match="one label per channel"):
        segment(image, network, tile=(6, 6), out_shape=(12, 13), labels=[1])


def test_slab_by_slab_is_all_logits_at_once_bit_by_bit():
    image = np.random.default_rng(3).normal(size=(1, 23, 9, 10)).astype(np.float32)
    network, shape = smooth(1, 5, 3), (31, 14, 7)
    logits = sliding_window(image, network, tile=(6, 6, 6))
    labels = segment(image, network, tile=(6, 6, 6), out_shape=shape)
    assert np.array_equal(labels, resample_argmax(logits, shape))
    assert not np.array_equal(labels, resample_argmax(logits[:, ::-1], shape))


def test_logits_of_the_other_grid_are_never_held():
    image = np.random.default_rng(4).normal(size=(1, 64, 24, 24)).astype(np.float32)
    ramp = torch.linspace(-1, 1, 40)[None, :, None, None, None]
    stated = []
    tracemalloc.start()
    try:
        labels = segment(
            image, lambda batch: torch.from_numpy((batch * ramp).numpy().copy()),
            tile=(8, 24, 24), out_shape=(128, 48, 48), progress=lambda e: stated.append(e.memory),
        )  # fmt: skip
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert labels.shape == (128, 48, 48)
    assert peak <= stated[0].total + 2**20
    assert peak < 40 * 64 * 24 * 24 * 4 / 2  # half of the logits, which are an eighth of the others
