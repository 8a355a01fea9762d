"""Components, holes, Euler and Betti numbers, floods and skeleton metrics against searches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edgewise
from agreement import same
from edgewise import _core, methods, metrics, voxels
from oracles import topology
from strategies import (
    any_shape,
    examples,
    label_dtypes,
    label_maps,
    lay_out,
    layouts,
    masks,
    pairs,
    small_shapes,
)


@given(st.data())
def test_components_equal_the_search(data):
    shape = data.draw(any_shape())
    labels = data.draw(label_maps(shape) | masks(shape))
    connectivity = data.draw(st.integers(1, len(shape)))
    ours = edgewise.connected_components(labels, connectivity=connectivity)
    theirs, _ = topology.components(labels, connectivity)
    assert np.array_equal(ours, theirs)  # the same numbers, not only the same partition


@examples(60)
@given(st.data())
def test_components_of_any_layout_and_type(data):
    shape = data.draw(any_shape())
    labels = data.draw(label_maps(shape)).astype(data.draw(label_dtypes()))
    connectivity = data.draw(st.integers(1, len(shape)))
    ours = edgewise.connected_components(
        lay_out(labels, data.draw(layouts())), connectivity=connectivity
    )
    theirs, _ = topology.components(labels, connectivity)
    assert np.array_equal(ours, theirs)


def test_a_bridge_joins_two_components():
    mask = np.zeros((5, 5), bool)
    mask[1:3, 1], mask[1:3, 3] = True, True
    assert edgewise.connected_components(mask, connectivity=1).max() == 2
    mask[1, 2] = True
    assert edgewise.connected_components(mask, connectivity=1).max() == 1


@given(st.data())
def test_fill_holes_equals_the_search(data):
    shape = data.draw(any_shape())
    mask = data.draw(masks(shape))
    connectivity = data.draw(st.integers(1, len(shape)))
    ours = voxels.fill_holes(mask, connectivity=connectivity)
    assert np.array_equal(ours, topology.fill_holes(mask, connectivity))


def test_an_opened_hole_stays():
    ring = np.ones((5, 5), bool)
    ring[2, 2] = False
    assert voxels.fill_holes(ring, connectivity=1).all()
    ring[0:2, 2] = False
    assert np.array_equal(voxels.fill_holes(ring, connectivity=1), ring)


@given(st.data())
def test_euler_number_counts_cells(data):
    mask = data.draw(masks(data.draw(small_shapes())))
    for connectivity in {1, mask.ndim}:
        ours = _core.euler_characteristic(mask, connectivity=connectivity)
        assert ours == topology.euler(mask, connectivity)


@given(pairs(max_voxels=200))
def test_betti_error_and_components(pair):
    reference, prediction, _ = pair
    keep = [n for n in reference.shape if n > 1] or [1]
    r, p = reference.reshape(keep), prediction.reshape(keep)
    for connectivity in (None, 1):
        inside = r.ndim if connectivity is None else 1
        betti_r, betti_p = topology.betti(r, inside), topology.betti(p, inside)
        theirs = sum(abs(a - b) for a, b in zip(betti_r, betti_p, strict=True))
        how = {"connectivity": connectivity}
        assert metrics.betti_error(reference, prediction, **how) == theirs
        assert metrics.components_ref(reference, prediction, **how) == betti_r[0]
        assert metrics.components_pred(reference, prediction, **how) == betti_p[0]


def test_a_drilled_tunnel_shows():
    block = np.zeros((5, 5, 5), bool)
    block[1:4, 1:4, 1:4] = True
    tunnel = block.copy()
    tunnel[:, 2, 2] = False
    cavity = block.copy()
    cavity[2, 2, 2] = False
    assert topology.betti(tunnel) == (1, 1, 0)
    assert topology.betti(cavity) == (1, 0, 1)
    assert metrics.betti_error(block, tunnel) == 1
    assert metrics.betti_error(block, cavity) == 1
    assert metrics.betti_error(tunnel, cavity) == 2
    assert metrics.betti_error(block, block) == 0


@st.composite
def grids(draw):
    """An image of few grey values in some type, one seed inside it and a connectivity."""
    shape = draw(any_shape())
    dtype = np.dtype(draw(st.sampled_from(("u1", "i2", "i4", "u8", "f4", "f8"))))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    image = rng.integers(0, 5, shape).astype(dtype)
    seed = tuple(draw(st.integers(0, n - 1)) for n in shape)
    return image, seed, draw(st.integers(1, len(shape)))


@given(grids(), st.integers(0, 4), st.integers(0, 4))
def test_region_grow_equals_the_search(grid, lower, upper):
    image, seed, connectivity = grid
    low = None if lower == 0 else lower
    ours = edgewise.region_grow(image, [seed], lower=low, upper=upper, connectivity=connectivity)
    assert ours.dtype == np.bool_
    assert np.array_equal(ours, topology.region_grow(image, [seed], low, upper, connectivity))


@given(grids(), st.integers(0, 3) | st.none())
def test_flood_equals_the_search(grid, tolerance):
    image, seed, connectivity = grid
    ours = methods.flood(image, seed, tolerance=tolerance, connectivity=connectivity)
    assert np.array_equal(ours, topology.flood(image, seed, tolerance, connectivity))


@given(grids())
def test_flood_notices_a_seed_of_another_value(grid):
    image, seed, connectivity = grid
    before = topology.flood(image, seed, 0, connectivity)
    image[seed] += 7
    assert not np.array_equal(methods.flood(image, seed, connectivity=connectivity), before) or (
        before.sum() == 1
    )
    assert methods.flood(image, seed, connectivity=connectivity).sum() == 1


def test_closed_interval():
    image = np.array([1, 2, 3, 4, 5])
    assert edgewise.region_grow(image, [(2,)], lower=2, upper=4).tolist() == [0, 1, 1, 1, 0]
    assert edgewise.region_grow(image, [(2,)], lower=2.5, upper=4).tolist() == [0, 0, 1, 1, 0]
    assert edgewise.region_grow(image, [(0,)], lower=2, upper=4).tolist() == [0, 0, 0, 0, 0]


@given(pairs(2, 3, 300), st.data())
def test_centreline_metrics_follow_from_the_skeletons(pair, data):
    reference, prediction, _ = pair
    rules = ("lee", "zhang") if reference.ndim == 2 else ("lee",)
    thinning = data.draw(st.sampled_from(rules))
    skeletons = [_core.skeleton(mask, thinning=thinning) for mask in pair[:2]]
    tp, ts, whole = topology.cldice(*skeletons, reference, prediction)
    how = {"thinning": thinning, "squeeze": False}
    assert same(metrics.topology_precision(reference, prediction, **how), tp, 1e-15)
    assert same(metrics.topology_sensitivity(reference, prediction, **how), ts, 1e-15)
    assert same(metrics.cldice(reference, prediction, **how), whole, 1e-15)


def test_one_slice_of_a_volume_is_thinned_as_a_volume():
    # Lee's method thins an array of one slice as an image: 3 voxels are left of this, not 2
    slice_of = np.array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 0, 1]], bool)
    volume = np.stack([slice_of & False, slice_of, slice_of & False])
    whole, cut = (_core.skeleton(m, thinning="lee").sum() for m in (volume, volume[1:2]))
    assert (whole, cut) == (2, 3)
    other = volume & ~np.eye(4, dtype=bool)
    skeletons = [_core.skeleton(m, thinning="lee") for m in (volume, other)]
    tp, ts, _ = topology.cldice(*skeletons, volume, other)
    assert metrics.topology_precision(volume, other) == tp
    assert metrics.topology_sensitivity(volume, other) == ts
    assert metrics.skeleton_length_ratio(other, volume) == 2 / skeletons[1].sum()


@given(pairs(2, 3, 300))
def test_skeletons_lie_inside_and_are_thin(pair):
    mask = pair[0]
    for thinning in ("lee", "zhang") if mask.ndim == 2 else ("lee",):
        thin = _core.skeleton(mask, thinning=thinning)
        assert not (thin & ~mask).any()
        assert np.array_equal(_core.skeleton(thin, thinning=thinning), thin) or mask.ndim == 3


def test_a_longer_rod_has_a_longer_skeleton():
    rod, longer = np.zeros((2, 9, 30), bool)
    rod[3:6, 3:15], longer[3:6, 3:25] = True, True
    for thinning in ("lee", "zhang"):
        lengths = [int(_core.skeleton(m, thinning=thinning).sum()) for m in (rod, longer)]
        assert lengths[1] == lengths[0] + 10
        ratio = metrics.skeleton_length_ratio(rod, longer, thinning=thinning)
        assert ratio == lengths[1] / lengths[0]


@pytest.mark.parametrize("connectivity", [0, 4, True])
def test_unknown_neighbourhoods_are_refused(connectivity):
    with pytest.raises(ValueError, match="connectivity"):
        edgewise.connected_components(np.ones((2, 2, 2), bool), connectivity=connectivity)
