"""The directed Hausdorff distance of points against SciPy and all pairs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import directed_hausdorff as scipy_hausdorff

from edgewise.errors import ShapeError
from edgewise.metrics.point_sets import directed_hausdorff
from oracles import distances as oracle
from strategies import examples

KINDS = ("random", "grid", "shifted", "far apart", "same", "line")


def point_sets(kind, first, second, columns, seed):
    rng = np.random.default_rng(seed)
    points, others = rng.normal(size=(first, columns)), rng.normal(size=(second, columns))
    if kind == "grid":
        return np.round(points), np.round(others)
    if kind == "shifted":
        return points, points + 1e-3
    if kind == "far apart":
        return points + 1e4, others
    if kind == "same":
        return points, points.copy()
    if kind == "line":
        return np.sort(points, axis=0) * [1] + [0] * columns, others * 0
    return points, others


@examples(200)
@given(
    kind=st.sampled_from(KINDS),
    first=st.sampled_from((1, 2, 15, 16, 17, 65, 200)),
    second=st.sampled_from((1, 2, 15, 16, 17, 33, 65, 200)),
    columns=st.integers(1, 12),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_farthest_point_is_found(kind, first, second, columns, seed):
    points, others = point_sets(kind, first, second, columns, seed)
    found = directed_hausdorff(points, others)
    assert found == oracle.directed_hausdorff(points, others)
    assert found[0] == scipy_hausdorff(points, others)[0]
    assert directed_hausdorff(np.asfortranarray(points), others[::-1])[:2] == found[:2]


def test_sets_without_points_and_coordinates_without_numbers():
    some, none = np.ones((2, 3)), np.ones((0, 3))
    assert directed_hausdorff(none, some) == (0.0, 0, 0)
    assert directed_hausdorff(some, none) == (math.inf, 0, 0)
    assert directed_hausdorff([[math.nan, 0], [3, 3]], [[3, 2]]) == (1.0, 1, 0)
    assert directed_hausdorff([[3, 3]], [[math.nan, 2], [3, 1]]) == (2.0, 0, 1)
    assert directed_hausdorff([[3, 3]], [[math.nan, 2]]) == (0.0, 0, 0)
    assert directed_hausdorff([[math.inf, 0]], [[1, 1]]) == (math.inf, 0, 0)


def test_shapes_that_are_no_points_are_refused():
    for points, others in (([1.0], [[1.0]]), ([[1.0]], [[1.0, 2.0]]), ([[]], [[]])):
        with pytest.raises(ShapeError):
            directed_hausdorff(points, others)
