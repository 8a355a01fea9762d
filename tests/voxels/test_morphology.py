"""Erosion, dilation and holes against SciPy."""

import numpy as np
import pytest
from scipy import ndimage

from edgewise.errors import ConfigError, LabelError
from edgewise.voxels import dilate, erode, fill_holes

SHAPES = [(1,), (65,), (64, 7), (5, 63), (1, 130), (9, 1, 33), (12, 20, 65), (7, 9, 64)]
CASES = [(shape, c) for shape in SHAPES for c in range(1, len(shape) + 1)]


def mask_of(shape, density, seed=0):
    return np.random.default_rng(seed).random(shape) < density


def orders(mask):
    """Return the same mask in both memory orders, as a view with strides, and as bytes."""
    return [mask, np.asfortranarray(mask), np.repeat(mask, 2, axis=0)[::2], mask.astype(np.uint8)]


@pytest.mark.parametrize("iterations", [1, 2, 5])
@pytest.mark.parametrize(("shape", "connectivity"), CASES)
def test_dilation_is_scipys(shape, connectivity, iterations):
    structure = ndimage.generate_binary_structure(len(shape), connectivity)
    mask = mask_of(shape, 0.02)
    expected = ndimage.binary_dilation(mask, structure, iterations)
    for array in orders(mask):
        found = dilate(array, connectivity=connectivity, iterations=iterations)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("iterations", [1, 2, 5])
@pytest.mark.parametrize(("shape", "connectivity"), CASES)
@pytest.mark.parametrize("edge", ["background", "foreground"])
def test_erosion_is_scipys(shape, connectivity, iterations, edge):
    structure = ndimage.generate_binary_structure(len(shape), connectivity)
    mask = mask_of(shape, 0.98, seed=1)
    expected = ndimage.binary_erosion(
        mask, structure, iterations, border_value=edge == "foreground"
    )
    for array in orders(mask):
        found = erode(array, connectivity=connectivity, iterations=iterations, edge=edge)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("density", [0.4, 0.6, 0.9])
@pytest.mark.parametrize(("shape", "connectivity"), CASES)
def test_holes_are_scipys(shape, connectivity, density):
    structure = ndimage.generate_binary_structure(len(shape), connectivity)
    mask = mask_of(shape, density, seed=2)
    expected = ndimage.binary_fill_holes(mask, structure)
    for array in orders(mask):
        np.testing.assert_array_equal(fill_holes(array, connectivity=connectivity), expected)


def test_defaults_are_face_neighbours():
    mask = mask_of((9, 10, 11), 0.9)
    np.testing.assert_array_equal(erode(mask), ndimage.binary_erosion(mask))
    np.testing.assert_array_equal(dilate(~mask), ndimage.binary_dilation(~mask))
    np.testing.assert_array_equal(fill_holes(mask), ndimage.binary_fill_holes(mask))
    np.testing.assert_array_equal(erode(mask, iterations=0), mask)


def test_holes_of_a_real_map_are_scipys(shared):
    tifffile = pytest.importorskip("tifffile")
    instances = tifffile.imread(shared / "real" / "cells" / "mask2d.tif")
    mask = instances == 0
    np.testing.assert_array_equal(fill_holes(mask), ndimage.binary_fill_holes(mask))


def test_what_makes_no_sense_is_refused():
    mask = np.ones((3, 3), bool)
    with pytest.raises(ConfigError, match="edge must be"):
        erode(mask, edge="nothing")
    for iterations in (-1, 1.5, True):
        with pytest.raises(ConfigError, match="iterations"):
            dilate(mask, iterations=iterations)
    with pytest.raises(ConfigError, match="connectivity"):
        fill_holes(mask, connectivity=3)
    with pytest.raises(LabelError, match="only 0 and 1"):
        erode([0, 2])
