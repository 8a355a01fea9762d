"""Resampling against the definition in double precision, a fixture, and laws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewise.errors import ConfigError, LabelError, ShapeError, SpacingError
from edgewise.voxels import ArgmaxResampler, resample, resample_argmax
from oracles import resampling
from strategies import examples, lay_out, layouts

CLOSE = 1e-5  # single precision may decide otherwise between values that are as near as this


def smooth(rng, classes, shape):
    """Scores of which few are large anywhere, as networks give them: cosines of low frequency."""
    grids = np.meshgrid(*[np.linspace(0, 1, n) for n in shape], indexing="ij")
    waves = rng.normal(0, 3, (classes, len(shape)))
    phases = rng.uniform(0, 6, classes)
    return np.stack(
        [
            5 * np.cos(phase + sum(w * g for w, g in zip(wave, grids, strict=True)))
            for wave, phase in zip(waves, phases, strict=True)
        ]
    )


@st.composite
def scores(draw, largest=9):
    """Logits of 1 to 5 classes on 1 to 3 axes, rough or smooth, and a shape for the result."""
    ndim = draw(st.integers(1, 3))
    # a thin cross-section, so that the twin need not work long
    sides = st.integers(1, largest)
    ends = st.sampled_from([1, 2, 5, 31, 32, 33, 64, 65])
    shapes = [(*(draw(sides) for _ in range(ndim - 1)), draw(ends)) for _ in range(2)]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    classes = draw(st.integers(1, 5))
    if draw(st.booleans()):
        logits = rng.normal(size=(classes, *shapes[0]))
    else:
        logits = smooth(rng, classes, shapes[0])
    return logits.astype(np.float32), shapes[1]


def check_against_twin(found, logits, out_shape, orders, labels, background=0):
    values = resampling.scores(logits, out_shape, orders)
    expected = resampling.winner(values, labels, background)
    sure = ~(resampling.margin(values) <= CLOSE)
    np.testing.assert_array_equal(found[sure], expected[sure])


@examples(150)
@given(case=scores(), order=st.sampled_from([0, 1]), axis=st.none() | st.integers(0, 2))
def test_the_greatest_class_wins(case, order, axis):
    logits, out_shape = case
    ndim = len(out_shape)
    axis = None if axis is None or axis >= ndim else axis
    found = resample_argmax(logits, out_shape, order=order, separate_axis=axis)
    orders = [0 if k == axis else order for k in range(ndim)]
    check_against_twin(found, logits, out_shape, orders, range(len(logits)))
    assert found.shape == out_shape
    assert found.dtype == np.uint8


def test_a_moved_voxel_is_noticed():
    logits = smooth(np.random.default_rng(0), 3, (6, 7, 8))
    moved = np.roll(logits, 1, axis=2)
    found = resample_argmax(moved, (12, 9, 13))
    with pytest.raises(AssertionError):
        check_against_twin(found, logits, (12, 9, 13), (1, 1, 1), range(3))


@examples(60)
@given(case=scores(), layout=layouts(), dtype=st.sampled_from(["f2", "f4", "f8"]))
def test_memory_order_and_type_change_nothing(case, layout, dtype):
    logits, out_shape = case
    logits = logits.astype(dtype)
    expected = resample_argmax(np.ascontiguousarray(logits), out_shape, threads=1)
    found = resample_argmax(lay_out(logits, layout), out_shape, threads=2)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("shape", [(9, 40, 50), (70, 65), (4000,), (2, 3, 5000)])
def test_threads_and_cropped_arrays_change_nothing(shape):
    rng = np.random.default_rng(1)
    room = rng.normal(size=(6, *(n + 4 for n in shape))).astype(np.float32)
    logits = room[(slice(None), *[slice(2, -2)] * len(shape))]
    out_shape = tuple(n * 3 // 2 for n in shape)
    expected = resample_argmax(logits.copy(), out_shape, threads=1)
    for threads in (1, 2, 3):
        np.testing.assert_array_equal(resample_argmax(logits, out_shape, threads=threads), expected)


def test_bfloat16_as_bits():
    logits = np.random.default_rng(2).normal(size=(3, 5, 6)).astype(np.float32)
    bits = (logits.view(np.uint32) >> 16).astype(np.uint16)
    rounded = (bits.astype(np.uint32) << 16).view(np.float32)
    np.testing.assert_array_equal(resample_argmax(bits, (8, 11)), resample_argmax(rounded, (8, 11)))


def test_every_half_is_read_right():
    bits = np.arange(65536, dtype=np.uint16)
    halves = bits[np.isfinite(bits.view(np.float16))].view(np.float16)
    np.testing.assert_array_equal(resample(halves, halves.shape), halves.astype(np.float32))


@examples(60)
@given(case=scores())
def test_the_same_grid_is_argmax(case):
    logits, _ = case
    found = resample_argmax(logits, logits.shape[1:])
    np.testing.assert_array_equal(found, logits.argmax(axis=0))


def test_equal_classes_give_the_first():
    logits = np.full((4, 5, 6), 0.3, np.float32)
    logits[0] = -1
    assert (resample_argmax(logits, (9, 7)) == 1).all()
    assert (resample_argmax(logits[::-1], (9, 7)) == 0).all()


@examples(40)
@given(case=scores(), seed=st.integers(0, 99))
def test_classes_in_another_order(case, seed):
    logits, out_shape = case
    order = np.random.default_rng(seed).permutation(len(logits))
    expected = resample_argmax(logits, out_shape)
    found = resample_argmax(logits[order], out_shape, labels=order)
    values = resampling.scores(logits, out_shape, (1,) * len(out_shape))
    sure = resampling.margin(values) > CLOSE
    np.testing.assert_array_equal(found[sure], expected[sure])


def test_many_classes():
    rng = np.random.default_rng(3)
    rough = rng.normal(size=(130, 5, 6, 17)).astype(np.float32)
    for logits in (rough, smooth(rng, 130, (5, 6, 17)).astype(np.float32)):
        found = resample_argmax(logits, (8, 9, 40))
        check_against_twin(found, logits, (8, 9, 40), (1, 1, 1), range(130))
    labels = np.arange(130) * 500
    found = resample_argmax(logits, (8, 9, 40), labels=labels)
    assert found.dtype == np.uint16
    check_against_twin(found, logits, (8, 9, 40), (1, 1, 1), labels)


@examples(60)
@given(
    case=scores(),
    wild=st.sampled_from([np.nan, np.inf, -np.inf, 3e38, -3e38]),
    seed=st.integers(0, 99),
)
def test_what_is_not_finite(case, wild, seed):
    logits, out_shape = case
    rng = np.random.default_rng(seed)
    logits[rng.random(logits.shape) < 0.2] = wild
    found = resample_argmax(logits, out_shape, background=9)
    # infinite values as large as can be computed with: as many as there are, they are equal
    twin = np.clip(logits.astype(np.float64), -8.5e37, 8.5e37)
    with np.errstate(invalid="ignore"):
        values = resampling.scores(twin, out_shape, (1,) * len(out_shape))
        expected = resampling.winner(values, range(len(logits)), 9)
        ranked = np.sort(np.where(np.isnan(values), -np.inf, values), axis=0)
        apart = ranked[-1] - ranked[-2] if len(ranked) > 1 else np.full(out_shape, np.inf)
    nothing = np.isnan(values).all(axis=0)
    # where nothing is huge, what single precision resolves is 1e-5
    sure = nothing | ~(apart <= np.maximum(CLOSE, 1e-6 * np.abs(ranked[-1])))
    np.testing.assert_array_equal(found[sure], expected[sure])
    assert (found[nothing] == 9).all()


def test_nan_and_infinity_on_the_same_grid():
    nan, inf = np.nan, np.inf
    logits = [[1, nan, nan, -inf], [nan, 2, nan, -inf], [0, inf, nan, -inf]]
    np.testing.assert_array_equal(resample_argmax(logits, (4,), background=7), [0, 2, 7, 0])


@examples(60)
@given(case=scores(), background=st.sampled_from([0, 8]))
def test_regions(case, background):
    logits, out_shape = case
    labels = np.random.default_rng(0).integers(0, 200, len(logits))
    found = resample_argmax(logits, out_shape, regions=labels, background=background)
    values = resampling.scores(logits, out_shape, (1,) * len(out_shape))
    sure = (np.abs(values) > CLOSE).all(axis=0)
    expected = resampling.last_positive(values, labels, background)
    np.testing.assert_array_equal(found[sure], expected[sure])


def test_out_is_filled_and_returned():
    logits = np.random.default_rng(4).normal(size=(3, 5, 6)).astype(np.float32)
    expected = resample_argmax(logits, (7, 8))
    for out in (np.empty((7, 8), np.uint8), np.empty((7, 8), np.uint16, order="F")):
        assert resample_argmax(logits, (7, 8), out=out) is out
        np.testing.assert_array_equal(out, expected)


def test_thick_slices_are_resampled_apart():
    logits = np.random.default_rng(5).normal(size=(3, 4, 6, 7)).astype(np.float32)
    shape = (9, 11, 12)
    plain = resample_argmax(logits, shape)
    apart = resample_argmax(logits, shape, separate_axis=0)
    assert (plain != apart).any()
    for spacings, expected in [
        (((4, 1, 1), (2, 1, 1)), apart),  # the source's decides first
        (((3, 1, 1), None), plain),  # not more than three times
        (((1, 1, 1), (3.1, 1, 1)), apart),
        (((4, 4, 1), (1, 1, 1)), plain),  # two axes of the largest spacing
        ((None, (3.1, 0.9, 1)), apart),
        (((4, 4, 1), (9, 1, 1)), plain),  # the source decides: no single axis
    ]:
        found = resample_argmax(logits, shape, spacing_in=spacings[0], spacing_out=spacings[1])
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(
        resample_argmax(logits, shape, spacing_in=(4, 1, 1), separate_axis=-1),
        resample_argmax(logits, shape, separate_axis=2),
    )


def test_the_fixture(zoo_arrays):
    data = zoo_arrays("resample_argmax")
    names = [name for name in data if name.startswith("label_")]
    assert len(names) >= 4
    for name in names:
        shape = tuple(int(n) for n in name.removeprefix("label_").split("x"))
        sure = data[name.replace("label", "margin")] > CLOSE
        found = resample_argmax(data["logits"], shape)
        np.testing.assert_array_equal(found[sure], data[name][sure])
    (name,) = (name for name in data if name.startswith("sepz_label"))
    found = resample_argmax(data["logits"], data[name].shape, separate_axis=0)
    np.testing.assert_array_equal(found, data[name])
    rows = resample(np.arange(9), (20,), order=0)
    np.testing.assert_array_equal(rows, data["sepz_rows"])


@examples(80)
@given(
    case=scores(),
    order=st.sampled_from([0, 1]),
    apart=st.booleans(),
    cuts=st.lists(st.integers(1, 70), max_size=4),
)
def test_slabs_give_the_same_as_the_whole(case, order, apart, cuts):
    logits, out_shape = case
    axis = 0 if apart else None
    expected = resample_argmax(logits, out_shape, order=order, separate_axis=axis)
    length = logits.shape[1]
    edges = sorted({0, length, *(cut for cut in cuts if cut < length)})
    resampler = ArgmaxResampler(
        out_shape, logits.shape[1:], len(logits), order=order, separate_axis=axis
    )
    for start, stop in itertools.pairwise(edges):
        slab = logits[:, start:stop].copy()
        resampler.push(slab)
        slab[:] = np.nan  # it is not kept
        assert resampler.received == stop
    assert resampler.done == out_shape[0]
    np.testing.assert_array_equal(resampler.finish(), expected)


def test_planes_are_done_as_soon_as_they_can_be():
    resampler = ArgmaxResampler((8, 2), (4, 2), 1)
    done = []
    for _ in range(4):
        resampler.push(np.zeros((1, 1, 2), np.float32))
        done.append(resampler.done)
    assert done == [1, 3, 5, 8]


def test_slabs_that_do_not_fit_are_refused():
    resampler = ArgmaxResampler((8, 2), (4, 2), 2)
    with pytest.raises(ShapeError, match=r"slab must have shape \(2, 'any', 2\)"):
        resampler.push(np.zeros((1, 1, 2), np.float32))
    with pytest.raises(ShapeError, match="5 planes arrived where 4 are left"):
        resampler.push(np.zeros((2, 5, 2), np.float32))
    resampler.push(np.zeros((2, 3, 2), np.float32))
    with pytest.raises(TypeError, match="float32 before, float64 now"):
        resampler.push(np.zeros((2, 1, 2)))
    with pytest.raises(ShapeError, match="3 of 4 planes"):
        resampler.finish()
    with pytest.raises(ConfigError, match="contiguous"):
        ArgmaxResampler((8, 2), (4, 2), 2, out=np.empty((8, 2), np.uint8, order="F"))


@examples(80)
@given(case=scores(), order=st.sampled_from([0, 1]), layout=layouts(), threads=st.integers(1, 2))
def test_an_image(case, order, layout, threads):
    (image, *_), shape = case
    found = resample(lay_out(image, layout), shape, order=order, threads=threads)
    expected = resampling.resample(image, shape, (order,) * len(shape))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-6 if order else 0)


@pytest.mark.parametrize(
    "dtype", ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]
)
def test_images_of_every_type(dtype):
    image = np.random.default_rng(6).integers(0, 2 if dtype == "?" else 100, (5, 6)).astype(dtype)
    nearest = resample(image, (7, 4), order=0)
    assert nearest.dtype == image.dtype
    np.testing.assert_array_equal(nearest, resampling.resample(image, (7, 4), (0, 0)))
    linear = resample(image, (7, 4))
    np.testing.assert_allclose(linear, resampling.resample(image, (7, 4), (1, 1)), atol=1e-4)
    mixed = resample(image, (7, 4), separate_axis=1)
    np.testing.assert_allclose(mixed, resampling.resample(image, (7, 4), (1, 0)), atol=1e-4)


def test_an_image_of_the_same_shape_is_itself():
    image = np.random.default_rng(7).normal(size=(4, 5, 33)).astype(np.float32)
    np.testing.assert_array_equal(resample(image, image.shape), image)


def test_infinite_values_of_images_stay_where_they_are():
    inf, nan = np.inf, np.nan
    image = np.array([inf, -inf, nan, 1, inf, inf, 3e38, -3e38] * 5, np.float32)
    for shape in [(40,), (40, 1), (40, 1, 1)]:
        np.testing.assert_array_equal(resample(image.reshape(shape), shape).ravel(), image)
        twice = resample(image.reshape(shape), (80, *shape[1:])).ravel()
        expected = np.array([inf, *[nan] * 6, *[inf] * 6], np.float32)
        np.testing.assert_array_equal(twice[:13], expected)
        np.testing.assert_allclose(twice[13:15], [1.5e38, -1.5e38])


@pytest.mark.parametrize("dtype", ["u4", "i4", "u8", "i8", "f8"])
def test_numbers_are_rounded_once(dtype):
    # on the border between two numbers of single precision, and a little beyond
    numbers = [2**24 + 1, 2**24 + 3] + ([2**60 + 2**36, 2**60 + 2**36 + 1] if "8" in dtype else [])
    image = np.array(numbers * 20, dtype)
    expected = image.astype(np.float32)
    np.testing.assert_array_equal(resample(image, image.shape), expected)
    np.testing.assert_array_equal(resample(image[::-1], image.shape), expected[::-1])


def test_out_in_the_memory_of_the_logits():
    logits = np.random.default_rng(9).normal(size=(3, 40, 50)).astype(np.float32)
    expected = resample_argmax(logits, (80, 100))
    out = logits.view(np.uint8).reshape(-1)[:8000].reshape(80, 100)
    np.testing.assert_array_equal(resample_argmax(logits, (80, 100), out=out), expected)
    slab = np.zeros((2, 4, 5), np.float32)
    resampler = ArgmaxResampler(
        (4, 5), (4, 5), 2, out=slab.view(np.uint8)[0, :, :20].reshape(-1)[:20].reshape(4, 5)
    )
    with pytest.raises(ConfigError, match="memory of out"):
        resampler.push(slab)


def test_out_that_is_not_aligned():
    logits = np.random.default_rng(9).normal(size=(3, 4, 5)).astype(np.float32)
    out = np.frombuffer(bytearray(41), np.uint8)[1:].view(np.uint16).reshape(4, 5)
    np.testing.assert_array_equal(resample_argmax(logits, (4, 5), out=out), logits.argmax(axis=0))
    with pytest.raises(ConfigError, match="contiguous"):
        ArgmaxResampler((4, 5), (4, 5), 3, out=out)


def test_bfloat16_of_other_libraries():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    logits = np.random.default_rng(2).normal(size=(3, 5, 6)).astype(ml_dtypes.bfloat16)

    class Tensor:  # as jax has them: arrays only when they are asked for
        dtype = logits.dtype

        def __array__(self, dtype=None, copy=None):
            return logits

    expected = resample_argmax(logits.astype(np.float32), (8, 11))
    np.testing.assert_array_equal(resample_argmax(logits, (8, 11)), expected)
    np.testing.assert_array_equal(resample_argmax(Tensor(), (8, 11)), expected)


def test_bad_arguments_are_named():
    logits = np.zeros((2, 3, 4), np.float32)
    with pytest.raises(TypeError, match="int64"):
        resample_argmax(logits.astype(int), (3, 4))
    with pytest.raises(ShapeError, match="out_shape must be 2 whole numbers"):
        resample_argmax(logits, (3, 4, 5))
    with pytest.raises(ShapeError, match="at least 1"):
        resample_argmax(logits, (3, 0))
    with pytest.raises(ShapeError, match="class axis"):
        resample_argmax(logits[0, 0], ())
    with pytest.raises(ShapeError, match="axis of length 0"):
        resample_argmax(logits[:0], (3, 4))
    with pytest.raises(ConfigError, match="order"):
        resample_argmax(logits, (3, 4), order=3)
    for order in (1.0, True, [1], np.array([1, 0])):
        with pytest.raises(ConfigError, match="order must be"):
            resample_argmax(logits, (3, 4), order=order)
    for axis in (2, -3, 1.0, [1], np.array([0, 1])):
        with pytest.raises(ConfigError, match="separate_axis"):
            resample_argmax(logits, (3, 4), separate_axis=axis)
    for labels in (3, "ab", {1: 2, 2: 3}, {1, 2}):
        with pytest.raises(LabelError, match="per class in their order"):
            resample_argmax(logits, (3, 4), labels=labels)
    with pytest.raises(ShapeError, match="in_shape must have one to three axes, got 3"):
        ArgmaxResampler((3, 4), 3, 2)
    for classes in (0, 1.5, "2"):
        with pytest.raises(ShapeError, match="classes must be a whole number"):
            ArgmaxResampler((3, 4), (3, 4), classes)
    with pytest.raises(ConfigError, match="exclude each other"):
        resample_argmax(logits, (3, 4), labels=[1, 2], regions=[1, 2])
    with pytest.raises(ConfigError, match="threads"):
        resample_argmax(logits, (3, 4), threads=0)
    with pytest.raises(SpacingError, match="one value per axis"):
        resample_argmax(logits, (3, 4), spacing_in=(1, 1, 1))
    with pytest.raises(LabelError, match=r"one label per class \(2\), got 3"):
        resample_argmax(logits, (3, 4), labels=[1, 2, 3])
    with pytest.raises(LabelError, match="65536"):
        resample_argmax(logits, (3, 4), labels=[1, 65536])
    with pytest.raises(LabelError, match="cannot hold label 300"):
        resample_argmax(logits, (3, 4), labels=[1, 300], out=np.empty((3, 4), np.uint8))
    with pytest.raises(ShapeError, match="out has shape"):
        resample_argmax(logits, (3, 4), out=np.empty((3, 5), np.uint8))
    with pytest.raises(TypeError, match="uint8 or uint16"):
        resample_argmax(logits, (3, 4), out=np.empty((3, 4), np.int32))
    with pytest.raises(ShapeError, match="one to three axes"):
        resample(np.zeros((1, 2, 3, 4)), (1, 2, 3, 4))
    with pytest.raises(TypeError, match="numbers"):
        resample(np.zeros(3, complex), (4,))


def test_the_logits_are_not_written_to():
    logits = np.random.default_rng(8).normal(size=(2, 3, 4)).astype(np.float32)
    logits.flags.writeable = False
    before = logits.copy()
    resample_argmax(logits, (5, 6))
    np.testing.assert_array_equal(logits, before)
