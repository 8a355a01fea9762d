"""One training at a time in a folder; nothing to clear away after a kill."""

import errno
import json
import os
import platform
import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip("torch")

from edgewise.errors import ConfigError
from edgewise.models.training import run_lock

module = sys.modules["edgewise.models.training.run_lock"]

HOLDS = """
import sys, time
from edgewise.models.training import run_lock
with run_lock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def no_locks(monkeypatch):
    """A file system without locks."""
    fcntl = pytest.importorskip("fcntl")

    def refused(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)


def test_a_second_process_is_told_who_is_there(holder, tmp_path):
    said = rf"run: a training is at work here \(process {holder.pid}\); wait for it, stop it"
    with pytest.raises(ConfigError, match=said), run_lock(tmp_path / "run"):
        pass
    assert (tmp_path / "run" / "run.lock").exists()  # still the other's


def test_a_killed_process_holds_nothing(holder, tmp_path):
    holder.kill()
    holder.wait()
    assert (tmp_path / "run" / "run.lock").exists()
    with run_lock(tmp_path / "run"):
        pass
    assert not (tmp_path / "run" / "run.lock").exists()


def test_the_same_thread_may_enter_again_and_no_other(tmp_path):
    said = []

    def other():
        with pytest.raises(ConfigError, match="at work here"), run_lock(tmp_path / "run" / "."):
            pass
        said.append(1)

    (tmp_path / "run").mkdir()
    with run_lock(tmp_path / "run"):
        with run_lock(tmp_path / "x" / ".." / "run"):
            pass
        assert (tmp_path / "run" / "run.lock").exists()
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert said
    assert list((tmp_path / "run").iterdir()) == []


def test_it_is_free_after_an_error_and_an_empty_folder_goes(tmp_path):
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), run_lock(tmp_path / "run"):
            raise ZeroDivisionError
    assert not (tmp_path / "run").exists()


def test_many_at_once_take_turns(tmp_path):
    """Removing the file must not let two in: each writes where the others would see it."""
    inside, most, entered = [], [], []

    def enter():
        while len(entered) < 60:
            try:
                with module._locked(tmp_path / "run.lock"):
                    inside.append(1)
                    most.append(len(inside))
                    time.sleep(0.0005)
                    inside.pop()
                    entered.append(1)
            except ConfigError:
                time.sleep(0.0002)

    threads = [threading.Thread(target=enter) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1


@pytest.mark.usefixtures("no_locks")
@pytest.mark.parametrize("text", ["", "{", "[1]", '{"process": "x"}', "dead", "own"])
def test_without_locks_a_dead_or_unreadable_holder_holds_nothing(tmp_path, text):
    if text == "dead":
        done = subprocess.Popen([sys.executable, "-c", ""])
        done.wait()
        text = json.dumps({"process": done.pid, "machine": platform.node()})
    elif text == "own":
        text = json.dumps({"process": os.getpid(), "machine": platform.node()})
    (tmp_path / "run.lock").write_text(text)
    with run_lock(tmp_path):
        assert json.loads((tmp_path / "run.lock").read_text())["process"] == os.getpid()
    assert not (tmp_path / "run.lock").exists()


@pytest.mark.usefixtures("no_locks")
def test_without_locks_a_living_one_does(holder, tmp_path):
    with pytest.raises(ConfigError, match=r"remove .*run\.lock if it has ended"):
        run_lock(tmp_path / "run").__enter__()
    (tmp_path / "other").mkdir()
    elsewhere = json.dumps({"process": 1, "machine": "elsewhere"})
    (tmp_path / "other" / "run.lock").write_text(elsewhere)
    with pytest.raises(ConfigError, match="process 1 on elsewhere"):
        run_lock(tmp_path / "other").__enter__()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        run_lock(tmp_path / "file").__enter__()
