"""Every distance metric against lists made by comparing all boundary elements."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import close, same
from edgewise import metrics
from oracles import boundaries, surface_distance
from strategies import examples, lay_out, layouts, pairs, spacings

KINDS = ("face", "edge18", "full", "none")
MEANS = ("asd_ref_to_pred", "asd_pred_to_ref", "assd", "masd", "rmsd")
EXTREMES = ("hd", "hd_ref_to_pred", "hd_pred_to_ref")
RULES = ("linear", "lower", "higher", "nearest", "midpoint", "step")
COMBINE = ("max", "pooled", "mean", "ref_to_pred", "pred_to_ref")


def squeezed(reference, prediction, spacing):
    """Axes of length 1 leave together with their spacing; one element becomes a line."""
    keep = [k for k, n in enumerate(reference.shape) if n > 1]
    if not keep:
        return reference.reshape(1), prediction.reshape(1), spacing[:1]
    shape = [reference.shape[k] for k in keep]
    steps = tuple(spacing[k] for k in keep)
    return reference.reshape(shape), prediction.reshape(shape), steps


def bound(spacing):
    """Bit-equal where squared distances are whole numbers, else rounding of tied neighbours."""
    return 0.0 if set(spacing) == {1.0} else 1e-12


def either_edge():
    return st.sampled_from(("background", "foreground"))


@pytest.mark.parametrize("kind", KINDS)
@given(pair=pairs(), edge=either_edge())
def test_extremes_and_means(kind, pair, edge):
    reference, prediction, spacing = pair
    found = surface_distance.lists(*squeezed(*pair), kind, edge)
    how = {"spacing": spacing, "boundary": kind, "edge": edge}
    for name in EXTREMES:
        ours = getattr(metrics, name)(reference, prediction, **how)
        assert same(ours, getattr(surface_distance, name)(found), bound(spacing)), name
    for name in MEANS:
        ours = getattr(metrics, name)(reference, prediction, **how)
        assert same(ours, getattr(surface_distance, name)(found), 1e-9), name
    spread = metrics.asd_std(reference, prediction, **how)
    assert close(spread, surface_distance.asd_std(found), 1e-9, 1e-9)
    middle = metrics.asd_median(reference, prediction, **how)
    assert same(middle, surface_distance.asd_median(found, "linear"), bound(spacing))


@given(pairs(), st.floats(0, 100) | st.sampled_from((0.0, 50.0, 95.0, 100.0)))
def test_quantiles_of_every_rule(pair, q):
    reference, prediction, spacing = pair
    found = surface_distance.lists(*squeezed(*pair))
    for combine in COMBINE:
        for rule in RULES:
            ours = metrics.hd_quantile(
                reference, prediction, spacing=spacing, q=q, combine=combine, percentile=rule
            )
            theirs = surface_distance.hd_quantile(found, q, combine, rule)
            assert same(ours, theirs, bound(spacing) or 1e-15 * (combine == "mean")), (
                combine,
                rule,
            )


@given(pairs())
def test_hd95_has_two_names_and_two_meanings(pair):
    reference, prediction, spacing = pair
    found = surface_distance.lists(*squeezed(*pair))
    larger = metrics.hd95(reference, prediction, spacing=spacing)
    pooled = metrics.hd95_pooled(reference, prediction, spacing=spacing)
    assert same(larger, surface_distance.hd_quantile(found, 95, "max", "linear"), bound(spacing))
    assert same(pooled, surface_distance.hd_quantile(found, 95, "pooled", "linear"), bound(spacing))


@given(pairs(max_ndim=2), st.floats(0, 100))
def test_surfel_lists_in_one_and_two_axes(pair, q):
    reference, prediction, spacing = pair
    found = surface_distance.lists(*squeezed(*pair), "surfel")
    how = {"spacing": spacing, "boundary": "surfel"}
    for name in EXTREMES:
        ours = getattr(metrics, name)(reference, prediction, **how)
        assert same(ours, getattr(surface_distance, name)(found), bound(spacing)), name
    for name in MEANS:
        ours = getattr(metrics, name)(reference, prediction, **how)
        assert same(ours, getattr(surface_distance, name)(found), 1e-9), name
    for combine in COMBINE:
        ours = metrics.hd_quantile(reference, prediction, q=q, combine=combine, **how)
        theirs = surface_distance.hd_quantile(found, q, combine, "step")
        assert same(ours, theirs, 1e-12), combine


LARGE = [(130, 70), (40, 66, 21), (5, 64, 65), (9, 131, 12)]


@pytest.mark.parametrize("kind", ["face", "full", "none", "surfel"])
@examples(15)
@given(data=st.data())
def test_large_objects_near_and_far(kind, data):
    """Thousands of elements, most of them far from the other mask: every way of searching."""
    shape = data.draw(st.sampled_from(LARGE[:1] if kind == "surfel" else LARGE))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    reference, prediction = np.zeros((2, *shape), bool)
    near = tuple(slice(0, max(2, n // 3)) for n in shape)
    far = tuple(slice(n - max(2, n // 3), n) for n in shape)
    density = data.draw(st.sampled_from((0.02, 0.6, 1.0)))
    reference[near] = rng.random(reference[near].shape) < density
    prediction[near if data.draw(st.booleans()) else far] = True
    prediction[rng.random(shape) < data.draw(st.sampled_from((0.0, 0.001)))] = True
    reference.flat[-1] = True
    spacing = data.draw(spacings(len(shape)))
    found = surface_distance.lists(reference, prediction, spacing, kind)
    how = {"spacing": spacing, "boundary": kind}
    rule = "step" if kind == "surfel" else "linear"
    for name in EXTREMES:
        ours = getattr(metrics, name)(reference, prediction, **how)
        assert same(ours, getattr(surface_distance, name)(found), bound(spacing)), name
    for q in (30, 95):
        ours = metrics.hd_quantile(reference, prediction, q=q, combine="pooled", **how)
        theirs = surface_distance.hd_quantile(found, q, "pooled", rule)
        assert same(ours, theirs, bound(spacing)), q
    for name in MEANS:
        ours = getattr(metrics, name)(reference, prediction, **how)
        assert same(ours, getattr(surface_distance, name)(found), 1e-9), name


def tolerances(spacing):
    """Any tolerance, and those that distances of whole steps hit exactly."""
    hits = [k * s for k in (1, 2, 3) for s in spacing]
    return st.floats(0, 20) | st.sampled_from([0.0, *hits])


@given(pairs(max_ndim=2), st.data())
def test_nsd_and_overlaps_on_surfels(pair, data):
    reference, prediction, spacing = pair
    tolerance = data.draw(tolerances(spacing))
    found = surface_distance.lists(*squeezed(*pair), "surfel")
    how = {"spacing": spacing, "tolerance": tolerance}
    for combine in ("pooled", "mean"):
        ours = metrics.nsd(reference, prediction, combine=combine, **how)
        assert same(ours, surface_distance.nsd(found, tolerance, combine), 1e-9), combine
    for name in ("surface_overlap_ref", "surface_overlap_pred"):
        ours = getattr(metrics, name)(reference, prediction, **how)
        assert same(ours, getattr(surface_distance, name)(found, tolerance), 1e-9), name


@given(pairs(), st.data())
def test_nsd_on_boundary_voxels(pair, data):
    reference, prediction, spacing = pair
    tolerance = data.draw(tolerances(spacing))
    found = surface_distance.lists(*squeezed(*pair))
    how = {"spacing": spacing, "tolerance": tolerance}
    pooled = surface_distance.nsd(found, tolerance, "pooled")
    mean = surface_distance.nsd(found, tolerance, "mean")
    assert same(metrics.nsd_grid(reference, prediction, **how), pooled, 1e-12)
    assert same(metrics.nsd(reference, prediction, boundary="face", **how), pooled, 1e-12)
    assert same(metrics.nsd_grid_mean(reference, prediction, **how), mean, 1e-12)


@given(pairs())
def test_whole_object_and_centroid_distances(pair):
    reference, prediction, spacing = pair
    flat = squeezed(*pair)
    ours = metrics.ahd(reference, prediction, spacing=spacing)
    assert same(ours, surface_distance.ahd(*flat), 1e-9)
    ours = metrics.center_distance(reference, prediction, spacing=spacing)
    assert close(ours, surface_distance.center_distance(*flat), 1e-9, 1e-10)
    ours = metrics.mahalanobis(reference, prediction, spacing=spacing)
    assert close(ours, surface_distance.mahalanobis(*flat[:2]), 1e-6, 1e-7)


@given(pairs(), st.data())
def test_ignored_voxels_make_no_boundary(pair, data):
    reference, prediction, spacing = pair
    ignored = data.draw(st.sampled_from((reference & prediction, reference ^ prediction)))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    ignored = ignored & (rng.random(reference.shape) < 0.3)
    r, p, steps = squeezed(*pair)
    for kind in ("face", "full"):
        found = surface_distance.lists(r, p, steps, kind, ignored=ignored.reshape(r.shape))
        how = {"spacing": spacing, "boundary": kind, "ignore_mask": ignored}
        ours = metrics.hd(reference, prediction, **how)
        assert same(ours, surface_distance.hd(found), bound(spacing))
        ours = metrics.assd(reference, prediction, **how)
        assert same(ours, surface_distance.assd(found), 1e-9)


@given(pairs(max_ndim=2), st.floats(0, 5), st.integers(0, 2**32 - 1))
def test_surface_elements_beside_ignored_voxels_are_left_out(pair, tolerance, seed):
    reference, prediction, spacing = pair
    ignored = np.random.default_rng(seed).random(reference.shape) < 0.1
    r, p, steps = squeezed(*pair)
    found = surface_distance.lists(r, p, steps, "surfel", ignored=ignored.reshape(r.shape))
    how = {"spacing": spacing, "ignore_mask": ignored}
    ours = metrics.nsd(reference, prediction, tolerance=tolerance, **how)
    assert same(ours, surface_distance.nsd(found, tolerance), 1e-9)
    ours = metrics.assd(reference, prediction, boundary="surfel", **how)
    assert same(ours, surface_distance.assd(found), 1e-9)


@pytest.mark.parametrize("rule", ["chess", "taxi", "edt_lt", "edt_lt_mm"])
@examples(60)
@given(pair=pairs(max_voxels=300), width=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_boundary_iou(rule, pair, width, seed):
    reference, prediction, spacing = pair
    how = {"spacing": spacing, "width": width, "strip": rule}
    ours = metrics.boundary_iou(reference, prediction, **how)
    r, p, steps = squeezed(*pair)
    assert same(ours, boundaries.boundary_iou(r, p, width, rule, steps), 1e-15)
    ignored = np.random.default_rng(seed).random(reference.shape) < 0.2
    ours = metrics.boundary_iou(reference, prediction, ignore_mask=ignored, **how)
    hidden = ignored.reshape(r.shape)
    assert same(ours, boundaries.boundary_iou(r, p, width, rule, steps, hidden), 1e-15)


@examples(60)
@given(pairs())
def test_boundary_iou_takes_two_per_cent_of_the_diagonal(pair):
    reference, prediction, _ = pair
    ours = metrics.boundary_iou(reference, prediction)
    r, p, _ = squeezed(*pair)
    width = max(1, round(0.02 * math.sqrt(sum(n * n for n in r.shape))))
    assert same(ours, boundaries.boundary_iou(r, p, width, "chess", None), 1e-15)


MOVED = {
    **{name: {} for name in (*EXTREMES, *MEANS, "hd95", "hd95_pooled", "ahd", "center_distance")},
    **{name: {} for name in ("asd_std", "asd_median", "mahalanobis", "boundary_iou")},
    **{name: {"tolerance": 1.0} for name in ("nsd", "nsd_grid", "nsd_grid_mean")},
    **{name: {"tolerance": 1.0} for name in ("surface_overlap_ref", "surface_overlap_pred")},
    "hd_quantile": {"q": 60.0},
}


@pytest.mark.parametrize("name", sorted(MOVED))
def test_a_shift_shows(name):
    """A box moved one step further changes every one of them."""
    reference = np.zeros((12, 14, 16), bool)
    reference[2:6, 3:8, 3:7] = True
    prediction = np.roll(reference, (1, 1), (0, 2))
    prediction[2, 3, 3] = True
    further = np.roll(prediction, (2, 2, 1), (0, 1, 2))
    measure = getattr(metrics, name)
    how = {**({} if name == "boundary_iou" else {"spacing": (1.0, 1.5, 0.75)}), **MOVED[name]}
    assert measure(reference, prediction, **how) != measure(reference, further, **how)


@given(pair=pairs(max_voxels=2000), data=st.data())
def test_masks_are_measured_from_bits_as_labels_from_arrays(pair, data):
    reference, prediction, spacing = pair
    ignored = None
    if data.draw(st.booleans()):
        seed = data.draw(st.integers(0, 99))
        ignored = np.random.default_rng(seed).random(reference.shape) < 0.3
    layout, threads = data.draw(layouts()), data.draw(st.integers(1, 3))
    names = ["dice", "hd95", "assd", "nsd@1", "hd:medpy", "nsd_grid@1:deepmind"]
    found = []
    for label in (1, 2):  # a map with another label than 0 and 1 is not kept as bits
        maps = [lay_out(side * np.uint8(label), layout) for side in (reference, prediction)]
        result = metrics.measure(
            *maps,
            labels=[label],
            include_background=True,
            spacing=spacing,
            ignore_mask=ignored,
            metrics=names,
            threads=threads,
        )
        found.append([(v.metric, repr(v.value), v.state) for v in result.values])
    assert found[0] == found[1]
