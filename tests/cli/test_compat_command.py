"""`edgewise compat`: promises, faults, and random calls beside the installed library."""

import json
import subprocess
import sys

import pytest

from edgewise.compat.catalogue import NAMES


def test_known_faults_are_printed_with_their_evidence(command):
    code, out, err = command("compat", "medpy")
    assert (code, err) == (0, "")
    assert "edgewise.compat.medpy  (MedPy 0.5.2): 6 exact, 6 close, 8 corrected" in out
    assert "medpy-undefined-ratio (numpy >= 2.3)" in out
    assert "-> nan; corrected=True: 1.0" in out
    assert "-> 1.0; always: 0.0" in out


def test_every_library_is_printed(command):
    _, out, _ = command("compat")
    assert all(f"edgewise.compat.{name} " in out for name in NAMES)
    document = json.loads(command("compat", "--json")[1])
    assert [one["library"] for one in document["libraries"]] == list(NAMES)


def test_every_function_with_its_tier(command):
    _, out, _ = command("compat", "medpy", "--functions")
    (line,) = [line for line in out.splitlines() if " hd95 " in line]
    assert line.split()[:6] == ["medpy", "0.5.2", "hd95", "close", "1e-12", "relative"]


def test_an_unknown_library(command):
    code, out, err = command("compat", "medpi")
    assert (code, out) == (2, "")
    assert "did you mean medpy" in err


def test_verify(command):
    pytest.importorskip("medpy.metric.binary")
    code, out, err = command("compat", "medpy", "--verify", "--calls", "5", "--json")
    assert code == 0
    assert "calling MedPy" in err
    rows = json.loads(out)["functions"]
    assert len(rows) == 20
    assert all(row["calls"] == 5 and row["undeclared"] == 0 for row in rows)


def test_verify_finds_a_difference(command, monkeypatch):
    pytest.importorskip("medpy.metric.binary")
    monkeypatch.setattr("edgewise.compat.medpy.jc", lambda *_: 0.123)
    code, _, err = command("compat", "medpy", "--verify", "--calls", "5")
    assert code == 4
    assert "differs" in err
    assert "medpy.jc: call 0: " in err


def test_verify_without_the_library(command, monkeypatch):
    from edgewise.errors import MissingExtraError

    def missing(*_, **__):
        message = "x is not installed"
        raise MissingExtraError(message)

    monkeypatch.setattr("edgewise.parity.verify", missing)
    code, out, err = command("compat", "--verify", "--calls", "1", "--json")
    assert code == 0
    assert json.loads(out)["functions"] == []
    assert err.count("x is not installed") == len(NAMES)
    assert command("compat", "medpy", "--verify")[0] == 1


def test_what_a_library_prints_does_not_reach_stdout():
    pytest.importorskip("cc3d")
    command = [sys.executable, "-m", "edgewise", "compat", "cc3d", "--verify", "--calls", "40"]
    found = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert json.loads(found.stdout)["functions"]
