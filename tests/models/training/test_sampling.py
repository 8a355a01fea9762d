"""Where patches lie: the rule of foreground, its statistics, borders."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.models.training import ArrayCases, Augmentation, Settings  # noqa: E402
from edgewise.models.training.batches import make_batch  # noqa: E402
from edgewise.models.training.pool import CasePool, Needs  # noqa: E402
from edgewise.models.training.sampling import ClassVoxels, cut, is_forced, patch_corner  # noqa: E402

NONE = Augmentation.named("none")


def generator(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


@pytest.mark.parametrize(
    ("size", "share", "forced"),
    [
        (2, 0.33, [False, True]),  # half of two, not a third
        (3, 0.33, [False, False, True]),
        (4, 0.33, [False, False, False, True]),
        (5, 1.0, [True] * 5),
        (5, 0.0, [False] * 5),
    ],
)
def test_the_rule_is_nnunets(size, share, forced):
    assert [is_forced(j, size, share, generator()) for j in range(size)] == forced


@pytest.mark.parametrize(("size", "share"), [(1, 0.33), (1, 0.5), (2, 0.25), (2, 0.1), (3, 0.9)])
def test_where_rounding_would_force_none_or_all_it_is_a_probability(size, share):
    """A batch of one must not lose its foreground for good."""
    rng = generator(3)
    count = 4000
    forced = sum(is_forced(k % size, size, share, rng) for k in range(count))
    assert abs(forced / count - share) < 4 * np.sqrt(share * (1 - share) / count)


@pytest.mark.parametrize("batch_size", [1, 2, 4])
def test_the_share_of_foreground_in_made_batches(pictures, batch_size):
    """Seen from outside: of patches that rarely hold foreground by chance, the share does."""
    labels = np.zeros((96, 96), np.uint8)
    labels[70:72, 20:22] = 1
    cases = ArrayCases([np.zeros((96, 96))], [labels])
    pool = CasePool(cases, Needs(1, 2, 3), role="training", seed=0, tell=lambda _: None)
    settings = Settings(patch_size=(4, 4), batch_size=batch_size, augmentation=NONE)
    steps = 1200 // batch_size
    held = [p.any() for s in range(steps) for p in make_batch(pool, settings, 0, s).labels]
    stated = {1: 0.33, 2: 0.5, 4: 0.25}[batch_size]
    assert abs(np.mean(held) - stated) < 0.05


def test_classes_are_equally_likely_however_large_they_are():
    labels = np.zeros((20, 30, 10), np.uint8)
    labels[:, :20] = 1  # 4,000 voxels
    labels[3:5, 25, 2] = 2  # 2 voxels
    labels[10, 25:28, 2] = 7
    voxels = ClassVoxels.of(labels, ignore_label=None, seed=0)
    rng = generator()
    drawn = [voxels.draw(rng) for _ in range(3000)]
    counts = {c: sum(labels[v] == c for v in drawn) for c in (0, 1, 2, 7)}
    assert counts[0] == 0
    for c in (1, 2, 7):
        assert abs(counts[c] - 1000) < 4 * np.sqrt(3000 * (1 / 3) * (2 / 3))
    small = [v for v in drawn if labels[v] == 2]
    assert {v[0] for v in small} == {3, 4}
    assert abs(sum(v[0] == 3 for v in small) / len(small) - 0.5) < 0.08


def test_every_voxel_of_a_small_class_is_remembered_and_none_else():
    rng = generator(1)
    labels = (rng.random((9, 8, 7)) < 0.3) * rng.integers(1, 4, (9, 8, 7))
    voxels = ClassVoxels.of(labels, ignore_label=3, seed=0)
    assert sorted(voxels.positions) == [1, 2]
    for c in (1, 2):
        assert np.array_equal(voxels.positions[c], np.flatnonzero(labels == c))


def test_large_classes_are_remembered_in_bounded_memory_and_evenly():
    labels = np.zeros((160, 160, 160), np.uint8)  # several slabs
    labels[20:140] = 1
    labels[150, 5, 5:15] = 200
    voxels = ClassVoxels.of(labels, ignore_label=None, seed=3)
    assert len(voxels.positions[1]) == 10_000
    assert len(voxels.positions[200]) == 10
    places = np.unravel_index(voxels.positions[1], labels.shape)
    assert (labels[places] == 1).all()
    assert len(set(voxels.positions[1].tolist())) == 10_000
    for axis, (low, high) in enumerate([(20, 140), (0, 160), (0, 160)]):
        share = np.histogram(places[axis], bins=8, range=(low, high))[0] / 10_000
        assert np.abs(share - 1 / 8).max() < 0.02
    assert sum(p.nbytes for p in voxels.positions.values()) < 100_000


def test_many_classes_share_the_memory():
    labels = np.repeat(np.arange(1, 201, dtype=np.uint8), 2000).reshape(200, 20, 100)
    voxels = ClassVoxels.of(labels, ignore_label=None, seed=0)
    assert {len(p) for p in voxels.positions.values()} == {200}


def test_only_background_draws_nothing():
    empty = ClassVoxels.of(np.zeros((4, 4), np.int16), ignore_label=None, seed=0)
    assert empty.draw(generator()) is None


def test_random_corners_reach_everywhere_equally_and_stay_inside():
    rng = generator(2)
    corners = np.array([patch_corner((12, 9, 5), (8, 9, 3), rng) for _ in range(2000)])
    assert (corners.min(0) == [0, 0, 0]).all()
    assert (corners.max(0) == [4, 0, 2]).all()
    shares = np.bincount(corners[:, 0], minlength=5) / 2000
    assert np.abs(shares - 0.2).max() < 0.04


def test_a_voxel_comes_to_the_middle_or_as_near_as_the_border_allows():
    rng = generator()
    assert patch_corner((20, 20), (8, 8), rng, center=(10, 10)) == (6, 6)
    assert patch_corner((20, 20), (8, 8), rng, center=(0, 19)) == (0, 12)
    for center in np.ndindex(20, 20):
        corner = patch_corner((20, 20), (8, 8), rng, center=center)
        assert all(a <= c < a + 8 for a, c in zip(corner, center, strict=True))


def test_a_small_volume_lies_in_the_middle_of_its_patch():
    corner = patch_corner((4, 20), (8, 8), generator(), center=(1, 10))
    assert corner == (-2, 6)
    patch = cut(np.ones((4, 20)), corner, (8, 8))
    assert patch.sum(1).tolist() == [0, 0, 8, 8, 8, 8, 0, 0]


def test_cutting_pads_with_zeros_and_copies():
    array = np.arange(12.0).reshape(1, 3, 4)
    box = cut(array, (-1, 2), (3, 4))
    assert box.tolist() == [[[0, 0, 0, 0], [2, 3, 0, 0], [6, 7, 0, 0]]]
    box[:] = -1
    assert array.min() == 0
    assert not cut(array, (5, 0), (2, 2)).any()
