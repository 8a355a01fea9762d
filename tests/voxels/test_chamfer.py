"""Distances in steps against SciPy and all pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from edgewise.errors import ConfigError, ShapeError
from edgewise.voxels.chamfer import chamfer_transform
from oracles import distances as oracle
from strategies import any_shape, examples, lay_out, layouts, mask_dtypes, masks

METRICS = ("chessboard", "taxicab")


@examples(150)
@given(data=st.data())
def test_every_mask_layout_and_type_agrees_with_scipy_and_all_pairs(data):
    mask = data.draw(masks(data.draw(any_shape(1, 4))))
    given_mask = lay_out(mask.astype(data.draw(mask_dtypes())), data.draw(layouts()))
    for metric in METRICS:
        found = chamfer_transform(given_mask, metric=metric)
        assert found.dtype == np.int32
        np.testing.assert_array_equal(found, oracle.chamfer_transform(mask, metric))
        if mask.ndim <= 3 or metric == "taxicab":
            expected = ndimage.distance_transform_cdt(mask, metric=metric)
            np.testing.assert_array_equal(found, expected)


def test_a_volume_agrees_with_scipy_in_both_orders():
    rng = np.random.default_rng(0)
    mask = ndimage.gaussian_filter(rng.random((40, 65, 71)), 3) > 0.49
    for metric in METRICS:
        expected = ndimage.distance_transform_cdt(mask, metric=metric)
        for laid_out in (mask, np.asfortranarray(mask)):
            found = chamfer_transform(laid_out, metric=metric)
            np.testing.assert_array_equal(found, expected)
            assert found.flags.f_contiguous == laid_out.flags.f_contiguous


def test_bad_arguments_are_named():
    with pytest.raises(ConfigError, match="euclidean"):
        chamfer_transform([0, 1], metric="euclidean")
    with pytest.raises(ShapeError, match="axis of length 0"):
        chamfer_transform(np.zeros((0, 2), bool))
