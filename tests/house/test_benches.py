"""The project's benches: every goal names a race, and a race runs from input to page."""

import json
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
