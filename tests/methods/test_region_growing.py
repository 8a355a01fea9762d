"""Region growing against SimpleITK, flooding against scikit-image."""

import numpy as np
import pytest
import SimpleITK
from scipy import ndimage
from skimage.segmentation import flood as skimage_flood

from edgewise.errors import ConfigError, ShapeError
from edgewise.methods import flood, region_grow

SHAPES = [(1, 1), (64, 7), (5, 63), (1, 130), (9, 1, 33), (12, 20, 65), (7, 9, 64)]
INTEGERS = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"]


def image_of(shape, seed=0):
    """Return values 0 to 15, most of them close to their neighbours."""
    field = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 0.7)
    return np.clip(np.rint(field * 5 + 8), 0, 15)


def seeds_of(shape, count, seed=0):
    generator = np.random.default_rng(seed)
    return [tuple(int(generator.integers(n)) for n in shape) for _ in range(count)]


def orders(image):
    return [image, np.asfortranarray(image), np.repeat(image, 2, axis=-1)[..., ::2]]


def itk_region(image, seeds, lower, upper, full):
    connectivity = SimpleITK.ConnectedThresholdImageFilter.FullConnectivity
    filter_ = SimpleITK.ConnectedThresholdImageFilter()
    filter_.SetSeedList([tuple(reversed(seed)) for seed in seeds])
    filter_.SetLower(lower)
    filter_.SetUpper(upper)
    if full:
        filter_.SetConnectivity(connectivity)
    return SimpleITK.GetArrayFromImage(filter_.Execute(SimpleITK.GetImageFromArray(image))) == 1


@pytest.mark.parametrize("dtype", [*INTEGERS, "f4", "f8"])
@pytest.mark.parametrize("shape", SHAPES)
def test_regions_are_itks(shape, dtype):
    image = image_of(shape).astype(dtype)
    seeds = seeds_of(shape, 3)
    for full in (False, True):
        expected = itk_region(image, seeds, 5.0, 9.0, full)
        for array in orders(image):
            found = region_grow(
                array, seeds, lower=5, upper=9, connectivity=len(shape) if full else 1
            )
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", [*INTEGERS, "f2", "f4", "f8"])
@pytest.mark.parametrize("tolerance", [None, 1, 2.5])
def test_floods_are_scikit_images(dtype, tolerance):
    for shape in SHAPES:
        image = image_of(shape, 1).astype(dtype)
        (seed,) = seeds_of(shape, 1)
        peer = image.astype("f4") if dtype == "f2" else image  # scikit-image refuses half precision
        rounded = tolerance if dtype[0] == "f" or tolerance is None else int(tolerance)
        for connectivity in range(1, len(shape) + 1):
            reference = skimage_flood(peer, seed, connectivity=connectivity, tolerance=rounded)
            for array in orders(image):
                found = flood(array, seed, tolerance=tolerance, connectivity=connectivity)
                np.testing.assert_array_equal(found, reference)
        np.testing.assert_array_equal(
            flood(image, seed, tolerance=tolerance), skimage_flood(peer, seed, tolerance=rounded)
        )


def test_a_real_lung_is_itks(shared):
    nibabel = pytest.importorskip("nibabel")
    image = np.asarray(nibabel.load(shared / "real" / "ct" / "slab_ct.nii.gz").dataobj)
    image = image.astype(np.int16)
    seeds = np.argwhere(image < -800)[::5000].tolist()
    found = region_grow(image, seeds, upper=-500)
    assert found.sum() > 1000
    np.testing.assert_array_equal(found, itk_region(image, seeds, -32768, -500, full=False))


def test_seeds_come_alone_or_in_numbers():
    image = np.array([[1, 1, 0, 1], [0, 0, 0, 1]])
    left, right = image * [1, 1, 0, 0] == 1, image * [0, 0, 0, 1] == 1
    np.testing.assert_array_equal(region_grow(image, (0, 0), lower=1), left)
    np.testing.assert_array_equal(region_grow(image, [(0, 0)], lower=1), left)
    np.testing.assert_array_equal(region_grow(image, np.array([0, 0]), lower=1), left)
    np.testing.assert_array_equal(region_grow(image, [(0, 0), (1, 3)], lower=1), left | right)
    np.testing.assert_array_equal(region_grow(image, [(1, 3), (1, 0)], lower=1), right)
    assert not region_grow(image, [], lower=1).any()
    assert region_grow(image, (1, 1)).all()


def test_the_interval_is_closed_and_exact():
    whole = np.array([2**63 - 1, 2**63 - 2, -(2**63), 0])
    assert region_grow(whole, [0], lower=2**63 - 1).tolist() == [True, False, False, False]
    assert region_grow(whole, [0], lower=10**40).sum() == 0
    assert region_grow(whole, [0], lower=-(10**40), upper=10**40).all()
    assert region_grow(whole.astype(np.uint64), [0], lower=np.uint64(2**63 - 2)).sum() == 3
    small = np.array([3, 4, 5], np.uint8)
    assert region_grow(small, [1], lower=3.5, upper=4.5).tolist() == [False, True, False]
    assert region_grow(small, [1], lower=-1, upper=300).all()
    single = np.array([0.1, 0.2, 0.1], np.float32)
    assert region_grow(single, [0], lower=0.1).tolist() == [True, True, True]
    assert region_grow(single, [0], upper=0.1).tolist() == [False, False, False]  # 0.1f > 0.1


def test_nan_is_never_inside():
    image = np.array([1.0, np.nan, 1.0, np.inf])
    assert region_grow(image, [0]).tolist() == [True, False, False, False]
    assert region_grow(image, [1]).sum() == 0
    assert region_grow(image, [2]).tolist() == [False, False, True, True]
    assert flood(image, [1], tolerance=5).tolist() == [False, True, False, False]
    assert flood(image, [3], tolerance=5).tolist() == [False, False, False, True]


def test_integers_do_not_wrap_around():
    image = np.array([250, 255, 0, 1], np.uint8)
    assert flood(image, [1], tolerance=6).tolist() == [True, True, False, False]
    assert flood(image.view(np.int8), [0], tolerance=200).all()
    edges = np.array([-(2**63), 2**63 - 1])
    assert flood(edges, [0], tolerance=2**63).tolist() == [True, False]
    assert flood(edges, [0], tolerance=2**64).all()


def test_other_types_and_byte_orders():
    image = image_of((9, 40))
    expected = region_grow(image, (4, 4), lower=7, upper=9)
    for dtype in (">f4", ">i2", "f2", "f8"):
        found = region_grow(image.astype(dtype), (4, 4), lower=7, upper=9)
        np.testing.assert_array_equal(found, expected)
    mask = image > 8
    np.testing.assert_array_equal(
        region_grow(mask, (4, 4), lower=1), region_grow(mask.astype(int), (4, 4), lower=1)
    )


def test_what_makes_no_sense_is_refused():
    image = np.zeros((3, 4))
    for seed in [(3, 0), (0, 4), (-1, 0)]:
        with pytest.raises(ShapeError, match=r"lies outside an image of shape \(3, 4\)"):
            region_grow(image, seed)
        with pytest.raises(ShapeError, match="lies outside"):
            flood(image, seed)
    with pytest.raises(ShapeError, match="one index per axis"):
        region_grow(image, (0, 0, 0))
    with pytest.raises(ShapeError, match="one seed"):
        flood(image, [(0, 0), (1, 1)])
    with pytest.raises(ShapeError, match="1 to 3 axes"):
        region_grow(np.zeros((2, 2, 2, 2)), (0, 0, 0, 0))
    with pytest.raises(TypeError, match="whole numbers"):
        region_grow(image, (0.5, 0))
    with pytest.raises(TypeError, match="numbers"):
        region_grow(image.astype(complex), (0, 0))
    with pytest.raises(ConfigError, match="lower must not be NaN"):
        region_grow(image, (0, 0), lower=np.nan)
    with pytest.raises(ConfigError, match="negative"):
        flood(image, (0, 0), tolerance=-1)
    with pytest.raises(ConfigError, match="connectivity"):
        flood(image, (0, 0), connectivity=0)
