"""What arrays and options the metric functions take and refuse: section "notation and inputs" of
the definitions.
"""

from __future__ import annotations

import numpy as np
import pytest

from agreement import same
from edgewise import _arguments, errors, metrics

A = np.zeros((4, 5), bool)
A[1:3, 1:4] = True


@pytest.mark.parametrize("name", ["dice", "hd", "nsd_grid", "cldice"])
class TestMasks:
    def measure(self, name, reference, prediction):
        how = {"tolerance": 1.0} if name == "nsd_grid" else {}
        return getattr(metrics, name)(reference, prediction, **how)

    def test_whole_floats_are_masks(self, name):
        zero = np.where(A, 1.0, -0.0)
        assert same(self.measure(name, zero, A), self.measure(name, A, A))

    @pytest.mark.parametrize("bad", [0.3, np.nan, 2.0, np.inf])
    def test_probabilities_are_refused_and_named(self, name, bad):
        wrong = A.astype(float)
        wrong[2, 2] = bad
        with pytest.raises(errors.LabelError, match=str(bad)):
            self.measure(name, wrong, A)
        with pytest.raises(ValueError, match="prediction"):
            self.measure(name, A, wrong)

    def test_label_maps_are_refused(self, name):
        for dtype in ("u1", "i1", "u2", "i8", "f4"):
            with pytest.raises(errors.LabelError, match="found 2"):
                self.measure(name, A.astype(dtype) * 2, A)
        with pytest.raises(errors.LabelError, match="-1"):
            self.measure(name, -A.astype(int), A)

    @pytest.mark.parametrize("kind", ["c16", "O", "U1", "M8[s]"])
    def test_types_without_order_are_type_errors(self, name, kind):
        with pytest.raises(TypeError, match="dtype"):
            self.measure(name, A.astype(int).astype(kind), A)

    def test_shapes_are_never_broadcast(self, name):
        with pytest.raises(errors.ShapeError, match="shape"):
            self.measure(name, A, A[:1])
        with pytest.raises(errors.ShapeError, match="length 0"):
            self.measure(name, A[:0], A[:0])
        with pytest.raises(errors.ShapeError):
            self.measure(name, np.True_, np.True_)

    def test_memoryviews_are_arrays(self, name):
        view = memoryview(A.astype(np.uint8))
        assert same(self.measure(name, view, A), self.measure(name, A, A))


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_in_either_order_are_not_copied(order):
    for dtype in ("bool", "u1", "u2", "i8"):
        array = np.ones((4, 5, 6), dtype, order=order)
        assert np.shares_memory(_arguments.as_label_map(array), array)
        if dtype in ("bool", "u1"):
            assert np.shares_memory(_arguments.as_mask(array), array)


def test_threads_are_the_usable_cores_unless_told(monkeypatch):
    monkeypatch.delenv("EDGEWISE_NUM_THREADS", raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert _arguments.as_threads("auto") == 3
    monkeypatch.delattr("os.sched_getaffinity")
    for cores, expected in ((7, 7), (None, 1)):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert _arguments.as_threads("auto") == expected
    monkeypatch.setenv("EDGEWISE_NUM_THREADS", "2")
    assert _arguments.as_threads("auto") == 2
    assert _arguments.as_threads(5) == 5
    monkeypatch.setenv("EDGEWISE_NUM_THREADS", "all")
    with pytest.raises(errors.ConfigError, match="EDGEWISE_NUM_THREADS"):
        _arguments.as_threads("auto")
    for threads in (0, -1, 1.5, True, "many"):
        with pytest.raises(errors.ConfigError, match="threads"):
            _arguments.as_threads(threads)


class Lent:
    """An array of another library, handed over by DLPack, or by `__array__` where that fails."""

    def __init__(self, array, refuses=False):
        self.array_of_the_library, self.refuses, self.asked = array, refuses, []

    def __dlpack__(self, **options):
        self.asked.append("dlpack")
        if self.refuses:
            message = "on another device"
            raise BufferError(message)
        return self.array_of_the_library.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array_of_the_library.__dlpack_device__()


class Convertible(Lent):
    def __array__(self, dtype=None, copy=None):
        self.asked.append("array")
        return np.array(self.array_of_the_library, dtype=dtype)


def test_arrays_of_other_libraries():
    expected = metrics.hd(A, np.roll(A, 1))
    for lent in (Lent(np.roll(A, 1)), Convertible(np.roll(A, 1))):
        assert metrics.hd(A, lent) == expected
        assert lent.asked == ["dlpack"]  # nothing is copied
    last_resort = Convertible(np.roll(A, 1), refuses=True)
    assert metrics.hd(A, last_resort) == expected
    assert last_resort.asked == ["dlpack", "array"]
    with pytest.raises(BufferError, match="device"):
        metrics.hd(A, Lent(A, refuses=True))


@pytest.mark.parametrize("connectivity", [0, 3, 1.5, True, "face"])
def test_impossible_neighbourhoods(connectivity):
    with pytest.raises(errors.ConfigError, match="connectivity"):
        metrics.components_ref(A, A, connectivity=connectivity)


@pytest.mark.parametrize("spacing", [(1, 0), (1, -1), (1, np.nan), (np.inf, 1), (1,), (1, 1, 1), 0])
def test_impossible_spacing(spacing):
    with pytest.raises(errors.SpacingError, match="spacing"):
        metrics.hd(A, A, spacing=spacing)


def test_spacing_counts_the_axes_as_passed():
    slab, moved = A[:, :, None], np.roll(A, 1, 0)[:, :, None]
    assert metrics.hd(slab, moved, spacing=(3, 1, 7)) == 3
    with pytest.raises(errors.SpacingError):
        metrics.hd(slab, moved, spacing=(3, 1))
    assert metrics.hd(slab, moved, spacing=2) == 2


def test_one_slice_is_a_plane_unless_squeeze_is_off():
    """Rectangles of the definitions page, section "squeezing": 0.690 in the plane, 0.448 as one
    slice.
    """
    reference, prediction = np.zeros((2, 9, 9), bool)
    reference[2:5, 2:6] = True
    prediction[3:6, 3:6] = True
    slabs = reference[:, :, None], prediction[:, :, None]
    plane = metrics.assd(reference, prediction)
    assert metrics.assd(*slabs) == plane
    assert metrics.assd(*slabs, squeeze=False) < plane


def test_more_than_three_axes():
    many, moved = np.zeros((2, 3, 3, 3, 3), bool)
    many[1], moved[2] = True, True
    assert metrics.dice(many, many) == 1
    assert metrics.dice(many, moved) == 0
    with pytest.raises(errors.ShapeError, match="3"):
        metrics.hd(many, moved)
    assert metrics.hd(many[:, :, :, :1], moved[:, :, :, :1]) == 1


@pytest.mark.parametrize("q", [-1, 100.5, np.nan])
def test_levels_outside_the_scale(q):
    with pytest.raises(ValueError, match="q "):
        metrics.hd_quantile(A, A, q=q)


@pytest.mark.parametrize("tolerance", [-1, np.nan, np.inf])
def test_impossible_tolerances(tolerance):
    with pytest.raises(ValueError, match="tolerance"):
        metrics.nsd(A, A, tolerance=tolerance)


def test_impossible_weights():
    for alpha in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="alpha"):
            metrics.adapted_rand_error(A, A, alpha=alpha)
    for tie in (-1e-9, 1.5):
        with pytest.raises(ValueError, match="tie_rtol"):
            metrics.nsd(A, A, tolerance=1, tie_rtol=tie)
    with pytest.raises(ValueError, match="exchange_rate"):
        metrics.net_benefit(A, A, exchange_rate=-1)
    with pytest.raises(ValueError, match="weights"):
        metrics.cohens_kappa(A, A, weights="cubic")


def test_a_tolerance_has_no_default():
    with pytest.raises(TypeError, match="tolerance"):
        metrics.nsd(A, A)


def test_three_tenths_are_within_three_tenths():
    reference, prediction = np.zeros((2, 1, 8), bool)
    reference[0, 1], prediction[0, 4] = True, True
    how = {"spacing": (1, 0.1), "tolerance": 0.3}
    assert metrics.nsd_grid(reference, prediction, **how) == 1
    assert metrics.nsd_grid(reference, prediction, tie_rtol=0, **how) == 0
    assert metrics.nsd_grid(reference, prediction, spacing=(1, 0.1), tolerance=0.29) == 0


@pytest.mark.parametrize(
    ("option", "value"),
    [("boundary", "edge"), ("edge", "black"), ("combine", "min"), ("percentile", "weibull")],
)
def test_unknown_words_are_refused(option, value):
    with pytest.raises(ValueError, match=option):
        metrics.hd95(A, A, **{option: value})


def test_labels_may_be_whole_floats_but_not_negative():
    labels = A.astype(float) * 3
    assert metrics.measure(labels, labels, metrics="dice").value(3, "dice") == 1
    with pytest.raises(errors.LabelError, match="-3"):
        metrics.measure(-labels, labels)
    result = metrics.measure(
        -labels, -labels, labels=[-3], metrics="dice", allow_negative_labels=True
    )
    assert result.value(-3, "dice") == 1
    with pytest.raises(errors.LabelError, match=r"0\.5.*probability"):
        metrics.measure(labels + 0.5, labels)


@pytest.mark.parametrize(
    ("value", "words"),
    [(2.0**53, "integer type"), (1e300, "integer type"), (np.inf, "inf"), (np.nan, "nan")],
)
def test_floating_labels_stay_where_floats_count_exactly(value, words):
    labels = A.astype(float)
    labels[0, 0] = value
    with pytest.raises(errors.LabelError, match=words):
        metrics.measure(labels, A)
    labels[0, 0] = 2.0**53 - 1
    result = metrics.measure(labels, labels, metrics="dice")
    assert list(result.labels) == [1, 2**53 - 1]


def test_labels_of_64_bits_keep_every_bit():
    reference = np.array([0, 2**64 - 1, 2**64 - 2, 5], np.uint64)
    prediction = np.array([0, 2**64 - 1, 2**64 - 1, 5], np.uint64)
    result = metrics.measure(reference, prediction, metrics="dice,hd")
    assert list(result.labels) == [5, 2**64 - 2, 2**64 - 1]
    assert result.value(2**64 - 1, "dice") == 2 / 3
    assert result.value(2**64 - 2, "hd") == np.inf
    mixed = metrics.measure(reference, np.array([0, 5, 5, 5], np.int16), metrics="dice")
    assert mixed.value(5, "dice") == 0.5


def test_the_ignore_label_is_never_measured():
    labels = A.astype(int)
    with pytest.raises(errors.LabelError, match="1"):
        metrics.measure(labels, labels, labels=[1], ignore_label=1)
