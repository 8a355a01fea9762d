"""scikit-image's drop-in at hand-picked arguments; without scikit-image."""

import numpy as np
import pytest

from edgewise.compat.skimage import measure, metrics, morphology, segmentation

SQUARE = np.pad(np.ones((3, 3), bool), 1)


def test_hausdorff_distances():
    other = np.zeros((7, 9), bool)
    other[2, 8] = True
    found = metrics.hausdorff_distance(SQUARE, other)
    assert type(found) is np.float64
    assert found == np.sqrt(1 + 49)  # (1, 1) and (3, 1) to (2, 8)
    one, two = np.eye(1, 5)[0], np.array([0, 0, 1, 0, 1])
    assert metrics.hausdorff_distance(one, two, "modified") == 3.0
    assert metrics.hausdorff_distance(np.zeros((2, 0)), [[0]]) == 0
    assert metrics.hausdorff_distance(one, np.zeros((2, 2))) == np.inf


@pytest.mark.parametrize(
    "args", [(SQUARE, SQUARE, "mean"), (SQUARE, SQUARE[0] | True), (1, SQUARE)]
)
def test_hausdorff_refusals(args):
    with pytest.raises(ValueError, match=r"method|axes|axis"):
        metrics.hausdorff_distance(*args)


def test_the_farthest_pair_is_the_first_in_raster_order():
    one, two = np.zeros((4, 6)), np.zeros((4, 6))
    one[0, 0] = one[3, 0] = 1
    two[0, 2] = two[3, 2] = 1
    points = metrics.hausdorff_pair(one, two)
    assert [p.tolist() for p in points] == [[0, 0], [0, 2]]
    with pytest.warns(UserWarning, match="no element"):
        assert metrics.hausdorff_pair(one, np.zeros(3)) == ((), ())


def test_rand_error_counts_pairs():
    true, test = np.array([0, 1, 1, 1, 2, 2]), np.array([5, 1, 1, 2, 2, 2])
    error, precision, recall = metrics.adapted_rand_error(true, test)
    together, of_true, of_test = 2 + 2, 6 + 2, 2 + 6  # ordered pairs, without label 0
    assert (precision, recall) == (together / of_true, together / of_test)
    assert error == 1 - together / 8
    assert type(error) is np.float64
    with pytest.warns(RuntimeWarning):
        assert np.isnan(metrics.adapted_rand_error(true * 0, test)).all()


@pytest.mark.parametrize(
    ("true", "test", "error"),
    [
        (np.array([1.0]), np.array([1]), TypeError),
        (np.array([True]), np.array([1]), TypeError),
        (np.array([-1]), np.array([1]), ValueError),
        (np.array([1, 2]), np.array([1]), ValueError),
        (np.array([], int), np.array([], int), ValueError),
        ([1], np.array([1]), AttributeError),
    ],
)
def test_labels_are_integers_from_0_on(true, test, error):
    with pytest.raises(error):
        metrics.variation_of_information(true, test)


def test_information_in_bits():
    true, test = np.array([1, 1, 1, 1]), np.array([1, 1, 2, 3])
    assert metrics.variation_of_information(true, test).tolist() == [1.5, 0.0]
    assert metrics.variation_of_information(test, true).tolist() == [0.0, 1.5]
    assert np.isnan(metrics.variation_of_information(true, test, ignore_labels=[1])).all()


def test_table_keeps_pairs_of_ignored_labels():
    sparse = pytest.importorskip("scipy.sparse")
    true, test = np.array([[0, 1], [2, 2]], "u1"), np.array([[0, 1], [1, 3]], "i8")
    table = metrics.contingency_table(true, test, ignore_labels=[0], normalize=True)
    assert type(table) is sparse.csr_matrix
    assert table.toarray().tolist() == [[0, 0, 0, 0], [0, 1 / 3, 0, 0], [0, 1 / 3, 0, 1 / 3]]
    assert table.nnz == 4
    with pytest.raises(ValueError, match="sparse_type"):
        metrics.contingency_table(true, test, sparse_type="list")


def test_flood_reaches_corners_unless_told_not_to():
    image = np.eye(3, dtype=int)
    assert segmentation.flood(image, (0, 0)).sum() == 3
    assert segmentation.flood(image, (-1, -1), connectivity=1).sum() == 1
    cross = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    assert morphology.flood(image, (0, 0), footprint=cross).sum() == 1


def test_tolerance_does_not_wrap_around():
    image = np.array([250, 255, 3], "u1")
    assert segmentation.flood(image, 1, tolerance=5).tolist() == [True, True, False]
    assert segmentation.flood(image, 1, tolerance=-5).tolist() == [True, True, False]
    assert segmentation.flood(image, 1, tolerance=0.5, corrected=True).sum() == 1


@pytest.mark.parametrize(
    ("image", "seed", "options", "error"),
    [
        (np.eye(2), (2, 0), {}, IndexError),
        (np.eye(2), (0.0, 1.0), {}, IndexError),
        (np.eye(2), (0,), {}, TypeError),
        (np.eye(2), (0,), {"tolerance": 1}, ValueError),
        (np.eye(2), [0, 1], {}, TypeError),
        (np.eye(2, dtype="f2"), (0, 0), {}, TypeError),
        (np.eye(2, dtype=">i4"), (0, 0), {}, ValueError),
        (np.eye(2), (0, 0), {"footprint": np.ones((2, 3))}, ValueError),
        (np.eye(2), (0, 0), {"footprint": np.ones(3)}, ValueError),
        (np.eye(2), (0, 0), {"connectivity": "full"}, TypeError),
        (np.array([2**63], "u8"), 0, {"tolerance": 2.0**64}, None),
        (np.array([2**64 - 1], "u8"), 0, {"tolerance": 0.5}, OverflowError),
    ],
)
def test_flood_refusals(image, seed, options, error):
    if error is None:
        assert segmentation.flood(image, seed, **options).all()
    else:
        with pytest.raises(error):
            segmentation.flood(image, seed, **options)


def test_flood_fill_in_place_and_not():
    image = np.array([[0, 0, 1], [1, 1, 0]], "u1")
    filled = segmentation.flood_fill(image, (0, 0), 7, connectivity=1)
    assert filled.tolist() == [[7, 7, 1], [1, 1, 0]]
    assert image[0, 0] == 0
    assert segmentation.flood_fill(image, (0, 0), 2.9, connectivity=1, in_place=True) is image
    assert image[0, 0] == 2
    with pytest.raises(OverflowError):
        segmentation.flood_fill(image, (0, 0), 256)
    image.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        segmentation.flood_fill(image, (0, 0), 1, in_place=True)


def test_labels_of_values_and_of_masks():
    image = np.array([[5, 5, 0], [7, 0, 5]])
    labels, number = measure.label(image, return_num=True, connectivity=1)
    assert labels.tolist() == [[1, 1, 0], [2, 0, 3]]
    assert (labels.dtype, number, type(number)) == (np.int64, 3, int)
    assert measure.label(image, background=5).tolist() == [[0, 0, 1], [2, 1, 0]]
    assert measure.label(image, background=9, connectivity=1).max() == 5
    mask = measure.label(image > 0, background=1)
    assert mask.dtype == np.int32
    assert mask.tolist() == [[0, 0, 1], [0, 1, 0]]
    assert measure.label(np.zeros((0, 2)), return_num=True)[1] == 0


@pytest.mark.parametrize(
    ("image", "options", "error"),
    [
        ([1, 0], {}, AttributeError),
        (np.ones(()), {}, NotImplementedError),
        (np.ones((1, 1, 1, 1)), {}, NotImplementedError),
        (np.ones((), bool), {}, ValueError),
        (np.ones(3), {"connectivity": 2}, ValueError),
        (np.ones(3), {"background": 2**63}, OverflowError),
        (np.ones(3), {"background": "0"}, TypeError),
    ],
)
def test_label_refusals(image, options, error):
    with pytest.raises(error):
        measure.label(image, **options)


def test_skeletons():
    bar = np.ones((3, 7))
    assert morphology.skeletonize(bar, method="lee").tolist()[1] == [True] * 7
    assert morphology.skeletonize(np.zeros((0, 3))).shape == (0, 3)
    for image, method in ((bar, "thin"), (bar[0], None), (bar[None], "zhang"), (bar[0], "lee")):
        with pytest.raises(ValueError, match=r"method|axes"):
            morphology.skeletonize(image, method=method)
