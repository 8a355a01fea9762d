"""Tensors are arrays: the same numbers without a conversion by the caller."""

from __future__ import annotations

import numpy as np
import pytest

import edgewise

torch = pytest.importorskip("torch")


@pytest.fixture
def pair():
    rng = np.random.default_rng(5)
    return rng.integers(0, 3, (9, 8, 7)), rng.integers(0, 3, (9, 8, 7))


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float32])
def test_masks(pair, dtype):
    reference, prediction = (array == 1 for array in pair)
    tensors = [torch.from_numpy(array).to(dtype) for array in (reference, prediction)]
    for metric in (edgewise.dice, edgewise.hd95, edgewise.assd):
        assert metric(*tensors) == metric(reference, prediction)
    assert edgewise.dice(tensors[0], tensors[0]) == 1 != edgewise.dice(*tensors)


def test_label_maps_and_views(pair):
    expected = edgewise.evaluate_pair(*pair, spacing=(3, 1, 2), metrics="dice,hd").to_dict()
    turned = [torch.from_numpy(array.T.copy()).permute(2, 1, 0) for array in pair]
    assert (
        edgewise.evaluate_pair(*turned, spacing=(3, 1, 2), metrics="dice,hd").to_dict() == expected
    )


def test_the_distance_transform(pair):
    mask = pair[0] > 0
    expected = edgewise.distance_transform(mask)
    assert np.array_equal(edgewise.distance_transform(torch.from_numpy(mask)), expected)


def test_a_tensor_with_a_gradient_says_so(pair):
    scores = torch.from_numpy((pair[0] > 0).astype(np.float32)).requires_grad_()
    with pytest.raises((TypeError, ValueError, RuntimeError, BufferError)) as caught:
        edgewise.dice(scores, scores)
    assert "grad" in str(caught.value)
