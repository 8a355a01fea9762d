"""Every declared fault is shown by its evidence: in the library, in the drop-in, and mended."""

from __future__ import annotations

import functools
import inspect
import warnings

import numpy as np
import pytest

from edgewise.compat.catalogue import NAMES, library
from edgewise.errors import MissingExtraError
from edgewise.parity.call import drop_in_space, peer_space

QUIRKS = [(name, quirk) for name in NAMES for quirk in library(name).quirks]
IDS = [quirk.id for _, quirk in QUIRKS]


def value(expression, space):
    names = {"np": np, "peer": space}
    if "torch" in expression:
        names["torch"] = pytest.importorskip("torch")
    if "sitk" in expression:
        names["sitk"] = pytest.importorskip("SimpleITK")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return repr(eval(expression, names))
        except MissingExtraError as error:
            pytest.skip(str(error))
        except Exception as error:  # noqa: BLE001  what a library raises is its answer
            return type(error).__name__


def drop_ins(name):
    try:
        return drop_in_space(library(name))
    except ImportError as error:
        pytest.skip(str(error))


class Corrected:
    """The drop-ins with ``corrected=True`` where they know it."""

    def __init__(self, space):
        self.space = space

    def __getattr__(self, name):
        found = getattr(self.space, name)
        if "corrected" in inspect.signature(found).parameters:
            return functools.partial(found, corrected=True)
        return found


@pytest.mark.parametrize(("name", "quirk"), QUIRKS, ids=IDS)
def test_the_library_shows_it(installed, name, quirk):
    one = installed(name)
    assert value(quirk.evidence, peer_space(one)) == quirk.theirs


@pytest.mark.parametrize(("name", "quirk"), QUIRKS, ids=IDS)
def test_the_drop_in_does_the_same_or_says_otherwise(name, quirk):
    expected = quirk.corrected if quirk.always else quirk.theirs
    assert value(quirk.evidence, drop_ins(name)) == expected


@pytest.mark.parametrize(
    ("name", "quirk"),
    [pair for pair in QUIRKS if pair[1].corrected and not pair[1].always],
    ids=[quirk.id for _, quirk in QUIRKS if quirk.corrected and not quirk.always],
)
def test_corrected_mends_it(name, quirk):
    assert quirk.corrected != quirk.theirs
    assert value(quirk.evidence, Corrected(drop_ins(name))) == quirk.corrected


@pytest.mark.parametrize("name", NAMES)
def test_declarations_are_complete(name):
    one = library(name)
    names = {entry.name for entry in one.entries}
    quirked = {function for quirk in one.quirks for function in quirk.functions}
    assert quirked <= names
    assert len(names) == len(one.entries), "a name is declared twice"
    for entry in one.entries:
        assert entry.tier != "close" or entry.rtol or entry.atol
        assert entry.tier != "close" or entry.note, "says why it is not exact"
        assert entry.tier != "exact" or not (entry.rtol or entry.atol)
        if entry.tier == "corrected":
            switched = [q for q in one.quirks if entry.name in q.functions and q.corrected]
            assert switched, f"no quirk says what corrected=True does to {entry.name}"
