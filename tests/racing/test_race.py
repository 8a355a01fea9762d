"""The gate: no time for a contender whose numbers are different, and nothing stops a race."""

import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewise.racing import Contender, disagreement, machine, optional, race, set_threads
from edgewise.racing import race as race_function
from edgewise.racing.agreement import same_partition


class Panic(BaseException):
    """What a library in Rust raises when it meets a bug."""


def ours(value=0.5):
    return Contender("ours", lambda: value, kind="ours")


def peer(call, **how):
    return Contender("peer", call, like="ours", **how)


def raising(error):
    def call():
        raise error

    return call


def test_a_peer_that_agrees_has_times():
    _, found = race([ours(), peer(lambda: 0.5)], rounds=3)
    assert (found.status, len(found.wall), len(found.cpu)) == ("ok", 3, 3)
    assert found.least <= found.median
    assert found.values == [0.5]


def test_a_peer_that_disagrees_has_none():
    first, found = race([ours(), peer(lambda: 0.6)], rounds=3)
    assert found.status == "disagrees"
    assert "0.1" in found.detail
    assert first.status == "ok"
    calls = []
    race([ours(), peer(lambda: calls.append(1) or 0.6)], rounds=3)
    assert len(calls) == 1  # the comparison only


def test_a_missing_peer_says_so():
    absent = optional("edt", " fast", lambda name, _: Contender(name, float), part="no_such_module")
    found = race([ours(), absent])[1]
    assert (found.status, found.name, found.detail) == ("missing", "edt fast", "not installed")


@pytest.mark.parametrize("error", [ValueError("no"), Panic("index out of bounds")])
def test_a_peer_that_breaks_says_how(error):
    found = race([ours(), peer(raising(error))])[1]
    assert found.status == "failed"
    assert str(error) in found.detail


def test_a_peer_that_breaks_later_says_how():
    calls = iter([0.5])
    found = race([ours(), peer(lambda: next(calls))], rounds=2)[1]
    assert found.status == "failed"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_ends_it(error):
    with pytest.raises(error):
        race([ours(), peer(raising(error))])


def test_a_broken_contender_of_ours_takes_no_peer_along():
    broken = Contender("ours", raising(RuntimeError("oh")), kind="ours")
    first, found = race([broken, peer(lambda: 0.5)])
    assert first.status == "failed"
    assert found.status == "failed"
    assert "ours gave nothing" in found.detail


def test_a_slow_peer_is_stopped():
    def call():
        while True:
            time.sleep(0.01)

    found = race([ours(), peer(call)], limit=0.05)[1]
    assert (found.status, found.detail, found.wall) == ("over limit", "over 0.05 s", [])


def test_a_long_call_is_timed_once(monkeypatch):
    monkeypatch.setitem(race_function.__globals__, "_SLOW", 0.0)
    calls = []
    found = race([ours(), peer(lambda: calls.append(1) or 0.5)], rounds=4)[1]
    assert len(calls) == len(found.wall) == 1


def test_contenders_take_turns():
    order = []
    named = [Contender(name, lambda name=name: order.append(name), kind="floor") for name in "abc"]
    race(named, rounds=2)
    assert "".join(order) == "abcabcabc"


def test_what_a_peer_prints_is_not_ours(capsys):
    race([ours(), peer(lambda: sys.stdout.write("noise") and 0.5)], rounds=1)
    assert capsys.readouterr().out == ""


def test_values_are_compared_after_the_clock():
    found = race([ours(1.0), peer(lambda: "1", value=float)], rounds=1)[1]
    assert found.status == "ok"
    found = race([ours(1.0), peer(lambda: "x", value=float)], rounds=1)[1]
    assert found.status == "failed"


@pytest.mark.parametrize(
    ("ours", "theirs", "agrees"),
    [
        ([1.0, np.nan], [1.0, np.nan], True),
        ([np.inf], [np.inf], True),
        ([np.inf], [1.0], False),
        ([np.nan], [1.0], False),
        ([1000.0], [1000.0005], True),  # relative above 1
        ([0.001], [0.0010000005], True),  # absolute below
        ([0.001], [0.00101], False),
        ([True, False], [1, 0], True),
        ([True, False], [1, 1], False),
        ([3], [4], False),
        ([1.0, 2.0], [1.0], False),
    ],
)
def test_agreement(ours, theirs, agrees):
    assert (disagreement(ours, theirs, rtol=1e-6) == "") is agrees


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.permutations(range(1, 6)))
def test_renumbered_labels_are_the_same_partition(labels, names):
    labels = np.array(labels)
    renamed = np.array([0, *names])[labels]
    assert np.array_equal(same_partition(labels), same_partition(renamed))
    merged = np.where(labels > 0, 1, 0)
    is_same = len(np.unique(labels[labels > 0])) <= 1
    assert np.array_equal(same_partition(labels), same_partition(merged)) is is_same


def test_the_machine_names_its_versions(monkeypatch):
    import os

    facts = machine()
    assert facts["cores"] >= 1
    assert facts["versions"]["numpy"] == np.__version__
    for name in ("EDGEWISE_NUM_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "7")
    monkeypatch.setenv("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "7")
    monkeypatch.setenv("OPENCV_FOR_THREADS_NUM", "7")
    set_threads(1)
    assert os.environ["EDGEWISE_NUM_THREADS"] == "1"
