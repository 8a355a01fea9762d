"""The README's tour prints what the README says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from edgewise.cli.main import main

README = (Path(__file__).parents[2] / "README.md").read_text()
BLOCKS = re.findall(r"```console\n\$ (.*?)```", README, re.DOTALL)
STEPS = [tuple(block.split("\n", 1)) for block in BLOCKS]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tour")
    assert main(["demo", str(folder / "edgewise-demo")]) == 0
    return folder


def test_there_is_a_tour():
    assert len(STEPS) >= 2


@pytest.mark.parametrize(("command", "printed"), STEPS, ids=[step[0][:60] for step in STEPS])
def test_a_step_of_the_tour(command, printed, demo, monkeypatch, capsys):
    monkeypatch.chdir(demo)
    name, *arguments = shlex.split(command)
    assert name == "edgewise"
    main(arguments)
    assert capsys.readouterr().out == printed


def test_the_tour_of_the_models(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    monkeypatch.chdir(tmp_path)
    tour = re.search(r"<!-- models tour -->\n```\n(.*?)```", README, re.DOTALL).group(1)
    first, *commands = tour.replace(
        "--epochs 5 --iterations 40", "--epochs 1 --iterations 2"
    ).splitlines()
    exec(shlex.split(first)[2])  # python -c "..."
    for command in commands:
        name, *arguments = shlex.split(command)
        assert name == "edgewise"
        assert main(arguments) == 0, command
    assert sorted(path.name for path in (tmp_path / "predicted").glob("*.nii.gz")) == [
        f"case_{k}.nii.gz" for k in range(4)
    ]
