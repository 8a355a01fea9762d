"""Boundaries and surface elements against sets and blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import edgewise
from edgewise import _core
from oracles import boundaries, surfels
from strategies import any_shape, examples, lay_out, layouts, mask_dtypes, masks, spacings

KINDS = ("face", "edge18", "full")
EDGES = ("background", "foreground")


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("kind", KINDS)
@examples(60)
@given(data=st.data())
def test_boundary_equals_the_set(kind, edge, data):
    shape = data.draw(any_shape())
    mask = data.draw(masks(shape))
    ours = edgewise.boundary(mask, boundary=kind, edge=edge)
    assert ours.dtype == np.bool_
    assert np.array_equal(ours, boundaries.boundary_mask(mask, kind, edge))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_a_lonely_voxel_more_shows(kind, data):
    shape = data.draw(any_shape())
    mask = data.draw(masks(shape))
    near = boundaries.elements(mask)
    free = [tuple(i) for i in np.argwhere(~mask) if not _touches(tuple(i), near, mask.ndim)]
    assume(free)
    wrong = mask.copy()
    wrong[free[0]] = True
    ours = edgewise.boundary(wrong, boundary=kind)
    assert not np.array_equal(ours, boundaries.boundary_mask(mask, kind))


def _touches(element, others, ndim):
    return any(
        tuple(a + b for a, b in zip(element, step, strict=True)) in others
        for step in boundaries.offsets(ndim, ndim)
    )


@given(st.data())
def test_conventions_are_nested(data):
    mask = data.draw(masks(data.draw(any_shape())))
    for edge in EDGES:
        face, edge18, full = (edgewise.boundary(mask, boundary=k, edge=edge) for k in KINDS)
        assert not (face & ~edge18).any()
        assert not (edge18 & ~full).any()
        assert not (full & ~mask).any()
    assert edgewise.boundary(mask).any() == mask.any()


@given(st.data())
def test_one_voxel_is_its_own_boundary(data):
    mask = data.draw(masks(data.draw(any_shape()), ("one voxel",)))
    for kind in KINDS:
        assert np.array_equal(edgewise.boundary(mask, boundary=kind), mask)


@given(any_shape())
def test_a_full_image_has_its_shell_or_nothing(shape):
    mask = np.ones(shape, bool)
    shell = np.ones(shape, bool)
    shell[tuple(slice(1, -1) for _ in shape)] = False
    for kind in KINDS:
        assert np.array_equal(edgewise.boundary(mask, boundary=kind), shell)
        assert not edgewise.boundary(mask, boundary=kind, edge="foreground").any()


@examples(60)
@given(st.data())
def test_layout_and_type_change_nothing(data):
    mask = data.draw(masks(data.draw(any_shape())))
    laid_out = lay_out(mask.astype(data.draw(mask_dtypes())), data.draw(layouts()))
    assert np.array_equal(edgewise.boundary(laid_out), edgewise.boundary(mask))


@given(st.data())
def test_surfel_weights_equal_the_blocks_in_one_and_two_axes(data):
    shape = data.draw(any_shape(1, 2))
    mask = data.draw(masks(shape))
    spacing = data.draw(spacings(len(shape)))
    ours = _core.surfels(mask, spacing)
    assert ours.shape == tuple(n + 1 for n in shape)
    np.testing.assert_allclose(ours, surfels.weights(mask, spacing), rtol=1e-14, atol=0)


@examples(60)
@given(st.data())
def test_surfel_areas_equal_geometry_where_it_decides(data):
    shape = data.draw(any_shape(3, 3, 300))
    mask = data.draw(masks(shape))
    spacing = data.draw(spacings(3))
    ours = _core.surfels(mask, spacing)

    def area(block, steps):
        known = surfels.area_3d(block, steps)
        return np.nan if known is None else known

    theirs = surfels.weights(mask, spacing, area)
    assert ours.shape == theirs.shape
    decided = ~np.isnan(theirs)
    np.testing.assert_allclose(ours[decided], theirs[decided], rtol=1e-12, atol=0)
    assert (ours[~decided] > 0).all()


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_a_shifted_voxel_moves_its_surfels(ndim):
    mask, moved = np.zeros((2, *[5] * ndim), bool)
    mask[(2,) * ndim] = True
    moved[(3,) + (2,) * (ndim - 1)] = True
    spacing = (1.5, 2.0, 0.5)[:ndim]
    here, there = _core.surfels(mask, spacing), _core.surfels(moved, spacing)
    assert not np.array_equal(here, there)
    assert np.array_equal(np.roll(here, 1, axis=0), there)


@given(spacings(3))
def test_a_box_has_faces_edges_and_corners(spacing):
    """3 x 4 x 5 voxels: area of a box whose edges and corners are cut half a step deep."""
    mask = np.zeros((5, 6, 7), bool)
    mask[1:4, 1:5, 1:6] = True
    a, b, c = spacing
    sides = 2 * (3 * 4 * b * c + 2 * 4 * a * c + 2 * 3 * a * b)
    cuts = (
        4 * 2 * a * np.hypot(b, c) / 2
        + 4 * 3 * b * np.hypot(a, c) / 2
        + 4 * 4 * c * np.hypot(a, b) / 2
    )
    corners = 8 * np.sqrt((a * b) ** 2 + (b * c) ** 2 + (a * c) ** 2) / 8
    total = float(_core.surfels(mask, spacing).sum())
    assert total == pytest.approx(sides + cuts + corners, rel=1e-12)
