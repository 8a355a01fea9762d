"""The transform of label maps: edt, and the binary transform of every label."""

import edt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewise.errors import LabelError, ShapeError, SpacingError
from edgewise.voxels import distance_transform, label_distance_transform
from strategies import any_shape, label_dtypes, label_maps, lay_out, layouts, spacings


@pytest.mark.parametrize("spacing", [1.0, (3.0, 0.8, 0.7), (2.0, 1.0, 1.0)])
@pytest.mark.parametrize("grain", [1, 4, 30])
def test_values_are_those_of_edt(grain, spacing):
    rng = np.random.default_rng(grain)
    cells = rng.integers(0, 6, tuple(-(-n // grain) for n in (45, 66, 131)), dtype=np.uint16)
    labels = cells.repeat(grain, 0).repeat(grain, 1).repeat(grain, 2)[:45, :66, :131].copy()
    anisotropy = np.broadcast_to(spacing, 3).tolist()
    expected = edt.edt(labels, anisotropy=anisotropy, black_border=False, parallel=1)
    found = label_distance_transform(labels, spacing=spacing)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    squares = edt.edtsq(labels, anisotropy=anisotropy, black_border=False, parallel=1)
    found = label_distance_transform(labels, spacing=spacing, squared=True)
    np.testing.assert_allclose(found, squares, rtol=1e-6)
    if spacing != (3.0, 0.8, 0.7):
        np.testing.assert_array_equal(found, squares)


@given(st.data())
def test_each_label_is_transformed_alone(data):
    shape = data.draw(any_shape())
    labels = data.draw(label_maps(shape))
    spacing = data.draw(spacings(len(shape)))
    expected = np.zeros(shape, np.float32)
    for label in np.unique(labels[labels != 0]):
        own = labels == label
        expected[own] = distance_transform(own, spacing=spacing)[own]
    found = label_distance_transform(labels, spacing=spacing, threads=2)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@given(st.data())
def test_layout_type_and_threads_change_no_bit(data):
    labels = data.draw(label_maps(data.draw(any_shape())))
    other = lay_out(labels.astype(data.draw(label_dtypes())), data.draw(layouts()))
    np.testing.assert_array_equal(
        label_distance_transform(other, threads=data.draw(st.integers(1, 3))),
        label_distance_transform(labels, threads=1),
    )


def test_where_there_is_no_other_label_it_is_infinitely_far():
    assert np.isinf(label_distance_transform(np.full((3, 4), 7))).all()
    assert not label_distance_transform(np.zeros((3, 4), int)).any()


def test_bad_arguments_are_named():
    with pytest.raises(ShapeError, match="three axes"):
        label_distance_transform(np.zeros((2, 2, 2, 2), int))
    with pytest.raises(SpacingError):
        label_distance_transform([1, 2], spacing=(1, 2))
    with pytest.raises(LabelError):
        label_distance_transform([0.5, 1.0])


@given(st.data())
def test_whole_numbers_are_exact(data):
    shape = data.draw(any_shape())
    mask = data.draw(label_maps(shape, largest=1)).astype(bool)
    spacing = tuple(data.draw(st.integers(1, 5)) for _ in shape)
    double = distance_transform(mask, spacing=spacing, squared=True, dtype="float64")
    whole = distance_transform(mask, spacing=spacing, squared=True, dtype="uint32")
    assert whole.dtype == np.uint32
    if np.isinf(double).any():
        assert (whole == np.iinfo(np.uint32).max).all()
    else:
        np.testing.assert_array_equal(whole, double)
