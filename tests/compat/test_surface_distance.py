"""surface-distance's drop-in by hand: shapes, empties, ties, tables; needs no surface-distance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgewise.compat import surface_distance as sd

A = np.zeros((8, 8), bool)
A[2:5, 2:6] = True
B = np.zeros((8, 8), bool)
B[3:6, 3:6] = True
NONE = np.zeros((8, 8), bool)
ONE = np.pad(np.ones((1, 1), bool), ((2, 2), (1, 4)))
FAR = np.pad(np.ones((1, 1), bool), ((2, 2), (4, 1)))


def test_the_modules_of_the_library_are_mirrored():
    assert sd.metrics.compute_surface_distances is sd.compute_surface_distances
    assert sd.lookup_tables.ENCODE_NEIGHBOURHOOD_2D_KERNEL.tolist() == [[8, 4], [2, 1]]
    kernel = sd.lookup_tables.ENCODE_NEIGHBOURHOOD_3D_KERNEL
    assert kernel.tolist() == [[[128, 64], [32, 16]], [[8, 4], [2, 1]]]


def test_the_dict():
    found = sd.compute_surface_distances(ONE, FAR, (2, 1))
    assert list(found) == [
        "distances_gt_to_pred",
        "distances_pred_to_gt",
        "surfel_areas_gt",
        "surfel_areas_pred",
    ]
    assert found["distances_gt_to_pred"].tolist() == [2, 2, 3, 3]
    assert found["surfel_areas_pred"] == pytest.approx([math.sqrt(5) / 2] * 4)


def test_published_values():
    found = sd.compute_surface_distances(A, B, (1, 1))
    assert sd.compute_surface_dice_at_tolerance(found, 1) == pytest.approx(0.970110, abs=5e-7)
    assert sd.compute_robust_hausdorff(found, 100) == pytest.approx(math.sqrt(2))
    assert sd.compute_dice_coefficient(A, B) == pytest.approx(12 / 21)


def test_one_empty_mask():
    found = sd.compute_surface_distances(A, NONE, (1, 1))
    assert found["distances_pred_to_gt"].size == 0
    assert np.isinf(found["distances_gt_to_pred"]).all()
    with np.errstate(invalid="ignore"):
        there, back = sd.compute_average_surface_distance(found)
        overlaps = sd.compute_surface_overlap_at_tolerance(found, 1)
    assert there == math.inf
    assert math.isnan(back)
    assert overlaps[0] == 0
    assert math.isnan(overlaps[1])
    assert sd.compute_robust_hausdorff(found, 95) == math.inf
    assert sd.compute_surface_dice_at_tolerance(found, 1) == 0
    assert sd.compute_dice_coefficient(A, NONE) == 0


def test_two_empty_masks():
    found = sd.compute_surface_distances(NONE, NONE, (1, 1))
    assert all(values.shape == (0,) for values in found.values())
    assert sd.compute_robust_hausdorff(found, 95) == math.inf
    assert math.isnan(sd.compute_robust_hausdorff(found, 95, corrected=True))
    assert math.isnan(sd.compute_dice_coefficient(NONE, NONE))


def test_a_distance_that_equals_the_tolerance_but_for_rounding():
    found = sd.compute_surface_distances(ONE, FAR, (0.1, 0.1))
    assert sd.compute_surface_dice_at_tolerance(found, 0.3) == 0.5
    assert sd.compute_surface_dice_at_tolerance(found, 0.3, corrected=True) == 1
    assert sd.compute_surface_overlap_at_tolerance(found, 0.3) == (0.5, 0.5)
    assert sd.compute_surface_overlap_at_tolerance(found, 0.3, corrected=True) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((A.astype(int), B, (1, 1)), ValueError),
        ((A.tolist(), B, (1, 1)), ValueError),
        ((A, B, (1, 1, 1)), ValueError),
        ((A, B, 1), TypeError),
        ((A[0], B[0], (1,)), ValueError),
        ((A, B[:5], (1, 1)), ValueError),
        ((A, B, (0, 1)), ValueError),
    ],
)
def test_what_is_refused(arguments, error):
    with pytest.raises(error):
        sd.compute_surface_distances(*arguments)


def test_the_table_of_contours():
    table = sd.lookup_tables.create_table_neighbour_code_to_contour_length((3, 4))
    assert table.tolist() == [0, 2.5, 2.5, 4, 2.5, 3, 5, 2.5, 2.5, 5, 3, 2.5, 4, 2.5, 2.5, 0]


def test_the_table_of_areas():
    table = sd.lookup_tables.create_table_neighbour_code_to_surface_area((1, 2, 3))
    assert table.shape == (256,)
    assert table[0] == table[255] == 0
    assert table[0b11110000] == pytest.approx(6)  # across axis 0
    assert table[0b11001100] == pytest.approx(3)
    assert table[0b10101010] == pytest.approx(2)
    assert table[1] == pytest.approx(math.hypot(6, 3, 2) / 8)


def test_lists_of_others_are_taken():
    one = np.array([0.0, 1.0, 2.0])
    lists = {
        "distances_gt_to_pred": one,
        "distances_pred_to_gt": 2 * one,
        "surfel_areas_gt": np.array([1.0, 1.0, 2.0]),
        "surfel_areas_pred": np.ones(3),
    }
    assert sd.compute_average_surface_distance(lists) == (1.25, 2)
    assert sd.compute_robust_hausdorff(lists, 50) == 2
    assert sd.compute_surface_dice_at_tolerance(lists, 1) == pytest.approx(3 / 7)
