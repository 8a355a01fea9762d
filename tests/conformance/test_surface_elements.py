"""Surface elements one by one, held against DeepMind's surface-distance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewise.metrics.surface_elements import surface_elements
from strategies import examples, pairs

# squares and products of these are exact in double precision, whatever is rounded at once
EXACT = ((1.0, 1.0, 1.0), (2.0, 1.0, 0.5), (3.0, 0.75, 0.5), (0.625, 1.5, 2.5))
pytestmark = pytest.mark.filterwarnings("ignore")  # it imports from scipy's old places


def their_elements(library, reference, prediction, spacing):
    """Their four arrays, in our order."""
    found = library.compute_surface_distances(reference, prediction, spacing)
    return (
        found["distances_gt_to_pred"],
        found["surfel_areas_gt"],
        found["distances_pred_to_gt"],
        found["surfel_areas_pred"],
    )


@given(pairs(min_ndim=2, max_voxels=300), st.sampled_from(EXACT))
def test_not_a_bit_differs_where_squares_are_exact(surface_distance_library, pair, spacing):
    reference, prediction, _ = pair
    spacing = spacing[: reference.ndim]
    theirs = their_elements(surface_distance_library, reference, prediction, spacing)
    ours = surface_elements(reference, prediction, spacing=spacing)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, other)


@examples(50)
@given(pairs(min_ndim=2, max_voxels=300))
def test_any_spacing_to_rounding(surface_distance_library, pair):
    """Two elements may tie but for rounding, and BLAS rounds areas as the processor likes."""
    theirs = their_elements(surface_distance_library, *pair)
    ours = surface_elements(pair[0], pair[1], spacing=pair[2])
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.sort(mine), np.sort(other), rtol=2e-15)


def test_a_moved_voxel_tells(surface_distance_library):
    mask = np.zeros((6, 7, 8), bool)
    mask[2:4, 3:5, 1:6] = True
    moved = mask.copy()
    moved[1, 3, 2] = True
    ours = surface_elements(mask, moved)
    theirs = their_elements(surface_distance_library, mask, mask, (1, 1, 1))
    assert not np.array_equal(ours.pred_distances, theirs[2])
