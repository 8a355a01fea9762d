"""Every promised name is there, every public module says what it exports, files stay small."""

import ast
import importlib
from pathlib import Path

import pytest

import edgewise

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "python" / "edgewise"
MODULES = sorted(PACKAGE.rglob("*.py"))
RUST = sorted(p for p in ROOT.glob("rust/*/src/**/*.rs") if p.name != "tests.rs")
GRAB_BAGS = {"utils", "helpers", "common", "misc", "tools", "base"}


@pytest.mark.parametrize("name", edgewise.__all__)
def test_each_name_of_the_front_door_is_there(name):
    assert getattr(edgewise, name) is not None


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = edgewise.no_such_name


def constants_then_classes(name):
    """The order in which ruff sorts exported names."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


@pytest.mark.parametrize(
    "room",
    [
        "errors",
        "evaluation",
        "io",
        "methods",
        "metrics",
        "models",
        "models.losses",
        "parity",
        "voxels",
    ],
)
def test_rooms_export_what_they_list(room):
    if room.startswith("models"):
        pytest.importorskip("torch")
    module = importlib.import_module(f"edgewise.{room}")
    assert list(module.__all__) == sorted(module.__all__, key=constants_then_classes)
    assert all(hasattr(module, name) for name in module.__all__)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_each_module_says_what_it_is_and_is_small(path):
    text = path.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module opens by saying what it is"
    assert path.stem not in GRAB_BAGS or "compat" in path.parts  # the library's own module names
    assert text.count("\n") <= 600
    kwargs = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.args.kwarg
    ]
    # a replacement passes on whatever the library's function takes, `create_model` the builder's
    allowed = {"compat", "parity"} & set(path.parts) or kwargs == ["create_model"]
    assert not kwargs or allowed, "options are named, never **kwargs"


@pytest.mark.parametrize("path", RUST, ids=lambda p: str(p.relative_to(ROOT / "rust")))
def test_each_rust_module_says_what_it_is_and_is_small(path):
    text = path.read_text()
    assert text.startswith("//!")
    code = text.partition("#[cfg(test)]")[0]
    assert path.name == "surfel_table.rs" or code.count("\n") <= 500
