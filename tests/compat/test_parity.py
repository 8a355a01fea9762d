"""The same random calls to every library and to its drop-in, and that differences would be seen."""

from __future__ import annotations

import os
from types import SimpleNamespace

import numpy as np
import pytest

from edgewise.compat.catalogue import NAMES, library
from edgewise.parity import verify
from edgewise.parity.call import Call
from edgewise.parity.outcome import difference, outcome
from edgewise.parity.run import calls_of, repeat

CALLS = int(os.environ.get("EDGEWISE_PARITY_CALLS", "60"))
ENTRIES = [(name, entry) for name in NAMES for entry in calls_of(name)]


@pytest.mark.parametrize(("name", "entry"), ENTRIES, ids=lambda value: value)
def test_a_drop_in_gives_what_the_library_gives(installed, name, entry):
    installed(name)
    (found,) = verify(name, entries=[entry], calls=CALLS)
    assert not found.undeclared
    assert found.raised < CALLS, "every drawn call is refused by the library"
    assert found.declared <= 0.5 * CALLS, "most calls are excused"


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_is_called(name):
    promised = {entry.name for entry in library(name).entries if entry.place}
    assert promised == set(calls_of(name)) & promised


def seen(theirs, ours, **bounds):
    spaces = SimpleNamespace(f=theirs), SimpleNamespace(f=ours)
    call = Call(lambda space, *args: space.f(*args), (np.zeros(3),))
    results = [outcome(call, space) for space in spaces]
    return difference(*results, **({"rtol": 0.0, "atol": 0.0} | bounds))


def raising(error):
    def function(_):
        raise error

    return function


def writing(array):
    array[0] = 1
    return 1.0


DIFFERENT = [
    (lambda _: 1.0, lambda _: 1.0 + 2**-52),
    (lambda _: 1.0, lambda _: np.float64(1.0)),
    (lambda _: np.zeros(2), lambda _: np.zeros(3)),
    (lambda _: np.zeros(2), lambda _: np.zeros(2, "f4")),
    (lambda _: np.array([np.nan, 1.0]), lambda _: np.array([np.nan, 2.0])),
    (lambda _: np.inf, lambda _: -np.inf),
    (lambda _: (1, 2), lambda _: [1, 2]),
    (lambda _: {"a": 1}, lambda _: {"b": 1}),
    (lambda _: {"a": [1.0]}, lambda _: {"a": [2.0]}),
    (lambda _: None, lambda _: 0),
    (raising(ValueError("x")), raising(KeyError("x"))),
    (raising(ValueError("x")), lambda _: 1.0),
    (lambda _: 1.0, raising(ValueError("x"))),
    (lambda _: 1.0, writing),
]


@pytest.mark.parametrize("pair", DIFFERENT)
def test_a_difference_is_seen(pair):
    assert seen(*pair)
    assert seen(*reversed(pair))
    assert not seen(pair[0], pair[0])


def test_a_bound_is_kept_and_a_subclass_of_an_error_is_the_same():
    assert not seen(lambda _: 1.0, lambda _: 1.0 + 1e-9, rtol=1e-8)
    assert seen(lambda _: 1.0, lambda _: 1.0 + 1e-7, rtol=1e-8)
    assert not seen(raising(LookupError()), raising(KeyError()))
    assert seen(raising(KeyError()), raising(LookupError()))


def test_the_same_number_draws_the_same_call():
    first, again, other = (repeat("medpy", "hd95", number) for number in (3, 3, 4))
    assert np.array_equal(first.args[0], again.args[0])
    assert first.kwargs == again.kwargs
    shapes = [np.shape(call.args[0]) for call in (first, other)]
    assert shapes[0] != shapes[1] or not np.array_equal(first.args[0], other.args[0])


def test_copies_keep_their_memory_layout():
    block = np.arange(24.0).reshape(4, 6)
    for array in (block, block.T, block[::2, ::3], block[::-1]):
        space = SimpleNamespace(f=lambda a: a.strides)
        kept = outcome(Call(lambda space, a: space.f(a), (array,)), space).value
        assert kept == array.strides
