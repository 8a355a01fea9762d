"""Preparing images: by hand, and the way back."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from edgewise.errors import (
    ConfigError,
    InputError,
    MissingExtraError,
    ShapeError,
    SpacingError,
)
from edgewise.image import Image
from edgewise.models.plans.document import Document
from edgewise.models.plans.plans import plans_from
from edgewise.models.preprocessing import (
    IntensityStatistics,
    Normalization,
    Preprocessing,
    ResamplingRule,
    plan_preprocessing,
)
from edgewise.models.preprocessing.resampling import (
    resample_image,
    resample_labels,
    resample_logits,
    resampled_shape,
    separate_axis,
)
from nnunet_documents import plans

KNOWN = IntensityStatistics(
    mean=10.0, std=4.0, lower=2.0, median=9.0, upper=18.0, minimum=-100.0, maximum=100.0
)
NOTHING = (Normalization(scheme="none"),)
EVERYWHERE = np.ones((2, 3), bool)


@pytest.mark.parametrize(
    ("scheme", "values", "expected"),
    [
        ("none", [0, 1, 5], [0, 1, 5]),
        ("minmax", [-2, 0, 2], [0, 0.5, 1]),
        ("minmax", [3, 3, 3], [0, 0, 0]),
        ("rgb", [0, 51, 255], [0, 0.2, 1]),
        ("ct", [-1000, 10, 14], [-2, 0, 1]),
        ("window", [-1000, 10, 1000], [0, 0.5, 1]),
        ("zscore", [1, 3, 5], [-(1.5**0.5), 0, 1.5**0.5]),
        ("zscore", [7, 7, 7], [0, 0, 0]),
    ],
)
def test_schemes_by_hand(scheme, values, expected):
    channel = np.array([values, values])
    got = Normalization(scheme=scheme, statistics=KNOWN).apply(channel, EVERYWHERE)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, [expected, expected], atol=1e-6)
    assert channel.tolist() == [values, values], "the image is not touched"


def test_inside_only_counts_and_changes_the_inside():
    channel = np.array([[0.0, 1.0, 3.0], [5.0, 100.0, 0.0]])
    inside = np.array([[False, True, True], [True, False, False]])
    got = Normalization(scheme="zscore", inside_only=True).apply(channel, inside)
    np.testing.assert_allclose(got[inside], [-(1.5**0.5), 0, 1.5**0.5], atol=1e-6)
    assert got[~inside].tolist() == [0.0, 100.0, 0.0]
    assert Normalization(scheme="zscore", inside_only=True).apply(channel, ~EVERYWHERE)[1, 1] == 100


def test_large_integers_keep_their_mean():
    """A mean summed in single precision would be off by more than the deviation."""
    rng = np.random.default_rng(0)
    channel = (rng.normal(size=(64, 64, 64)) + 30_000).astype(np.float32)
    got = Normalization(scheme="zscore").apply(channel, np.ones(channel.shape, bool))
    assert abs(float(got.mean(dtype=np.float64))) < 1e-3
    assert abs(float(got.std(dtype=np.float64)) - 1) < 1e-3


def test_schemes_that_cannot_work_are_refused():
    with pytest.raises(ConfigError, match="needs statistics"):
        Normalization(scheme="ct")
    with pytest.raises(ConfigError, match="one of zscore, ct"):
        Normalization(scheme="z-score")
    with pytest.raises(InputError, match="from 0 to 255, the image has 0 to 300"):
        Normalization(scheme="rgb").apply(np.array([[0, 1, 300]]), EVERYWHERE[:1])
    with pytest.raises(ConfigError, match="one entry per channel"):
        Preprocessing(normalization=())
    with pytest.raises(ConfigError, match="permutation"):
        Preprocessing(normalization=NOTHING, axes=(0, 2))
    with pytest.raises(ConfigError, match="must be 0, 1 or 3"):
        ResamplingRule(order=2)


@pytest.mark.parametrize(
    ("before", "after", "rule", "axis"),
    [
        ((1, 1, 1), (2, 2, 2), {}, None),
        ((4, 1, 1), (1, 1, 1), {}, 0),
        ((1, 1, 1), (1, 4, 1), {}, 1),
        ((1, 1, 3.5), (5, 1, 1), {}, 2),  # before comes first
        ((3, 1, 1), (3, 1, 1), {}, None),  # three times is not over three times
        ((0.2, 1, 1), (0.2, 1, 1), {}, None),  # two axes are the coarsest
        ((4, 1, 1), (1, 1, 1), {"separate": False}, None),
        ((2, 1, 1), (1, 1, 1), {"separate": True}, 0),
        ((1, 1, 1), (1, 1, 1), {"separate": True}, None),
        ((2, 1, 1), (1, 1, 1), {"threshold": 1.5}, 0),
    ],
)
def test_when_planes_are_done_on_their_own(before, after, rule, axis):
    assert separate_axis(ResamplingRule(order=1, **rule), before, after) == axis


def test_the_number_of_voxels_is_rounded_and_never_zero():
    assert resampled_shape((10, 3, 2), (1.0, 1.0, 0.1), (2.0, 2.0, 5.0)) == (5, 2, 1)


LINEAR = ResamplingRule(order=1)
ISOTROPIC = {"before": (1, 1, 1), "after": (1, 1, 1)}
THICK = {"before": (4, 1, 1), "after": (2, 1, 1)}


def test_linear_resampling_keeps_a_ramp_and_repeats_the_border():
    ramp = np.broadcast_to(np.arange(8.0)[None, None, None], (1, 2, 2, 8))
    got = resample_image(ramp, (2, 2, 16), rule=LINEAR, **ISOTROPIC)
    expected = np.clip((np.arange(16) + 0.5) / 2 - 0.5, 0, 7)
    np.testing.assert_allclose(got, np.broadcast_to(expected, got.shape), atol=1e-6)


def test_planes_far_apart_are_copied_and_close_ones_mixed():
    image = np.arange(3.0)[None, :, None, None] * np.ones((1, 3, 4, 4))
    got = resample_image(image, (6, 4, 4), rule=LINEAR, **THICK)
    assert got[0, :, 0, 0].tolist() == [0, 0, 1, 1, 2, 2]
    mixed = resample_image(image, (6, 4, 4), rule=LINEAR, **ISOTROPIC)
    assert mixed[0, :, 0, 0].tolist() == [0, 0.25, 0.75, 1.25, 1.75, 2]
    across = ResamplingRule(order=1, order_across=1)
    np.testing.assert_allclose(resample_image(image, (6, 4, 4), rule=across, **THICK), mixed)


def test_cubic_resampling_stays_within_the_image():
    pytest.importorskip("scipy")
    rng = np.random.default_rng(1)
    image = rng.random((1, 5, 6, 7))
    got = resample_image(image, (9, 11, 13), rule=ResamplingRule(order=3), **ISOTROPIC)
    assert image.min() <= got.min()
    assert got.max() <= image.max()


def test_cubic_resampling_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.ndimage", None)
    image = np.zeros((1, 4, 4, 4))
    with pytest.raises(MissingExtraError, match=r"edgewise\[scipy\]"):
        resample_image(image, (5, 5, 5), rule=ResamplingRule(order=3), **ISOTROPIC)


def test_no_rule_no_resampling():
    image = np.ones((1, 4, 4, 4))
    never = ResamplingRule(order=None)
    assert resample_image(image, (4, 4, 4), rule=never, **ISOTROPIC).shape == image.shape
    with pytest.raises(ShapeError, match="does not resample"):
        resample_image(image, (5, 4, 4), rule=never, **ISOTROPIC)


def test_labels_are_chosen_by_the_largest_share():
    labels = np.array([[0, 0, 7, 7, 300, 300]], np.uint16)
    twice = resample_labels(labels, (1, 12), rule=LINEAR, before=(1, 1), after=(1, 1))
    assert twice.dtype == np.uint16
    assert twice.tolist() == [[0, 0, 0, 0, 7, 7, 7, 7, 300, 300, 300, 300]]
    # 4 of 6: places 0.25 and 4.75 ask one voxel, 1.75 and 3.25 lie between two
    fewer = resample_labels(labels, (1, 4), rule=LINEAR, before=(1, 1), after=(1, 1))
    assert fewer.tolist() == [[0, 7, 7, 300]]
    # half of everything falls between two voxels: the nearest decides, not the label's size
    half = resample_labels(labels[:, 1:5], (1, 2), rule=LINEAR, before=(1, 1), after=(1, 1))
    assert half.tolist() == [[7, 300]]
    flipped = resample_labels(labels[:, 4:0:-1], (1, 2), rule=LINEAR, before=(1, 1), after=(1, 1))
    assert flipped.tolist() == [[7, 0]]


@pytest.mark.parametrize("order", [0, 1, 3])
def test_no_label_appears_that_was_not_there(order):
    if order == 3:
        pytest.importorskip("scipy")
    rng = np.random.default_rng(2)
    labels = rng.choice([0, 2, 9], size=(5, 6, 7)).astype(np.uint8)
    rule = ResamplingRule(order=order)
    for thickness in (ISOTROPIC, THICK):
        got = resample_labels(labels, (8, 4, 11), rule=rule, **thickness)
        assert set(np.unique(got)) <= {0, 2, 9}


def test_logits_are_interpolated_before_the_largest_is_chosen():
    logits = np.array([[[0.0, 0.0]], [[-1.0, 3.0]]])  # (2, 1, 2)
    got = resample_logits(logits, (1, 4), rule=LINEAR, before=(1, 1), after=(1, 1), regions=None)
    assert got.tolist() == [[0, 0, 1, 1]]  # the boundary lies at -1 + 4 t = 0, left of the middle
    eight = resample_logits(logits, (1, 8), rule=LINEAR, before=(1, 1), after=(1, 1), regions=None)
    assert eight.tolist() == [[0, 0, 0, 1, 1, 1, 1, 1]]
    regions = resample_logits(
        np.array([[[1.0, 1.0]], [[-1.0, 1.0]]]),
        (1, 2), rule=LINEAR, before=(1, 1), after=(1, 1), regions=(5, 3),
    )  # fmt: skip
    assert regions.tolist() == [[5, 3]]  # later regions over earlier ones


def ball(shape=(12, 16, 20), spacing=(2.0, 1.0, 1.0), radius=6.0):
    grid = np.indices(shape).astype(float)
    centre = [(n - 1) / 2 for n in shape]
    squared = sum(((axis - c) * s) ** 2 for axis, c, s in zip(grid, centre, spacing, strict=True))
    return squared <= radius**2


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("spacing", [(2.0, 1.0, 1.0), (1.0, 1.0, 1.0), (6.0, 1.0, 1.5)])
def test_labels_and_logits_come_back_where_they_were(axes, spacing):
    truth = ball()
    image = np.zeros((1, *truth.shape), np.float32)
    image[0, 1:-1, 2:, :-3] = 1.0
    preprocessing = Preprocessing(spacing=(1.0, 1.0, 1.0), normalization=NOTHING, axes=axes)
    prepared = preprocessing.apply(image, spacing=spacing, labels=truth)
    assert prepared.array.shape[1:] == prepared.labels.shape
    assert prepared.spacing == (1.0, 1.0, 1.0)
    back = prepared.restore(prepared.labels.astype(np.uint8))
    assert back.shape == truth.shape
    kept = truth.copy()
    outside = np.ones(truth.shape, bool)
    outside[1:-1, 2:, :-3] = False
    kept[outside] = False
    assert (back.astype(bool) != kept).mean() < 0.01
    logits = np.stack([np.where(prepared.labels, -1.0, 1.0), np.where(prepared.labels, 1.0, -1.0)])
    again = prepared.restore(logits)
    assert again.dtype == np.uint8
    assert (again.astype(bool) != kept).mean() < 0.01
    assert not again[outside].any()
    shifted = prepared.restore(np.roll(logits, 8, axis=(1, 2, 3)))
    assert (shifted.astype(bool) != kept).mean() > 0.02


def test_an_empty_image_is_kept_whole():
    prepared = Preprocessing(normalization=NOTHING).apply(np.zeros((2, 3, 4, 5)), spacing=1.0)
    assert prepared.array.shape == (2, 3, 4, 5)
    assert prepared.labels is None
    whole = Preprocessing(normalization=NOTHING, crop_to_nonzero=False)
    corner = np.zeros((1, 3, 4))
    corner[0, 2, 2] = 1
    assert whole.apply(corner).array.shape == (1, 3, 4)
    assert Preprocessing(normalization=NOTHING).apply(corner).array.shape == (1, 1, 1)


def test_slices_keep_their_distance_for_a_2d_network():
    image = np.ones((1, 5, 8, 8), np.float32)
    prepared = Preprocessing(spacing=(0.5, 0.5), normalization=NOTHING).apply(
        image, spacing=(7.0, 1.0, 1.0)
    )
    assert prepared.array.shape == (1, 5, 16, 16)
    assert prepared.spacing == (7.0, 0.5, 0.5)
    assert prepared.restore(np.ones((5, 16, 16), np.uint8)).shape == (5, 8, 8)


def test_files_store_the_first_axis_fastest_and_plans_speak_of_the_last():
    preprocessing = Preprocessing.from_plans(
        plans_from(Document(plans(), "plans.json")), "3d_fullres"
    )
    assert preprocessing.spacing == (3.5, 0.8, 0.8)
    assert [n.scheme for n in preprocessing.normalization] == ["zscore", "ct"]
    assert preprocessing.normalization[0].inside_only
    preprocessing = Preprocessing(
        normalization=NOTHING, axes=(0, 2, 1), reverse_images=True, spacing=(3.0, 2.0, 1.0)
    )
    rng = np.random.default_rng(3)
    zyx = rng.random((4, 5, 6)) + 1
    spacing = (3.0, 1.0, 2.0)
    array = preprocessing.apply(zyx[None], spacing=spacing)
    stored = zyx.transpose()  # (x, y, z), as NIfTI has it
    image = Image(stored, spacing=spacing[::-1], affine=np.diag([2.0, 1.0, 3.0, 1.0]))
    file = preprocessing.apply([image])
    assert np.array_equal(array.array, file.array)
    labels = (array.array[0] > 1.5).astype(np.uint8)
    assert np.array_equal(file.restore(labels), array.restore(labels).transpose())
    assert np.array_equal(file.restore(labels), (stored.astype(np.float32) > 1.5))
    pages = preprocessing.apply(Image(zyx, spacing=spacing))  # a TIFF: pages first
    assert np.array_equal(pages.array, array.array)


def test_a_picture_fits_a_plan_made_of_volumes():
    preprocessing = Preprocessing(
        normalization=NOTHING, axes=(0, 2, 1), spacing=(1.0, 1.0), crop_to_nonzero=False
    )
    picture = np.arange(12.0).reshape(1, 3, 4)
    prepared = preprocessing.apply(picture)
    assert np.array_equal(prepared.array[0], picture[0].T)
    assert np.array_equal(prepared.restore(prepared.array[0].astype(np.uint8)), picture[0])


def test_it_survives_json():
    preprocessing = Preprocessing(
        spacing=(1.0, 2.0, 3.0),
        normalization=(Normalization(scheme="ct", statistics=KNOWN), *NOTHING),
        axes=(2, 1, 0),
        resample_image=ResamplingRule(order=3, order_across=0, separate=True),
    )
    text = json.dumps(preprocessing.to_dict())
    assert Preprocessing.from_dict(json.loads(text)) == preprocessing
    content = json.loads(text)
    content["spacings"] = content.pop("spacing")
    with pytest.raises(ConfigError, match="wrong: spacing, spacings"):
        Preprocessing.from_dict(content)
    plain = Preprocessing(normalization=NOTHING)
    assert Preprocessing.from_dict(json.loads(json.dumps(plain.to_dict()))) == plain


@pytest.mark.parametrize(
    ("image", "options", "error", "words"),
    [
        (np.zeros((4, 4)), {}, ShapeError, "image must be"),
        (np.zeros((3, 4, 4, 4)), {}, ShapeError, "3 channels, normalization 2 entries"),
        (np.zeros((2, 4, 4)), {}, ShapeError, "target spacing"),
        (np.zeros((2, 4, 4, 4)), {"spacing": (1, 0, 1)}, SpacingError, "positive"),
        (np.zeros((2, 4, 4, 4)), {"labels": np.zeros((4, 4, 5), int)}, ShapeError, "labels have"),
        ([Image(np.zeros((2, 2, 2)))], {}, ShapeError, "1 channels, normalization 2"),
        ([Image(np.zeros((2, 2, 2))), Image(np.zeros((2, 2, 3)))], {}, ShapeError, "shapes"),
    ],
)
def test_what_does_not_fit_is_named(image, options, error, words):
    preprocessing = Preprocessing(spacing=(1, 1, 1), normalization=NOTHING * 2)
    with pytest.raises(error, match=words):
        preprocessing.apply(image, **options)


def test_an_answer_on_another_grid_is_refused():
    prepared = Preprocessing(normalization=NOTHING).apply(np.ones((1, 4, 5, 6)))
    for answer in (np.zeros((4, 5, 6)), np.zeros((2, 4, 5, 7)), np.zeros((2, 4, 5, 6), int)):
        with pytest.raises(ShapeError, match="answer has shape"):
            prepared.restore(answer)


def test_a_cropped_label_map_is_placed_and_thick_slices_are_named():
    image = np.zeros((1, 4, 5, 6))
    image[0, 1:3, 2:4, 1:6] = 1
    thin = Preprocessing(normalization=NOTHING, axes=(2, 0, 1), spacing=(1, 1, 1))
    prepared = thin.apply(image, spacing=(4, 1, 1))
    assert prepared.separate_axis == 1
    assert thin.apply(image, spacing=(2, 1, 1)).separate_axis is None
    labels = np.arange(1, 21, dtype=np.uint8).reshape(prepared.origin.cropped_shape)
    placed = prepared.place(labels)
    assert np.array_equal(placed[1:3, 2:4, 1:6], labels.transpose(1, 2, 0))
    assert np.count_nonzero(placed) == 20
    with pytest.raises(ShapeError, match=r"the cropped image \(5, 2, 2\)"):
        prepared.place(labels[:-1])


def cases(spacings, *, empty=False):
    rng = np.random.default_rng(4)
    for index, spacing in enumerate(spacings):
        image = np.zeros((1, 12, 40, 40), np.float32)
        image[:, :, 2:-2, 4:] = rng.normal(100, 10, (1, 12, 36, 36))
        labels = np.zeros((12, 40, 40), np.uint8)
        if not empty:
            labels[3:6, 10:20, 10:20] = 1 + index % 2
        yield SimpleNamespace(image=image, labels=labels, spacing=spacing, name=str(index))


def test_spacing_and_intensities_are_planned():
    spacings = [(5, 1, 1), (6, 1.2, 1), (4.5, 0.9, 1), (8, 1, 1.1), (3.5, 1, 1)]
    dataset = list(cases(spacings))
    found = plan_preprocessing(dataset, normalization="ct")
    # over three times coarser, and 12 slices beside 36 voxels are not three times fewer
    assert found.spacing == (5.0, 1.0, 1.0)
    known = found.normalization[0].statistics
    assert abs(known.mean - 100) < 0.5
    assert abs(known.std - 10) < 0.5
    assert abs(known.lower - 74.2) < 2.5
    assert abs(known.upper - 125.8) < 2.5
    assert plan_preprocessing(dataset, normalization="ct") == found
    assert plan_preprocessing(dataset, normalization="ct", seed=1) != found
    whole = plan_preprocessing(dataset, crop_to_nonzero=False)
    assert whole.spacing[0] == pytest.approx(np.percentile([5, 6, 4.5, 8, 3.5], 10))
    assert plan_preprocessing(dataset, spacing=None).spacing is None
    assert plan_preprocessing(dataset, spacing=(1, 2, 3)).spacing == (1.0, 2.0, 3.0)


def test_z_scores_count_the_inside_where_much_is_cropped():
    dataset = list(cases([(1, 1, 1)]))
    assert not plan_preprocessing(dataset).normalization[0].inside_only
    dataset[0].image[:, :, :, 20:] = 0
    assert plan_preprocessing(dataset).normalization[0].inside_only
    assert not plan_preprocessing(dataset, normalization="ct").normalization[0].inside_only
    assert not plan_preprocessing(dataset, crop_to_nonzero=False).normalization[0].inside_only


def test_planning_says_what_is_missing():
    with pytest.raises(InputError, match="no cases"):
        plan_preprocessing([])
    unlabelled = list(cases([(1, 1, 1)], empty=True))
    assert plan_preprocessing(unlabelled).normalization[0].statistics is None
    with pytest.raises(InputError, match="no case has any"):
        plan_preprocessing(unlabelled, normalization="ct")
    with pytest.raises(ConfigError, match="normalization must be one of"):
        plan_preprocessing(unlabelled, normalization="mean")
    with pytest.raises(ConfigError, match="2 schemes, images have 1 channels"):
        plan_preprocessing(unlabelled, normalization=["ct", "ct"])
    with pytest.raises(ConfigError, match="'median'"):
        plan_preprocessing(unlabelled, spacing="mean")
