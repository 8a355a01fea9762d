"""Runs that end between any two changes of their folder, and folders that take no more.

Every file of a run appears by a rename and disappears by a removal: a run is ended at each of these
in turn, and must reach the same bits.
"""

import contextlib
import errno
import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from edgewise.errors import ConfigError, ReadError  # noqa: E402
from edgewise.models.training import ArrayCases, fit, fitting, loop  # noqa: E402
from edgewise.models.training import validation as measuring  # noqa: E402

SHORT = {
    "patch_size": (16, 16),
    "iterations_per_epoch": 2,
    "epochs": 3,
    "lr": 0.01,
    "ema": 0.9,
    "tell": None,
    "workers": 0,
}


class Killed(BaseException):
    """Ends a run as no signal does: nothing may catch it."""


@pytest.fixture
def train(network, pictures):
    def run(folder, **options):
        model = network()
        result = fit(
            model, pictures(3), validation=pictures(2, seed=1), checkpoint_dir=folder,
            **{**SHORT, **options},
        )  # fmt: skip
        return model, result

    return run


def rows(result):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in result.history]


def killing(monkeypatch, moment):
    """End the run before change number `moment` of the disk."""
    count = iter(range(10**6))
    for owner, name in ((Path, "replace"), (Path, "unlink"), (shutil, "rmtree")):
        original = getattr(owner, name)

        def changed(*args, original=original, **options):
            if next(count) == moment:
                raise Killed
            return original(*args, **options)

        monkeypatch.setattr(owner, name, changed)
    return count


@pytest.mark.parametrize(
    "first", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]
)
def test_a_run_may_end_between_any_two_changes(train, same_weights, tmp_path, monkeypatch, first):
    model, result = train(tmp_path / "whole")
    kept = (tmp_path / "whole" / "weights.safetensors").read_bytes()
    with monkeypatch.context() as patch:
        count = killing(patch, -1)
        train(tmp_path / "count")
    moments = next(count)
    assert moments > 40
    for moment in range(first, moments, 3):
        folder = tmp_path / str(moment)
        with monkeypatch.context() as patch, contextlib.suppress(Killed):
            killing(patch, moment)
            train(folder)
        again, second = train(folder)
        assert same_weights(model, again), moment
        assert rows(second) == rows(result), moment
        assert (folder / "weights.safetensors").read_bytes() == kept
        assert not list((folder / "checkpoint").glob("*.part"))


@pytest.mark.parametrize("place", [1, 3, 5])
def test_a_run_may_end_while_it_predicts(train, same_weights, tmp_path, monkeypatch, place):
    model, result = train(tmp_path / "whole")
    original, calls = measuring.measure, []

    def dying(*args, **options):
        calls.append(1)
        if len(calls) == place:
            raise Killed
        return original(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(measuring, "measure", dying)
        with pytest.raises(Killed):
            train(tmp_path / "killed")
    again, second = train(tmp_path / "killed")
    assert same_weights(model, again)
    assert rows(second) == rows(result)


def test_an_epoch_counts_the_seconds_before_an_interruption(train, tmp_path, monkeypatch):
    class Asked:
        asked = True

        def leave(self):
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def interrupted():
        yield Asked()

    original = loop.make_batch
    monkeypatch.setattr(loop, "make_batch", lambda *a, **o: time.sleep(0.2) or original(*a, **o))
    with monkeypatch.context() as patch:
        patch.setattr(fitting, "remembered", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path)
    _, result = train(tmp_path, stop_after=1)
    assert result.history[0]["seconds"] > 0.4


@pytest.fixture
def full_disk():
    """Files cannot grow beyond 3,000 bytes."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("first", ["state.json", "weights.safetensors", "optimizer.pt"])
def test_a_full_disk_is_said_and_loses_nothing(train, same_weights, tmp_path, full_disk, first):
    """Whichever file is the first that does not fit."""
    model, result = train(tmp_path / "whole")
    train(tmp_path / "run", stop_after=1)
    saved = next((tmp_path / "run" / "checkpoint").iterdir())
    full_disk((saved / first).stat().st_size - 50)
    with pytest.raises(OSError, match=r"cannot be written .* goes on from its last") as caught:
        train(tmp_path / "run")
    full_disk(-1)
    assert str(tmp_path / "run") in caught.value.filename
    assert str(caught.value).count("cannot be written") == 1
    assert not list((tmp_path / "run").rglob("*.part"))
    again, second = train(tmp_path / "run")
    assert same_weights(model, again)
    assert rows(second) == rows(result)


def test_a_case_that_cannot_be_stored_is_not_a_bad_case(tmp_path, full_disk):
    from edgewise.models.training import FolderCases
    from edgewise.models.training.pool import CasePool, Needs
    from edgewise.models.training.prepared_files import PreparedFiles
    from edgewise.models.training.writing import WriteError
    from edgewise.simulate import write_training_set

    data = write_training_set(tmp_path / "data", cases=2, shape=(16, 16, 16))
    stored = PreparedFiles(tmp_path / "prepared", "as they are")
    cases = FolderCases(data.images, data.labels, stored=stored)
    pool = CasePool(cases, Needs(1, 3, 3), role="training", seed=0, tell=print)
    full_disk(4000)
    with pytest.raises(WriteError, match=r"case_0\.json"):
        pool.get(0)
    full_disk(-1)
    assert list((tmp_path / "prepared").iterdir()) == []
    assert pool.get(0) is not None


def test_weights_without_a_checkpoint_are_not_overwritten(train, tmp_path):
    """A run whose checkpoint was removed to save space still is a run."""
    train(tmp_path)
    kept = (tmp_path / "weights.safetensors").read_bytes()
    shutil.rmtree(tmp_path / "checkpoint")
    with pytest.raises(ConfigError, match=r"holds weights\.safetensors and no checkpoint"):
        train(tmp_path)
    assert (tmp_path / "weights.safetensors").read_bytes() == kept
    assert train(tmp_path, resume=False)[1].stopped == "done"


def test_a_finished_run_without_its_weights_is_said(train, tmp_path):
    train(tmp_path)
    (tmp_path / "weights.safetensors").unlink()
    with pytest.raises(ReadError, match="its weights are not there any more"):
        train(tmp_path)


def test_numbers_of_numpy_are_written_as_numbers(train, tmp_path):
    train(tmp_path, epochs=np.int64(1), lr=np.float32(0.5), batch_size=np.uint8(1))
    settings = json.loads((tmp_path / "run.json").read_text())["settings"]
    assert (settings["epochs"], settings["lr"], settings["batch_size"]) == (1, 0.5, 1)
    assert train(tmp_path, epochs=1, lr=0.5, batch_size=1)[1].stopped == "done"


def test_errors_of_the_disk_keep_their_number(tmp_path):
    from edgewise.models.training.writing import write_whole

    with pytest.raises(OSError, match="No such file") as caught:
        write_whole(tmp_path / "nowhere" / "log.csv", "")
    assert caught.value.errno == errno.ENOENT


def test_an_empty_data_set_is_said(network):
    with pytest.raises(ConfigError, match="no training cases"):
        fit(network(), ArrayCases([], []), **SHORT)
