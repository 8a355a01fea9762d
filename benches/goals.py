"""What edgewise has to reach, as data: a ratio to a peer or a floor, or a time.

The figures were set from measurements of the peers and of prototypes on one machine; ratios carry
over to another one better than times do.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgewise.racing import Outcome

from .contest import OURS
from .worst_cases import YARDSTICK

BEST, FLOOR, TIME, PER_VOXEL = "best peer", "floor", "ms", "ns/voxel"


@dataclass(frozen=True, slots=True)
class Goal:
    """`at_least` so many times faster than a contender, or `at_most` so many times its time.

    `against` is the beginning of a contender's name, or one of the words above.
    """

    race: str
    against: str
    at_least: float | None = None
    at_most: float | None = None
    threads: int = 1


GOALS: tuple[Goal, ...] = (
    Goal("edt-inside-m", "edt", 7),
    Goal("edt-inside-m", FLOOR, at_most=17),
    Goal("edt-boundary-m", "edt", 8.5),
    Goal("edt-boundary-m", FLOOR, at_most=30),
    Goal("edt-boundary-l", "edt", 8),
    Goal("edt-boundary-l", FLOOR, at_most=30),
    Goal("edt-noise", "edt", 6),
    Goal("edt-points", "edt", 6),
    Goal("edt-labels", "edt", 5),
    Goal("edt-plane", "opencv", 2.5),
    Goal("pair-organ-m", BEST, 18),
    Goal("pair-organ-m", "surface-distance", 55),
    Goal("pair-organ-m", "monai", 95),
    Goal("pair-organ-m", "MedPy", 500),
    Goal("pair-organ-m", FLOOR, at_most=6.8),
    Goal("pair-tree-m", "scipy", 30),
    Goal("pair-tree-m", "surface-distance", 170),
    Goal("pair-tree-m", "monai", 180),
    Goal("pair-tree-m", FLOOR, at_most=3.8),
    Goal("pair-far-m", BEST, 30),
    Goal("pair-far-m", FLOOR, at_most=5),
    Goal("pair-organ-l", BEST, 17),
    Goal("pair-organ-l", BEST, 26, threads=2),
    Goal("pair-organ-l", "scipy", 21),
    Goal("pair-organ-l", "monai", 110),
    Goal("pair-organ-l", "surface-distance", 120),
    Goal("pair-organ-l", FLOOR, at_most=5.8),
    Goal("pair-tree-l", BEST, 30),
    Goal("pair-tree-l", FLOOR, at_most=2.8),
    Goal("pair-far-l", BEST, 35),
    Goal("pair-far-l", FLOOR, at_most=5),
    Goal("pair-same-m", FLOOR, at_most=1.6),
    Goal("pair-same-l", FLOOR, at_most=1.6),
    *(
        Goal(f"worst-{name}", YARDSTICK, at_most=1.5)
        for name in ("blobs", "boards", "noise", "one", "slice", "line", "pieces")
    ),
    Goal("dice-m", "numpy", 6),
    Goal("dice-m", "SimpleITK", 13),
    Goal("dice-m", "numpy masks", 1000),
    Goal("dice-xl", FLOOR, at_most=2),
    Goal("dice-random", PER_VOXEL, at_most=0.6),
    Goal("distances-m", TIME, at_most=120),
    Goal("distances-m", "surface-distance", 100),
    Goal("boundary-m", BEST, 8),
    Goal("boundary-m", FLOOR, at_most=2.3),
    Goal("boundary-l", BEST, 9),
    Goal("boundary-l", FLOOR, at_most=2.3),
    Goal("flood-m", "connected-components", 2.5),
    Goal("flood-m", "scikit-image", 8),
    Goal("flood-m", "SimpleITK", 17),
    Goal("components-6", "connected-components", 2.2),
    Goal("folder-20", TIME, at_most=20 * 15),
    Goal("folder-20", "edt", 7),
    Goal("folder-20", "surface-distance", 20),
    Goal("folder-20", "nibabel", 25),
    Goal("calls-dice", TIME, at_most=10),  # of a thousand calls: 10 us each
    Goal("components-26", "connected-components", 1),
)


def limit_of(outcome: Outcome) -> float:
    """The time, ms, that a stopped call is known to exceed."""
    return float(outcome.detail.split()[1]) * 1e3


def least_time(outcome: Outcome) -> float | None:
    """Median of a contender, or what it at least takes; None if it has no time."""
    if outcome.status == "ok":
        return outcome.median
    return limit_of(outcome) if outcome.status == "over limit" else None


def speedup(outcome: Outcome, outcomes: list[Outcome]) -> float | None:
    """How many times our call of equal meaning is faster than a peer's."""
    mine = next((o for o in outcomes if o.name == outcome.like and o.status == "ok"), None)
    theirs = least_time(outcome)
    return None if mine is None or theirs is None else theirs / mine.median


def best(outcomes: list[Outcome]) -> tuple[Outcome, float] | None:
    """The peer that is hardest to beat, with our speed beside it."""
    found = [
        (outcome, ratio)
        for outcome in outcomes
        if outcome.kind == "peer" and outcome.status == "ok"
        for ratio in [speedup(outcome, outcomes)]
        if ratio is not None
    ]
    return min(found, key=lambda pair: pair[1], default=None)


def floor(outcomes: list[Outcome]) -> Outcome | None:
    return next((o for o in outcomes if o.name.startswith("floor") and o.status == "ok"), None)


def reached(goal: Goal, outcomes: list[Outcome], voxels: int) -> tuple[float, bool] | None:
    """The figure that a goal is about, and whether it is only a lower bound; None: not measured."""
    mine = next((o for o in outcomes if o.name == OURS and o.status == "ok"), None)
    if mine is None:
        return None
    if goal.against == TIME:
        return mine.median, False
    if goal.against == PER_VOXEL:
        return mine.median * 1e6 / voxels, False
    if goal.at_most is not None:
        name = "floor" if goal.against == FLOOR else goal.against
        under = [o for o in outcomes if o.name.startswith(name) and o.status == "ok"]
        return (mine.median / under[0].median, False) if under else None
    return _faster(goal.against, outcomes)


def _faster(against: str, outcomes: list[Outcome]) -> tuple[float, bool] | None:
    """How many times we are faster than the best peer, or than the one of that name."""
    if against == BEST:
        found = best(outcomes)
        return None if found is None else (found[1], False)
    name = _versioned(against, outcomes)
    for outcome in outcomes:
        ratio = speedup(outcome, outcomes) if outcome.name.startswith(name) else None
        if ratio is not None:
            return ratio, outcome.status == "over limit"
    return None


def _versioned(words: str, outcomes: list[Outcome]) -> str:
    """Put the version between the library and the call: "numpy masks" is "numpy 2.4.6 masks"."""
    library, _, call = words.partition(" ")
    if not call:
        return words
    for outcome in outcomes:
        parts = outcome.name.split(" ", 2)
        if parts[0] == library and outcome.name.partition(parts[1])[2].strip().startswith(call):
            return outcome.name
    return words


def verdict(goal: Goal, outcomes: list[Outcome], voxels: int) -> str:
    """One clause: the goal, what was reached, and by how much it is missed."""
    found = reached(goal, outcomes, voxels)
    bound = goal.at_least if goal.at_least is not None else goal.at_most
    assert bound is not None
    unit = goal.against if goal.against in (TIME, PER_VOXEL) else f"x {goal.against}"
    wanted = f"{'>=' if goal.at_least is not None else '<='} {bound:g} {unit}"
    if found is None:
        return f"{wanted}: not measured"
    value, is_bound = found
    shown = f"{'> ' if is_bound else ''}{value:.3g}"
    met = value >= bound if goal.at_least is not None else value <= bound
    if met:
        return f"{wanted}: met ({shown})"
    if is_bound:
        return f"{wanted}: not known ({shown})"
    short = bound / value if goal.at_least is not None else value / bound
    return f"{wanted}: **missed** ({shown}, {short:.2f} x short)"
