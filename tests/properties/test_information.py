"""Label maps: joint histogram and what follows from it, and instances, against dictionaries and
sets.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import close, same
from edgewise import _core, metrics
from oracles import information, instances
from strategies import label_dtypes, label_pairs, lay_out, layouts

ENTROPIES = ("voi", "voi_split", "voi_merge", "mutual_information", "normalized_mi")
RAND = ("adapted_rand_error", "rand_split", "rand_merge")


def histogram(reference, prediction, ignored=None):
    """The kernel's histogram as a dictionary."""
    joint, rows, columns, *boxes, packed = _core.joint_histogram(
        reference, prediction, ignored, keep=False, threads=2
    )
    assert packed is None
    assert list(joint) == sorted(joint)
    for side, (counts, found) in enumerate(zip((rows, columns), boxes, strict=True)):
        assert list(counts) == list(found) == sorted({pair[side] for pair in joint})
        for label, count in counts.items():
            assert count == sum(n for pair, n in joint.items() if pair[side] == label)
    return joint


@given(label_pairs(), st.data())
def test_joint_histogram(pair, data):
    dtype = data.draw(label_dtypes())
    reference, prediction = (labels.astype(dtype) for labels in pair[:2])
    assert histogram(reference, prediction) == information.joint_histogram(reference, prediction)
    ignored = (reference == 1) & (prediction != 2)
    ours = histogram(reference, prediction, ignored)
    assert ours == information.joint_histogram(reference, prediction, ignored)


@given(label_pairs())
def test_joint_histogram_notices_one_voxel(pair):
    reference, prediction, _ = pair
    wrong = prediction.copy()
    wrong.flat[0] += 1
    assert histogram(reference, wrong) != information.joint_histogram(reference, prediction)


@pytest.mark.parametrize("dtype", ["u1", "i2", "u4", "i8", "u8"])
def test_joint_histogram_of_extreme_labels(dtype):
    top = int(np.iinfo(dtype).max)
    reference = np.array([[0, top, top], [1, 0, top]], dtype)
    prediction = np.array([[top, top, 0], [1, 0, top]], dtype)
    assert histogram(reference, prediction) == {
        (0, top): 1,
        (top, top): 2,
        (top, 0): 1,
        (1, 1): 1,
        (0, 0): 1,
    }


@given(label_pairs(), st.data())
def test_information_metrics(pair, data):
    reference, prediction, _ = pair
    joint = information.joint_histogram(reference, prediction)
    dtype, layout = data.draw(label_dtypes()), data.draw(layouts())
    ours = [lay_out(labels.astype(dtype), layout) for labels in (reference, prediction)]
    for name in ENTROPIES:
        theirs = getattr(information, name)(joint)
        assert close(getattr(metrics, name)(*ours), theirs, 1e-9, 1e-12), name
    for name in RAND:
        assert close(getattr(metrics, name)(*ours), getattr(information, name)(joint), 1e-12), name


@given(label_pairs(), st.sampled_from((None, "linear", "quadratic")))
def test_kappa(pair, weights):
    reference, prediction, _ = pair
    theirs = information.kappa(information.joint_histogram(reference, prediction), weights)
    how = {} if weights is None else {"weights": weights}
    assert close(metrics.cohens_kappa(reference, prediction, **how), theirs, 1e-9, 1e-12)


@given(label_pairs(), st.floats(0, 1))
def test_rand_error_with_another_weight(pair, alpha):
    reference, prediction, _ = pair
    joint = information.joint_histogram(reference, prediction)
    theirs = information.adapted_rand_error(joint, alpha)
    ours = metrics.adapted_rand_error(reference, prediction, alpha=alpha)
    assert close(ours, theirs, 1e-9, 1e-12)


@given(label_pairs(largest=5))
def test_panoptic_quality(pair):
    reference, prediction, _ = pair
    for name, theirs in instances.panoptic(reference, prediction).items():
        assert same(getattr(metrics, name)(reference, prediction), theirs, 1e-14), name


@given(label_pairs(largest=3))
def test_masks_are_split_into_instances(pair):
    from oracles import topology

    reference, prediction, _ = pair
    ours = metrics.pq(reference > 0, prediction > 0)
    split = [topology.components(labels > 0, labels.ndim)[0] for labels in (reference, prediction)]
    assert same(ours, instances.panoptic(*split)["pq"], 1e-14)


@pytest.mark.parametrize("name", [*ENTROPIES, *RAND, "cohens_kappa", "pq", "sq"])
def test_a_voxel_with_another_label_shows(name):
    reference = np.zeros((6, 8), int)
    reference[:3, :4], reference[3:, 4:] = 1, 2
    prediction = np.zeros((6, 8), int)
    prediction[:3, :3], prediction[2:, 4:] = 3, 2
    other = prediction.copy()
    other[0, 3] = 2  # merges a voxel of one object with the other
    measure = getattr(metrics, name)
    assert math.isfinite(measure(reference, prediction))
    assert measure(reference, prediction) != measure(reference, other)
