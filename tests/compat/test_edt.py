"""edt's drop-in by hand: labels, borders, orders, types, errors; needs no edt."""

from __future__ import annotations

import numpy as np
import pytest

from edgewise.compat import edt

INF = np.inf
FIXED = (edt.edt1d, edt.edt1dsq, edt.edt2d, edt.edt2dsq, edt.edt3d, edt.edt3dsq)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint64, np.float32, np.float64])
def test_labels_end_where_another_begins(dtype):
    labels = np.array([1, 1, 1, 2, 2, 0, 0], dtype)
    assert edt.edt(labels).tolist() == [3, 2, 1, 1, 1, 0, 0]
    assert edt.edt(labels, black_border=True).tolist() == [1, 2, 1, 1, 1, 0, 0]
    assert edt.edtsq(labels, anisotropy=2).tolist() == [36, 16, 4, 4, 4, 0, 0]


def test_results_are_float32():
    assert edt.edt(np.ones((2, 2), bool)).dtype == np.float32


def test_without_another_label_nothing_is_near():
    assert edt.edt(np.ones(2)).tolist() == [INF, INF]
    assert edt.edt(np.full((2, 2), 7)).tolist() == [[INF, INF], [INF, INF]]


def test_negative_and_fractional_labels():
    assert edt.edt(np.array([-1, -1, 1, 0])).tolist() == [2, 1, 1, 0]
    assert edt.edt(np.array([0.5, 0.5, 0.25, -0.0])).tolist() == [2, 1, 1, 0]


def test_the_outside_is_as_far_as_its_axis_says():
    plane = np.ones((3, 4), np.uint8)
    found = edt.edt(plane, anisotropy=(10, 1), black_border=True)
    assert found.tolist() == [[1, 2, 2, 1]] * 3
    squares = edt.edt2dsq(plane, anisotropy=(1, 10), black_border=True)
    assert squares.tolist() == [[1] * 4, [4] * 4, [1] * 4]


def test_squares_of_whole_steps_are_whole():
    labels = np.ones((60, 60), np.uint16)
    labels[0, 0] = 2
    rows, columns = np.indices(labels.shape)
    expected = 9 * rows**2 + 4 * columns**2
    expected[0, 0] = 4
    assert (edt.edtsq(labels, anisotropy=(3, 2)) == expected).all()


def test_memory_order_is_kept():
    labels = np.asfortranarray(np.random.default_rng(0).integers(0, 3, (4, 5, 6)))
    assert edt.edt(labels).flags.f_contiguous
    assert (edt.edt(labels) == edt.edt(np.ascontiguousarray(labels))).all()
    assert edt.edt(labels.transpose(1, 0, 2)).flags.c_contiguous


def test_signed_distances():
    labels = np.array([2, 2, 0, 0])
    assert edt.sdf(labels).tolist() == [2, 1, -1, -2]
    assert edt.sdfsq(labels).tolist() == [4, 1, -1, -4]
    assert edt.sdf(np.zeros(2)).tolist() == [-INF, -INF]


def test_nothing_and_lists():
    assert edt.edt(np.zeros((0, 3))).shape == (0, 3)
    assert edt.edt([[1, 0]]).tolist() == [[1, 0]]


def test_types_that_the_library_takes_for_background():
    assert edt.edt(np.array([1, 1, 0], np.float16)).tolist() == [2, 1, 0]
    assert edt.edt(np.array([1, 1, 0], ">i4")).tolist() == [2, 1, 0]
    with pytest.raises(TypeError, match="numbers"):
        edt.edt(np.array([1j, 0]))


def test_threads_do_not_matter():
    labels = np.random.default_rng(0).integers(0, 3, (20, 20, 20))
    for parallel in (0, -1, 2):
        assert (edt.edt3d(labels, parallel=parallel) == edt.edt3d(labels)).all()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: edt.edt(np.ones((1, 1, 1, 1))), TypeError),
        (lambda: edt.edt(np.ones((2, 2)), anisotropy=2), TypeError),
        (lambda: edt.edt(np.ones((2, 2)), anisotropy=(2,)), IndexError),
        (lambda: edt.edt(np.ones(2), anisotropy="2"), TypeError),
        (lambda: edt.edt(np.ones(2), parallel="2"), TypeError),
        (lambda: edt.edt(np.ones(2), voxel_graph=np.ones(2)), TypeError),
        (lambda: edt.edt2d(np.ones(3)), IndexError),
        (lambda: edt.edt2d(np.ones((2, 2, 2))), ValueError),
        (lambda: edt.edt1d(np.ones(0)), IndexError),
    ],
)
def test_what_is_refused(call, error):
    with pytest.raises(error):
        call()


def test_nothing_is_modified():
    labels = np.array([[1.0, -0.0], [0.0, 2.0]])
    before = labels.tobytes()
    for function in (edt.edt, edt.edtsq, edt.sdf, edt.sdfsq, edt.edt2d, edt.edt2dsq):
        function(labels, black_border=True)
    assert labels.tobytes() == before


def test_functions_of_fixed_rank():
    for ndim, function in zip((1, 1, 2, 2, 3, 3), FIXED, strict=True):
        labels = np.pad(np.ones((1,) * ndim, bool), 1)
        assert function(labels)[(1,) * ndim] == 1


def test_the_rest_is_the_library_s_own():
    theirs = pytest.importorskip("edt")
    assert edt.runs is theirs.runs
