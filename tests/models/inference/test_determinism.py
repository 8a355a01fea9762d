"""Runs that can be repeated, and a process that is afterwards as it was."""

import os
import random

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError  # noqa: E402
from edgewise.models.inference import NotDeterministicWarning, deterministic  # noqa: E402


def draws():
    return random.random(), float(np.random.rand()), torch.rand(3).tolist()  # noqa: NPY002


def test_the_same_seed_gives_the_same_numbers():
    results = []
    for seed in (1, 1, 2):
        with deterministic(seed) as seeds:
            order = torch.randperm(20, generator=seeds.generator).tolist()
            results.append((draws(), order))
    assert results[0] == results[1]
    assert results[0] != results[2]
    assert all(a != b for a, b in zip(results[0][0], results[2][0], strict=True))


def test_afterwards_all_is_as_before(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    with deterministic(5):
        first = draws()
    random.seed(9)
    np.random.seed(9)  # noqa: NPY002
    torch.manual_seed(9)
    expected = draws()
    random.seed(9)
    np.random.seed(9)  # noqa: NPY002
    torch.manual_seed(9)
    torch.backends.cudnn.benchmark = True
    with deterministic(5):
        assert draws() == first
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.benchmark
        assert torch.backends.cudnn.deterministic
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert draws() == expected
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = False
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ


def test_it_is_put_back_after_an_error_too():
    with pytest.raises(KeyError), deterministic(5):
        raise KeyError
    assert not torch.are_deterministic_algorithms_enabled()


def test_without_a_seed_random_numbers_go_on():
    torch.manual_seed(3)
    expected = torch.rand(2).tolist()
    torch.manual_seed(3)
    with deterministic(None) as seeds:
        assert seeds is None
        assert torch.rand(2).tolist() == expected
        assert torch.are_deterministic_algorithms_enabled()


def test_an_operation_without_a_deterministic_algorithm_is_named():
    values = torch.zeros(4)
    with deterministic(0), pytest.warns(UserWarning, match="put_"):
        values.put_(torch.tensor([0, 0]), torch.tensor([1.0, 2.0]))


def test_a_late_start_is_a_named_warning(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", list)
    with pytest.warns(NotDeterministicWarning, match="CUBLAS_WORKSPACE_CONFIG"), deterministic(0):
        pass


def test_workers_of_a_loader_draw_the_same_numbers_again():
    def run():
        with deterministic(4) as seeds:
            loader = torch.utils.data.DataLoader(
                list(range(8)), shuffle=True, generator=seeds.generator,
                worker_init_fn=seeds.worker,
            )  # fmt: skip
            return [int(batch) for batch in loader]

    assert run() == run()
    with deterministic(4) as seeds:
        seeds.worker(0)
        here = random.random()
        seeds.worker(1)
        assert random.random() == here  # the seed is the process's own


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused(seed):
    with pytest.raises(ConfigError, match="seed"), deterministic(seed):
        pass
