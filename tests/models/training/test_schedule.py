"""Learning rates against their formulas and torch's own schedulers."""

import math

import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError  # noqa: E402
from edgewise.models.training import Schedule  # noqa: E402


def torch_rates(make, steps, lr=0.1):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def ours(name, steps, **options):
    schedule = Schedule(name, steps=steps, lr=0.1, **options)
    return [schedule.at(t) for t in range(steps)]


def test_poly_is_torchs():
    reference = torch_rates(
        lambda o: torch.optim.lr_scheduler.PolynomialLR(o, total_iters=50, power=0.9), 50
    )
    assert ours("poly", 50) == pytest.approx(reference, rel=1e-9)


def test_poly_is_the_formula():
    schedule = Schedule("poly", steps=1000, lr=0.01)
    for t in (0, 1, 500, 999):
        assert schedule.at(t) == pytest.approx(0.01 * (1 - t / 1000) ** 0.9, rel=1e-12)
    assert Schedule("poly", steps=10, lr=1, power=2).at(5) == pytest.approx(0.25)


def test_cosine_is_torchs():
    reference = torch_rates(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=40), 40)
    assert ours("cosine", 40) == pytest.approx(reference, rel=1e-9)


@pytest.mark.parametrize("steps", [20, 37, 100])
def test_one_cycle_is_torchs(steps):
    reference = torch_rates(
        lambda o: torch.optim.lr_scheduler.OneCycleLR(
            o, max_lr=0.1, total_steps=steps, cycle_momentum=False
        ),
        steps - 1,
    )
    assert ours("one_cycle", steps)[: steps - 1] == pytest.approx(reference, rel=1e-7)
    assert ours("one_cycle", steps)[-1] == pytest.approx(0.1 / 25 / 1e4)


def test_warm_up_rises_linearly_and_delays_the_rest():
    rates = ours("cosine", 50, warmup=10)
    assert rates[:10] == pytest.approx([0.1 * k / 10 for k in range(1, 11)])
    assert rates[10:] == pytest.approx(ours("cosine", 40))


def test_constant_stays():
    assert set(ours("constant", 5)) == {0.1}


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", ["poly", "cosine", "one_cycle", "constant"])
def test_short_trainings_have_finite_rates(name, steps):
    assert all(math.isfinite(r) and 0 <= r <= 0.1 for r in ours(name, steps))


@pytest.mark.parametrize(
    ("options", "word"),
    [({"name": "step", "steps": 5}, "poly"), ({"name": "poly", "steps": 5, "warmup": 5}, "warmup")],
)
def test_what_is_impossible_is_said(options, word):
    with pytest.raises(ConfigError, match=word):
        Schedule(lr=0.1, **options)
