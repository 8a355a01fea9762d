"""cc3d's drop-in by hand: numbering, types, statistics, selection; needs no cc3d."""

from __future__ import annotations

import numpy as np
import pytest

from edgewise.compat import cc3d

PLANE = np.array([[1, 1, 0, 2], [0, 0, 2, 0], [3, 0, 0, 1]])


@pytest.mark.parametrize("connectivity", [4, 6])
def test_edges_of_pixels(connectivity):
    found = cc3d.connected_components(PLANE, connectivity=connectivity)
    assert found.tolist() == [[1, 1, 0, 2], [0, 0, 3, 0], [4, 0, 0, 5]]


@pytest.mark.parametrize("connectivity", [8, 18, 26])
def test_corners_of_pixels(connectivity):
    found, number = cc3d.connected_components(PLANE, connectivity=connectivity, return_N=True)
    assert found.tolist() == [[1, 1, 0, 2], [0, 0, 2, 0], [3, 0, 0, 4]]
    assert number == 4


def test_voxels_of_a_cube():
    cube = np.zeros((2, 2, 2), np.uint8)
    cube[0, 0, 0] = cube[0, 1, 1] = cube[1, 1, 0] = 1
    numbers = [cc3d.connected_components(cube, connectivity=c).max() for c in (6, 18, 26)]
    assert numbers == [3, 1, 1]
    cube[...] = 0
    cube[0, 0, 0] = cube[1, 1, 1] = 1
    numbers = [cc3d.connected_components(cube, connectivity=c).max() for c in (6, 18, 26)]
    assert numbers == [2, 2, 1]


def test_numbers_follow_the_memory():
    labels = np.array([[0, 1], [1, 0]])
    assert cc3d.connected_components(labels, connectivity=4).tolist() == [[0, 1], [2, 0]]
    fortran = cc3d.connected_components(np.asfortranarray(labels), connectivity=4)
    assert fortran.tolist() == [[0, 2], [1, 0]]
    assert fortran.flags.f_contiguous


def test_masks_of_8_neighbours_are_numbered_by_blocks():
    mask = np.array([[0, 0, 0, 1], [1, 0, 0, 0]], bool)
    assert cc3d.connected_components(mask, connectivity=8).tolist() == [[0, 0, 0, 2], [1, 0, 0, 0]]
    assert cc3d.connected_components(mask).tolist() == [[0, 0, 0, 1], [2, 0, 0, 0]]


def test_background_stays_background():
    mask = np.array([[0, 0, 0, 0, 0, 0, 1, 1]], bool)
    assert cc3d.connected_components(mask, connectivity=8).tolist() == [[0] * 6 + [1, 1]]


def test_every_other_voxel_of_a_line():
    line = np.arange(40) % 2 == 0
    assert cc3d.connected_components(line, return_N=True)[1] == 20


def test_types_of_results():
    def dtype(array, **options):
        return cc3d.connected_components(array, **options).dtype

    assert dtype(np.zeros((255, 257), bool), connectivity=4) == np.uint32
    assert dtype(np.zeros((254, 257), bool), connectivity=4) == np.uint16
    assert dtype(np.zeros((255, 257), bool), connectivity=8) == np.uint16
    assert dtype(np.zeros((255, 257), np.uint8)) == np.uint16  # few runs
    assert dtype(np.arange(255 * 257).reshape(255, 257) % 7) == np.uint16
    assert dtype(np.arange(66000) % 9) == np.uint16
    assert dtype(1 + np.arange(66000) % 9) == np.uint32
    assert dtype(np.ones(3), out_dtype=np.uint64) == np.uint64
    with pytest.raises(ValueError, match="too small"):
        dtype(1 + np.arange(66000) % 9, out_dtype=np.uint16)
    with pytest.raises(ValueError, match="uint16, uint32 or uint64"):
        dtype(np.ones(3), out_dtype=np.int32)


def test_labels_by_value():
    assert cc3d.connected_components(np.array([-1, -1, 1, 0])).tolist() == [1, 1, 2, 0]
    assert cc3d.connected_components(np.array([0.5, 0.5, 0.25, -0.0])).tolist() == [1, 1, 2, 0]
    joined = cc3d.connected_components(np.array([-1, -1, 1, 0]), binary_image=True)
    assert joined.tolist() == [1, 1, 1, 0]


def test_nothing():
    found, number = cc3d.connected_components(np.zeros((0, 3), np.int8), return_N=True)
    assert found.size == number == 0


@pytest.mark.parametrize(
    ("array", "options", "error"),
    [
        (np.ones((2, 2)), {"connectivity": 5}, ValueError),
        (np.ones((2, 2, 2)), {"connectivity": 8}, ValueError),
        (np.ones((2, 2, 2)), {"periodic_boundary": True, "connectivity": 4}, ValueError),
        (np.ones(2, complex), {}, TypeError),
        (np.ones(2, ">i4"), {}, TypeError),
        (np.ones(2), {"connectivity": "6"}, TypeError),
        ([1, 0], {}, AttributeError),
    ],
)
def test_what_is_refused(array, options, error):
    with pytest.raises(error):
        cc3d.connected_components(array, **options)


def test_the_exception_for_a_wrong_number_of_axes():
    with pytest.raises(cc3d.DimensionError):
        cc3d.connected_components(np.ones((1, 1, 1, 1)))


def test_tensors_come_back_as_tensors():
    torch = pytest.importorskip("torch")
    found = cc3d.connected_components(torch.tensor([[1, 0, 1]]))
    assert isinstance(found, torch.Tensor)
    assert found.tolist() == [[1, 0, 2]]


def test_statistics():
    found = cc3d.statistics(np.array([[1, 1, 0], [0, 0, 3]], np.uint8))
    assert found["voxel_counts"].tolist() == [3, 2, 0, 1]
    assert found["voxel_counts"].dtype == np.uint32
    assert found["bounding_boxes"][1] == (slice(0, 1), slice(0, 2))
    assert found["bounding_boxes"][2] is None
    assert found["centroids"][1].tolist() == [0, 0.5]
    assert np.isnan(found["centroids"][2]).all()
    boxes = cc3d.statistics(np.array([[1, 1, 0]]), no_slice_conversion=True)["bounding_boxes"]
    assert boxes.tolist() == [[0, 0, 2, 2], [0, 0, 0, 1]]
    assert boxes.dtype == np.uint16


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("labels", [9, 3000])  # by the kernels, by runs
def test_statistics_of_noise(order, labels):
    array = np.random.default_rng(0).integers(0, labels + 1, (13, 37, 41))
    array = np.asarray(array, order=order)
    found = cc3d.statistics(array, no_slice_conversion=True)
    for label in (0, 1, 5, array.max()):
        at = np.argwhere(array == label)
        assert found["voxel_counts"][label] == len(at)
        assert found["centroids"][label].tolist() == (at.sum(axis=0) / len(at)).tolist()
        expected = np.stack([at.min(axis=0), at.max(axis=0)], axis=1).ravel()
        assert (found["bounding_boxes"][label] == expected).all()


@pytest.mark.parametrize(
    ("labels", "error"),
    [(np.array([1, -1]), ValueError), (np.array([9]), ValueError), (np.ones(3), TypeError)],
)
def test_statistics_of_what_is_no_label_map(labels, error):
    with pytest.raises(error):
        cc3d.statistics(labels)


LINE = np.array([1, 0, 2, 2, 0, 3, 3, 3])


def test_dust():
    assert cc3d.dust(LINE, 3).tolist() == [0, 0, 0, 0, 0, 3, 3, 3]
    assert cc3d.dust(LINE, (2, 3)).tolist() == [0, 0, 2, 2, 0, 0, 0, 0]
    assert cc3d.dust(LINE, 3, invert=True).tolist() == [1, 0, 2, 2, 0, 0, 0, 0]
    assert cc3d.dust(LINE, 3, return_N=True)[1] == 1
    assert LINE[0] == 1


def test_dust_in_place():
    line = LINE.copy()
    cc3d.dust(line, 3, in_place=True)
    assert line.tolist() == [0, 0, 0, 0, 0, 3, 3, 3]


def test_dust_that_finds_none():
    assert cc3d.dust(LINE, 1).dtype == np.uint64
    assert cc3d.dust(LINE, 1, corrected=True).dtype == LINE.dtype
    line = LINE.copy()
    assert not cc3d.dust(line, 1, invert=True, in_place=True).any()
    assert line.any()
    cc3d.dust(line, 1, invert=True, in_place=True, corrected=True)
    assert not line.any()


def test_largest_k():
    assert cc3d.largest_k(LINE, 1).tolist() == (LINE == 3).tolist()
    assert cc3d.largest_k(LINE, 2).tolist() == [0, 0, 1, 1, 0, 2, 2, 2]
    assert cc3d.largest_k(LINE, 9, return_N=True)[1] == 3
    assert not cc3d.largest_k(LINE, 0).any()
    with pytest.raises(AssertionError):
        cc3d.largest_k(LINE, -1)


def test_the_rest_is_the_library_s_own():
    theirs = pytest.importorskip("cc3d")
    assert cc3d.contacts is theirs.contacts
    assert cc3d.DimensionError is theirs.DimensionError
