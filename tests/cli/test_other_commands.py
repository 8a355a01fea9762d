"""The small commands."""

import csv
import io as text_io
import json

import pytest

from edgewise.evaluation import Pairs
from edgewise.metrics import METRICS
from small_datasets import label_map, write


def test_summarize_needs_no_images(command, folders, tmp_path):
    command("evaluate", *folders, "-o", "run", "--metrics", "dice,hd")
    for folder in (tmp_path / "ref", tmp_path / "pred"):
        for path in folder.iterdir():
            path.unlink()
    code, out, err = command("summarize", "run", "--both-empty", "best", "--format", "csv")
    assert (code, err) == (0, "")
    rows = list(csv.DictReader(text_io.StringIO(out)))
    assert float(rows[0]["mean"]) == (0.875 * 4 + 1) / 5
    assert rows[0]["n"] == "5"
    document = json.loads(command("summarize", "run", "--json")[1])
    assert document["counts"]["ok"] == 5


def test_pair_reads_nothing_and_writes_a_manifest(command, tmp_path):
    for name in ("a", "b"):
        for side in ("r", "p"):
            (tmp_path / side).mkdir(exist_ok=True)
            (tmp_path / side / f"{name}.nii.gz").write_bytes(b"no image")
    code, out, err = command("pair", "r", "p", "-o", "m.csv")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["case", "a", "b"]
    assert "next: edgewise evaluate m.csv" in err
    assert len(Pairs.from_manifest(tmp_path / "m.csv")) == 2
    (tmp_path / "p/b.nii.gz").unlink()
    code, out, _ = command("pair", "r", "p", "--json")
    assert code == 4
    assert json.loads(out)["pairs"][1]["pred"] == ""


def test_check(command, faults, folders):
    ref, pred, codes = faults
    code, out, err = command("check", ref, pred)
    assert code == 3
    assert "geometry_mismatch" in out
    assert "errors" in err
    code, out, _ = command("check", ref, pred, "--full", "--json")
    problems = json.loads(out)["problems"]
    assert {p["case"]: p["code"] for p in problems if p["severity"] == "error"} == codes
    code, out, err = command("check", *folders, "--full")
    assert (code, out) == (0, "")
    assert "5 cases: 0 errors, 0 warnings" in err


def test_metrics(command):
    code, out, _ = command("metrics")
    assert code == 0
    assert len(out.splitlines()) == len(METRICS) + 1
    code, out, _ = command("metrics", "dsc", "hd95")
    assert code == 0
    assert "2TP/(2TP+FP+FN)" in out.replace(" ", "")
    assert "hd95" in out
    assert json.loads(command("metrics", "dice", "--json")[1])["metrics"][0]["better"] == "larger"
    assert command("metrics", "dicee")[0] == 2


def test_info(command, folders, tmp_path):
    code, out, _ = command("info")
    assert code == 0
    for word in ("edgewise", "numpy", "cores"):
        assert word in out
    code, out, err = command("info", f"{folders[0]}/case_1.nii.gz")
    assert code == 0
    assert "12 x 10 x 8" in out
    assert "0:864 1:48 2:48" in out
    (tmp_path / "bad.nii.gz").write_bytes(b"")
    code, out, err = command("info", "bad.nii.gz", f"{folders[0]}/case_1.nii.gz", "--json")
    assert code == 3
    assert "bad.nii.gz" in err
    assert json.loads(out)["files"][0]["labels"] == {"0": 864, "1": 48, "2": 48}


def test_the_demo_reports_exactly_what_was_planted(command, tmp_path):
    code, out, err = command("demo")
    assert code == 0
    assert "1 liver   dice" in out
    assert "exactly the planted faults were reported" in err
    assert err.splitlines()[-1].startswith("next: edgewise evaluate edgewise-demo/reference")
    assert (tmp_path / "edgewise-demo/results/values.csv").exists()


def test_the_demo_fails_when_something_else_is_wrong(command, tmp_path, monkeypatch):
    from edgewise import simulate

    original = simulate.write_demo

    def spoiled(directory):
        data = original(directory)
        write(data.prediction / "case_1.nii.gz", label_map())
        return data

    monkeypatch.setattr(simulate, "write_demo", spoiled)
    code, _, err = command("demo", "other")
    assert code == 1
    assert "case_1: planted nothing, reported" in err


@pytest.mark.parametrize(
    "name", ["evaluate", "eval", "check", "pair", "summarize", "metrics", "info", "demo"]
)
def test_every_command_has_help(command, name):
    code, out, _ = command(name, "--help")
    assert code == 0
    assert "usage: edgewise" in out
    assert len(out.splitlines()) > 5
