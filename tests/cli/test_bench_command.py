"""The bench command: what it prints, and that no peer can stop it. Times are not asserted."""

import json
import sys
import types

import numpy as np
import pytest

from edgewise.image import Image
from edgewise.io import write

FAST = ("--side", "32", "--rounds", "1", "--threads", "1")


@pytest.fixture(autouse=True)
def _threads(monkeypatch):
    """The command sets variables for the libraries that it loads."""
    for name in ("EDGEWISE_NUM_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS",
                 "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "OPENCV_FOR_THREADS_NUM"):  # fmt: skip
        monkeypatch.setenv(name, "1")


@pytest.fixture
def pair(tmp_path):
    """Two files with two labels."""
    labels = np.zeros((20, 22, 24), np.uint8)
    labels[4:12, 5:14, 6:15] = 1
    labels[13:17, 13:18, 14:20] = 2
    affine = np.diag([1.5, 0.8, 0.8, 1.0])
    paths = []
    for name, array in (("ref", labels), ("pred", np.roll(labels, 1, axis=2))):
        paths.append(tmp_path / f"{name}.nii.gz")
        write(paths[-1], Image(array, affine=affine))
    return paths


def test_a_phantom(command):
    code, out, err = command("bench", *FAST)
    assert code == 0
    assert out.splitlines()[0].split()[:2] == ["operation", "who"]
    for operation in ("counts and Dice", "distance transform", "components", "HD, HD95, ASSD, NSD"):
        assert f"\n{operation}" in out
        assert f"timing {operation}" in err
    assert "1 thread, median of 1 round" in err


def test_one_document(command):
    code, out, err = command("bench", *FAST, "--json", "-q")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["schema"] == "edgewise.bench/1"
    assert document["pair"]["shape"] == [32, 32, 32]
    mine = [row for row in document["races"] if row["who"] == "edgewise"]
    assert len(mine) == 4
    assert all(len(row["ms"]) == 1 and row["status"] == "ok" for row in mine)
    assert {row["status"] for row in document["races"]} <= {"ok", "missing"}


def test_two_files(command, pair):
    code, out, err = command("bench", *pair, "--rounds", "2", "--json")
    assert code == 0
    document = json.loads(out)
    assert document["pair"]["labels"] == [1, 2]
    assert document["pair"]["spacing"] == pytest.approx([1.5, 0.8, 0.8])
    assert document["races"][0]["operation"] == "read both files"
    assert {row["status"] for row in document["races"]} <= {"ok", "missing"}
    assert "2 labels" in err


def test_a_peer_with_other_values_has_no_time(command, monkeypatch):
    fake = types.ModuleType("edt")
    fake.edt = lambda mask, **_: np.zeros(mask.shape, np.float32)
    monkeypatch.setitem(sys.modules, "edt", fake)
    code, out, _ = command("bench", *FAST, "--json")
    assert code == 0
    rows = [r for r in json.loads(out)["races"] if r["who"].startswith("edt")]
    assert len(rows) == 2
    assert {row["status"] for row in rows} == {"disagrees"}
    assert all(row["ms"] == [] and "differ" in row["detail"] for row in rows)


def test_a_peer_that_breaks_is_told(command, monkeypatch):
    fake = types.ModuleType("edt")  # has nothing
    monkeypatch.setitem(sys.modules, "edt", fake)
    code, out, _ = command("bench", *FAST)
    assert code == 0
    assert "failed: AttributeError" in out


def test_a_peer_that_is_missing_is_named(command, monkeypatch):
    monkeypatch.setitem(sys.modules, "edt", None)
    code, out, _ = command("bench", *FAST)
    assert code == 0
    assert "edt" in out.splitlines()[-1]


def test_wrong_use(command, pair, tmp_path):
    assert command("bench", pair[0])[0] == 2
    assert command("bench", *FAST, "--nsd-tolerance", "-1")[0] == 2
    assert command("bench", *FAST, "--rounds", "0")[0] == 2
    assert command("bench", *FAST, "--limit", "-1")[0] == 2
    assert command("bench", pair[0], tmp_path / "no.nii.gz")[0] == 3
    write(tmp_path / "other.nii.gz", Image(np.full((20, 22, 24), 7, np.uint8),
                                           affine=np.diag([1.5, 0.8, 0.8, 1.0])))  # fmt: skip
    code, _, err = command("bench", pair[0], tmp_path / "other.nii.gz")
    assert code == 3
    assert "no_common_label" in err
