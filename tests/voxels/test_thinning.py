"""Skeletons: voxel for voxel those of scikit-image."""

import itertools

import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import skeletonize

from edgewise.errors import ConfigError, LabelError
from edgewise.voxels import skeleton


def blobs(shape, sigma, density, seed):
    field = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(shape), sigma)
    return field >= np.quantile(field, 1 - density)


def agree(mask, thinning):
    expected = skeletonize(mask, method=thinning)
    for array in (mask, np.asfortranarray(mask), mask.astype(np.uint8)):
        found = skeleton(array, thinning=thinning)
        assert found.dtype == np.bool_
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("thinning", ["zhang", "lee"])
def test_every_plane_of_three_by_four_is_scikit_images(thinning):
    rows = [np.array(bits, bool).reshape(3, 4) for bits in itertools.product((0, 1), repeat=12)]
    gap = np.zeros((3, 1), bool)
    together = np.hstack([np.hstack([row, gap]) for row in rows])  # objects do not see each other
    agree(together, thinning)
    agree(together.T, thinning)


@pytest.mark.parametrize("seed", range(30))
def test_random_masks_are_scikit_images(seed):
    generator = np.random.default_rng(seed)
    density = generator.uniform(0.2, 0.95)
    flat, deep = generator.integers(1, 40, 2), generator.integers(1, 14, 3)
    for thinning in ("zhang", "lee"):
        agree(generator.random(flat) < density, thinning)
        agree(blobs((50, 65), generator.uniform(0.7, 4), density, seed), thinning)
    agree(generator.random(deep) < density, "lee")
    agree(blobs((20, 24, 28), generator.uniform(0.7, 3), density, seed), "lee")


@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (1, 9, 9), (9, 1, 9), (9, 9, 1), (2, 2, 2), (64, 3, 5)]
)
def test_thin_volumes_are_scikit_images(shape):
    for seed in range(5):
        agree(np.random.default_rng(seed).random(shape) < 0.8, "lee")


def test_a_row_is_thinned_as_an_image_of_one_row():
    mask = np.random.default_rng(0).random(200) < 0.7
    for thinning in ("zhang", "lee"):
        expected = skeletonize(mask[np.newaxis], method=thinning)[0]
        np.testing.assert_array_equal(skeleton(mask, thinning=thinning), expected)


def test_the_default_follows_the_number_of_axes():
    plane, volume = blobs((40, 40), 2, 0.5, 0), blobs((16, 16, 16), 2, 0.5, 0)
    np.testing.assert_array_equal(skeleton(plane), skeletonize(plane))
    np.testing.assert_array_equal(skeleton(volume), skeletonize(volume))


def test_real_organs_are_scikit_images(shared):
    nibabel = pytest.importorskip("nibabel")
    image = nibabel.load(shared / "real" / "ct" / "slab_labels_a.nii.gz")
    labels = np.asarray(image.dataobj).astype(np.int64)
    for label in np.unique(labels)[1::6]:
        agree(labels == label, "lee")
        agree((labels == label).any(axis=2), "zhang")


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ConfigError, match="takes 1 or 2 axes"):
        skeleton(np.ones((2, 2, 2), bool), thinning="zhang")
    with pytest.raises(ConfigError, match="thinning must be"):
        skeleton(np.ones((2, 2), bool), thinning="medial")
    with pytest.raises(LabelError, match="only 0 and 1"):
        skeleton([0, 3])
