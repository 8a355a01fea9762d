"""SciPy's own tests, which its wheel carries, with the drop-ins in their places."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edgewise.compat.catalogue import library

HERE = str(Path(__file__).resolve().parent)
SUITES = [
    (name, one) for name in ("scipy_ndimage", "scipy_spatial") for one in library(name).suites
]


@pytest.mark.parametrize(("name", "suite"), SUITES, ids=[suite.path for _, suite in SUITES])
def test_scipys_own_tests_pass(monkeypatch, name, suite):
    pytest.importorskip(suite.path.rpartition(".tests")[0])
    pytest.importorskip("hypothesis")
    monkeypatch.syspath_prepend(HERE)
    for module in ("run", "sources"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    from run import run_suite

    found = run_suite(name, suite, None)
    assert not found.get("failed"), found
    assert found.get("passed", 0) > 0, found
    assert found["calls"] > 0, "no test reaches a drop-in"
    assert found["deselected"] == len(suite.deselected)
