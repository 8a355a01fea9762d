"""The confusion matrix against counting voxel by voxel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewise.errors import ConfigError, LabelError
from edgewise.metrics import confusion_matrix


@given(st.integers(1, 300), st.integers(0, 2**32 - 1), st.booleans())
def test_every_pair_is_counted(n, seed, ignoring):
    rng = np.random.default_rng(seed)
    reference, prediction = rng.integers(0, 5, (2, n, 2))
    labels, matrix = confusion_matrix(reference, prediction, ignore_label=3 if ignoring else None)
    pairs = [
        (r, p)
        for r, p in zip(reference.ravel().tolist(), prediction.ravel().tolist(), strict=True)
        if not (ignoring and r == 3)
    ]
    present = {label for pair in pairs for label in pair}
    assert labels == sorted(present)
    for i, row in enumerate(labels):
        for j, column in enumerate(labels):
            assert matrix[i, j] == pairs.count((row, column))


def test_rows_are_the_reference_and_labels_may_be_chosen():
    labels, matrix = confusion_matrix([7, 7, 2, 9], [2, 2, 2, 2], labels=[7, 2])
    assert (labels, matrix.tolist()) == ([7, 2], [[0, 2], [0, 1]])


def test_what_is_refused():
    with pytest.raises(ConfigError, match="differ from one another"):
        confusion_matrix([1], [1], labels=[1, 1])
    with pytest.raises(LabelError, match="negative"):
        confusion_matrix([-1], [1])
