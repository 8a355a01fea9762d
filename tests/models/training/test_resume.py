"""Interrupted runs reach the same bits: paused, killed, interrupted in the middle of an epoch."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from edgewise.errors import ConfigError, ReadError  # noqa: E402
from edgewise.models.training import fit  # noqa: E402

HERE = Path(__file__).parents[2]
SHORT = {
    "patch_size": (16, 16),
    "iterations_per_epoch": 4,
    "epochs": 6,
    "lr": 0.01,
    "ema": 0.9,
    "tell": None,
    "workers": 1,
}

PROGRAM = """
import sys, time
import torch
torch.set_num_threads(1)
sys.path[:0] = [{here!r}]
from small_network import SmallNetwork
from edgewise.simulate import ball_and_cube
from edgewise.models.training import ArrayCases, fit

def cases(count, seed):
    made = [ball_and_cube((24, 24), seed=1000 * seed + k) for k in range(count)]
    images, labels = zip(*made)
    return ArrayCases(images, labels, names=[f"p{{seed}}_{{k}}" for k in range(count)])

torch.manual_seed(0)
model = SmallNetwork()
def slow(*_):
    if torch.is_grad_enabled():
        print("step", flush=True)
        time.sleep({pause})
model.register_forward_pre_hook(slow)
fit(model, cases(4, 0), validation=cases(2, 1), patch_size=(16, 16), iterations_per_epoch=4,
    epochs=6, lr=0.01, ema=0.9, workers=1, checkpoint_dir={folder!r})
"""


def whole(network, pictures, folder, **options):
    model = network()
    result = fit(
        model, pictures(4), validation=pictures(2, seed=1), checkpoint_dir=folder,
        **{**SHORT, **options},
    )  # fmt: skip
    return model, result


def without_seconds(result):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in result.history]


@pytest.mark.parametrize("optimizer", ["sgd_nesterov", "adamw"])
@pytest.mark.parametrize("workers", [0, 2])
def test_three_epochs_and_three_are_six(
    network, pictures, same_weights, tmp_path, optimizer, workers
):
    model, result = whole(network, pictures, tmp_path / "a", optimizer=optimizer)
    _, first = whole(network, pictures, tmp_path / "b", optimizer=optimizer, stop_after=3)
    assert first.stopped == "paused"
    assert len(first.history) == 3
    # another process would start from other weights: the checkpoint's count
    other = network(seed=99)
    second = fit(
        other, pictures(4), validation=pictures(2, seed=1), checkpoint_dir=tmp_path / "b",
        **{**SHORT, "optimizer": optimizer, "workers": workers},
    )  # fmt: skip
    assert second.stopped == "done"
    assert same_weights(model, other)
    assert without_seconds(result) == without_seconds(second)
    assert (result.best_epoch, result.best_score) == (second.best_epoch, second.best_score)
    files = [(tmp_path / name / "weights.safetensors").read_bytes() for name in "ab"]
    assert files[0] == files[1]


def test_another_seed_gives_other_weights(network, pictures, same_weights, tmp_path):
    """The comparison above can fail."""
    model, _ = whole(network, pictures, tmp_path / "a")
    other, _ = whole(network, pictures, tmp_path / "b", seed=1)
    assert not same_weights(model, other)


def started(folder, pause):
    program = PROGRAM.format(here=str(HERE), folder=str(folder), pause=pause)
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


@pytest.mark.parametrize("steps", [14, pytest.param(6, marks=pytest.mark.slow)])
def test_a_killed_run_goes_on_to_the_same_bits(network, pictures, same_weights, tmp_path, steps):
    model, result = whole(network, pictures, tmp_path / "a")
    running = started(tmp_path / "b", 0.03)
    for _ in range(steps):
        assert running.stdout.readline() == "step\n"
    running.kill()
    running.communicate()
    assert running.returncode == -signal.SIGKILL
    other = network(seed=99)
    second = fit(
        other, pictures(4), validation=pictures(2, seed=1), checkpoint_dir=tmp_path / "b", **SHORT
    )
    assert same_weights(model, other)
    assert without_seconds(result) == without_seconds(second)


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_a_signal_saves_in_the_middle_of_an_epoch(
    network, pictures, same_weights, tmp_path, number
):
    model, result = whole(network, pictures, tmp_path / "a")
    running = started(tmp_path / "b", 0.05)
    for _ in range(6):
        assert running.stdout.readline() == "step\n"
    running.send_signal(number)
    _, err = running.communicate(timeout=60)
    assert running.returncode == (-signal.SIGINT if number == signal.SIGINT else 143)
    assert "stopped in epoch 2; the same call goes on" in err
    state = next((tmp_path / "b" / "checkpoint").glob("save_*/state.json"))
    progress = json.loads(state.read_text())["progress"]
    assert progress["epoch"] == 1
    assert progress["step"] in (2, 3)
    other = network(seed=99)
    second = fit(
        other, pictures(4), validation=pictures(2, seed=1), checkpoint_dir=tmp_path / "b", **SHORT
    )
    assert same_weights(model, other)
    assert without_seconds(result) == without_seconds(second)


def test_a_finished_run_is_not_trained_again(network, pictures, same_weights, tmp_path):
    model, result = whole(network, pictures, tmp_path)
    before = time.perf_counter()
    again, second = whole(network, pictures, tmp_path)
    assert time.perf_counter() - before < 2
    assert same_weights(model, again)
    assert without_seconds(result) == without_seconds(second)
    assert second.stopped == "done"


def test_a_call_that_failed_at_once_leaves_nothing_in_the_way(network, pictures, tmp_path):
    for options in ({"loss": "dise"}, {"amp": "float16"}):
        with pytest.raises(ConfigError):
            whole(network, pictures, tmp_path, epochs=1, **options)
    assert whole(network, pictures, tmp_path, epochs=1)[1].stopped == "done"


def test_an_earlier_runs_weights_do_not_survive_a_new_beginning(network, pictures, tmp_path):
    whole(network, pictures, tmp_path, epochs=1)
    _, result = whole(network, pictures, tmp_path, resume=False, stop_after=1, validate_every=6)
    assert result.weights is None
    assert not (tmp_path / "weights.safetensors").exists()


def test_without_resume_it_begins_anew(network, pictures, tmp_path):
    whole(network, pictures, tmp_path, epochs=2)
    _, result = whole(network, pictures, tmp_path, epochs=1, resume=False)
    assert len(result.history) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"lr": 0.02}, r"settings\.lr \(0\.01 there, 0\.02 here\)"),
        ({"epochs": 7}, r"settings\.epochs \(6 there, 7 here\)"),
        ({"augmentation": "light"}, r"settings\.augmentation\.rotation \(0\.2 there, 0\.0 here\)"),
    ],
)
def test_other_settings_are_refused_by_name(network, pictures, tmp_path, options, said):
    whole(network, pictures, tmp_path, stop_after=1)
    with pytest.raises(ConfigError, match=said):
        whole(network, pictures, tmp_path, **options)


def test_other_cases_are_refused(network, pictures, tmp_path):
    whole(network, pictures, tmp_path, stop_after=1)
    with pytest.raises(ConfigError, match="training_cases"):
        fit(
            network(), pictures(5), validation=pictures(2, seed=1), checkpoint_dir=tmp_path,
            **SHORT,
        )  # fmt: skip


def test_workers_may_change(network, pictures, tmp_path):
    whole(network, pictures, tmp_path, stop_after=1)
    assert whole(network, pictures, tmp_path, workers=3)[1].stopped == "done"


@pytest.mark.parametrize("name", ["weights.safetensors", "state.json", "optimizer.pt"])
def test_a_cut_checkpoint_is_said(network, pictures, tmp_path, name):
    whole(network, pictures, tmp_path, stop_after=1)
    file = next((tmp_path / "checkpoint").glob(f"save_*/{name}"))
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(ReadError, match=r"cannot be continued .* remove the folder"):
        whole(network, pictures, tmp_path)


def test_a_checkpoint_with_code_in_it_is_refused(network, pictures, tmp_path):
    whole(network, pictures, tmp_path, stop_after=1)
    file = next((tmp_path / "checkpoint").glob("save_*/optimizer.pt"))

    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path}/evil",)

    torch.save({"optimizer": Evil(), "scaler": {}}, file)
    with pytest.raises(ReadError, match="cannot be continued"):
        whole(network, pictures, tmp_path)
    assert not (tmp_path / "evil").exists()


def test_one_checkpoint_is_kept_and_half_ones_are_swept_away(network, pictures, tmp_path):
    left_over = tmp_path / "checkpoint" / "save_000099.part"
    left_over.mkdir(parents=True)
    whole(network, pictures, tmp_path, stop_after=2)
    assert [p.name for p in (tmp_path / "checkpoint").iterdir()] == ["save_000003"]


def test_the_generators_of_the_caller_are_left_alone(network, pictures, tmp_path):
    model = network()
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    expected = torch.rand(3), np.random.rand(3)  # noqa: NPY002
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    fit(model, pictures(2), **{**SHORT, "epochs": 1, "ema": None})
    assert torch.equal(torch.rand(3), expected[0])
    assert np.array_equal(np.random.rand(3), expected[1])  # noqa: NPY002
