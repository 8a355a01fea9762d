"""Laws that hold whatever the formula: swap, axes, scale, place, order of labels, threads."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import edgewise
from agreement import close, same
from edgewise import metrics, voxels
from strategies import examples, label_pairs, lay_out, pairs

SYMMETRIC = {
    **{
        name: {}
        for name in ("dice", "iou", "volumetric_similarity", "accuracy", "mcc", "cohens_kappa")
    },
    **{name: {} for name in ("hd", "hd95", "hd95_pooled", "assd", "masd", "rmsd", "asd_std")},
    **{name: {} for name in ("asd_median", "ahd", "center_distance", "mahalanobis", "cldice")},
    **{
        name: {}
        for name in ("boundary_iou", "betti_error", "voi", "mutual_information", "pq", "sq")
    },
    **{name: {"tolerance": 1.5} for name in ("nsd", "nsd_grid", "nsd_grid_mean")},
}
MIRRORED = (
    ("hd_ref_to_pred", "hd_pred_to_ref"),
    ("asd_ref_to_pred", "asd_pred_to_ref"),
    ("sensitivity", "ppv"),
    ("specificity", "npv"),
    ("fnr", "fdr"),
    ("fpr", "for_"),
    ("topology_precision", "topology_sensitivity"),
    ("voi_split", "voi_merge"),
    ("components_ref", "components_pred"),
    ("volume_ref", "volume_pred"),
)
DISTANCES = ("hd", "hd95", "hd95_pooled", "assd", "masd", "rmsd", "asd_std", "asd_median", "ahd")
SCALED = (*DISTANCES, "center_distance", "hd_ref_to_pred", "asd_pred_to_ref")


def spaced(name, spacing):
    """The spacing for those metrics that take one."""
    return {"spacing": spacing} if "spacing" in metrics.METRICS[name].parameters else {}


@examples(60)
@given(pairs(max_voxels=300))
def test_swap_leaves_symmetric_metrics_alone(pair):
    reference, prediction, spacing = pair
    for name, how in SYMMETRIC.items():
        measure, where = getattr(metrics, name), spaced(name, spacing)
        there = measure(reference, prediction, **where, **how)
        back = measure(prediction, reference, **where, **how)
        assert close(there, back, 1e-12, 1e-14), name


@examples(60)
@given(pairs(max_voxels=300))
def test_swap_exchanges_directions(pair):
    reference, prediction, spacing = pair
    for one, two in MIRRORED:
        where = spaced(one, spacing)
        there = getattr(metrics, one)(reference, prediction, **where)
        assert same(there, getattr(metrics, two)(prediction, reference, **where), 1e-12), one


@examples(60)
@given(pairs(2, 3, 300), st.randoms(use_true_random=False))
def test_axes_may_be_permuted_with_their_spacing(pair, random):
    reference, prediction, spacing = pair
    axes = list(range(reference.ndim))
    random.shuffle(axes)
    turned = [mask.transpose(axes) for mask in (reference, prediction)]
    steps = tuple(spacing[k] for k in axes)
    for name in (*DISTANCES, "center_distance", "nsd", "nsd_grid", "boundary_iou", "betti_error"):
        how = SYMMETRIC[name]
        ours = getattr(metrics, name)(reference, prediction, **spaced(name, spacing), **how)
        theirs = getattr(metrics, name)(*turned, **spaced(name, steps), **how)
        assert close(ours, theirs, 1e-11, 1e-9 if name == "asd_std" else 1e-12), name


@examples(60)
@given(pairs(max_voxels=300), st.floats(0.05, 20))
def test_distances_grow_with_the_spacing(pair, factor):
    reference, prediction, spacing = pair
    larger = tuple(s * factor for s in spacing)
    for name in SCALED:
        ours = getattr(metrics, name)(reference, prediction, spacing=spacing)
        theirs = getattr(metrics, name)(reference, prediction, spacing=larger)
        assert close(ours * factor, theirs, 1e-11, 1e-8 if name == "asd_std" else 1e-12), name
    for factor in (0.25, 2.0, 1024.0):  # powers of two: not a bit may differ
        larger = tuple(s * factor for s in spacing)
        ours = metrics.hd(reference, prediction, spacing=spacing)
        assert same(metrics.hd(reference, prediction, spacing=larger), ours * factor)


@examples(60)
@given(pairs(max_voxels=200), st.data())
def test_place_in_a_padded_frame_does_not_matter(pair, data):
    reference, prediction, spacing = pair
    assume(min(reference.shape) > 1)
    margins = [
        (data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))) for _ in reference.shape
    ]
    others = [(after, before) for before, after in margins]
    here = [np.pad(mask, margins) for mask in (reference, prediction)]
    there = [np.pad(mask, others) for mask in (reference, prediction)]
    for name in (*DISTANCES, "nsd", "nsd_grid", "cldice", "boundary_iou", "betti_error", "dice"):
        how = {**spaced(name, spacing), **SYMMETRIC.get(name, {})}
        measure = getattr(metrics, name)
        first = measure(*here, **how)
        assert same(first, measure(*there, **how), 0.0), name
        if name not in ("boundary_iou", "cldice"):  # whose strip and thinning see the frame's size
            assert close(measure(reference, prediction, **how), first, 1e-12, 1e-12), name


@examples(60)
@given(pairs(max_voxels=300), st.lists(st.floats(0, 30), min_size=2, max_size=5))
def test_nsd_grows_with_the_tolerance(pair, tolerances):
    reference, prediction, spacing = pair
    for name in ("nsd", "nsd_grid", "nsd_grid_mean", "surface_overlap_ref"):
        scores = [
            getattr(metrics, name)(reference, prediction, spacing=spacing, tolerance=t)
            for t in sorted(tolerances)
        ]
        assert all(math.isnan(a) or a <= b for a, b in itertools.pairwise(scores)), name


@examples(60)
@given(pairs(max_voxels=300), st.floats(0, 100))
def test_order_of_the_distances(pair, q):
    reference, prediction, spacing = pair
    how = {"spacing": spacing}
    hd = metrics.hd(reference, prediction, **how)
    if math.isnan(hd):
        return
    assert metrics.hd95(reference, prediction, **how) <= hd
    assert metrics.hd95_pooled(reference, prediction, **how) <= hd
    assert metrics.hd_quantile(reference, prediction, q=q, **how) <= hd
    assert metrics.hd_quantile(reference, prediction, q=100, **how) == hd
    assert metrics.assd(reference, prediction, **how) <= hd * (1 + 1e-12)
    assert metrics.masd(reference, prediction, **how) <= hd * (1 + 1e-12)
    assert metrics.assd(reference, prediction, **how) <= (
        metrics.rmsd(reference, prediction, **how) * (1 + 1e-12)
    )
    ends = [
        metrics.hd_ref_to_pred(reference, prediction, **how),
        metrics.hd_pred_to_ref(reference, prediction, **how),
    ]
    assert hd == math.inf or hd == max(ends)


@examples(60)
@given(pairs(max_voxels=300))
def test_a_mask_equals_itself(pair):
    mask, _, spacing = pair
    assume(mask.any())
    for name in ("hd", "hd95", "assd", "masd", "rmsd", "ahd", "center_distance", "betti_error"):
        assert getattr(metrics, name)(mask, mask, **spaced(name, spacing)) == 0, name
    for name in ("dice", "iou", "boundary_iou", "pq", "sensitivity", "ppv"):
        assert getattr(metrics, name)(mask, mask) == 1, name
    # Lee's thinning takes some small objects away, a block of 2 x 2 x 2 for one
    thin = voxels.skeleton(mask.reshape([n for n in mask.shape if n > 1] or [1]))
    assert same(metrics.cldice(mask, mask), 1 if thin.any() else math.nan)
    assert metrics.nsd(mask, mask, spacing=spacing, tolerance=0) == 1


IDS = (
    *("dice", "iou", "hd", "hd95", "hd95_pooled", "assd", "masd", "rmsd", "nsd@1.5mm"),
    *("nsd_grid@1.5mm", "boundary_iou@2", "center_distance", "cldice", "betti_error"),
    *("volume_ref", "sensitivity", "mcc", "hd_quantile@50"),
)


def table(result):
    """{(label, metric): (value, state)} of a measured pair."""
    return {(v.label, v.metric): (v.value, v.state) for v in result.values}


def equal_tables(one, two):
    return one.keys() == two.keys() and all(
        same(one[key][0], two[key][0]) and one[key][1] == two[key][1] for key in one
    )


@examples(20)
@given(label_pairs(max_voxels=300), st.sampled_from(("F", "reversed", "strided", "axes swapped")))
def test_memory_order_and_threads_change_no_bit(pair, layout):
    reference, prediction, spacing = pair
    how = {"spacing": spacing, "metrics": IDS, "labels": "union"}
    plain = table(metrics.measure(reference, prediction, threads=1, **how))
    threaded = table(metrics.measure(reference, prediction, threads=4, **how))
    assert equal_tables(plain, threaded)
    laid_out = [lay_out(labels, layout) for labels in (reference, prediction)]
    other = table(metrics.measure(*laid_out, threads=2, **how))
    assert equal_tables(plain, other)
    mixed = table(metrics.measure(reference, laid_out[1], threads=2, **how))
    assert equal_tables(plain, mixed)


@examples(20)
@given(label_pairs(max_voxels=300), st.permutations([1, 2, 3, 4]))
def test_relabelling_permutes_rows(pair, new):
    reference, prediction, spacing = pair
    how = {"spacing": spacing, "metrics": IDS}
    names = np.array([0, *[100 * n for n in new]])
    plain = table(metrics.measure(reference, prediction, labels=[1, 2, 3, 4], **how))
    labels = [100 * n for n in new]
    renamed = table(metrics.measure(names[reference], names[prediction], labels=labels, **how))
    expected = {(int(names[label]), metric): value for (label, metric), value in plain.items()}
    assert equal_tables(expected, renamed)


@examples(20)
@given(label_pairs(max_voxels=300))
def test_the_pair_equals_the_single_functions(pair):
    reference, prediction, spacing = pair
    result = metrics.measure(
        reference, prediction, spacing=spacing, labels=[1, 2, 3, 4], metrics=IDS
    )
    for label in (1, 2, 3, 4):
        r, p = reference == label, prediction == label
        for metric in IDS:
            name, _, number = metric.partition("@")
            parameter = metrics.METRICS[name].id_parameter
            how = {parameter: float(number.removesuffix("mm"))} if number else {}
            single = getattr(metrics, name)(r, p, **spaced(name, spacing), **how)
            assert same(result.value(label, metric), single), (label, metric)


@examples(20)
@given(label_pairs(max_voxels=300), st.data())
def test_regions_are_unions_of_labels(pair, data):
    reference, prediction, spacing = pair
    members = sorted(data.draw(st.sets(st.integers(1, 4), min_size=1)))
    result = metrics.measure(
        reference, prediction, spacing=spacing, labels=[1], regions={"some": members}, metrics=IDS
    )
    r, p = (np.isin(labels, members) for labels in (reference, prediction))
    for metric in ("dice", "hd", "assd", "cldice", "betti_error"):
        single = getattr(metrics, metric)(r, p, **spaced(metric, spacing))
        assert same(result.value("some", metric), single), metric


@examples(20)
@given(label_pairs(max_voxels=300))
def test_the_ignore_label_is_the_ignore_mask(pair):
    reference, prediction, spacing = pair
    how = {
        "spacing": spacing,
        "labels": [1, 2, 3],
        "metrics": ["dice", "tn", "hd", "assd", "nsd@1"],
    }
    by_label = metrics.measure(reference, prediction, ignore_label=4, **how)
    by_mask = metrics.measure(reference, prediction, ignore_mask=reference == 4, **how)
    assert equal_tables(table(by_label), table(by_mask))
    overwritten = np.where(reference == 4, 1, prediction)
    same_again = metrics.measure(reference, overwritten, ignore_label=4, **how)
    assert equal_tables(table(by_label), table(same_again))


def test_the_front_door_measures_the_same():
    reference, prediction = np.zeros((2, 6, 6), np.uint8)
    reference[1:4, 1:5], prediction[2:5, 1:4] = 1, 1
    result = edgewise.evaluate_pair(reference, prediction, spacing=(2, 1), metrics=["hd", "dice"])
    assert result.to_dict()[1]["dice"] == edgewise.dice(reference, prediction)
    assert result.to_dict()[1]["hd"] == edgewise.hd(reference, prediction, spacing=(2, 1))
    assert edgewise.hd(reference, prediction, spacing=(2, 1)) != edgewise.hd(reference, prediction)


@pytest.mark.parametrize("name", ["hd", "assd", "dice", "nsd"])
def test_the_arguments_after_the_arrays_need_names(name):
    mask = np.ones((3, 3), bool)
    with pytest.raises(TypeError, match="positional"):
        getattr(metrics, name)(mask, mask, 1.0)
