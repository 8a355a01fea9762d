"""Phantoms against their own formulas, counted voxel by voxel."""

import math

import numpy as np
import pytest

from edgewise.errors import ConfigError, ShapeError
from edgewise.simulate import ball, box, box_pair, concentric_balls, ellipsoid


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_a_ball_meets_its_volume_as_voxels_shrink(ndim):
    errors = []
    for step in (1.0, 0.25):
        n = int(24 / step) + 1
        phantom = ball((n,) * ndim, radius=10, spacing=step)
        errors.append(abs(phantom.mask.sum() * step**ndim / phantom.truth["volume"] - 1))
    assert errors[1] < 0.02
    assert errors[1] <= errors[0] + 1e-12 or errors[0] < 0.01


def test_an_ellipsoid_respects_spacing_and_centre():
    phantom = ellipsoid((30, 20, 12), radii=(6, 5, 7), center=(14, 10, 12), spacing=(1, 1, 2))
    inside = np.argwhere(phantom.mask)
    middle = (inside + 0.5).mean(axis=0) * (1, 1, 2)
    assert middle == pytest.approx((14, 10, 12), abs=1e-9)
    assert phantom.mask.sum() * 2 == pytest.approx(phantom.truth["volume"], rel=0.06)


def test_a_box_is_exact():
    phantom = box((9, 9, 9), start=(1, 2, 3), size=(4, 3, 2), spacing=(1, 2, 0.5))
    assert phantom.mask.sum() * 1.0 == phantom.truth["volume"] == 24.0
    assert phantom.truth["surface"] == 2 * (4 * 6 + 4 * 1 + 6 * 1)


def test_moved_boxes_agree_as_the_formula_says():
    pair = box_pair(
        (20, 20, 20), start=(4, 5, 6), size=(6, 5, 4), shift=(2, -1, 3), spacing=(1, 2, 3)
    )
    common = int((pair.reference & pair.prediction).sum())
    assert common == pair.truth["tp"] == 4 * 4 * 1
    assert pair.truth["dice"] == 2 * common / (pair.reference.sum() + pair.prediction.sum())
    assert pair.truth["iou"] == common / (pair.reference | pair.prediction).sum()
    points = [np.argwhere(m) * pair.spacing for m in (pair.reference, pair.prediction)]
    gaps = np.linalg.norm(points[0][:, None] - points[1][None], axis=2)
    brute = max(gaps.min(axis=1).max(), gaps.min(axis=0).max())  # convex: sets and borders agree
    assert pair.truth["hd"] == pytest.approx(brute) == pytest.approx(math.sqrt(4 + 4 + 81))


def test_concentric_balls_agree_as_the_formula_says():
    pair = concentric_balls((64, 64, 64), radii=(12, 14), center=(32.3, 31.8, 32.1))
    overlap = (
        2
        * (pair.reference & pair.prediction).sum()
        / (pair.reference.sum() + pair.prediction.sum())
    )
    assert overlap == pytest.approx(pair.truth["dice"], abs=0.01)
    assert pair.truth["hd"] == 2
    assert not pair.is_exact


def test_impossible_phantoms_are_refused():
    with pytest.raises(ShapeError, match="leaves the grid"):
        box((4, 4), start=(2, 2), size=(3, 1))
    with pytest.raises(ShapeError, match="one value per axis"):
        ellipsoid((4, 4), radii=(1,))
    with pytest.raises(ConfigError, match="positive"):
        ellipsoid((4, 4), radii=(1, 0))
    with pytest.raises(ShapeError, match="center"):
        ball((4, 4), radius=1, center=(1, 2, 3))
