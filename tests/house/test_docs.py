"""Documentation that runs: examples of the pages and docstrings, and the generated metrics page."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import edgewise
from edgewise.compat import reference_page as drop_ins_page
from edgewise.metrics.reference_page import render
from edgewise.models import reference_page as networks_page

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
MODULES = sorted(
    m.name
    for m in pkgutil.walk_packages(edgewise.__path__, "edgewise.")
    if not m.name.endswith(("._core", ".__main__", ".worker"))
)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_the_examples_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if ">>> import torch" in page.read_text():
        pytest.importorskip("torch")
    result = doctest.testfile(str(page), module_relative=False, optionflags=FLAGS)
    assert result.failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        module = importlib.import_module(name)
        result = doctest.testmod(module, optionflags=FLAGS)
    except ImportError as error:  # networks, and drop-ins for torch's libraries
        if not name.startswith(("edgewise.compat.", "edgewise.models.")) or "torch" not in str(
            error
        ):
            raise
        pytest.skip(str(error))
    assert result.failed == 0


def test_the_metrics_page_is_current():
    page = (ROOT / "docs" / "metrics.md").read_text()
    assert page == render(), "run: just docs"


def test_the_page_of_drop_ins_is_current():
    page = (ROOT / "docs" / "drop-ins-reference.md").read_text()
    assert page == drop_ins_page.render(), "run: just docs"


def test_the_page_of_networks_is_current():
    page = (ROOT / "docs" / "networks.md").read_text()
    assert page == networks_page.render(), "run: just docs"
