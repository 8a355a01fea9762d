"""What importing costs: numpy only, and rooms load when they are first used."""

import json
import subprocess
import sys
from importlib.metadata import requires

import pytest

HEAVY = {"torch", "scipy", "pandas", "nibabel", "SimpleITK", "skimage", "PIL", "tifffile"}


def loaded(statement: str) -> dict[str, float]:
    """Modules that `statement` loads in a fresh interpreter, and its cost in ms."""
    program = (
        "import sys, json, time, numpy\n"
        "before = set(sys.modules); start = time.perf_counter()\n"
        f"{statement}\n"
        "ms = (time.perf_counter() - start) * 1e3\n"
        "new = {m.partition('.')[0] for m in set(sys.modules) - before}\n"
        "print(json.dumps({'ms': ms, 'new': sorted(new)}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    "statement",
    [
        "import edgewise",
        "import edgewise; edgewise.dice; edgewise.evaluate; edgewise.read; edgewise.Image",
        "from edgewise.compat.catalogue import NAMES, library; [library(n) for n in NAMES]",
        "import edgewise.models as m; [m.model_info(name) for name in m.list_models()]",
        "import edgewise.metrics, edgewise.voxels, edgewise.io, edgewise.evaluation",
    ],
)
def test_importing_pulls_in_numpy_only(statement, record_property):
    result = loaded(statement)
    record_property("import_ms", result["ms"])
    assert not HEAVY & set(result["new"])


def test_importing_the_package_loads_no_room():
    result = loaded("import edgewise")
    assert result["new"] in (["edgewise"], ["__future__", "edgewise"])
    rooms = loaded("import edgewise, sys; sys.modules.pop('edgewise.errors', None)")
    assert "edgewise" in rooms["new"]


def test_numpy_is_the_only_dependency():
    hard = [line for line in requires("edgewise") or [] if "extra ==" not in line]
    assert [line.partition(">")[0].strip() for line in hard] == ["numpy"]


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_the_command_answers_without_numpy(argument):
    program = (
        "import sys\nsys.argv = ['edgewise', sys.argv[1]]\n"
        "from edgewise.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('numpy' in sys.modules, file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, argument], capture_output=True, text=True, check=True
    )
    assert result.stderr.strip().endswith("False")
    assert "edgewise" in result.stdout
