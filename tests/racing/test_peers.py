"""Every library that is installed gives the numbers of the call it is raced against."""

import numpy as np
import pytest

from edgewise.racing import Contender, race
from edgewise.racing.count_peers import dice_contenders
from edgewise.racing.mask_peers import component_contenders, transform_contenders
from edgewise.racing.pair_calls import face_boundary
from edgewise.racing.pair_peers import PEERS, WHOLE, PairPeer, pair_contenders
from edgewise.voxels import boundary

SPACINGS = [(1.0, 1.0, 1.0), (3.0, 0.8, 0.7)]


@pytest.fixture
def maps():
    """Two label maps with labels 1 and 2, a few voxels apart."""
    z, y, x = np.ogrid[:20, :24, :26]
    reference = ((z - 9) ** 2 + (y - 9) ** 2 + (x - 8) ** 2 < 40).astype(np.uint8)
    prediction = ((z - 10) ** 2 + (y - 9) ** 2 + (x - 9) ** 2 < 36).astype(np.uint8)
    reference[4:10, 15:20, 16:22] = 2
    prediction[5:10, 14:20, 17:23] = 2
    return reference, prediction


def wrong(outcomes):
    return {o.name: o.detail for o in outcomes if o.status not in ("ok", "missing")}


@pytest.mark.parametrize("spacing", SPACINGS)
def test_distances_of_two_masks(maps, spacing):
    masks = [one == 1 for one in maps]
    how = {"spacing": spacing, "tolerance": 1.3, "threads": 1}
    outcomes = race(pair_contenders(*masks, **how), rounds=1)
    assert wrong(outcomes) == {}
    assert sum(o.kind == "peer" and o.status == "ok" for o in outcomes) >= 2


def test_distances_of_all_labels(maps):
    how = {"spacing": SPACINGS[1], "tolerance": 1.3, "threads": 1}
    outcomes = race(pair_contenders(*maps, labels=[1, 2], **how), rounds=1)
    assert wrong(outcomes) == {}
    assert len(outcomes[0].values) == 8


def test_a_peer_that_measures_other_masks_is_caught(maps):
    masks = [one == 1 for one in maps]
    scipy = next(peer for peer in PEERS if "cKDTree" in peer.what)

    def shifted(library, a, b, s, t, n):
        return scipy.call(library, a, np.roll(b, 1, axis=2), s, t, n)

    fake = PairPeer("scipy", " shifted", "scipy.spatial", shifted)
    how = {"spacing": SPACINGS[0], "tolerance": 1.3, "threads": 1}
    own, found = race(pair_contenders(*masks, peers=[fake], **how), rounds=1)
    assert (own.name, own.status) == (WHOLE, "ok")
    assert found.status in ("disagrees", "missing")
    assert found.wall == [] or found.status == "disagrees"


def test_lines_and_images(maps):
    for masks in ([m[9, 9] == 1 for m in maps], [m[9] == 1 for m in maps]):
        how = {"spacing": (0.7,) * masks[0].ndim, "tolerance": 1.0, "threads": 1}
        assert wrong(race(pair_contenders(*masks, **how), rounds=1)) == {}


@pytest.mark.parametrize("spacing", SPACINGS)
def test_transforms(maps, spacing):
    mask = maps[0] != 1
    assert wrong(race(transform_contenders(mask, spacing=spacing, threads=1), rounds=1)) == {}
    line = race(transform_contenders(mask[9, 9], spacing=spacing[:1], threads=1), rounds=1)
    assert wrong(line[:2]) == {}


@pytest.mark.parametrize("connectivity", [1, 3])
def test_components(connectivity):
    mask = np.random.default_rng(0).random((12, 14, 16)) < 0.3
    contenders = component_contenders(mask, connectivity=connectivity, threads=1)
    assert wrong(race(contenders, rounds=1)) == {}


def test_dice(maps):
    contenders = dice_contenders(*maps, labels=[1, 2], spacing=SPACINGS[0], threads=1)
    assert wrong(race(contenders, rounds=1)) == {}


def test_the_boundary_of_the_recipes_is_ours():
    mask = np.random.default_rng(1).random((9, 10, 11)) < 0.7
    assert np.array_equal(face_boundary(mask), boundary(mask))
    assert not np.array_equal(face_boundary(np.roll(mask, 1, axis=0)), boundary(mask))


def test_contenders_are_named_once(maps):
    masks = [one == 1 for one in maps]
    found = pair_contenders(*masks, spacing=SPACINGS[0], tolerance=1.3, threads=1)
    names = [one.name for one in found if isinstance(one, Contender)]
    assert len(set(names)) == len(names)
