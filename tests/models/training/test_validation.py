"""Held-out cases: our metrics, in the background, and what is decided by them."""

import math
import threading
import time

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from edgewise.errors import ConfigError  # noqa: E402
from edgewise.metrics.pair import measure  # noqa: E402
from edgewise.models.training import fit  # noqa: E402
from edgewise.models.training import validation as module  # noqa: E402
from edgewise.models.training.pool import CasePool, Needs  # noqa: E402
from edgewise.models.training.validation import Validation, averaged, badness  # noqa: E402

SHORT = {"patch_size": (16, 16), "iterations_per_epoch": 3, "lr": 0.01, "tell": None, "workers": 0}


def pool_of(cases):
    needs = Needs(channels=1, axes=2, classes=3)
    return CasePool(cases, needs, role="validation", seed=0, tell=lambda _: None)


def started(cases, predict, metrics=("dice", "hd95")):
    validation = Validation(
        pool_of(cases), predict, metrics=metrics, labels=(1, 2), ignore_label=None
    )
    validation.start(7, stop=lambda: False)
    return validation


def test_values_are_those_of_measure(pictures):
    cases = pictures(3)
    predictions = {c.image.tobytes(): np.roll(c.labels, 1, 0) for c in cases}
    validation = started(cases, lambda image: predictions[image.tobytes()])
    measured = validation.collect()
    validation.close()
    assert measured.epoch == 7
    for metric in ("dice", "hd95"):
        for label in (1, 2):
            values = [
                measure(c.labels, np.roll(c.labels, 1, 0), metrics=metric, labels=(1, 2)).value(
                    label, metric
                )
                for c in cases
            ]
            assert measured.values[f"{metric}[{label}]"] == pytest.approx(np.mean(values))
        both = [measured.values[f"{metric}[{label}]"] for label in (1, 2)]
        assert measured.values[metric] == pytest.approx(np.mean(both))
    assert validation.collect() is None


def test_empty_masks_count_as_in_the_summaries():
    reference, nothing = np.zeros((3, 4), np.uint8), np.zeros((3, 4), np.uint8)
    reference[1, 1] = 1
    results = [
        measure(reference, reference, labels=(1, 2), metrics="dice,hd95"),
        measure(reference, nothing, labels=(1, 2), metrics="dice,hd95"),
    ]
    means = averaged(results, ("dice", "hd95"))
    assert means["dice[1]"] == 0.5
    assert means["hd95[1]"] == pytest.approx(5 / 2)  # the diagonal of 3 x 4 for the missed one
    assert math.isnan(means["dice[2]"])  # nowhere: left out
    assert means["dice"] == 0.5


def test_measuring_does_not_hold_up_the_next_step(pictures, monkeypatch):
    threads = []
    original = module.measure

    def slow(*args, **options):
        threads.append(threading.current_thread())
        time.sleep(0.3)
        return original(*args, **options)

    monkeypatch.setattr(module, "measure", slow)
    before = time.perf_counter()
    validation = started(pictures(2), lambda image: np.zeros(image.shape[1:], np.uint8))
    took = time.perf_counter() - before
    measured = validation.collect()
    validation.close()
    assert took < 0.25
    assert measured.values["dice"] == 0
    assert threading.main_thread() not in threads


def test_few_label_maps_wait_at_a_time(pictures, monkeypatch):
    done = []
    original = module.measure
    monkeypatch.setattr(
        module, "measure", lambda *a, **o: time.sleep(0.01) or done.append(1) or original(*a, **o)
    )
    waiting = []

    def predict(image):
        waiting.append(len(waiting) - len(done))
        return np.zeros(image.shape[1:], np.uint8)

    validation = started(pictures(12), predict)
    validation.close()
    assert max(waiting) <= module._MOST_WAITING + 1


def test_what_is_better_is_known_of_each_metric():
    assert badness("dice", 0.9) < badness("dice", 0.8)
    assert badness("hd95", 1.0) < badness("hd95", 2.0)
    assert badness("nsd@1mm", 0.9) < badness("nsd@1mm", 0.1)
    assert badness("dice", math.nan) == badness("hd95", math.inf) == math.inf


class Scripted(torch.nn.Module):
    """Predicts masks that get worse from epoch to epoch after the third."""

    def __init__(self, quality):
        super().__init__()
        self.spatial_dims, self.in_channels, self.classes = 2, 1, 3
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.register_buffer("epoch", torch.zeros(1))
        self.quality = quality

    def forward(self, image):
        if self.training:
            self.epoch += 1
        shift = self.quality[int(self.epoch) // 3 - 1] if not self.training else 0
        clean = (torch.roll(image, int(shift), -1) * self.weight).round()
        return torch.cat([-(clean - k).abs() for k in range(3)], 1) * 9


@pytest.fixture
def noiseless(pictures):
    return pictures(2, noise=0.0)


@pytest.mark.parametrize(
    ("metric", "quality", "patience", "best", "epochs"),
    [
        ("dice", [3, 2, 0, 1, 1, 1, 1, 1], 2, 3, 6),
        ("hd95", [3, 2, 0, 1, 1, 1, 1, 1], 2, 3, 6),
        ("dice", [3, 2, 0, 1, 1, 1, 1, 1], None, 3, 8),
        ("dice", [3, 3, 3, 3, 3, 2, 1, 0], None, 8, 8),
        ("dice", [3, 3, 3, 3, 3, 3, 3, 3], 3, 1, 5),
    ],
)
def test_early_stopping_and_the_best_epoch(
    noiseless, tmp_path, metric, quality, patience, best, epochs
):
    model = Scripted(quality)
    result = fit(
        model, noiseless, validation=noiseless, metrics=[metric], epochs=8, patience=patience,
        augmentation="none", checkpoint_dir=tmp_path, weight_decay=0, **{**SHORT, "lr": 0},
    )  # fmt: skip
    assert result.best_epoch == best
    assert result.stopped == ("done" if epochs == 8 else "early")
    # the values of an epoch are known at the end of the next: that one is trained, too
    assert len(result.history) == epochs
    assert int(model.epoch) == 3 * best  # the weights are those of the best epoch
    stored = torch.tensor(result.history[best - 1][metric])
    assert result.best_score == pytest.approx(float(stored))


def test_patience_needs_something_to_measure(noiseless):
    with pytest.raises(ConfigError, match="patience needs validation"):
        fit(Scripted([0]), noiseless, patience=1, epochs=1, **SHORT)


def test_validation_may_be_rare_and_always_ends_with_the_last_epoch(noiseless):
    result = fit(
        Scripted([0] * 5), noiseless, validation=noiseless, validate_every=2, epochs=5,
        **{**SHORT, "lr": 0},
    )  # fmt: skip
    assert [("dice" in row) for row in result.history] == [False, True, False, True, True]


def test_bad_held_out_cases_are_left_out(pictures):
    class Half:
        names = ("a", "b")

        def __len__(self):
            return 2

        def __getitem__(self, index):
            if index:
                raise OSError("gone")
            return pictures(1)[0]

    lines = []
    result = fit(
        Scripted([0]), pictures(2), validation=Half(), epochs=1,
        **{**SHORT, "lr": 0, "tell": lines.append},
    )  # fmt: skip
    assert result.problems == {"b": "gone"}
    assert any("validation case set aside: b: gone" in line for line in lines)
