"""Euler characteristics against scikit-image, Betti numbers against components and known shapes."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import euler_number

from edgewise.errors import ConfigError
from edgewise.voxels import betti_numbers, euler_characteristic

SHAPES = [(1, 1), (64, 7), (5, 63), (1, 130), (9, 1, 33), (1, 1, 1), (12, 20, 65), (7, 9, 64)]


@pytest.mark.parametrize("density", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_euler_characteristic_is_scikit_images(shape, density):
    mask = np.random.default_rng(0).random(shape) < density
    for connectivity in {1, mask.ndim}:
        expected = euler_number(mask, connectivity)
        for array in (mask, np.asfortranarray(mask), np.repeat(mask, 2, axis=0)[::2]):
            assert euler_characteristic(array, connectivity=connectivity) == expected
    assert euler_characteristic(mask) == euler_number(mask)


@pytest.mark.parametrize("density", [0.3, 0.7, 0.95])
@pytest.mark.parametrize("shape", SHAPES)
def test_betti_numbers_are_counts_of_components(shape, density):
    mask = np.random.default_rng(1).random(shape) < density
    for connectivity, other in ((1, mask.ndim), (mask.ndim, 1)):
        structures = [
            ndimage.generate_binary_structure(mask.ndim, c) for c in (connectivity, other)
        ]
        b0, b1, b2 = betti_numbers(mask, connectivity=connectivity)
        enclosed = ndimage.label(np.pad(~mask, 1, constant_values=True), structures[1])[1] - 1
        assert b0 == ndimage.label(mask, structures[0])[1]
        assert (b1 if mask.ndim == 2 else b2) == enclosed
        assert b0 - b1 + b2 == euler_characteristic(mask, connectivity=connectivity)


def test_known_shapes():
    shell = np.ones((5, 5, 5), bool)
    shell[2, 2, 2] = False
    tube = np.ones((5, 5, 5), bool)
    tube[:, 2, 2] = False
    both = np.concatenate([shell, np.zeros((1, 5, 5), bool), tube])
    assert betti_numbers(shell) == (1, 0, 1)
    assert betti_numbers(tube) == (1, 1, 0)
    assert betti_numbers(both) == (2, 1, 1)
    assert betti_numbers(np.zeros((3, 3), bool)) == (0, 0, 0)
    assert betti_numbers([1, 0, 1, 1]) == (2, 0, 0)


def test_connectivity_swaps_foreground_and_background():
    diamond = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    assert betti_numbers(diamond) == (1, 1, 0)
    assert betti_numbers(diamond, connectivity=1) == (4, 0, 0)


def test_connectivity_needs_a_complement():
    for measure in (euler_characteristic, betti_numbers):
        with pytest.raises(ConfigError, match="1 or 3"):
            measure(np.ones((2, 2, 2), bool), connectivity=2)
