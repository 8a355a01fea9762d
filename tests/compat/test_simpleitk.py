"""SimpleITK's drop-in at hand-picked images."""

import math
import subprocess
import sys

import numpy as np
import pytest

from edgewise.compat import simpleitk as ours

sitk = pytest.importorskip("SimpleITK")
MAX = sys.float_info.max


@pytest.fixture(autouse=True)
def _quiet():
    sitk.ProcessObject.GlobalWarningDisplayOff()
    yield
    sitk.ProcessObject.GlobalWarningDisplayOn()


def image(values, dtype="u1", spacing=None):
    made = sitk.GetImageFromArray(np.array(values, dtype))
    if spacing is not None:
        made.SetSpacing(spacing)
    return made


def values(made):
    return sitk.GetArrayFromImage(made).tolist()


def test_nothing_is_imported_before_it_is_used():
    code = (
        "import sys; sys.modules['SimpleITK'] = None\n"
        "import edgewise.compat.simpleitk as itk\n"
        "try: itk.LabelContour\n"
        "except ImportError as error: print(type(error).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "MissingExtraError"


def test_classes_are_those_of_simpleitk():
    run = ours.SignedMaurerDistanceMapImageFilter()
    assert isinstance(run, sitk.SignedMaurerDistanceMapImageFilter)
    assert run.GetName() == "SignedMaurerDistanceMapImageFilter"
    assert run.GetSquaredDistance()
    assert not run.GetUseImageSpacing()


def overlap(source, target, **options):
    run = ours.LabelOverlapMeasuresImageFilter(**options)
    run.Execute(image(source), image(target))
    return run


def test_overlaps_of_labels_and_of_all_but_0():
    run = overlap([[1, 2, 0, 1]], [[1, 1, 2, 0]])
    assert run.GetDiceCoefficient(1) == run.GetMeanOverlap(1) == 0.5
    assert run.GetJaccardCoefficient() == run.GetUnionOverlap() == 0.2
    assert run.GetFalseNegativeError() == run.GetFalseDiscoveryRate() == 2 / 3
    assert run.GetFalsePositiveError() == 2 / 5  # outside of 1: 2, outside of 2: 3
    assert run.GetFalsePositiveError(2) == 1 / 3
    assert run.GetVolumeSimilarity() == 0.0
    assert overlap([[1, 1, 0]], [[1, 0, 0]]).GetVolumeSimilarity() == 2 / 3
    assert run.GetDiceCoefficient(257) == 0.5  # labels are cast to the type of the images


@pytest.mark.parametrize(
    ("source", "target", "name", "label", "theirs"),
    [
        ([[0, 0]], [[0, 0]], "GetDiceCoefficient", (), math.inf),
        ([[0, 0]], [[0, 0]], "GetVolumeSimilarity", (), MAX),
        ([[0, 0]], [[0, 0]], "GetJaccardCoefficient", (3,), 0.0),
        ([[1, 1]], [[0, 0]], "GetFalseNegativeError", (1,), MAX),
        ([[0, 0]], [[1, 1]], "GetFalsePositiveError", (1,), MAX),
        ([[0, 0]], [[1, 0]], "GetFalseDiscoveryRate", (1,), MAX),
        ([[1, 1]], [[1, 1]], "GetFalsePositiveError", (), MAX),
    ],
)
def test_what_cannot_be_divided(source, target, name, label, theirs):
    assert getattr(overlap(source, target), name)(*label) == theirs
    assert math.isnan(getattr(overlap(source, target, corrected=True), name)(*label))


def test_false_positives_of_a_full_label():
    assert math.isnan(overlap([[1, 1]], [[1, 1]]).GetFalsePositiveError(1))
    assert overlap([[0, 0]], [[1, 0]]).GetFalsePositiveError(1) == MAX
    assert overlap([[0, 0]], [[1, 0]], corrected=True).GetFalsePositiveError(1) == 0.0


def test_hausdorff_distance_in_mm_of_all_elements():
    run = ours.HausdorffDistanceImageFilter()
    one, two = image([[1, 1, 0, 0]], spacing=(2, 1)), image([[1, 0, 0, 1]], spacing=(2, 1))
    assert run.Execute(one, two) is None
    assert run.GetHausdorffDistance() == 4.0
    assert run.GetAverageHausdorffDistance() == (1.0 + 2.0) / 2
    with pytest.raises(RuntimeError, match="not 0"):
        run.Execute(one, image([[0, 0, 0, 0]], spacing=(2, 1)))


@pytest.mark.parametrize(
    "other",
    [
        image([[1, 0]], spacing=(1, 1.1)),
        image([[1, 0]], "i2"),
        image([[1, 0, 0]]),
        image([[[1, 0]]]),
    ],
    ids=["spacing", "type", "size", "axes"],
)
@pytest.mark.parametrize("name", ["LabelOverlapMeasures", "HausdorffDistance"])
def test_other_grids_are_refused(name, other):
    with pytest.raises(RuntimeError):
        getattr(ours, f"{name}ImageFilter")().Execute(image([[1, 0]]), other)


def test_signed_distances():
    row = image([[0, 0, 1, 1, 1, 1, 1, 0]], spacing=(3, 1))
    found = ours.SignedMaurerDistanceMap(row)
    assert values(found) == [[4, 1, 0, -1, -4, -1, 0, 1]]
    assert found.GetPixelID() == sitk.sitkFloat32
    assert found.GetSpacing() == (3, 1)
    plain = ours.SignedMaurerDistanceMap(row, True, False, True)
    assert values(plain) == [[-6, -3, 0, 3, 6, 3, 0, -3]]
    assert values(ours.SignedMaurerDistanceMap(row, backgroundValue=1))[0][2:7] == [1, 4, 9, 4, 1]


def test_signed_distances_without_boundary():
    far = float(np.finfo("f4").max)
    for full in (0, 1):
        whole = image([[full, full]])
        assert values(ours.SignedMaurerDistanceMap(whole)) == [[far, far]]
        root = values(ours.SignedMaurerDistanceMap(whole, squaredDistance=False))[0][0]
        assert root == (-1) ** full * float(np.float32(math.sqrt(far)))


def test_contours_keep_labels_and_ignore_the_edge():
    full = image(np.full((3, 3), 4))
    assert not np.any(values(ours.LabelContour(full)))
    corner = np.full((3, 3), 4)
    corner[0, 0] = 9
    assert values(ours.LabelContour(image(corner))) == [[9, 4, 0], [4, 0, 0], [0, 0, 0]]
    assert values(ours.LabelContour(image(corner), True, 9)) == [[9, 4, 9], [4, 4, 9], [9, 9, 9]]


def test_many_small_labels_have_contours_as_few():
    rng = np.random.default_rng(3)
    crowd = rng.integers(0, 200, (6, 7, 8))
    for full in (False, True):
        expected = sitk.GetArrayFromImage(sitk.LabelContour(image(crowd), full))
        assert values(ours.LabelContour(image(crowd), full)) == expected.tolist()


def test_components_are_counted():
    run = ours.ConnectedComponentImageFilter()
    found = run.Execute(image([[0, 3, 0], [5, 0, 3]]))
    assert values(found) == [[0, 1, 0], [2, 0, 3]]
    assert (run.GetObjectCount(), found.GetPixelID()) == (3, sitk.sitkUInt32)
    assert values(ours.ConnectedComponent(image([[0, 3, 0], [5, 0, 3]]), True))[1] == [1, 0, 1]


def test_a_mask_is_left_to_simpleitk():
    one = image([[1, 1, 1]])
    assert values(ours.ConnectedComponent(one, image([[1, 0, 1]]))) == [[1, 0, 2]]


def test_thresholds_and_seeds():
    row = image([[0, 5, 6, 0, 5]], "i2")
    assert values(ours.ConnectedThreshold(row, [(1, 0)], 5, 6, 9)) == [[0, 9, 9, 0, 0]]
    assert values(ours.ConnectedThreshold(row, [(0, 0), (7, 0)], 5, 6)) == [[0] * 5]
    assert values(ours.ConnectedThreshold(row, [(1, 0), (4, 0)], 5, 5.9)) == [[0, 1, 0, 0, 1]]
    for seeds, error in (((1, 0), TypeError), ([(1,)], RuntimeError), ([(-1, 0)], TypeError)):
        with pytest.raises(error):
            ours.ConnectedThreshold(row, seeds)


def test_corrected_limits():
    row = image([[0, 1, 2]], "i2")
    run = ours.ConnectedThresholdImageFilter(corrected=True)
    run.AddSeed((2, 0))
    run.SetLower(1.5)
    run.SetUpper(1e9)
    assert values(run.Execute(row)) == [[0, 0, 1]]


def test_neighbourhoods_and_their_seeds():
    mask = image(np.pad(np.ones((5, 5)), 1))
    found = ours.NeighborhoodConnected(mask, [(3, 3)], 1, 1, (1, 1))
    assert np.array_equal(values(found), np.pad(np.ones((3, 3)), 2))
    flat = ours.NeighborhoodConnected(mask, [(3, 3)], 1, 1, (0, 1))
    assert np.array_equal(values(flat), np.pad(np.ones((3, 5)), ((2, 2), (1, 1))))
    assert values(ours.NeighborhoodConnected(image([[0, 0, 7]]), [(2, 0)])) == [[0, 0, 1]]


def test_confidence_takes_the_mean_of_the_region():
    row = image([[10, 11, 12, 10, 40, 11]], "i2")
    run = ours.ConfidenceConnectedImageFilter()
    run.AddSeed((1, 0))
    run.SetMultiplier(2.5)
    assert values(run.Execute(row)) == [[1, 1, 1, 1, 0, 0]]
    assert run.GetMean() == np.mean([10, 11, 12, 10])
    assert run.GetVariance() == pytest.approx(np.var([10, 11, 12, 10], ddof=1))


def test_isolated_halves_until_seeds_part():
    row = image([[10, 20, 30, 40, 50]], "i2")
    run = ours.IsolatedConnectedImageFilter()
    run.SetSeed1((0, 0))
    run.SetSeed2((4, 0))
    run.SetUpper(100)
    assert values(run.Execute(row)) == [[1, 1, 1, 1, 0]]
    assert (run.GetIsolatedValue(), run.GetThresholdingFailed()) == (48.0, False)
    run.SetSeed2((0, 0))
    run.Execute(row)
    assert run.GetThresholdingFailed()


def test_holes_take_the_foreground_value():
    ring = np.array([[3, 3, 3, 0], [3, 5, 3, 0], [3, 3, 0, 0]])
    assert values(ours.BinaryFillhole(image(ring), False, 3))[1] == [3, 3, 3, 0]
    assert values(ours.BinaryFillhole(image(ring), True, 3))[1] == [3, 5, 3, 0]
    assert values(ours.BinaryFillhole(image(ring), False, 5)) == ring.tolist()


@pytest.mark.parametrize("name", ["LabelContour", "ConnectedThreshold", "IsolatedConnected"])
def test_arrays_are_no_images(name):
    with pytest.raises(TypeError):
        getattr(ours, name)(np.ones((2, 2), "u1"))


def test_types_that_simpleitk_refuses():
    for name in ("LabelContour", "SignedMaurerDistanceMap", "ConnectedComponent"):
        with pytest.raises(RuntimeError):
            getattr(ours, name)(image([[1.0]], "f4"))
