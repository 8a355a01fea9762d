"""From stored values to labels."""

import numpy as np
import pytest

from edgewise import io
from edgewise.errors import ConfigError, ReadError
from edgewise.image import Image

ORDERS = [np.ascontiguousarray, np.asfortranarray, lambda a: np.repeat(a, 2, axis=1)[:, ::2]]


def labels(values, **options):
    return io.as_labels(Image(np.asarray(values), spacing=1.0), **options)


def refused(values, code, pattern, **options):
    with pytest.raises(ReadError, match=pattern) as caught:
        labels(values, **options)
    assert caught.value.code == code


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"])
def test_integers_stay_as_they_are(dtype):
    array = np.array([[0, 1], [2, 127]], dtype)
    found = labels(array)
    assert found.array is array
    assert found.warnings == ()


def test_booleans_become_zero_and_one():
    found = labels(np.array([True, False]))
    assert found.array.dtype == np.uint8
    assert found.array.tolist() == [1, 0]


@pytest.mark.parametrize("layout", ORDERS)
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_floats_near_integers_are_rounded_and_flagged(dtype, layout):
    array = layout(
        np.arange(24, dtype=dtype).reshape(2, 3, 4)
        + np.array(0.0009 if dtype != "f2" else 0, dtype)
    )
    found = labels(array)
    np.testing.assert_array_equal(found.array, np.arange(24).reshape(2, 3, 4))
    assert found.array.dtype == np.int32
    assert found.warnings == ("float_labels",)
    if array.flags.f_contiguous:
        assert found.array.flags.f_contiguous


@pytest.mark.parametrize(
    ("dtype", "bad"),
    [
        ("i1", -1),
        ("i2", -7),
        ("i4", -(2**31)),
        ("i8", 2**31),
        ("i8", -1),
        ("u4", 2**31),
        ("u8", 2**63),
        ("f4", -1.0),
        ("f8", 2.0**31),
    ],
)
@pytest.mark.parametrize("layout", ORDERS)
def test_labels_out_of_range_name_the_first_voxel(dtype, bad, layout):
    array = np.zeros((3, 4, 5), dtype)
    array[1, 2, 3] = bad
    refused(layout(array), "bad_label_value", r"at voxel \(1, 2, 3\)")
    array[1, 2, 3] = 1
    labels(layout(array))


def test_the_largest_label():
    assert labels(np.array([2**31 - 1, 0], "u8")).array[0] == 2**31 - 1
    assert labels(np.array([2.0**31 - 1, 0], "f8")).array[0] == 2**31 - 1


def test_fractions_list_up_to_five_values():
    refused(
        [0, 0.25, 0.5, 0.25],
        "non_integer_labels",
        r"\(0\.25, 0\.5\) at 3 voxels; a probability map.*--threshold 0\.5",
    )
    refused(
        [0, 1, 1.5, 2.25, 3, 2.25],
        "non_integer_labels",
        r"\(1\.5, 2\.25\) at 3 voxels; was it resampled",
    )
    refused(
        np.arange(10) + 0.5,
        "non_integer_labels",
        r"\(0\.5, 1\.5, 2\.5, 3\.5, 4\.5, \.\.\.\) at 10 voxels",
    )
    refused([0, 1 + 1.1e-3], "non_integer_labels", "1 voxels")


@pytest.mark.parametrize("layout", ORDERS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_inf(bad, layout):
    array = np.ones((3, 4, 5), "f4")
    array[2, 0, 1] = array[2, 3, 4] = bad
    array = layout(array)
    refused(array, "nan_in_labels", r"2 voxels, first \(2, 0, 1\)|2 voxels, first \(2, 3, 4\)")
    found = labels(array, nan="background")
    assert found.array[2, 0, 1] == found.array[2, 3, 4] == 0
    assert found.array.sum() == 58
    assert found.warnings == ("nan_as_background", "float_labels")


def test_nan_in_a_probability_map():
    found = labels([0.2, np.nan, 0.9, np.inf], nan="background", threshold=0.5)
    assert found.array.tolist() == [0, 0, 1, 0]
    assert found.warnings == ("nan_as_background", "thresholded")
    refused([0.2, np.nan], "nan_in_labels", "1 voxels", threshold=0.5)


def test_the_threshold_belongs_to_the_object_and_leaves_label_maps_alone():
    found = labels([0.0, 0.4999, 0.5, 1.0], threshold=0.5)
    assert found.array.tolist() == [0, 0, 1, 1]
    assert found.array.dtype == np.uint8
    assert found.warnings == ("thresholded",)
    assert labels([0.0, 3.0], threshold=0.5).array.tolist() == [0, 3]
    assert labels(np.array([0, 3]), threshold=0.5).array.tolist() == [0, 3]


def test_values_beyond_one_chunk():
    array = np.zeros(700_000)
    array[600_000] = 7
    assert labels(array).array[600_000] == 7
    array[650_000] = 0.5
    refused(array, "non_integer_labels", r"\(0\.5\) at 1 voxels")
    array[650_000] = -2
    refused(array, "bad_label_value", r"label -2 at voxel \(650000,\)")


def test_types_that_are_no_numbers():
    refused(np.zeros(2, complex), "unsupported", "complex128")


def test_unknown_ways_to_treat_nan():
    with pytest.raises(ConfigError):
        labels([0.0], nan="zero")


def test_the_file_is_named(tmp_path):
    np.save(tmp_path / "p.npy", np.array([0.5]))
    with pytest.raises(ReadError, match=r"p\.npy: holds fractions"):
        io.as_labels(io.read(tmp_path / "p.npy"))


def test_the_input_is_not_written_to():
    array = np.array([0.0, np.nan, 0.7])
    array.flags.writeable = False
    labels(array, nan="background", threshold=0.5)
    assert np.isnan(array[1])


def test_booleans_of_other_bytes_become_zero_and_one():
    """Pillow's black and white arrives as booleans whose bytes are 0 and 255."""
    array = np.array([0, 255, 1], np.uint8).view(np.bool_)
    assert labels(array).array.tolist() == [0, 1, 1]


@pytest.mark.parametrize("dtype", ["f2", "f4"])
def test_labels_that_a_narrow_float_rounds_up_to_the_limit_are_refused(dtype):
    with np.errstate(over="ignore"):
        refused(np.array([0, 2.0**31]).astype("f4"), "bad_label_value", "2.14748e\\+09")
    assert labels(np.array([0, 60000], dtype)).array.tolist() == [0, 60000]
