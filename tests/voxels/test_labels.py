"""Labels and their numbers of voxels, against numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewise.errors import LabelError
from edgewise.voxels import count_labels

SHAPES = st.lists(st.sampled_from((1, 2, 3, 64, 65)), min_size=1, max_size=4).filter(
    lambda shape: np.prod(shape) < 20_000
)


@given(SHAPES, st.integers(0, 2**32 - 1), st.sampled_from("?bBhHiIlLqQd"), st.booleans())
def test_labels_are_counted_as_numpy_counts_them(shape, seed, dtype, strided):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 9, shape).astype(dtype)
    if strided:
        labels = labels.T[..., ::-1]
    values, numbers = np.unique(labels, return_counts=True)
    expected = dict(zip(values.astype(int).tolist(), numbers.tolist(), strict=True))
    assert count_labels(labels) == expected
    assert count_labels(labels, threads=2) == expected
    if labels.dtype != bool:
        moved = labels.copy()
        moved.flat[0] += 20
        assert count_labels(moved) != expected


def test_negative_and_largest_labels_are_kept():
    assert count_labels(np.array([-(2**63), 2**63 - 1, -1])) == {-(2**63): 1, -1: 1, 2**63 - 1: 1}
    assert count_labels(np.array([2**64 - 1, 0], np.uint64)) == {0: 1, 2**64 - 1: 1}


def test_fractions_are_refused():
    with pytest.raises(LabelError, match="whole numbers"):
        count_labels([0.5, 1.0])
