"""The drop-in for scipy.ndimage at hand-picked arguments; SciPy itself is not needed."""

from __future__ import annotations

import builtins
import subprocess
import sys

import numpy as np
import pytest

from edgewise.compat import scipy_ndimage
from edgewise.compat.scipy_ndimage import (
    binary_closing,
    binary_dilation,
    binary_erosion,
    binary_fill_holes,
    binary_opening,
    binary_propagation,
    distance_transform_cdt,
    distance_transform_edt,
    find_objects,
    generate_binary_structure,
    iterate_structure,
    label,
)
from edgewise.compat.scipy_ndimage.structures import neighbourhood
from edgewise.errors import MissingExtraError

LINE = [0, 1, 1, 1, 0]
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
RING = np.pad(np.zeros((1, 1), int), 1, constant_values=1)


@pytest.fixture
def without_scipy(monkeypatch):
    """Makes importing SciPy fail."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, name)
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.partition(".")[0] == "scipy":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    monkeypatch.setitem(sys.modules, "scipy", None)


def test_distances_are_float64_in_c_order():
    found = distance_transform_edt(np.asfortranarray(CROSS), sampling=(3, 0.5))
    assert found.dtype == np.float64
    assert found.flags.c_contiguous
    assert found.tolist() == [[0, 0.5, 0], [3, np.hypot(3, 0.5), 3], [0, 0.5, 0]]


def test_indices_of_ties_are_those_of_the_least_last_axis():
    distances, indices = distance_transform_edt(LINE, return_indices=True)
    assert distances.tolist() == [0, 1, 2, 1, 0]
    assert indices.tolist() == [[0, 0, 0, 4, 4]]
    assert indices.dtype == np.int32
    _, indices = distance_transform_edt(CROSS, return_indices=True)
    assert indices[:, 1, 1].tolist() == [0, 0]


def test_what_is_not_zero_is_foreground():
    for values in ([np.nan, 0, -0.5], [1j, 0, 2], ["a", "", "b"], [None, None, 1], [True, 0, 9]):
        expected = [float(bool(one)) for one in values]
        assert distance_transform_edt(values).tolist() == expected
        assert distance_transform_cdt(values).tolist() == expected


def test_scalars_and_nothing():
    assert distance_transform_edt(0).tolist() == [0.0]
    assert distance_transform_edt(5).tolist() == [1.0]
    distances, indices = distance_transform_edt(np.zeros((0, 3)), return_indices=True)
    assert distances.shape == (0, 3)
    assert indices.shape == (2, 0, 3)


def test_no_background():
    distances, indices = distance_transform_edt(np.ones((1, 2)), (2, 0.5), return_indices=True)
    assert distances.tolist() == [[2.0, np.hypot(2, 0.5)]]
    assert indices.tolist() == [[[-1, -1]], [[0, 0]]]
    distances, indices = distance_transform_edt(
        np.ones((1, 2)), return_indices=True, corrected=True
    )
    assert distances.tolist() == [[np.inf, np.inf]]
    assert indices.tolist() == [[[-1, -1]], [[-1, -1]]]


def test_corrected_samplings():
    line = [0, 1, 1, 1, 1, 0]
    assert distance_transform_edt(line, -2, corrected=True).tolist() == [0, 2, 4, 4, 2, 0]
    flat = distance_transform_edt([[1, 1, 0], [1, 1, 1]], (0, 1), corrected=True)
    assert flat.tolist() == [[2, 1, 0], [2, 1, 0]]
    assert not distance_transform_edt(CROSS, 0, corrected=True).any()


def test_output_arrays_are_filled_and_not_returned():
    distances = np.full(5, 7.0)
    indices = np.full((1, 5), 7, np.int32)
    assert distance_transform_edt(LINE, distances=distances) is None
    assert distances.tolist() == [0, 1, 2, 1, 0]
    found = distance_transform_edt(LINE, return_indices=True, distances=distances)
    assert found.tolist() == [[0, 0, 0, 4, 4]]
    found = distance_transform_edt(LINE, return_indices=True, indices=indices)
    assert found.tolist() == [0, 1, 2, 1, 0]
    assert indices.tolist() == [[0, 0, 0, 4, 4]]
    steps = np.zeros(5, np.int32)
    assert distance_transform_cdt(LINE, distances=steps) is None
    assert steps.tolist() == [0, 1, 2, 1, 0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"return_distances": False},
        {"return_distances": False, "return_indices": True, "distances": np.zeros(5)},
        {"indices": np.zeros((1, 5), np.int32)},
        {"distances": np.zeros(4)},
        {"distances": np.zeros(5, np.float32)},
        {"return_indices": True, "indices": np.zeros((1, 4), np.int32)},
        {"return_indices": True, "indices": np.zeros((1, 5), np.int64)},
        {"sampling": (1, 1)},
    ],
)
def test_what_does_not_fit_an_edt_raises(wrong):
    with pytest.raises(RuntimeError):
        distance_transform_edt(LINE, **wrong)


def test_steps():
    corner = np.ones((3, 4), np.uint8)
    corner[0, 0] = 0
    assert distance_transform_cdt(corner)[2].tolist() == [2, 2, 2, 3]
    for name in ("taxicab", "cityblock", "manhattan"):
        found = distance_transform_cdt(corner, name)
        assert found.dtype == np.int32
        assert found[2].tolist() == [2, 3, 4, 5]
    assert distance_transform_cdt([1, 1]).tolist() == [-1, -1]


@pytest.mark.parametrize("metric", ["Chessboard", 3, None, np.ones((3, 3)), np.ones(5)])
def test_a_metric_that_does_not_fit_raises(metric):
    with pytest.raises(ValueError, match="metric must be"):
        distance_transform_cdt(LINE, metric)


def test_standard_structures_are_known_by_their_values():
    assert neighbourhood(CROSS > 0) == (1, 1)
    assert neighbourhood(np.ones((3, 3), bool)) == (2, 1)
    assert neighbourhood(np.ones((5, 5, 5), bool)) == (3, 2)
    for connectivity in (1, 2, 3):
        once = generate_binary_structure(3, connectivity)
        assert neighbourhood(iterate_structure(once, 3)) == (connectivity, 3)
    for other in (np.ones((1, 3)), np.ones((2, 2)), np.eye(3), np.ones((3, 5)), np.array(1)):
        assert neighbourhood(other > 0) is None


def test_structures():
    assert generate_binary_structure(2, 1).tolist() == (CROSS > 0).tolist()
    assert generate_binary_structure(2, 0).sum() == 5
    assert generate_binary_structure(3, 2).sum() == 19
    assert generate_binary_structure(0, 1).shape == ()
    assert iterate_structure(CROSS, 1).dtype == CROSS.dtype
    grown, origin = iterate_structure(CROSS, 2, (1, -1))
    assert grown.shape == (5, 5)
    assert grown.sum() == 13
    assert origin == [2, -2]


@pytest.mark.parametrize("dtype", ["?", "u1", "i8", "f4", "f8"])
def test_erosion_and_dilation(dtype):
    line = np.array([0, 1, 1, 1, 1], dtype)
    assert binary_erosion(line).tolist() == [False, False, True, True, False]
    assert binary_erosion(line, border_value=1).tolist() == [False, False, True, True, True]
    assert binary_dilation(line[:3] * 0, border_value=7).tolist() == [True, False, True]
    assert binary_erosion(line, iterations=2).tolist() == [False, False, False, False, False]
    assert binary_erosion(line, np.ones(5), border_value=1).tolist() == [False] * 3 + [True] * 2
    assert binary_dilation([1, 0, 0, 0], np.ones(5)).tolist() == [True, True, True, False]


def test_until_nothing_changes():
    for times in (0, -1, 100):
        assert not binary_erosion(np.ones((4, 5)), iterations=times).any()
        assert binary_erosion(np.ones((4, 5)), iterations=times, border_value=1).all()
        assert not binary_erosion(RING, iterations=times, border_value=1).any()
        assert binary_dilation(np.eye(4), iterations=times).all()
        assert not binary_dilation(np.zeros(4), iterations=times).any()


def test_opening_and_closing():
    assert binary_opening([1, 0, 1, 1, 1]).tolist() == [False, False, True, True, True]
    assert binary_closing([0, 1, 0, 1, 0]).tolist() == [False, True, True, True, False]
    assert binary_closing([1, 0, 1], border_value=1).all()


def test_only_what_is_in_the_mask_changes():
    mask = [1, 1, 0, 1, 1]
    assert binary_erosion([1, 1, 1, 1, 1], mask=mask).tolist() == [0, 1, 1, 1, 0]
    assert binary_erosion([1, 1, 1, 1, 1], mask=mask, iterations=3).tolist() == [0, 0, 1, 0, 0]
    assert binary_dilation([1, 0, 0, 0, 0], mask=mask, iterations=-1).tolist() == [1, 1, 0, 0, 0]
    assert binary_propagation([1, 0, 0, 0, 0], mask=mask).tolist() == [1, 1, 0, 0, 0]
    assert binary_propagation(np.zeros(5), mask=mask, border_value=1).tolist() == mask
    assert binary_propagation([0, 0, 1, 0, 0], mask=[0, 0, 0, 1, 1]).tolist() == [0, 0, 1, 1, 1]
    allowed = np.array([1, 1, 0], np.int8)
    binary_dilation([1, 0, 0], mask=allowed, iterations=2)
    assert allowed.tolist() == [1, 1, 0]


def test_holes():
    assert binary_fill_holes(RING).all()
    assert not binary_fill_holes(np.roll(RING, 1, 1))[1, 1:].all()
    diamond = CROSS.copy()
    diamond[1, 1] = 0
    assert binary_fill_holes(diamond).tolist() == (CROSS > 0).tolist()
    assert binary_fill_holes(diamond, np.ones((3, 3))).tolist() == (diamond > 0).tolist()
    out = np.full((3, 3), 9.0)
    assert binary_fill_holes(diamond * 1j, output=out) is None
    assert out.tolist() == CROSS.tolist()


def test_outputs():
    out = np.full(5, 9, np.float32)
    assert binary_erosion(LINE, output=out) is out
    assert out.tolist() == [0, 0, 1, 0, 0]
    same = np.array(LINE, np.uint8)
    assert binary_dilation(same, output=same) is same
    assert same.tolist() == [1, 1, 1, 1, 1]
    assert binary_erosion(LINE, output="float64").dtype == bool
    assert binary_erosion(np.asfortranarray(np.ones((4, 5, 6)))).flags.c_contiguous


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"iterations": 1.0}, TypeError),
        ({"border_value": 0.5}, TypeError),
        ({"output": np.zeros(5, complex)}, TypeError),
        ({"output": np.zeros(4)}, RuntimeError),
        ({"mask": np.zeros(4)}, RuntimeError),
        ({"structure": CROSS}, RuntimeError),
        ({"origin": (0, 0)}, RuntimeError),
    ],
)
def test_what_does_not_fit_raises(wrong, error):
    for function in (binary_erosion, binary_dilation, binary_opening, binary_closing):
        with pytest.raises(error):
            function(LINE, **wrong)
    with pytest.raises(TypeError):
        binary_erosion(np.array(LINE) * 1j)
    with pytest.raises(IndexError):
        binary_dilation(CROSS, np.ones(3))


def test_labels():
    array = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    labels, number = label(array)
    assert labels.dtype == np.int32
    assert labels.flags.c_contiguous
    assert (labels.tolist(), number, type(number)) == ([[0, 0, 1], [2, 0, 0], [0, 3, 0]], 3, int)
    assert label(np.asfortranarray(array), np.ones((3, 3)))[0].tolist()[2] == [0, 2, 0]
    assert label(array, output=np.uint8)[0].dtype == np.uint8
    out = np.zeros((3, 3))
    assert label(array, output=out) == 3
    assert out.max() == 3
    assert label(7)[1] == 1
    assert label(np.zeros((0, 2)))[0].shape == (0, 2)
    assert label([np.nan, 0, 2])[1] == 2


def test_labels_that_do_not_fit_raise():
    board = np.indices((20, 20)).sum(0) % 2
    assert label(board)[1] == 200
    with pytest.raises(RuntimeError):
        label(board, output="i1")
    with pytest.raises(RuntimeError):
        label(board, np.ones(3))
    with pytest.raises(ValueError, match="3 along each axis"):
        label(board, np.ones((5, 5)))
    with pytest.raises(ValueError, match="shape"):
        label(board, output=np.zeros(4))
    with pytest.raises(TypeError):
        label(board * 1j)


def test_objects():
    labels = np.zeros((100, 200), np.int16)
    labels[3:5, 7] = 1
    labels[50:, :9] = 3
    labels[0, 0] = -4
    first, none, third = find_objects(labels)
    assert first == (slice(3, 5), slice(7, 8))
    assert none is None
    assert third == (slice(50, 100), slice(0, 9))
    assert find_objects(labels, 1) == [first]
    assert find_objects(labels * 0) == []
    with pytest.raises(TypeError):
        find_objects(labels * 1.0)
    with pytest.raises(TypeError):
        find_objects(labels * 1j)


def test_scipy_is_needed_for_other_structures_only(without_scipy):
    assert binary_erosion(CROSS).sum() == 1
    assert binary_fill_holes(RING).all()
    assert label(CROSS)[1] == 1
    assert len(find_objects(CROSS)) == 1
    assert distance_transform_edt(CROSS).max() == np.sqrt(2)
    for call in (
        lambda: binary_erosion(CROSS, np.ones((1, 3))),
        lambda: binary_dilation(CROSS, origin=1),
        lambda: label(CROSS, np.eye(3)),
        lambda: distance_transform_cdt(CROSS, return_indices=True),
    ):
        with pytest.raises(MissingExtraError, match="pip install scipy"):
            call()


def test_scipy_is_not_imported():
    code = "import sys, edgewise.compat.scipy_ndimage; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert set(scipy_ndimage.__all__) <= set(dir(scipy_ndimage))


@pytest.mark.parametrize(
    ("kwargs", "shape"),
    [
        ({"structure": np.ones((1, 3, 3))}, (3, 6, 7)),
        ({"structure": np.ones((2, 3, 4)), "origin": 0}, (6, 6, 7)),
        ({"axes": (1, 2)}, (3, 6, 7)),
        ({"origin": 1}, (6, 6, 7)),
        ({}, (3, 3, 4, 4)),
    ],
)
def test_the_rest_is_scipys(kwargs, shape):
    ndimage = pytest.importorskip("scipy.ndimage")
    mask = np.random.default_rng(0).random(shape) < 0.7
    for name in ("binary_erosion", "binary_closing", "binary_fill_holes"):
        found = getattr(scipy_ndimage, name)(mask, **kwargs)
        assert np.array_equal(found, getattr(ndimage, name)(mask, **kwargs))
