"""MedPy's drop-in by hand: documented values, errors, objects; needs no MedPy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgewise.compat import medpy
from edgewise.compat.medpy.metric import binary

A = np.zeros((8, 8), bool)
A[2:5, 2:6] = True
B = np.zeros((8, 8), bool)
B[3:6, 3:6] = True
NONE = np.zeros((8, 8), bool)


def test_the_paths_of_the_library_are_mirrored():
    assert medpy.metric.binary is binary
    assert medpy.hd95 is medpy.metric.hd95 is binary.hd95


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dc", 0.571429),
        ("jc", 0.4),
        ("precision", 0.5),
        ("recall", 0.666667),
        ("specificity", 49 / 55),
        ("ravd", 1 / 3),
        ("hd", math.sqrt(2)),
        ("hd95", 1.062132),
        ("asd", 0.741421),
        ("assd", 0.689679),
        ("obj_asd", 0.625),
    ],
)
def test_published_values(name, value):
    assert getattr(binary, name)(A, B) == pytest.approx(value, abs=5e-7)


@pytest.mark.parametrize("name", ["hd", "hd95", "asd", "assd"])
def test_empty_masks_raise(name):
    with pytest.raises(RuntimeError, match="first supplied"):
        getattr(binary, name)(NONE, A)
    with pytest.raises(RuntimeError, match="second supplied"):
        getattr(binary, name)(A, NONE)


@pytest.mark.parametrize(
    ("name", "value"),
    [("dc", 1.0), ("precision", 0.0), ("recall", 0.0), ("sensitivity", 0.0)],
)
def test_documented_values_of_nothing(name, value):
    assert getattr(binary, name)(NONE, NONE, corrected=True) == value


def test_a_full_reference_has_no_specificity():
    assert binary.specificity(A, ~NONE, corrected=True) == 0.0


def test_objects():
    result = np.array([[1, 0, 1, 0, 1]], bool)
    reference = np.array([[1, 1, 0, 0, 0]], bool)
    assert binary.obj_tpr(result, reference) == pytest.approx(1 / 3)
    assert binary.obj_fpr(result, reference) == 0.0
    with pytest.raises(ZeroDivisionError):
        binary.obj_fpr(result, result & False)


def test_spacing():
    assert binary.hd(A, B, voxelspacing=2) == pytest.approx(2 * math.sqrt(2))
    with pytest.raises(RuntimeError, match="length equal to input rank"):
        binary.hd(A, B, voxelspacing=(1, 2, 3))


def test_four_axes():
    one = np.zeros((3, 3, 3, 3), bool)
    one[0, 0, 0, 0] = True
    other = np.zeros_like(one)
    other[2, 2, 0, 0] = True
    assert binary.hd(one, other) == math.sqrt(8)
