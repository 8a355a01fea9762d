"""Parameters of the CRF by random search."""

from dataclasses import asdict

import numpy as np
import pytest

from edgewise.errors import ConfigError, LabelError, ShapeError
from edgewise.methods import CrfCase, dense_crf, tune_crf


def training_case(seed=0, shape=(24, 26)):
    rng = np.random.default_rng(seed)
    truth = np.zeros(shape, np.uint8)
    truth[5:17, 6:20] = 1
    truth[8:12, 9:15] = 2
    image = 50.0 * truth[None] + rng.normal(0, 5, (1, *shape))
    hot = truth == np.arange(3)[:, None, None]
    weights = np.exp(hot + rng.normal(0, 0.8, hot.shape))
    return CrfCase(weights / weights.sum(0), truth, image, (1.0, 1.0))


def score(case, found):
    dices = [
        2
        * ((found == k) & (case.labels == k)).sum()
        / ((found == k).sum() + (case.labels == k).sum())
        for k in (1, 2)
    ]
    return np.mean(dices)


def test_the_best_trial_is_returned_with_what_it_reaches():
    case = training_case()
    found = tune_crf([case], seed=3, trials=12)
    assert len(found.trials) == 12
    assert found.dice == max(value for _, value in found.trials)
    again = dense_crf(case.probabilities, case.image, **asdict(found.parameters))
    assert found.dice == pytest.approx(score(case, again.argmax(0)), abs=1e-12)
    assert found.without == pytest.approx(score(case, case.probabilities.argmax(0)), abs=1e-12)
    assert found.dice > found.without + 0.1
    # what was chosen on one case holds on another of its kind
    other = training_case(seed=9)
    moved = dense_crf(other.probabilities, other.image, **asdict(found.parameters))
    assert score(other, moved.argmax(0)) > score(other, other.probabilities.argmax(0)) + 0.1


def test_a_seed_gives_the_same_trials_and_more_of_them_begin_alike():
    cases = [training_case(1), training_case(2)]
    short, same, long = (tune_crf(cases, seed=5, trials=n, iterations=2) for n in (3, 3, 6))
    assert short == same
    assert long.trials[:3] == short.trials
    assert tune_crf(cases, seed=6, trials=3, iterations=2).trials != short.trials


def test_ranges_are_kept():
    ranges = {"sigma": (2.0, 3.0), "weight": (1.0, 1.0), "sigma_intensity": (4.0, 5.0)}
    found = tune_crf([training_case()], seed=0, trials=8, iterations=1, **ranges)
    for parameters, _ in found.trials:
        for name, (low, high) in ranges.items():
            assert low * (1 - 1e-12) <= getattr(parameters, name) <= high * (1 + 1e-12)
    # else the contrast is looked for where the image has it
    free = tune_crf([training_case()], seed=0, trials=8, iterations=1)
    assert all(1.5 < one.sigma_intensity < 80 for one, _ in free.trials)


def test_without_images_positions_are_tuned():
    case = training_case()
    found = tune_crf([CrfCase(case.probabilities, case.labels)], seed=0, trials=4)
    assert found.dice > found.without


def test_images_of_booleans_and_cases_from_an_iterator():
    case = training_case()
    bright = CrfCase(case.probabilities, case.labels, case.image > 25)
    found = tune_crf(iter([bright]), seed=0, trials=2, sigma=np.array([1.0, 2.0]))
    assert found.parameters.sigma_intensity <= 0.5
    assert found.dice > found.without


def test_what_makes_no_sense_is_refused():
    case = training_case()
    with pytest.raises(ConfigError, match="cases must be at least one"):
        tune_crf([], seed=0)
    with pytest.raises(ConfigError, match="trials must be a whole number of at least 1, got 0"):
        tune_crf([case], seed=0, trials=0)
    with pytest.raises(ConfigError, match="sigma must be a positive, ascending range"):
        tune_crf([case], seed=0, sigma=(3, 1))
    with pytest.raises(ConfigError, match="weight must be a positive"):
        tune_crf([case], seed=0, weight=(0, 1))
    with pytest.raises(ShapeError, match="labels have shape"):
        tune_crf([CrfCase(case.probabilities, case.labels[1:])], seed=0)
    with pytest.raises(ConfigError, match=r"sigma must be a positive, .*\(low, high\), got 3"):
        tune_crf([case], seed=0, sigma=3)
    with pytest.raises(TypeError, match="cases must be CrfCase objects, got tuple"):
        tune_crf([(case.probabilities, case.labels)], seed=0)
    # a label that has no probabilities would be counted nowhere
    wrong = CrfCase(case.probabilities, np.where(case.labels == 2, 255, case.labels))
    with pytest.raises(LabelError, match=r"labels must be 0 to 2, .* found 255") as caught:
        tune_crf([case, wrong], seed=0, trials=1)
    assert caught.value.__notes__ == ["in cases[1]"]
    holes = CrfCase(case.probabilities, case.labels, np.full_like(case.image, np.nan))
    with pytest.raises(ConfigError, match="image must be finite"):
        tune_crf([holes], seed=0)
    nothing = CrfCase([[0.9, 0.9], [0.1, 0.1]], [0, 0])
    with pytest.raises(ConfigError, match="a label other than 0"):
        tune_crf([nothing], seed=0, trials=1)
