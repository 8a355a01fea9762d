"""Changes of patches: labels move with the image, nothing but the generator decides."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.models.training import Augmentation  # noqa: E402
from edgewise.models.training.appearance import (  # noqa: E402
    adjust_contrast,
    adjust_gamma,
    blur,
    lower_resolution,
)
from edgewise.models.training.geometry import flipped, resampled, source_size, turned  # noqa: E402

NONE = Augmentation.named("none")
ALWAYS = {
    "turn": replace(NONE, turn=1.0),
    "rotation": replace(NONE, rotation=1.0),
    "scaling": replace(NONE, scaling=1.0),
    "flip": replace(NONE, flip=True),
    "all three": replace(NONE, flip=True, turn=1.0, rotation=1.0, scaling=1.0),
}


def generator(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def smooth_labels(shape):
    """Two half spaces and a ball: an image whose values are its labels."""
    places = np.indices(shape)
    labels = (places[0] * 2 > shape[0]).astype(np.int16)
    middle = np.array(shape).reshape(-1, *[1] * len(shape)) * 0.6
    labels[((places - middle) ** 2).sum(0) < (min(shape) * 0.25) ** 2] = 2
    return labels


def changed(augmentation, image, labels, patch, spacing, seed):
    """Apply it to the middle of a volume, as the sampler does."""
    rng = generator(seed)
    motion = augmentation.motion(rng, patch, spacing)
    box = source_size(motion, patch)
    parts = []
    for n, b in zip(labels.shape, box, strict=True):
        start = (n - b) // 2
        assert start >= 0
        parts.append(slice(start, start + b))
    cut = image[(slice(None), *parts)], labels[tuple(parts)]
    return augmentation.apply(*cut, rng, patch=patch, spacing=spacing, motion=motion)


@pytest.mark.parametrize("name", list(ALWAYS))
@pytest.mark.parametrize(("shape", "patch"), [((48, 48), (16, 16)), ((48, 48, 48), (16, 16, 16))])
def test_labels_move_with_the_image(name, shape, patch):
    labels = smooth_labels(shape)
    image = labels[None].astype(np.float32)
    for seed in range(6):
        moved, moved_labels = changed(ALWAYS[name], image, labels, patch, (1,) * len(shape), seed)
        assert moved.shape == (1, *patch)
        assert moved_labels.shape == patch
        assert moved_labels.dtype == labels.dtype
        # of a linear mixture the nearest voxel has at least a share of 0.5 per axis
        apart = np.abs(moved[0] - moved_labels)
        assert apart.max() <= 2 * (1 - 0.5 ** len(shape)) + 1e-3
        assert (apart < 1e-4).mean() > 0.6


@pytest.mark.parametrize("name", list(ALWAYS))
def test_they_do_change_something(name):
    labels = smooth_labels((48, 48, 48))
    image = labels[None].astype(np.float32)
    plain = labels[16:32, 16:32, 16:32]
    results = [
        changed(ALWAYS[name], image, labels, (16, 16, 16), (1, 1, 1), seed)[1] for seed in range(6)
    ]
    assert any(not np.array_equal(r, plain) for r in results)


def test_a_shift_of_the_labels_is_noticed():
    """The comparison above fails when labels do not follow."""
    labels = smooth_labels((48, 48))
    image = labels[None].astype(np.float32)
    moved, _ = changed(ALWAYS["rotation"], image, labels, (16, 16), (1, 1), 3)
    assert (np.abs(moved[0] - labels[16:32, 16:32]) < 1e-4).mean() < 0.95


def test_a_quarter_by_interpolation_is_a_quarter_by_index():
    rng = generator()
    image = rng.standard_normal((2, 9, 9)).astype(np.float32)
    labels = rng.integers(0, 5, (9, 9)).astype(np.int16)
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    by_place, places = resampled(image, labels, turn, (9, 9))
    by_index, indices = turned(image, labels, (0, 1), 1)
    if not np.array_equal(places, indices):
        by_index, indices = turned(image, labels, (0, 1), 3)
    assert np.array_equal(places, indices)
    assert np.abs(by_place - by_index).max() < 1e-5


def test_magnification_is_about_the_middle():
    image = np.zeros((1, 31, 31), np.float32)
    image[0, 15, 20] = 1
    labels = (image[0] > 0).astype(np.int16)
    moved, _ = resampled(image, labels, np.eye(2) / 2, (31, 31))
    assert np.unravel_index(moved[0].argmax(), (31, 31)) == (15, 25)


def test_rotation_acts_in_millimetres():
    """On voxels of 4 x 1 mm a ball stays a ball in mm; turned in voxels it would not."""
    shape, spacing = (21, 81), (4.0, 1.0)
    places = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(shape, spacing, strict=True)]
    distance = np.hypot(places[0][:, None], places[1][None])
    image = np.clip(24 - distance, 0, 20).astype(np.float32)[None]
    labels = (distance < 12).astype(np.int16)
    augmentation = replace(NONE, rotation=1.0, degrees=90.0)
    for seed in range(4):
        moved, moved_labels = in_place(augmentation, image, labels, spacing, seed)
        inside = distance < 18
        assert np.abs(moved[0] - image[0])[inside].max() < 1.6
        assert (moved_labels != labels).sum() <= 0.25 * labels.sum()
    wrong = in_place(augmentation, image, labels, (1.0, 1.0), 3)[1]
    assert (wrong != labels).sum() > 0.5 * labels.sum()


def in_place(augmentation, image, labels, spacing, seed):
    """Rotate in the box of the patch itself: what comes from outside is 0."""
    motion = augmentation.motion(generator(seed), labels.shape, spacing)
    return resampled(image, labels, motion, labels.shape)


def test_the_box_around_is_large_enough():
    """No zeros from outside the box come into a patch, at any angle and scale."""
    augmentation = replace(NONE, rotation=1.0, degrees=180.0, scaling=1.0)
    for seed in range(20):
        motion = augmentation.motion(generator(seed), (12, 16, 8), (1.0, 1.0, 1.0))
        box = source_size(motion, (12, 16, 8))
        assert all((b - p) % 2 == 0 for b, p in zip(box, (12, 16, 8), strict=True))
        ones = np.ones((1, *box), np.float32)
        moved, labels = resampled(ones, ones[0].astype(np.int16), motion, (12, 16, 8))
        assert np.abs(moved - 1).max() < 1e-5
        assert (labels == 1).all()


def test_flat_patches_are_turned_in_their_plane_only():
    augmentation = replace(NONE, rotation=1.0)
    for seed in range(5):
        motion = augmentation.motion(generator(seed), (8, 64, 64), (5.0, 1.0, 1.0))
        assert motion[0].tolist() == [1, 0, 0]
        assert motion[:, 0].tolist() == [1, 0, 0]
    angles = [
        np.degrees(np.arctan2(m[2, 1], m[1, 1]))
        for m in (
            augmentation.motion(generator(s), (8, 64, 64), (5.0, 1.0, 1.0)) for s in range(50)
        )
    ]
    assert max(np.abs(angles)) > 60  # up to 180 degrees there


@pytest.mark.parametrize("thin", [0, 1, 2])
def test_the_thin_axis_may_be_any(thin):
    """Files keep their order of axes: slices are mostly thick along the last one."""
    patch, spacing = [64, 64, 64], [1.0, 1.0, 1.0]
    patch[thin], spacing[thin] = 8, 5.0
    augmentation = replace(NONE, rotation=1.0)
    for seed in range(5):
        motion = augmentation.motion(generator(seed), patch, spacing)
        assert motion[thin].tolist() == motion[:, thin].tolist() == np.eye(3)[thin].tolist()
        assert not np.array_equal(motion, np.eye(3))


@pytest.mark.parametrize(
    "options",
    [
        {"flip": True, "noise": 1.5}, {"turn": -0.1}, {"scales": (0.0, 1.0)}, {"scales": (2, 1)},
        {"blur_sigmas": (-1, 1)}, {"degrees": 400}, {"gamma": float("nan")},
    ],
)  # fmt: skip
def test_impossible_changes_are_refused(options):
    from edgewise.errors import ConfigError

    with pytest.raises(ConfigError, match=list(options)[-1]):
        Augmentation(**options)


def test_quarters_need_equal_sides_and_spacings():
    labels = np.arange(8 * 8).reshape(8, 8).astype(np.int16)
    image = labels[None].astype(np.float32)
    same = ALWAYS["turn"].apply(image, labels, generator(), patch=(8, 8), spacing=(1, 2))
    assert np.array_equal(same[1], labels)
    other = ALWAYS["turn"].apply(image, labels, generator(), patch=(8, 8), spacing=(2, 2))
    assert not np.array_equal(other[1], labels)


def test_labels_of_large_numbers_survive_interpolation():
    labels = np.full((9, 9), 2**24 - 1, np.int32)
    motion = np.eye(2) * 0.9
    assert (
        resampled(np.zeros((1, 9, 9), np.float32), labels, motion, (5, 5))[1] == 2**24 - 1
    ).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_generator_decides_everything(seed):
    rng = generator(9)
    image = rng.standard_normal((2, 40, 40)).astype(np.float32)
    labels = rng.integers(0, 3, (40, 40)).astype(np.int16)
    strong = Augmentation(
        turn=1, rotation=1, scaling=1, noise=1, blur=1, brightness=1, contrast=1,
        low_resolution=1, gamma=1, inverted_gamma=1,
    )  # fmt: skip
    first = changed(strong, image, labels, (16, 16), (1, 1), seed)
    again = changed(strong, image, labels, (16, 16), (1, 1), seed)
    other = changed(strong, image, labels, (16, 16), (1, 1), seed + 10)
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
    assert first[0].dtype == np.float32
    assert np.isfinite(first[0]).all()


def test_nothing_is_changed_in_place_and_none_changes_nothing():
    image, labels = np.ones((1, 8, 8), np.float32), np.ones((8, 8), np.int16)
    strong = Augmentation(noise=1, brightness=1, contrast=1, gamma=1, inverted_gamma=1)
    strong.apply(image, labels, generator(), patch=(8, 8), spacing=(1, 1))
    assert (image == 1).all()
    out = NONE.apply(image, labels, generator(), patch=(8, 8), spacing=(1, 1))
    assert np.array_equal(out[0], image)
    assert NONE.changes_nothing
    assert NONE.motion(generator(), (8, 8), (1, 1)) is None


def test_flips_are_half_of_the_time():
    image = np.arange(4, dtype=np.float32).reshape(1, 2, 2)
    labels = np.arange(4, dtype=np.int16).reshape(2, 2)
    firsts = [
        int(
            ALWAYS["flip"].apply(image, labels, generator(s), patch=(2, 2), spacing=(1, 1))[1][0, 0]
        )
        for s in range(400)
    ]
    assert np.abs(np.bincount(firsts, minlength=4) / 400 - 0.25).max() < 0.08
    mirrored = flipped(image, labels, [1])
    assert mirrored[1].tolist() == [[1, 0], [3, 2]]
    assert np.array_equal(mirrored[0][0], mirrored[1])


def test_blur_is_the_gaussian_of_scipy():
    ndimage = pytest.importorskip("scipy.ndimage")
    channel = generator().standard_normal((9, 14, 11)).astype(np.float32)
    # the same kernel: both are cut at 4 sigma here
    expected = ndimage.gaussian_filter(channel.astype(float), 0.75, mode="nearest", truncate=4.0)
    assert np.abs(blur(channel, 0.75) - expected).max() < 1e-5


def test_contrast_and_gamma_keep_what_they_promise():
    channel = generator().standard_normal((12, 13)).astype(np.float32)
    changed_contrast = adjust_contrast(channel, 1.25)
    assert channel.min() <= changed_contrast.min()
    assert changed_contrast.max() <= channel.max()
    inner = (changed_contrast > channel.min()) & (changed_contrast < channel.max())
    slope = (changed_contrast - channel.mean())[inner] / (channel - channel.mean())[inner]
    assert slope == pytest.approx(1.25, rel=1e-3)
    curved = adjust_gamma(channel, 1.4)
    assert curved.mean() == pytest.approx(channel.mean(), abs=1e-5)
    assert curved.std() == pytest.approx(channel.std(), rel=1e-4)
    assert np.array_equal(np.argsort(curved, None), np.argsort(channel, None))
    flat = np.full((4, 4), 2.0, np.float32)
    assert np.array_equal(adjust_gamma(flat, 1.4), flat)


def test_low_resolution_loses_detail_only():
    rough = generator().standard_normal((16, 16)).astype(np.float32)
    coarse = lower_resolution(rough, 0.5)
    assert coarse.shape == rough.shape
    assert coarse.std() < rough.std()
    flat = np.full((16, 16), 3.0, np.float32)
    assert np.array_equal(lower_resolution(flat, 0.6), flat)


def test_unknown_sets_are_refused():
    from edgewise.errors import ConfigError

    with pytest.raises(ConfigError, match="light"):
        Augmentation.named("strong")
