"""The project's benches: every goal names a race, and a race runs from input to page."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not (ROOT / "benches").is_dir(), reason="no benches beside us")


@pytest.fixture
def benches(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benches import goals, report
    from benches.__main__ import TABLES

    return goals, report, TABLES


def test_every_goal_is_about_a_race(benches):
    goals, _, tables = benches
    races = [race.id for table in tables.values() for race in table.races]
    assert len(set(races)) == len(races)
    assert {goal.race for goal in goals.GOALS} <= set(races)
    assert all((goal.at_least is None) != (goal.at_most is None) for goal in goals.GOALS)


def test_verdicts(benches):
    from edgewise.racing import Outcome

    goals, *_ = benches
    outcomes = [
        Outcome("edgewise", "ours", wall=[2.0]),
        Outcome("edt 3.1.2", "peer", like="edgewise", wall=[20.0]),
        Outcome("numpy 2 masks", "peer", like="edgewise", wall=[8.0]),
        Outcome("scipy 1", "peer", like="edgewise", status="over limit", detail="over 1 s"),
        Outcome("floor: read", "floor", wall=[1.0]),
    ]

    def verdict(against, least=None, *, most=None):
        return goals.verdict(goals.Goal("x", against, least, at_most=most), outcomes, 1000)

    assert verdict("edt", 7) == ">= 7 x edt: met (10)"
    assert verdict("edt", 20) == ">= 20 x edt: **missed** (10, 2.00 x short)"
    assert verdict("numpy masks", 4) == ">= 4 x numpy masks: met (4)"
    assert verdict("best peer", 5) == ">= 5 x best peer: **missed** (4, 1.25 x short)"
    assert verdict("scipy", 100) == ">= 100 x scipy: met (> 500)"
    assert verdict("scipy", 1000) == ">= 1000 x scipy: not known (> 500)"
    assert verdict("floor", most=1.5) == "<= 1.5 x floor: **missed** (2, 1.33 x short)"
    assert verdict("ns/voxel", most=3000) == "<= 3000 ns/voxel: met (2e+03)"
    assert verdict("monai", 5) == ">= 5 x monai: not measured"


def test_a_race_from_input_to_page(tmp_path):
    command = [
        sys.executable, "-m", "benches", "regions", "--rows", "boundary-m", "--quick",
        "--json", str(tmp_path / "b.json"), "--markdown", str(tmp_path / "b.md"),
    ]  # fmt: skip
    environment = {"PATH": "", "EDGEWISE_BENCH_DATA": str(tmp_path)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (run,) = json.loads((tmp_path / "b.json").read_text())["runs"]
    (row,) = run["tables"]["regions"]
    assert row["outcomes"][0]["name"] == "edgewise"
    assert {one["status"] for one in row["outcomes"]} <= {"ok", "missing"}
    page = (tmp_path / "b.md").read_text()
    assert "| boundary voxels, organ m | 88^3 |" in page
    assert "numpy" in page


def test_a_swap_from_input_to_page(tmp_path):
    pytest.importorskip("medpy.metric.binary")
    page = tmp_path / "page.md"
    page.write_text("above\n<!-- swap table -->\nold\n<!-- end of swap table -->\nbelow\n")
    command = [sys.executable, "-m", "benches", "swap", "medpy", "--quick", "--rounds", "1"]
    command += ["--json", str(tmp_path / "swap.json"), "--page", str(page)]
    environment = os.environ | {"EDGEWISE_BENCH_DATA": str(tmp_path)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    rows = json.loads((tmp_path / "swap.json").read_text())["rows"]
    assert [row["what"] for row in rows] == ["hd95, 256^3", "assd, 256^3", "dc, 256^3"]
    assert all(row["before"] > 0 and row["after"] > 0 for row in rows)
    text = page.read_text()
    assert text.startswith("above\n<!-- swap table -->\n| library | call |")
    assert text.endswith("<!-- end of swap table -->\nbelow\n")
    assert "old" not in text


def test_the_crf_from_input_to_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- crf table -->\nold\n<!-- end of crf table -->\nafter\n")
    command = [sys.executable, "-m", "benches", "crf", "--quick", "--rounds", "1"]
    command += ["--threads", "1", "--json", str(tmp_path / "crf.json"), "--page", str(page)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    rows = json.loads((tmp_path / "crf.json").read_text())["rows"]
    assert [row["threads"] for row in rows] == [1, 1, 1]
    assert all(row["ours"] > 0 for row in rows)
    text = page.read_text()
    assert "| 16 x 32 x 32, 2 labels, 1 channel | 1 |" in text
    assert text.startswith("before\n<!-- crf")
    assert text.endswith("-->\nafter\n")
    assert "old" not in text
    page.write_text("nowhere")
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "needs the lines <!-- crf table -->" in done.stderr


def test_resampling_from_input_to_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- resample table -->\nold\n<!-- end of resample table -->\n")
    command = [sys.executable, "-m", "benches", "resample", "3", "--quick", "--rounds", "1"]
    command += ["--threads", "1", "--json", str(tmp_path / "r.json"), "--page", str(page)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    rows = json.loads((tmp_path / "r.json").read_text())["rows"]
    assert rows[0]["name"] == "edgewise"
    assert all(row["ms"] > 0 for row in rows)
    assert "| 3 classes, network, float32, 64x128x128 to 128x256x256 | 1 |" in page.read_text()


def test_resampling_is_refused_before_anything_is_timed(tmp_path):
    for arguments in (["no such case"], ["3", "--page", str(tmp_path / "none.md")]):
        command = [sys.executable, "-m", "benches", "resample", *arguments]
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        assert done.returncode == 2
        assert arguments[-1] in done.stderr.splitlines()[-1]


def test_a_swap_whose_values_differ_has_no_times(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benches import swap

    rows = [
        {"library": "x 1", "what": "f", "before": 1234.5, "after": 2.0},
        {"library": "y 1", "what": "g", "problem": "y 1: disagrees 1 value differs"},
    ]
    assert swap.markdown(rows).splitlines()[2:] == [
        "| x 1 | `f` | 1,234 | 2 | 617 |",
        "| y 1 | `g` | y 1: disagrees 1 value differs |  |  |",
    ]
