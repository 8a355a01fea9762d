"""The fully connected CRF beside the installed pydensecrf2.

It fills up the number of voxels to a multiple of four with voxels whose features are 0, and their
simplex is part of its lattice: grids here have such a number, but for the last test.
"""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
import pytest

from edgewise.methods import dense_crf, label_probabilities
from oracles import dense_crf as oracle

densecrf = pytest.importorskip("pydensecrf.densecrf")
utils = pytest.importorskip("pydensecrf.utils")

if version("pydensecrf2") != "1.1":
    pytest.skip("behaviour is that of pydensecrf2 1.1", allow_module_level=True)

PARITY = 1e-4
NORMALIZATIONS = {
    "symmetric": densecrf.NORMALIZE_SYMMETRIC,
    "before": densecrf.NORMALIZE_BEFORE,
    "after": densecrf.NORMALIZE_AFTER,
    "none": densecrf.NO_NORMALIZATION,
}


def scene(shape, labels, channels, seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, labels, shape) if seed % 3 == 0 else np.indices(shape).sum(0) // 9
    logits = (truth % labels == np.arange(labels).reshape(-1, *[1] * len(shape))) + rng.normal(
        0, 1, (labels, *shape)
    )
    image = 40 * (truth % 5) + rng.integers(0, 40, (channels, *shape))
    return oracle.softmax(logits).astype(np.float32), image.astype(np.uint8)


def of_plane(given, image, *, gaussian, bilateral, iterations, normalization="symmetric"):
    labels, height, width = given.shape
    field = densecrf.DenseCRF2D(width, height, labels)
    field.setUnaryEnergy(np.ascontiguousarray(utils.unary_from_softmax(given)))
    how = NORMALIZATIONS[normalization]
    field.addPairwiseGaussian(sxy=gaussian[0], compat=gaussian[1], normalization=how)
    field.addPairwiseBilateral(
        sxy=bilateral[0],
        srgb=bilateral[1],
        rgbim=np.ascontiguousarray(np.moveaxis(image, 0, -1)),
        compat=bilateral[2],
        normalization=how,
    )
    return np.array(field.inference(iterations)).reshape(given.shape)


@pytest.mark.parametrize("seed", range(8))
def test_random_planes(seed):
    rng = np.random.default_rng(100 + seed)
    shape = (int(rng.integers(5, 90)), 4 * int(rng.integers(2, 23)))
    given, image = scene(shape, int(rng.integers(2, 23)), 3, seed)
    sigma, near, contrast = rng.uniform(1, 6), rng.uniform(4, 90), rng.uniform(5, 40)
    normalization = list(NORMALIZATIONS)[seed % 3]
    expected = of_plane(
        given,
        image,
        gaussian=(sigma, 3.0),
        bilateral=(near, contrast, 4.0),
        iterations=3,
        normalization=normalization,
    )
    options = {"sigma": sigma, "sigma_intensity": contrast, "weight_bilateral": 4}
    options |= {"iterations": 3, "normalization": normalization}
    found = dense_crf(given, image, sigma_bilateral=near, **options)
    assert np.abs(found - expected).max() <= PARITY
    moved = dense_crf(given, image, sigma_bilateral=near * 0.7, **options)
    assert np.abs(moved - expected).max() > PARITY


def test_more_than_one_strip_and_more_than_one_group_of_labels():
    given, image = scene((210, 300), 11, 3, 1)
    expected = of_plane(given, image, gaussian=(3, 3), bilateral=(40, 13, 10), iterations=5)
    for threads in (1, 3):
        found = dense_crf(given, image, sigma_bilateral=40, threads=threads)
        assert np.abs(found - expected).max() <= PARITY


def both(shape, channels, seed):
    """Ours and theirs, of a volume with thick slices."""
    spacing = np.array([2.0, 0.8, 1.0])
    given, image = scene(shape, 3, channels, seed)
    field = densecrf.DenseCRF(given[0].size, 3)
    field.setUnaryEnergy(np.ascontiguousarray(utils.unary_from_softmax(given)))
    alone = utils.create_pairwise_gaussian(tuple(2.5 / spacing), shape)
    alike = utils.create_pairwise_bilateral(
        tuple(6 / spacing),
        (15.0,) * channels,
        np.ascontiguousarray(np.moveaxis(image, 0, -1)),
        chdim=3,
    )
    field.addPairwiseEnergy(alone, compat=2.0)
    field.addPairwiseEnergy(alike, compat=5.0)
    found = dense_crf(
        given,
        image,
        spacing=spacing,
        sigma=2.5,
        weight=2,
        sigma_bilateral=6,
        sigma_intensity=15,
        weight_bilateral=5,
        iterations=4,
    )
    return found, np.array(field.inference(4)).reshape(given.shape)


@pytest.mark.parametrize("channels", [1, 2, 4, 7])
def test_volumes(channels):
    found, expected = both((12, 22, 17), channels, 4)
    assert np.abs(found - expected).max() <= PARITY


def test_a_number_of_voxels_that_is_no_multiple_of_four():
    found, expected = both((13, 22, 17), 4, 6)
    assert np.abs(found - expected).max() > PARITY  # else this paragraph of the page is out of date
    assert np.abs(found - expected).mean() < 1e-3


def test_unaries_from_labels():
    labels = np.random.default_rng(0).integers(0, 4, (6, 7))
    for unsure, shift in ((True, 1), (False, 0)):
        classes = 3 if unsure else 4
        theirs = utils.unary_from_labels(labels, classes, 0.7, zero_unsure=unsure)
        unknown = -1 if unsure else None
        ours = label_probabilities(labels - shift, classes, confidence=0.7, unknown=unknown)
        np.testing.assert_allclose(ours.reshape(classes, -1), np.exp(-theirs), atol=1e-6)
