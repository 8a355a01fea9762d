"""Surface elements one by one against all blocks of the grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewise.errors import LabelError, ShapeError
from edgewise.metrics.surface_elements import surface_elements
from oracles import surface_distance
from strategies import examples, lay_out, layouts, mask_dtypes, pairs


def by_distance(distances, sizes):
    """Both, ascending by distance, then size."""
    order = np.lexsort((sizes, distances))
    return distances[order], sizes[order]


def check(found, expected, *, exact, sized):
    """Each side's distances and sizes; with rounding, neighbours may have changed places."""
    sides = (
        (found.ref_distances, found.ref_sizes, expected.d_rp, expected.w_rp),
        (found.pred_distances, found.pred_sizes, expected.d_pr, expected.w_pr),
    )
    for distances, sizes, d, w in sides:
        assert distances.dtype == sizes.dtype == np.float64
        d, w = by_distance(d, w)
        if exact:
            np.testing.assert_array_equal(distances, d)
        else:
            np.testing.assert_allclose(distances, d, rtol=1e-12)
        if sized and exact:
            np.testing.assert_array_equal(sizes, w)
        elif sized:
            np.testing.assert_allclose(np.sort(sizes), np.sort(w), rtol=1e-15)


@given(pairs(max_ndim=2), layouts(), layouts(), mask_dtypes(), st.integers(1, 3))
def test_lines_and_contours(pair, one, other, dtype, threads):
    reference, prediction, spacing = pair
    found = surface_elements(
        lay_out(reference.astype(dtype), one),
        lay_out(prediction, other),
        spacing=spacing,
        threads=threads,
    )
    expected = surface_distance.lists(reference, prediction, spacing, "surfel")
    check(found, expected, exact=set(spacing) == {1.0}, sized=True)


@examples(60)
@given(pairs(min_ndim=3), layouts(), layouts(), st.integers(1, 3))
def test_distances_between_surfaces(pair, one, other, threads):
    reference, prediction, spacing = pair
    found = surface_elements(
        lay_out(reference, one), lay_out(prediction, other), spacing=spacing, threads=threads
    )
    # areas hang on a table: the core's tests and the conformance tests look at those
    expected = surface_distance.lists(
        reference, prediction, spacing, "surfel", area=lambda _block, _spacing: 1.0
    )
    check(found, expected, exact=set(spacing) == {1.0}, sized=False)


@pytest.mark.parametrize("shape", [(7,), (5, 1), (1, 4), (4, 5, 6), (1, 1, 65)])
def test_an_empty_mask_is_infinitely_far(shape):
    empty, mask = np.zeros(shape, bool), np.ones(shape, bool)
    found = surface_elements(mask, empty)
    assert len(found.ref_distances) == len(found.ref_sizes) > 1
    assert np.isinf(found.ref_distances).all()
    assert np.isfinite(found.ref_sizes).all()
    assert not found.pred_distances.size
    assert not found.pred_sizes.size
    back = surface_elements(empty, mask)
    for ours, theirs in zip(found, (*back[2:], *back[:2]), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not any(array.size for array in surface_elements(empty, empty))


def test_a_flat_axis_stays_an_axis():
    mask = np.zeros((6, 7, 1), bool)
    mask[2:4, 3:5] = True
    assert len(surface_elements(mask, mask).ref_sizes) > len(
        surface_elements(mask[..., 0], mask[..., 0]).ref_sizes
    )


def test_a_moved_voxel_changes_the_elements():
    mask = np.zeros((6, 7), bool)
    mask[2:4, 3:5] = True
    moved = mask.copy()
    moved[1, 3] = True
    assert surface_elements(mask, mask).ref_distances.max() == 0
    assert surface_elements(mask, moved).pred_distances.max() == 1


def test_what_is_no_pair_of_masks_is_refused():
    with pytest.raises(LabelError):
        surface_elements([0, 2], [0, 1])
    with pytest.raises(ShapeError):
        surface_elements(np.ones((2, 2, 2, 2)), np.ones((2, 2, 2, 2)))
    with pytest.raises(ShapeError):
        surface_elements([0, 1], [0, 1, 1])
