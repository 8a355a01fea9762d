"""Batches: functions of (seed, epoch, step), whoever makes them; bad cases are survived."""

import threading
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError  # noqa: E402
from edgewise.models.training import Settings  # noqa: E402
from edgewise.models.training.batches import make_batch  # noqa: E402
from edgewise.models.training.loader import ahead  # noqa: E402
from edgewise.models.training.pool import CasePool, Needs  # noqa: E402

NEEDS = Needs(channels=1, axes=2, classes=3)


def pool_of(cases, needs=NEEDS, lines=None):
    tell = (lambda _: None) if lines is None else lines.append
    return CasePool(cases, needs, role="training", seed=0, tell=tell)


def epoch_of(pool, settings, epoch, workers, start=0):
    return list(
        ahead(lambda s: make_batch(pool, settings, epoch, s), range(start, 8), workers=workers)
    )


def same(first, second):
    return len(first) == len(second) and all(
        np.array_equal(a.images, b.images)
        and np.array_equal(a.labels, b.labels)
        and a.names == b.names
        for a, b in zip(first, second, strict=True)
    )


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_batches_do_not_depend_on_the_number_of_workers(pictures, workers):
    settings = Settings(patch_size=(16, 16), batch_size=3)
    alone = epoch_of(pool_of(pictures(6)), settings, 4, 0)
    assert same(alone, epoch_of(pool_of(pictures(6)), settings, 4, workers))
    assert same(alone[5:], epoch_of(pool_of(pictures(6)), settings, 4, workers, start=5))


def test_seed_and_epoch_decide(pictures):
    pool = pool_of(pictures(6))
    settings = Settings(patch_size=(16, 16))
    first = epoch_of(pool, settings, 0, 0)
    assert not same(first, epoch_of(pool, settings, 1, 0))
    assert not same(first, epoch_of(pool, Settings(patch_size=(16, 16), seed=1), 0, 0))
    samples = [image.tobytes() for batch in first for image in batch.images]
    assert len(set(samples)) == len(samples)


def test_forced_samples_hold_foreground_and_the_others_often_do_not():
    labels = np.zeros((64, 64), np.uint8)
    labels[50:53, 50:53] = 1
    case = SimpleNamespace(name="a", image=np.zeros((1, 64, 64)), labels=labels, spacing=(1, 1))
    settings = Settings(patch_size=(8, 8), batch_size=4, oversample_foreground=0.5)
    batches = [make_batch(pool_of([case]), settings, 0, s) for s in range(60)]
    held = np.array([[patch.any() for patch in batch.labels] for batch in batches])
    assert held[:, 2:].all()
    assert held[:, :2].mean() < 0.2


def test_all_cases_are_drawn(pictures):
    pool = pool_of(pictures(5))
    settings = Settings(patch_size=(8, 8), batch_size=10)
    drawn = Counter(name for s in range(40) for name in make_batch(pool, settings, 0, s).names)
    assert len(drawn) == 5
    assert max(abs(n - 80) for n in drawn.values()) < 5 * np.sqrt(80)


class Troubled:
    """A data set of which some cases raise."""

    def __init__(self, cases, bad):
        self.cases, self.bad, self.asked = cases, bad, Counter()
        self.names = cases.names

    def __len__(self):
        return len(self.cases)

    def __getitem__(self, index):
        self.asked[index] += 1
        if index in self.bad:
            message = "the disk is\n  on fire"
            raise OSError(message)
        return self.cases[index]


@pytest.mark.parametrize("workers", [0, 3])
def test_a_bad_case_is_named_once_and_survived(pictures, workers):
    lines = []
    cases = Troubled(pictures(6), {1, 4})
    pool = pool_of(cases, lines=lines)
    settings = Settings(patch_size=(16, 16), batch_size=4)
    batches = epoch_of(pool, settings, 0, workers)
    names = {name for batch in batches for name in batch.names}
    assert names == {"p0_0", "p0_2", "p0_3", "p0_5"}
    assert sorted(lines) == [
        "training case set aside: p0_1: the disk is on fire  [OSError]",
        "training case set aside: p0_4: the disk is on fire  [OSError]",
    ]
    assert cases.asked[1] == cases.asked[4] == 1
    again = epoch_of(pool_of(Troubled(pictures(6), {1, 4})), settings, 0, 2 - workers // 2)
    assert same(batches, again)


def test_too_few_good_cases_end_it(pictures):
    pool = pool_of(Troubled(pictures(4), {0, 1, 2}))
    with pytest.raises(ConfigError, match=r"3 of 4 training cases .* at least half"):
        epoch_of(pool, Settings(patch_size=(16, 16)), 0, 2)
    with pytest.raises(ConfigError, match="there are no training cases"):
        pool_of([])


@pytest.mark.parametrize(
    ("needs", "reason"),
    [
        (Needs(channels=2, axes=2, classes=3), "has 1 channels, the network 2"),
        (Needs(channels=1, axes=3, classes=3), "has 2 spatial axes, the network 3"),
        (Needs(channels=1, axes=2, classes=2), "label 2 occurs, the network has 2 classes"),
    ],
)
def test_a_case_that_does_not_fit_the_network_says_why(pictures, needs, reason):
    lines = []
    with pytest.raises(ConfigError, match=reason):
        pool_of(pictures(1), needs, lines).draw(np.random.default_rng(0))
    assert reason in lines[0]


def test_an_ignored_label_may_be_any_number():
    labels = np.array([[0, 255], [1, 0]], np.uint8)
    case = SimpleNamespace(name="a", image=np.zeros((2, 2)), labels=labels, spacing=(1, 1))
    needs = Needs(channels=1, axes=2, classes=2, ignore_label=255)
    assert pool_of([case], needs).get(0).labels.max() == 255


def test_class_voxels_are_looked_up_once(pictures, monkeypatch):
    from edgewise.models.training import pool as module

    asked = []
    original = module.ClassVoxels.of

    def counted(*args, **options):
        asked.append(1)
        return original(*args, **options)

    monkeypatch.setattr(module.ClassVoxels, "of", counted)
    pool = pool_of(pictures(2))
    for epoch in range(3):
        epoch_of(pool, Settings(patch_size=(16, 16), oversample_foreground=1.0), epoch, 2)
    assert len(asked) == 2


def test_an_exception_comes_in_its_turn_and_nothing_is_left_running():
    def make(step):
        if step == 3:
            raise ValueError(step)
        return step

    seen = []
    with pytest.raises(ValueError, match="3"):
        seen.extend(ahead(make, range(100), workers=2))
    assert seen == [0, 1, 2]
    assert not [t for t in threading.enumerate() if t.name.startswith("edgewise-batch")]


def test_only_a_few_batches_are_made_ahead():
    made = []
    source = ahead(lambda s: made.append(s) or s, range(100), workers=2)
    assert next(source) == 0
    assert len(made) <= 5
    source.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("edgewise-batch")]
    with pytest.raises(ConfigError, match="workers"):
        list(ahead(lambda s: s, range(2), workers=-1))
