"""The oracles themselves, against libraries that others wrote and against values known by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles import (
    boundaries,
    distances,
    information,
    overlap,
    percentiles,
    surface_distance,
    surfels,
    topology,
)
from strategies import any_shape, examples, label_pairs, masks, pairs, spacings

# surface-distance uses a name that scipy is about to remove
pytestmark = pytest.mark.filterwarnings("ignore:Please import:DeprecationWarning")

TRIANGLE = math.sqrt(3) / 8  # equilateral, sides sqrt(2) / 2


@examples(60)
@given(st.data())
def test_distance_transform_equals_scipy(data):
    ndimage = pytest.importorskip("scipy.ndimage")
    shape = data.draw(any_shape())
    mask = data.draw(masks(shape))
    spacing = data.draw(spacings(len(shape)))
    ours = distances.distance_transform(mask, spacing)
    if mask.all():
        assert np.isinf(ours).all()
        return
    theirs = ndimage.distance_transform_edt(mask, sampling=spacing)
    np.testing.assert_allclose(ours, theirs, rtol=1e-14, atol=0)


@examples(60)
@given(st.data())
def test_boundaries_equal_erosion(data):
    ndimage = pytest.importorskip("scipy.ndimage")
    shape = data.draw(any_shape())
    mask = data.draw(masks(shape))
    for kind in ("face", "edge18", "full"):
        cross = ndimage.generate_binary_structure(mask.ndim, boundaries.reach_of(kind, mask.ndim))
        for edge, value in (("background", 0), ("foreground", 1)):
            theirs = mask & ~ndimage.binary_erosion(mask, cross, border_value=value)
            assert np.array_equal(boundaries.boundary_mask(mask, kind, edge), theirs)


@examples(40)
@given(st.data())
def test_components_holes_and_euler_equal_peers(data):
    ndimage = pytest.importorskip("scipy.ndimage")
    measure = pytest.importorskip("skimage.measure")
    shape = data.draw(any_shape(max_voxels=200))
    mask = data.draw(masks(shape))
    for connectivity in range(1, mask.ndim + 1):
        structure = ndimage.generate_binary_structure(mask.ndim, connectivity)
        ours, count = topology.components(mask, connectivity)
        theirs, n = ndimage.label(mask, structure)
        assert count == n
        assert np.array_equal(ours, theirs)
        filled = ndimage.binary_fill_holes(mask, structure)
        assert np.array_equal(topology.fill_holes(mask, connectivity), filled)
    if mask.ndim > 1:
        for connectivity in (1, mask.ndim):
            theirs = measure.euler_number(mask, connectivity)
            assert topology.euler(mask, connectivity) == theirs


@given(label_pairs(max_voxels=200))
def test_information_equals_skimage(pair):
    metrics = pytest.importorskip("skimage.metrics")
    reference, prediction, _ = pair
    joint = information.joint_histogram(reference, prediction)
    split, merge = metrics.variation_of_information(reference, prediction)
    assert information.voi_split(joint) == pytest.approx(split, abs=1e-12)
    assert information.voi_merge(joint) == pytest.approx(merge, abs=1e-12)
    with np.errstate(all="ignore"):
        theirs = metrics.adapted_rand_error(reference, prediction)
    names = ("adapted_rand_error", "rand_split", "rand_merge")
    for name, value in zip(names, theirs, strict=True):
        ours = getattr(information, name)(joint)
        if not math.isnan(ours):  # 0/0 is NaN here, NaN or 0 there
            assert ours == pytest.approx(float(value), abs=1e-12), name


@examples(60)
@given(pairs(2, 2, 300), st.floats(0, 5))
def test_surfel_lists_equal_surface_distance_in_2d(surface_distance_library, pair, tolerance):
    library = surface_distance_library
    reference, prediction, spacing = pair
    found = surface_distance.lists(reference, prediction, spacing, "surfel")
    theirs = library.compute_surface_distances(reference, prediction, spacing)
    if len(found.d_rp) and len(found.d_pr):
        hd = library.compute_robust_hausdorff(theirs, 100)
        assert surface_distance.hd(found) == pytest.approx(hd, rel=1e-12)
        means = library.compute_average_surface_distance(theirs)
        assert surface_distance.asd_ref_to_pred(found) == pytest.approx(means[0], rel=1e-12)
        assert surface_distance.asd_pred_to_ref(found) == pytest.approx(means[1], rel=1e-12)
    if len(found.d_rp) or len(found.d_pr):
        dice = library.compute_surface_dice_at_tolerance(theirs, tolerance)
        assert surface_distance.nsd(found, tolerance, tie=0) == pytest.approx(dice, rel=1e-12)


def test_area_of_simple_blocks():
    one = np.zeros((2, 2, 2), bool)
    one[0, 0, 0] = True
    assert surfels.area_3d(one, (1, 1, 1)) == pytest.approx(TRIANGLE)
    two = one.copy()
    two[0, 0, 1] = True
    assert surfels.area_3d(two, (3, 4, 5)) == pytest.approx(5 * 2.5)  # half of the 3-4-5 diagonal
    four = two.copy()
    four[0, 1] = True
    assert surfels.area_3d(four, (3, 4, 5)) == 20
    assert surfels.area_3d(~four, (3, 4, 5)) == 20


def test_step_percentile_by_hand():
    assert percentiles.step([3, 1, 2], [1, 1, 2], 50) == 2
    assert percentiles.step([3, 1, 2], [1, 1, 2], 25) == 1
    assert percentiles.step([3, 1, 2], [1, 1, 2], 76) == 3
    assert percentiles.step([], [], 50) != percentiles.step([], [], 50)  # NaN


def test_published_rectangles_by_hand():
    """3 x 4 against 3 x 3 rectangles: the three meanings of an average surface distance."""
    reference, prediction = np.zeros((2, 9, 9), bool)
    reference[2:5, 2:6] = True
    prediction[3:6, 3:6] = True
    found = surface_distance.lists(reference, prediction, (1, 1))
    counts = overlap.Counts(reference, prediction)
    assert (counts.tp, counts.fp, counts.fn, counts.tn) == (6, 3, 6, 66)
    assert overlap.FORMULAS["dice"](counts) == pytest.approx(12 / 21)
    assert surface_distance.hd(found) == pytest.approx(math.sqrt(2))
    assert surface_distance.assd(found) != surface_distance.masd(found)


def test_betti_numbers_of_known_bodies():
    ring = np.zeros((5, 5), bool)
    ring[1:4, 1:4] = True
    ring[2, 2] = False
    assert topology.betti(ring) == (1, 1, 0)
    assert topology.betti(np.repeat(ring[None], 1, 0)) == (1, 1, 0)
    shell = np.ones((3, 3, 3), bool)
    shell[1, 1, 1] = False
    assert topology.betti(shell) == (1, 0, 1)
    diagonal = np.eye(2, dtype=bool)
    assert topology.betti(diagonal) == (1, 0, 0)
    assert topology.betti(diagonal, 1) == (2, 0, 0)
