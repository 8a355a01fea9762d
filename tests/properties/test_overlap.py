"""Every ratio of counts against sets of voxels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import close, same
from edgewise import metrics
from oracles import overlap
from strategies import lay_out, layouts, mask_dtypes, pairs

# differences of nearly equal terms: an absolute bound beside the relative one
DIFFERENCES = ("volumetric_similarity", "youden", "markedness", "mcc", "cohens_kappa")
COUNTS = ("tp", "fp", "fn", "tn", "n_ref", "n_pred", "n_union")


@given(pairs(max_ndim=3))
def test_every_formula(pair):
    reference, prediction, _ = pair
    counts = overlap.Counts(reference, prediction)
    for name, formula in overlap.FORMULAS.items():
        ours, theirs = getattr(metrics, name)(reference, prediction), formula(counts)
        if name in COUNTS:
            assert ours == theirs, name
        elif name in DIFFERENCES:
            assert close(ours, theirs, 1e-12, 4e-16), name
        else:
            assert same(ours, theirs, 5e-16), name


@given(pairs(), st.floats(0.1, 10))
def test_weighted_scores(pair, weight):
    reference, prediction, _ = pair
    counts = overlap.Counts(reference, prediction)
    ours = metrics.fbeta(reference, prediction, beta=weight)
    assert same(ours, overlap.fbeta(counts, weight), 1e-14)
    ours = metrics.net_benefit(reference, prediction, exchange_rate=weight)
    assert close(ours, overlap.net_benefit(counts, weight), 1e-12, 1e-15)


@given(pairs())
def test_volumes(pair):
    reference, prediction, spacing = pair
    counts = overlap.Counts(reference, prediction)
    voxel = np.prod(spacing)
    ref, pred = (counts.tp + counts.fn) * voxel, (counts.tp + counts.fp) * voxel
    how = {"spacing": spacing}
    assert same(metrics.volume_ref(reference, prediction, **how), ref, 1e-14)
    assert same(metrics.volume_pred(reference, prediction, **how), pred, 1e-14)
    ours = metrics.volume_difference(reference, prediction, **how)
    assert same(ours, (counts.fp - counts.fn) * voxel, 1e-14)
    ours = metrics.absolute_volume_difference(reference, prediction, **how)
    assert same(ours, abs(counts.fp - counts.fn) * voxel, 1e-14)


@pytest.mark.parametrize("name", ["volume_ref", "volume_pred", "absolute_volume_difference"])
def test_one_slice_has_the_volume_of_its_thickness(name):
    slab, empty = np.ones((3, 4, 1), bool), np.zeros((3, 4, 1), bool)
    prediction = empty if name == "absolute_volume_difference" else slab
    assert getattr(metrics, name)(slab, prediction, spacing=(2, 3, 5)) == 12 * 30
    pair = metrics.measure(slab, prediction, spacing=(2, 3, 5), metrics=[name])
    assert pair.value(1, name) == 12 * 30


@given(pairs(), st.integers(0, 2**32 - 1))
def test_ignored_voxels_leave_the_grid(pair, seed):
    reference, prediction, _ = pair
    ignored = np.random.default_rng(seed).random(reference.shape) < 0.3
    counts = overlap.Counts(reference, prediction, ignored)
    for name in ("tp", "fp", "fn", "tn"):
        ours = getattr(metrics, name)(reference, prediction, ignore_mask=ignored)
        assert ours == overlap.FORMULAS[name](counts), name
    for name in ("dice", "accuracy", "specificity"):
        ours = getattr(metrics, name)(reference, prediction, ignore_mask=ignored)
        assert same(ours, overlap.FORMULAS[name](counts), 5e-16), name


@given(pairs(), st.data())
def test_types_and_layouts_change_nothing(pair, data):
    reference, prediction, spacing = pair
    ours = [
        lay_out(mask.astype(data.draw(mask_dtypes())), data.draw(layouts())) for mask in pair[:2]
    ]
    before = [array.copy() for array in ours]
    for name in ("dice", "tn"):
        plain = getattr(metrics, name)(reference, prediction)
        assert same(getattr(metrics, name)(*ours), plain), name
    for name in ("hd", "assd"):
        plain = getattr(metrics, name)(reference, prediction, spacing=spacing)
        assert same(getattr(metrics, name)(*ours, spacing=spacing), plain), name
    for array, copy in zip(ours, before, strict=True):
        assert np.array_equal(array, copy)


@pytest.mark.parametrize("name", sorted(overlap.FORMULAS))
def test_a_voxel_more_shows(name):
    reference = np.zeros((6, 7), bool)
    reference[1:4, 1:5] = True
    prediction = np.zeros((6, 7), bool)
    prediction[2:5, 2:4] = True
    other = prediction.copy()
    other[5, 6] = True  # one false positive more
    other[3, 2] = False  # one true positive less
    other[2, 2] = False
    measure = getattr(metrics, name)
    counts = overlap.Counts(reference, prediction)
    assert close(measure(reference, prediction), overlap.FORMULAS[name](counts), 1e-12)
    if name in ("n_ref", "prevalence"):
        other, reference = prediction, np.roll(reference, 3, 0) | reference
    assert not close(measure(reference, other), overlap.FORMULAS[name](counts), 1e-12)


def test_counts_beyond_32_bits_do_not_overflow_the_correlation():
    """Products of four counts near 10^5 leave int64; the value must not."""
    reference = np.zeros((400, 500), bool)
    prediction = np.zeros((400, 500), bool)
    reference[:200], prediction[:201] = True, True
    counts = overlap.Counts(reference, prediction)
    assert metrics.mcc(reference, prediction) == pytest.approx(overlap.mcc(counts), rel=1e-14)
    assert 0.9 < metrics.mcc(reference, prediction) < 1
