"""The moving average against its formula."""

import copy

import pytest

torch = pytest.importorskip("torch")

from edgewise.models.training.ema import ExponentialAverage  # noqa: E402


def test_the_average_is_the_formula():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)).double()
    average = ExponentialAverage(model, 0.9)
    expected = [p.detach().clone() for p in model.parameters()]
    for n in range(1, 30):
        with torch.no_grad():
            for p in model.parameters():
                p.copy_(torch.randn_like(p))
            model[1].running_mean.copy_(torch.randn(2))
        average.update(model)
        d = min(0.9, (1 + n) / (10 + n))
        expected = [
            d * e + (1 - d) * p.detach() for e, p in zip(expected, model.parameters(), strict=True)
        ]
    for mine, formula in zip(average.model.parameters(), expected, strict=True):
        assert torch.allclose(mine, formula, rtol=0, atol=1e-12)
    assert torch.equal(average.model[1].running_mean, model[1].running_mean)
    assert average.updates == 29


def test_the_average_is_a_copy_without_gradients():
    model = torch.nn.Linear(2, 2)
    before = copy.deepcopy(model.state_dict())
    average = ExponentialAverage(model, 0.5)
    with torch.no_grad():
        model.weight.add_(1)
    assert torch.equal(average.model.weight, before["weight"])
    assert not any(p.requires_grad for p in average.model.parameters())
    assert all(p.requires_grad for p in model.parameters())
