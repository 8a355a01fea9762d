"""torch, torchvision and segmentation-models-pytorch, where their definitions are ours."""

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402, N812

from edgewise.models.losses import (  # noqa: E402
    binary_cross_entropy,
    cross_entropy,
    dice_loss,
    focal_loss,
    tversky_loss,
)

RAW = {"smooth_numerator": 0.0, "smooth_denominator": 0.0}


@pytest.fixture(scope="module")
def peer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own imports
        return pytest.importorskip("segmentation_models_pytorch").losses


def batch(seed, shape=(8, 9)):
    """Every class is present: absent ones cost nothing there."""
    rng = np.random.default_rng(seed)
    labels = torch.from_numpy(rng.integers(0, 4, (2, *shape)))
    return torch.from_numpy(2 * rng.normal(size=(2, 4, *shape))), labels


def masks_of(labels):
    return F.one_hot(labels, 4).movedim(-1, 1).double()


@pytest.mark.parametrize("mode", ["multiclass", "multilabel"])
@pytest.mark.parametrize("seed", [0, 1])
def test_overlaps_are_those_of_segmentation_models(peer, mode, seed):
    logits, labels = batch(seed)
    given = labels if mode == "multiclass" else masks_of(labels)
    options = {"batch": True, "activation": "softmax" if mode == "multiclass" else "sigmoid"}
    pairs = [
        (dice_loss(logits, given, **RAW, **options), peer.DiceLoss(mode)),
        (dice_loss(logits, given, jaccard=True, **RAW, **options), peer.JaccardLoss(mode)),
        (
            tversky_loss(logits, given, smooth=0.0, **options),
            peer.TverskyLoss(mode, alpha=0.3, beta=0.7),
        ),
    ]
    for ours, theirs in pairs:
        assert ours.item() == pytest.approx(theirs(logits, given).item(), abs=1e-6)


def test_focal_is_torchvisions():
    ops = pytest.importorskip("torchvision.ops")
    logits, labels = batch(0)
    for alpha, gamma in ((0.25, 2.0), (0.6, 0.0), (-1, 1.5)):
        ours = focal_loss(
            logits,
            labels,
            activation="sigmoid",
            gamma=gamma,
            alpha=None if alpha < 0 else alpha,
            reduction="none",
        )
        theirs = ops.sigmoid_focal_loss(logits, masks_of(labels), alpha, gamma)
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weights", [None, (0.5, 1.0, 2.0, 4.0)])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_cross_entropy_is_torchs(reduction, weights, smoothing):
    logits, labels = batch(0, (3, 4, 5))
    labels[:, 1] = 255
    options = {"label_smoothing": smoothing, "reduction": reduction}
    found = cross_entropy(logits, labels, class_weights=weights, ignore_index=255, **options)
    weight = None if weights is None else torch.tensor(weights).double()
    expected = F.cross_entropy(logits, labels, weight=weight, ignore_index=255, **options)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_binary_cross_entropy_is_torchs():
    logits, labels = batch(0)
    found = binary_cross_entropy(logits, masks_of(labels))
    expected = F.binary_cross_entropy_with_logits(logits, masks_of(labels))
    assert found.item() == pytest.approx(expected.item(), abs=1e-12)
