"""Distance transforms against SciPy (bits), edt (single precision) and their own indices."""

import edt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from edgewise.errors import ConfigError, LabelError, ShapeError, SpacingError
from edgewise.voxels import distance_transform
from strategies import any_shape, examples, lay_out, layouts, masks

SHAPES = [(65,), (64, 7), (5, 63), (1, 40), (20, 30, 17), (9, 1, 33), (3, 5, 4, 6), (2, 3, 2, 3, 4)]
FRACTIONS = [0.03, 0.5, 0.97, 0.999]


def random_mask(shape, fraction, seed=0):
    mask = np.random.default_rng(seed).random(shape) < fraction
    mask.flat[0] = False  # SciPy invents distances for a mask without background
    return mask


def spacing_of(ndim):
    return tuple([2.7, 0.713, 0.9, 1.1, 3.3][:ndim])


@pytest.mark.parametrize("fraction", FRACTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_unit_spacing_has_scipys_bits(shape, fraction):
    mask = random_mask(shape, fraction)
    expected = ndimage.distance_transform_edt(mask)
    np.testing.assert_array_equal(distance_transform(mask, dtype="float64"), expected)
    np.testing.assert_array_equal(
        distance_transform(mask, dtype="float64", spacing=0.25), expected * 0.25
    )


@pytest.mark.parametrize("fraction", FRACTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_any_spacing_agrees_with_scipy(shape, fraction):
    mask = random_mask(shape, fraction, seed=1)
    spacing = spacing_of(mask.ndim)
    expected = ndimage.distance_transform_edt(mask, sampling=spacing)
    double = distance_transform(mask, spacing=spacing, dtype="float64")
    np.testing.assert_allclose(double, expected, rtol=1e-12, atol=0)
    np.testing.assert_allclose(distance_transform(mask, spacing=spacing), expected, rtol=1e-6)
    np.testing.assert_allclose(
        distance_transform(mask, spacing=spacing, squared=True, dtype="float64"),
        expected**2,
        rtol=1e-12,
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", SHAPES)
def test_indices_point_at_background_in_that_distance(shape, order, dtype):
    mask = np.asarray(random_mask(shape, 0.9, seed=2), order=order)
    spacing = spacing_of(mask.ndim)
    distances, indices = distance_transform(mask, spacing=spacing, return_indices=True, dtype=dtype)
    assert indices.dtype == np.int32
    assert indices.shape == (mask.ndim, *mask.shape)
    assert not mask[tuple(indices)].any()
    offsets = (indices - np.indices(mask.shape)) * np.reshape(spacing, (-1, *[1] * mask.ndim))
    np.testing.assert_allclose(np.sqrt((offsets**2).sum(0)), distances, rtol=1e-6)


@examples(100)
@given(data=st.data())
def test_indices_are_scipys_where_squares_are_exact(data):
    mask = data.draw(masks(data.draw(any_shape(1, 4))))
    mask.flat[data.draw(st.integers(0, mask.size - 1))] = False
    step = st.sampled_from((1.0, 1.0, 2.0, 0.5, 3.0))
    spacing = data.draw(st.tuples(*[step] * mask.ndim))
    expected = ndimage.distance_transform_edt(
        mask, sampling=spacing, return_distances=False, return_indices=True
    )
    laid_out = lay_out(mask, data.draw(layouts()))
    for dtype in ("float32", "float64"):
        distances, indices = distance_transform(
            laid_out, spacing=spacing, return_indices=True, dtype=dtype, threads=2
        )
        np.testing.assert_array_equal(indices, expected)
        np.testing.assert_array_equal(
            distances, distance_transform(laid_out, spacing=spacing, dtype=dtype)
        )


@pytest.mark.parametrize("spacing", [None, (1.0, 2.5, 0.7)])
@pytest.mark.parametrize("fraction", FRACTIONS)
def test_single_precision_and_signs_agree_with_edt(fraction, spacing):
    mask = random_mask((30, 40, 25), fraction, seed=3)
    mask.flat[-1] = True
    anisotropy = spacing or (1.0, 1.0, 1.0)
    expected = edt.edt(mask, anisotropy=anisotropy, black_border=False, parallel=1)
    np.testing.assert_allclose(distance_transform(mask, spacing=spacing), expected, rtol=1e-5)
    signed = edt.sdf(mask, anisotropy=anisotropy, black_border=False, parallel=1)
    np.testing.assert_allclose(
        distance_transform(mask, spacing=spacing, signed=True), signed, rtol=1e-5
    )


def test_signed_indices_point_at_the_other_kind():
    mask = random_mask((12, 13, 14), 0.5, seed=4)
    distances, indices = distance_transform(mask, signed=True, return_indices=True)
    assert (mask[tuple(indices)] != mask).all()
    offsets = indices - np.indices(mask.shape)
    np.testing.assert_allclose(np.sqrt((offsets**2).sum(0)), np.abs(distances), rtol=1e-6)


def test_memory_order_strides_and_type_change_nothing():
    mask = random_mask((18, 21, 23), 0.8, seed=5)
    spacing = (2.7, 0.713, 0.9)
    for dtype in ("float32", "float64"):
        expected = distance_transform(mask, spacing=spacing, dtype=dtype, threads=1)
        wide = np.zeros((18, 21, 46), dtype=bool)
        wide[..., ::2] = mask
        others = [
            np.asfortranarray(mask),
            wide[..., ::2],
            mask[::-1][::-1],
            mask.astype(np.uint8),
            mask.astype(">i4"),
            mask.astype(np.float32),
        ]
        for other in others:
            found = distance_transform(other, spacing=spacing, dtype=dtype, threads=2)
            tolerance = 0 if dtype == "float64" else 1e-6
            np.testing.assert_allclose(found, expected, rtol=tolerance, atol=0)
            assert found.dtype == np.dtype(dtype)
    assert distance_transform(np.asfortranarray(mask)).flags.f_contiguous


@pytest.mark.parametrize("shape", [(1,), (4, 5), (3, 4, 5)])
def test_nothing_to_measure_to_is_infinitely_far(shape):
    full, empty = np.ones(shape, bool), np.zeros(shape, bool)
    distances, indices = distance_transform(full, return_indices=True)
    assert np.isposinf(distances).all()
    assert (indices == -1).all()
    assert not distance_transform(empty).any()
    assert np.isneginf(distance_transform(empty, signed=True)).all()
    assert np.isposinf(distance_transform(full, signed=True, dtype="float64")).all()


def test_the_mask_is_not_written_to():
    mask = random_mask((7, 8), 0.5)
    mask.flags.writeable = False
    before = mask.copy()
    distance_transform(mask, signed=True, return_indices=True)
    np.testing.assert_array_equal(mask, before)


def test_bad_arguments_are_named():
    mask = random_mask((4, 5), 0.5)
    with pytest.raises(LabelError, match="found 2 at index"):
        distance_transform(mask.astype(int) * 2)
    with pytest.raises(ShapeError, match="axis of length 0"):
        distance_transform(mask[:0])
    with pytest.raises(SpacingError, match="one value per axis"):
        distance_transform(mask, spacing=(1, 1, 1))
    with pytest.raises(SpacingError, match="positive"):
        distance_transform(mask, spacing=0)
    with pytest.raises(ConfigError, match="float16"):
        distance_transform(mask, dtype="float16")
    with pytest.raises(ConfigError, match="threads"):
        distance_transform(mask, threads=0)
    with pytest.raises(TypeError, match="numbers or booleans"):
        distance_transform(mask.astype(complex))
