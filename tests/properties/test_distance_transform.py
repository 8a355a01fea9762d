"""The distance transform against all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edgewise
from oracles import distances
from strategies import any_shape, examples, lay_out, layouts, mask_dtypes, masks, spacings


@given(st.data())
def test_double_values_equal_the_oracle(data):
    shape = data.draw(any_shape())
    mask = data.draw(masks(shape))
    spacing = data.draw(spacings(len(shape)))
    ours = edgewise.distance_transform(mask, spacing=spacing, dtype="float64")
    theirs = distances.distance_transform(mask, spacing)
    assert ours.dtype == np.float64
    assert ours.shape == mask.shape
    if len(set(spacing)) == 1 and spacing[0] == 1.0:
        assert np.array_equal(ours, theirs)  # whole squared distances: not a bit may differ
    else:
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=0)


@given(st.data())
def test_default_is_single_precision_of_the_oracle(data):
    shape = data.draw(any_shape())
    mask = data.draw(masks(shape))
    spacing = data.draw(spacings(len(shape)))
    ours = edgewise.distance_transform(mask, spacing=spacing)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, distances.distance_transform(mask, spacing), rtol=3e-7, atol=0)


@examples(60)
@given(st.data())
def test_squared_values_equal_the_oracle(data):
    shape = data.draw(any_shape())
    mask = data.draw(masks(shape))
    spacing = data.draw(spacings(len(shape)))
    ours = edgewise.distance_transform(mask, spacing=spacing, squared=True, dtype="float64")
    theirs = distances.distance_transform(mask, spacing, squared=True)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=0)


@examples(60)
@given(st.data())
def test_signed_is_inside_minus_outside(data):
    shape = data.draw(any_shape())
    mask = data.draw(masks(shape))
    spacing = data.draw(spacings(len(shape)))
    ours = edgewise.distance_transform(mask, spacing=spacing, signed=True, dtype="float64")
    inside = distances.distance_transform(mask, spacing)
    outside = distances.distance_transform(~mask, spacing)
    np.testing.assert_allclose(ours, np.where(mask, inside, -outside), rtol=1e-12, atol=0)


@examples(60)
@given(st.data())
def test_indices_name_a_nearest_background_voxel(data):
    shape = data.draw(any_shape())
    mask = data.draw(masks(shape))
    spacing = data.draw(spacings(len(shape)))
    found, indices = edgewise.distance_transform(
        mask, spacing=spacing, return_indices=True, dtype="float64"
    )
    assert indices.shape == (mask.ndim, *mask.shape)
    if mask.all():
        assert (indices == -1).all()
        assert np.isinf(found).all()
        return
    assert not mask[tuple(indices)].any()
    steps = (np.indices(shape) - indices) * np.reshape(spacing, (-1, *[1] * mask.ndim))
    reached = np.sqrt((steps * steps).sum(axis=0))
    np.testing.assert_allclose(reached, found, rtol=1e-12, atol=0)
    np.testing.assert_allclose(
        found, distances.distance_transform(mask, spacing), rtol=1e-12, atol=0
    )


@examples(60)
@given(st.data())
def test_layout_type_and_threads_change_no_bit(data):
    shape = data.draw(any_shape())
    mask = data.draw(masks(shape))
    spacing = data.draw(spacings(len(shape)))
    laid_out = lay_out(mask.astype(data.draw(mask_dtypes())), data.draw(layouts()))
    before = laid_out.copy()
    plain = edgewise.distance_transform(mask, spacing=spacing, dtype="float64", threads=1)
    other = edgewise.distance_transform(laid_out, spacing=spacing, dtype="float64", threads=3)
    assert np.array_equal(plain, other)
    assert np.array_equal(laid_out, before)


@examples(40)
@given(st.data())
def test_more_than_three_axes(data):
    shape = tuple(data.draw(st.lists(st.integers(1, 4), min_size=4, max_size=5)))
    mask = data.draw(masks(shape))
    spacing = data.draw(spacings(len(shape)))
    ours = edgewise.distance_transform(mask, spacing=spacing, dtype="float64")
    np.testing.assert_allclose(
        ours, distances.distance_transform(mask, spacing), rtol=1e-12, atol=0
    )


@examples(10)
@given(st.data())
def test_planes_wider_than_a_word_in_both_directions(data):
    shape = data.draw(st.sampled_from([(65, 64), (63, 65), (64, 3, 17), (2, 65, 31)]))
    mask = data.draw(masks(shape))
    spacing = data.draw(spacings(len(shape)))
    ours = edgewise.distance_transform(mask, spacing=spacing, dtype="float64")
    np.testing.assert_allclose(
        ours, distances.distance_transform(mask, spacing), rtol=1e-12, atol=0
    )


@given(st.data())
def test_one_voxel_taken_away_shows(data):
    shape = data.draw(any_shape())
    mask = data.draw(masks(shape, ("full", "blobs", "random", "one voxel")))
    inside = distances.points(mask)
    if len(inside) == 0:
        return
    spacing = data.draw(spacings(len(shape)))
    wrong = mask.copy()
    wrong[tuple(inside[data.draw(st.integers(0, len(inside) - 1))])] = False
    ours = edgewise.distance_transform(wrong, spacing=spacing)
    assert not np.allclose(ours, distances.distance_transform(mask, spacing))


@pytest.mark.parametrize("spacing", [(1.0, 0.0), (1.0, -1.0), (1.0,), (1.0, np.nan), (np.inf, 1)])
def test_impossible_spacing_is_refused(spacing):
    with pytest.raises(ValueError, match="spacing"):
        edgewise.distance_transform(np.ones((3, 3), bool), spacing=spacing)
