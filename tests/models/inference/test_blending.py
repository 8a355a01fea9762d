"""Weights of a tile's voxels, held against the libraries that define them."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError  # noqa: E402
from edgewise.models.inference.blending import (  # noqa: E402
    PRESETS,
    blend_weights,
    edgewise_gaussian,
    monai_gaussian,
    nnunet_gaussian,
)

SHAPES = [(1,), (2, 3), (7, 8), (16, 15, 24), (1, 31, 32), (64, 48, 20)]


def test_nnunets_map_is_the_fixtures_bit_by_bit(zoo_arrays):
    stored = zoo_arrays("sliding_window")
    for name in ("12x16x20", "8x8x8", "31x33"):
        ours = nnunet_gaussian([int(n) for n in name.split("x")])
        expected = stored[f"nnunet_gauss_{name}"]
        assert ours.dtype == expected.dtype == np.float16
        assert np.array_equal(ours, expected)
    assert not np.array_equal(nnunet_gaussian((8, 8, 8)), edgewise_gaussian((8, 8, 8)))


@pytest.mark.parametrize("shape", SHAPES)
def test_nnunets_map_is_scipys_filter_of_an_impulse(shape):
    ndimage = pytest.importorskip("scipy.ndimage")
    impulse = np.zeros(shape)
    impulse[tuple(n // 2 for n in shape)] = 1
    expected = ndimage.gaussian_filter(impulse, [n / 8 for n in shape], mode="constant")
    expected /= expected.max() / 10
    np.testing.assert_allclose(nnunet_gaussian(shape, dtype=np.float64), expected, rtol=1e-12)
    half = expected.astype(np.float16)
    half[half == 0] = half[half > 0].min()
    assert np.array_equal(nnunet_gaussian(shape), half)


def test_monais_map_is_the_fixtures(zoo_arrays):
    stored = zoo_arrays("sliding_window")
    expected = stored["monai_gauss_map_8x12x16"]
    np.testing.assert_allclose(monai_gaussian((8, 12, 16)), expected, rtol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_monais_map_is_monais(shape):
    utils = pytest.importorskip("monai.data.utils")
    expected = utils.compute_importance_map(shape, mode="gaussian", sigma_scale=0.125)
    np.testing.assert_allclose(monai_gaussian(shape), expected.numpy(), rtol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_our_map_is_symmetric_and_positive(shape):
    weights = edgewise_gaussian(shape)
    assert weights.dtype == np.float32
    assert weights.min() > 0
    for axis in range(len(shape)):
        assert np.array_equal(weights, np.flip(weights, axis))
    # nnU-Net's is off centre where a tile is even
    assert nnunet_gaussian((8,))[0] != nnunet_gaussian((8,))[-1]


def test_a_constant_is_one_for_every_preset():
    for preset in PRESETS:
        assert (blend_weights((3, 4), "constant", preset) == 1).all()


def test_unknown_words_list_the_known_ones():
    with pytest.raises(ConfigError, match="gaussian, constant"):
        blend_weights((3,), "linear", "edgewise")
    with pytest.raises(ConfigError, match="nnunet_half"):
        blend_weights((3,), "gaussian", "medpy")
