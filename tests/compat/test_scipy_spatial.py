"""The drop-in for scipy.spatial.distance.directed_hausdorff at hand-picked points."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from edgewise.compat import scipy_spatial
from edgewise.compat.scipy_spatial.distance import directed_hausdorff

U = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
V = np.array([[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [0.0, -4.0]])


def test_distance_and_rows():
    assert directed_hausdorff(U, V)[0] == np.sqrt(5)
    found = directed_hausdorff(V, U)
    assert found == (3.0, 3, 3)
    assert [type(one) for one in found] == [float, int, int]
    assert directed_hausdorff(U.tolist(), U)[0] == 0.0
    assert scipy_spatial.directed_hausdorff is scipy_spatial.distance.directed_hausdorff


def test_of_equally_far_pairs_the_one_that_the_shuffles_favour():
    for seed in (0, 1, 5):
        random = np.random.RandomState(seed)
        rows, others = np.arange(50), np.arange(40)
        random.shuffle(rows)
        random.shuffle(others)
        expected = (0.0, int(rows[-1]), int(others[0]))
        same = np.zeros((50, 2)), np.zeros((40, 2))
        assert directed_hausdorff(*same, seed) == expected
        assert directed_hausdorff(*same, seed=seed) == expected
    assert directed_hausdorff(*same) == directed_hausdorff(*same, 0)
    assert directed_hausdorff(*same, rng=1) == directed_hausdorff(*same, np.random.default_rng(1))


def test_without_points():
    assert directed_hausdorff(U[:0], V)[:2] == (0.0, 0)
    distance, _, other = directed_hausdorff(U, V[:0])
    assert (distance, other) == (np.inf, 0)
    assert directed_hausdorff(U[:0], V[:0]) == (0.0, 0, 0)
    assert directed_hausdorff(U[:, :0], V[:, :0])[0] == 0.0


def test_what_does_not_fit_raises():
    with pytest.raises(ValueError, match="columns"):
        directed_hausdorff(U, V[:, :1])
    with pytest.raises(ValueError, match="columns"):
        directed_hausdorff(U[None], V[None])
    with pytest.raises(IndexError):
        directed_hausdorff(U[0], V)
    with pytest.raises(TypeError, match="one of rng and seed"):
        directed_hausdorff(U, V, 1, seed=2)
    with pytest.raises(TypeError, match="no argument 'random'"):
        directed_hausdorff(U, V, random=2)
    with pytest.raises(TypeError):
        directed_hausdorff(U, V, rng="x")
    with pytest.raises(ValueError, match="Seed"):
        directed_hausdorff(U, V, seed=-1)


def test_signature():
    assert str(inspect.signature(directed_hausdorff)) == "(u, v, rng=0, *, seed=None)"


def test_numbers_without_bounds_are_scipys():
    distance = pytest.importorskip("scipy.spatial.distance")
    for odd in (np.nan, np.inf, 1e200):
        points = U.copy()
        points[1, 0] = odd
        expected = distance.directed_hausdorff(points, V)
        np.testing.assert_equal(directed_hausdorff(points, V), expected)
