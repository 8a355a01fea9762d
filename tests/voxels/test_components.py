"""Connected components against SciPy (masks) and cc3d (label maps)."""

import cc3d
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from edgewise.errors import ConfigError, LabelError, ShapeError
from edgewise.voxels import connected_components
from edgewise.voxels.components import counted_components, narrow_components
from strategies import label_pairs

SHAPES = [(1,), (65,), (64, 7), (5, 63), (1, 130), (9, 1, 33), (1, 1, 1), (12, 20, 65), (7, 9, 64)]
TYPES = ["bool", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"]


def label_map(shape, values, seed=0):
    """Return random labels below `values`, some of them in blocks."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, values, tuple(-(-n // 3) for n in shape))
    blocks = coarse[np.ix_(*(np.arange(n) // 3 for n in shape))]
    return np.where(generator.random(shape) < 0.7, blocks, generator.integers(0, values, shape))


def every_connectivity():
    return [(shape, c) for shape in SHAPES for c in range(1, len(shape) + 1)]


@pytest.mark.parametrize("density", [0.05, 0.3, 0.5, 0.9])
@pytest.mark.parametrize(("shape", "connectivity"), every_connectivity())
def test_masks_have_scipys_components(shape, connectivity, density):
    mask = np.random.default_rng(1).random(shape) < density
    structure = ndimage.generate_binary_structure(mask.ndim, connectivity)
    expected, _ = ndimage.label(mask, structure)
    for threads in (1, 3):
        found = connected_components(mask, connectivity=connectivity, threads=threads)
        assert found.dtype == np.uint32
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("connectivity", "neighbours"), [(1, 6), (2, 18), (3, 26)])
@pytest.mark.parametrize("values", [2, 3, 12])
def test_label_maps_have_cc3ds_components(values, connectivity, neighbours):
    for seed, shape in enumerate([(20, 21, 65), (1, 30, 64), (6, 5, 130)]):
        labels = label_map(shape, values, seed).astype(np.uint16)
        expected = cc3d.connected_components(labels, connectivity=neighbours)
        found = connected_components(labels, connectivity=connectivity)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", TYPES)
def test_every_type_gives_the_same_numbers(dtype):
    labels = label_map((11, 12, 70), 2 if dtype == "bool" else 5)
    expected = connected_components(labels)
    np.testing.assert_array_equal(connected_components(labels.astype(dtype)), expected)
    swapped = labels.astype(np.dtype(dtype).newbyteorder())
    np.testing.assert_array_equal(connected_components(swapped), expected)


@pytest.mark.parametrize("connectivity", [1, 2, 3])
def test_numbers_do_not_depend_on_the_memory_order(connectivity):
    labels = label_map((13, 30, 31), 4)
    expected = connected_components(labels, connectivity=connectivity, threads=1)
    turned = np.asfortranarray(labels)
    for threads in (1, 2):
        found = connected_components(turned, connectivity=connectivity, threads=threads)
        assert found.flags.f_contiguous
        np.testing.assert_array_equal(found, expected)
    strided = np.repeat(labels, 2, axis=1)[:, ::2]
    np.testing.assert_array_equal(
        connected_components(strided, connectivity=connectivity), expected
    )
    np.testing.assert_array_equal(
        connected_components(labels[::-1, :, ::-1], connectivity=connectivity),
        connected_components(labels[::-1, :, ::-1].copy(), connectivity=connectivity),
    )


def test_values_of_any_size_and_sign_are_values():
    labels = np.array([-3, -3, 0, 2**62, 2**62 + 1, 0, -3])
    np.testing.assert_array_equal(connected_components(labels), [1, 1, 0, 2, 3, 0, 4])
    np.testing.assert_array_equal(connected_components([2.0, 2.0, 0.0, 1.0]), [1, 1, 0, 2])


def test_real_instances_are_found_again(shared):
    tifffile = pytest.importorskip("tifffile")
    instances = tifffile.imread(shared / "real" / "cells" / "mask3d.tif")
    expected = cc3d.connected_components(instances, connectivity=26)
    np.testing.assert_array_equal(connected_components(instances), expected)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ConfigError, match="connectivity must be 1 to 2"):
        connected_components(np.ones((2, 2), int), connectivity=3)
    with pytest.raises(ShapeError, match="1 to 3 axes"):
        connected_components(np.ones((2, 2, 2, 2), int))
    with pytest.raises(LabelError, match="whole numbers"):
        connected_components([0.5, 1.0])


@given(label_pairs(1, 3), st.integers(1, 3))
def test_numbers_of_16_bits_are_the_same(pair, connectivity):
    labels = pair[0]
    connectivity = min(connectivity, labels.ndim)
    for given_labels in (labels, np.asfortranarray(labels), labels != 0):
        wide, count = counted_components(given_labels, connectivity=connectivity)
        narrow, narrow_count = narrow_components(given_labels, connectivity=connectivity)
        assert narrow.dtype == np.uint16
        assert narrow_count == count
        assert np.array_equal(narrow, wide)


def test_numbers_of_16_bits_may_be_too_small():
    stripes = np.tile(np.array([1, 0, 2, 0], np.uint8), 32_768)
    assert narrow_components(stripes) is None
    assert narrow_components(stripes[:-4])[1] == 65_534
