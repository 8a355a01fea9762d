"""The command, run in this process or in its own."""

import os
import subprocess
import sys
import threading

import pytest

from edgewise.cli.main import main
from small_datasets import write_faults, write_five


@pytest.fixture
def folders(tmp_path):
    """Two folders with five healthy cases."""
    return tuple(map(str, write_five(tmp_path)))


@pytest.fixture
def faults(tmp_path):
    """Two folders with four healthy cases and one of each fault, and the expected codes."""
    ref, pred, codes = write_faults(tmp_path / "faults")
    return str(ref), str(pred), codes


@pytest.fixture
def command(capsys, tmp_path, monkeypatch):
    """Run a command here; returns exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        try:
            code = main([str(a) for a in arguments])
        except SystemExit as stopped:
            code = stopped.code or 0
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def process(tmp_path):
    """Start a command in its own process, in a folder of its own; it is killed after a minute."""
    watchdogs = []

    def start(*arguments, **environment):
        running = subprocess.Popen(
            [sys.executable, "-m", "edgewise", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, **environment},
        )
        watchdogs.append(threading.Timer(60, running.kill))
        watchdogs[-1].start()
        return running

    yield start
    for watchdog in watchdogs:
        watchdog.cancel()
