"""Batches of masks against the same masks, one pair at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewise.errors import LabelError, ShapeError, SpacingError
from edgewise.metrics.batches import count_batch, distance_lists_of_batch
from edgewise.metrics.distance_list import DistanceList
from edgewise.metrics.grids import open_masks
from edgewise.metrics.pair_ingredients import PairIngredients
from oracles import surface_distance
from strategies import any_shape, examples, lay_out, layouts, masks, pairs, spacings

BOUNDARIES = ("face", "edge18", "full", "surfel", "none")
EDGES = ("background", "foreground")


@st.composite
def batches(draw, max_voxels=300):
    """Two arrays of some masks of one shape, and a spacing."""
    shape = draw(any_shape(max_voxels=max_voxels))
    count = draw(st.integers(1, 4))
    sides = [np.stack([draw(masks(shape)) for _ in range(count)]) for _ in range(2)]
    return *sides, draw(spacings(len(shape)))


def same_list(ours, theirs):
    return all(
        np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(ours, theirs, strict=True)
    )


@given(batches(), layouts(), layouts(), st.sampled_from(("bool", "u1", "f4")), st.integers(1, 3))
def test_counts(batch, one, other, dtype, threads):
    reference, prediction, _ = batch
    found = count_batch(lay_out(reference.astype(dtype), one), lay_out(prediction, other), threads)
    expected = [
        (int((r & p).sum()), int(r.sum()), int(p.sum())) for r, p in zip(*batch[:2], strict=True)
    ]
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, expected)


@given(
    batches(),
    layouts(),
    st.sampled_from(("bool", "u1")),
    st.sampled_from(BOUNDARIES),
    st.sampled_from(EDGES),
    st.integers(1, 3),
)
def test_lists_are_those_of_the_pairs(batch, layout, dtype, boundary, edge, threads):
    reference, prediction, spacing = batch
    found = distance_lists_of_batch(
        lay_out(reference, layout),
        lay_out(prediction.astype(dtype), layout),
        spacing=spacing,
        boundary=boundary,
        edge=edge,
        threads=threads,
    )
    assert len(found) == len(reference)
    for lists, r, p in zip(found, reference, prediction, strict=True):
        pair = PairIngredients(open_masks(r, p, spacing=spacing), 1, distances=True)
        expected = pair.of((1,), squeeze=False).distances(boundary, edge)
        assert same_list(lists.ref_to_pred, expected.ref_to_pred)
        assert same_list(lists.pred_to_ref, expected.pred_to_ref)


@examples(50)
@given(pairs(), st.sampled_from(("face", "edge18", "full", "none")), st.sampled_from(EDGES))
def test_lists_are_those_of_all_elements(pair, boundary, edge):
    reference, prediction, spacing = pair
    both = np.stack([reference, prediction]), np.stack([prediction, reference])
    there, back = distance_lists_of_batch(*both, spacing=spacing, boundary=boundary, edge=edge)
    expected = surface_distance.lists(reference, prediction, spacing, boundary, edge)
    assert same_list(there.ref_to_pred, back.pred_to_ref)
    assert same_list(there.pred_to_ref, back.ref_to_pred)
    for found, distances in (
        (there.ref_to_pred, expected.d_rp),
        (there.pred_to_ref, expected.d_pr),
    ):
        if edge == "background" and len(distances) and np.isinf(distances[0]):
            assert same_list(found, DistanceList.unreachable())
            continue
        rtol = 0 if set(spacing) == {1.0} else 1e-12
        np.testing.assert_allclose(
            np.repeat(found.distances, found.counts), np.sort(distances), rtol
        )


def test_threads_share_many_masks_without_changing_a_bit():
    rng = np.random.default_rng(3)
    reference, prediction = rng.random((2, 40, 33, 65)) < 0.3
    reference[7], prediction[8] = False, False
    reference[9] = prediction[9] = False
    for boundary in ("face", "surfel"):
        one, many = (
            distance_lists_of_batch(
                reference, prediction, spacing=(0.7, 1.3), boundary=boundary, threads=threads
            )
            for threads in (1, 3)
        )
        for first, second in zip(one, many, strict=True):
            assert same_list(first.ref_to_pred, second.ref_to_pred)
            assert same_list(first.pred_to_ref, second.pred_to_ref)
    large = np.repeat(reference, 20, axis=0)
    np.testing.assert_array_equal(count_batch(large, large, 1), count_batch(large, large, 3))
    assert count_batch(large, ~large, 1)[:, 0].max() == 0


def test_a_moved_voxel_changes_its_pair_only():
    batch = np.zeros((3, 5, 6), bool)
    batch[:, 1:3, 1:3] = True
    other = batch.copy()
    other[1, 3, 1] = True
    assert count_batch(batch, other).tolist() == [[4, 4, 4], [4, 4, 5], [4, 4, 4]]
    found = distance_lists_of_batch(batch, other)
    assert [lists.maximum() for lists in found] == [0, 1, 0]


def test_what_is_no_batch_is_refused():
    masks_ = np.ones((2, 3, 4), bool)
    with pytest.raises(ShapeError):
        count_batch(masks_, masks_[:1])
    with pytest.raises(LabelError):
        count_batch(masks_ * 2, masks_)
    for shape in [(3,), (2, 2, 2, 2, 2)]:
        with pytest.raises(ShapeError):
            distance_lists_of_batch(np.ones(shape, bool), np.ones(shape, bool))
    with pytest.raises(SpacingError):
        distance_lists_of_batch(masks_, masks_, spacing=(1, 1, 1))
