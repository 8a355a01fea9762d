"""Patching installed libraries: what is replaced, what is reached, and that undoing is exact."""

from __future__ import annotations

import functools
import importlib
import os
import pickle
import re
import subprocess
import sys
import textwrap
import threading
import types
import weakref
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import edgewise
from edgewise.compat import originals
from edgewise.errors import ConfigError, MissingExtraError

binary = pytest.importorskip("medpy.metric.binary")
from medpy import metric  # noqa: E402
from medpy.metric.binary import hd95 as hd95_before  # noqa: E402

A = np.zeros((12, 12), bool)
A[2:7, 3:9] = True
B = np.roll(A, 2, axis=1)
# a dict of the functions themselves would be patched as well
OWN = {name: weakref.ref(value) for name, value in vars(binary).items() if callable(value)}


def own(name):
    return OWN[name]()


class Holder:
    """Every way in which a program keeps a function."""

    plain = binary.assd
    static = staticmethod(binary.assd)

    def __init__(self):
        self.attribute = binary.assd


def closure(function):
    return lambda: function


@pytest.fixture(autouse=True)
def untouched():
    yield
    assert edgewise.patched() == {}
    assert all(vars(binary)[name] is own(name) for name in OWN)
    assert metric.hd95 is binary.hd95 is hd95_before is own("hd95")


def test_functions_are_replaced_and_put_back():
    with edgewise.patch("medpy") as active:
        assert binary.hd95 is not own("hd95")
        assert metric.hd95 is binary.hd95 is hd95_before
        assert binary.hd95.__wrapped__ is own("hd95")
        assert binary.hd95.__name__ == "hd95"
        assert binary.hd95(A, B) == own("hd95")(A, B)
        assert "medpy.metric.binary:hd95" in active.replaced
        assert active.calls["medpy.metric.binary:hd95"] == 1
        assert edgewise.patched()["medpy"] == active.replaced
        assert "20 functions replaced, called 1 times" in str(active)
        assert not active.kept
    assert not active.replaced
    assert "undone" in repr(active)


def test_references_of_every_kind_are_reached_and_restored():
    holder = Holder()
    table, row = {"assd": binary.assd}, [1, binary.assd]
    partial, kept = functools.partial(binary.assd, connectivity=2), closure(binary.assd)
    module = types.ModuleType("a_script")
    module.assd = binary.assd

    def found():
        return [
            Holder.plain,
            Holder.static,
            holder.attribute,
            table["assd"],
            row[1],
            partial.func,
            kept(),
            module.assd,
        ]

    assert all(one is own("assd") for one in found())
    with edgewise.patch("medpy"):
        assert all(one is binary.assd is not own("assd") for one in found())
        assert partial(A, B) == own("assd")(A, B, connectivity=2)
        late = types.ModuleType("imported_meanwhile")
        late.assd = binary.assd
    assert all(one is own("assd") for one in [*found(), late.assd])


def test_what_cannot_be_reached_is_told():
    keeping = (binary.assd, 1)
    with edgewise.patch("medpy") as active:
        assert keeping[0] is own("assd")
        assert active.kept == ("a tuple keeps assd",)
        assert "not reached: a tuple keeps assd" in str(active)


def test_a_failure_leaves_nothing_behind(monkeypatch):
    made = []

    def failing(state, *arguments):
        made.append(state)
        if len(made) == 3:
            message = "the third"
            raise LookupError(message)
        return replacement(state, *arguments)

    replacement = edgewise.compat.replacement._replacement
    monkeypatch.setattr("edgewise.compat.replacement._replacement", failing)
    with pytest.raises(LookupError, match="the third"):
        edgewise.patch("medpy")
    assert edgewise.patched() == {}


@pytest.mark.skipif(not find_spec("surface_distance"), reason="surface-distance is not installed")
def test_a_library_is_imported_although_its_drop_in_cannot_be(monkeypatch):
    def failing(*_):
        message = "no such module"
        raise ImportError(message)

    monkeypatch.setattr("edgewise.compat.replacement._replacement", failing)
    for name in [name for name in sys.modules if name.startswith("surface_distance")]:
        monkeypatch.delitem(sys.modules, name)
    with edgewise.patch("surface_distance") as active:
        importlib.import_module("surface_distance.metrics")
        assert not active.replaced
        assert "surface_distance.metrics is as it was: no such module" in active.kept


def test_another_version_is_told(monkeypatch):
    monkeypatch.setattr("edgewise.compat.replacement.version", lambda _: "0.4.0")
    with edgewise.patch("medpy") as active:
        assert "0.4.0 is installed, the drop-in reproduces 0.5.2" in str(active)


def test_patching_twice_changes_nothing_and_the_last_undo_restores():
    first, second = edgewise.patch("medpy"), edgewise.patch("medpy", "medpy")
    replacement = binary.hd95
    assert first.replaced == second.replaced
    first.undo()
    first.undo()
    assert binary.hd95 is replacement
    second.undo()
    assert binary.hd95 is own("hd95")


def test_it_is_undone_after_an_exception():
    with pytest.raises(RuntimeError, match="first supplied array"), edgewise.patch("medpy"):
        binary.hd95(np.zeros((3, 3), bool), np.ones((3, 3), bool))


def test_corrected_reaches_the_functions():
    empty = np.zeros((3, 3), bool)
    with edgewise.patch("medpy", corrected=True):
        assert binary.dc(empty, empty) == 1.0
        with pytest.raises(ConfigError, match="corrected=True; undo that first"):
            edgewise.patch("medpy")


def test_wrong_names():
    with pytest.raises(ConfigError, match="did you mean medpy"):
        edgewise.patch("medpi")


def test_a_library_that_is_not_there(monkeypatch):
    find = originals.importlib.import_module
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="MedPy is not installed"):
        edgewise.patch("medpy")
    assert not edgewise.patch().libraries
    assert find is originals.importlib.import_module


def test_the_library_s_own_function_is_at_hand_while_patched():
    with edgewise.patch("medpy"):
        found = originals.original("medpy.metric.binary:hd95", why="tests")
        assert found is binary.hd95.__wrapped__


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("skimage.metrics:hausdorff_distance", "scikit-image==0.26.0"),
        ("MetricsReloaded.metrics:x", "git+https://github.com/csudre/MetricsReloaded"),
        ("nobody.knows:x", "nobody"),
    ],
)
def test_a_library_that_is_needed_is_named_as_pip_knows_it(monkeypatch, place, what):
    monkeypatch.setitem(sys.modules, place.partition(":")[0], None)
    with pytest.raises(MissingExtraError, match=f"not installed: pip install {re.escape(what)}$"):
        originals.original(place, why="odd shapes")


def test_replaced_functions_can_be_pickled():
    with edgewise.patch("medpy"):
        assert pickle.loads(pickle.dumps(binary.hd95)) is binary.hd95


def test_threads_may_be_inside_when_it_is_undone():
    stop = threading.Event()
    wrong = []
    expected = own("hd95")(A, B)

    def measure():
        while not stop.is_set():
            if binary.hd95(A, B) != expected:
                wrong.append(1)

    threads = [threading.Thread(target=measure) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        with edgewise.patch("medpy"):
            pass
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


SCRIPT = """
    import sys
    import numpy as np
    from medpy.metric.binary import hd95, assd
    import medpy.metric.binary
    a = np.zeros((12, 12), bool); a[2:7, 3:9] = True
    print(hd95(a, np.roll(a, 2, 1)), assd(a, np.roll(a, 2, 1), (2, 1)), sys.argv[1:], __name__)
    print(hasattr(hd95, "__wrapped__"), file=sys.stderr)
"""


def run(tmp_path, *command, **variables):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    environment = {k: v for k, v in os.environ.items() if k != "EDGEWISE_PATCH"} | variables
    return subprocess.run(
        [sys.executable, *command, str(script), "--flag", "1"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=tmp_path,
    )


def test_a_script_runs_unmodified(tmp_path):
    plain = run(tmp_path)
    patched = run(tmp_path, "-m", "edgewise.compat.patch", "--only", "medpy")
    assert plain.stderr == "False\n"
    assert patched.stdout == plain.stdout
    assert patched.stderr == "True\nmedpy: 20 functions replaced, called 2 times\n"
    quiet = run(tmp_path, "-m", "edgewise.compat.patch", "--only", "medpy", "--quiet")
    assert quiet.stderr == "True\n"


def test_an_error_of_the_script_passes_through(tmp_path):
    (tmp_path / "broken.py").write_text("import medpy.metric.binary as b\nb.hd95(1, 2)\n")
    command = [sys.executable, "-m", "edgewise.compat.patch", "--only", "medpy"]
    found = subprocess.run([*command, tmp_path / "broken.py"], capture_output=True, text=True)
    assert found.returncode == 1
    assert "AttributeError" in found.stderr
    assert "medpy: 20 functions replaced, called 1 times" in found.stderr
    found = subprocess.run(
        [sys.executable, "-m", "edgewise.compat.patch", "--only", "none", "x.py"],
        capture_output=True,
        text=True,
    )
    assert found.returncode == 2
    assert "error  no drop-in for 'none'" in found.stderr


def test_the_environment_variable_patches_from_the_start(tmp_path):
    if not any((Path(place) / "edgewise_patch.pth").exists() for place in sys.path):
        pytest.skip("an editable install does not start with Python: no edgewise_patch.pth")
    found = run(tmp_path, EDGEWISE_PATCH="medpy")
    assert found.stderr == "True\n"
    assert found.stdout == run(tmp_path).stdout
    wrong = run(tmp_path, EDGEWISE_PATCH="medpi")
    assert "warning  EDGEWISE_PATCH=medpi: no drop-in" in wrong.stderr
    assert wrong.stdout == found.stdout


def test_what_the_variable_may_say(capsys):
    from edgewise.compat import startup

    assert startup.start("") is None
    active = startup.start(" medpy ,")
    assert active.libraries == ("medpy",)
    active.undo()
    every = startup.start("all")
    assert "medpy" in every.libraries
    every.undo()
    assert startup.start("medpi") is None
    assert "did you mean medpy" in capsys.readouterr().err
