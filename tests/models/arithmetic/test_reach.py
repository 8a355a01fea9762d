"""Maps along one axis against layers that run: which inputs change which outputs."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from edgewise.models.arithmetic.reach import FIXED, Reach, Resample, Spread, Window  # noqa: E402


def brute_force(layer, n):
    """(outputs, n): which of n inputs count, for a linear layer with positive weights."""
    impulses = torch.eye(n, dtype=torch.float64)[:, None, :]
    with torch.no_grad():
        return (layer(impulses)[:, 0] != 0).numpy().T


def pulled(one, outputs, n):
    """The same by the rule, within the input."""
    found = one.pull(Reach.of(0, outputs)).clipped(n)
    table = np.zeros((outputs, n), dtype=bool)
    table[:, found.start : found.start + found.table.shape[1]] = found.table
    return table


def ones(layer):
    torch.nn.init.ones_(layer.weight)
    return layer.double()


@given(
    n=st.integers(4, 14),
    k=st.integers(1, 4),
    s=st.integers(1, 3),
    p=st.integers(0, 3),
    d=st.integers(1, 3),
)
def test_windows_are_what_a_convolution_sees(n, k, s, p, d):
    if n + 2 * p < d * (k - 1) + 1:
        return
    expected = brute_force(ones(torch.nn.Conv1d(1, 1, k, s, p, d, bias=False)), n)
    assert np.array_equal(pulled(Window(k, s, p, d), len(expected), n), expected)


@given(
    n=st.integers(2, 8),
    k=st.integers(1, 5),
    s=st.integers(1, 3),
    p=st.integers(0, 2),
    d=st.integers(1, 3),
)
def test_spreads_are_what_a_transposed_convolution_sees(n, k, s, p, d):
    if (n - 1) * s - 2 * p + d * (k - 1) + 1 < 1:
        return
    layer = ones(torch.nn.ConvTranspose1d(1, 1, k, s, p, dilation=d, bias=False))
    expected = brute_force(layer, n)
    assert np.array_equal(pulled(Spread(k, s, p, d), len(expected), n), expected)


@pytest.mark.parametrize(
    ("k", "s", "p", "d"), [(2, 2, 0, 1), (3, 2, 1, 1), (4, 2, 1, 1), (3, 2, 1, 2), (5, 3, 2, 1)]
)
def test_the_interval_rule_of_transposed_convolutions(k, s, p, d):
    """``[ceil((a + p - (k - 1) d) / s), floor((b + p) / s)]`` is the hull of the set, not less."""
    for a in range(20, 26):
        first, last = Spread(k, s, p, d).pull(Reach(a, np.ones((1, 3), bool))).ends()
        assert first[0] >= -((-(a + p - (k - 1) * d)) // s)
        assert last[0] <= (a + 2 + p) // s
        if d == 1:
            assert (first[0], last[0]) == (-((-(a + p - (k - 1))) // s), (a + 2 + p) // s)


@pytest.mark.parametrize("factor", [2, 3, 4])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "linear"])
def test_interpolation_by_a_whole_factor(factor, mode):
    n = 6
    options = {"align_corners": False} if mode == "linear" else {}
    expected = brute_force(
        lambda x: torch.nn.functional.interpolate(x, scale_factor=factor, mode=mode, **options), n
    )
    if mode == "linear":
        one = Resample(2, 1 - factor, 2 * factor, 0, 1)
    else:
        one = Resample(1, 0, factor) if mode == "nearest" else Resample(2, 1, 2 * factor)
    assert np.array_equal(pulled(one, n * factor, n), expected)


@pytest.mark.parametrize("after", [3, 5, 9, 11, 12])
def test_interpolation_between_corners(after):
    n = 6
    expected = brute_force(
        lambda x: torch.nn.functional.interpolate(x, size=after, mode="linear", align_corners=True),
        n,
    )
    assert np.array_equal(pulled(Resample(n - 1, 0, after - 1, 0, 1), after, n), expected)


def test_sets_are_joined_clipped_and_named():
    one = Reach(-2, np.array([[True, False, True]]))
    two = Reach(3, np.array([[True]]))
    both = one.union(two)
    assert both.ends()[0] == [-2]
    assert both.ends()[1] == [3]
    assert both.table.sum() == 3
    assert [bool(side[0]) for side in both.outside(3)] == [True, True]
    assert both.clipped(3).ends()[0] == [0]
    empty = both.clipped(3).clipped(0)
    assert empty.ends()[0] > empty.ends()[1]
    assert not empty.any()
    assert FIXED.pull(both).ends()[1] == [0]


def test_grids_say_where_output_voxels_lie():
    at = Fraction(1), Fraction(0)
    assert Window(3, 2, 1).grid(*at) == (2, 0)
    assert Window(2, 2).grid(*at) == (2, Fraction(1, 2))
    assert Spread(2, 2).grid(Fraction(2), Fraction(1, 2)) == (1, 0)
    assert Resample(2, -1, 4, 0, 1).grid(*at) == (Fraction(1, 2), Fraction(-1, 4))
