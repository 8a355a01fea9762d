"""Random batches beside MONAI's losses: values and gradients."""

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.models.losses import (  # noqa: E402
    boundary_loss,
    cldice_loss,
    dice_loss,
    focal_loss,
    generalised_dice_loss,
    hausdorff_loss,
    tversky_loss,
)


@pytest.fixture(scope="module")
def peer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of MONAI's own imports
        return pytest.importorskip("monai.losses")


ONE_HOT = {"to_onehot_y": True, "softmax": True}
SIGMOID = {"to_onehot_y": True, "sigmoid": True}
NO_BACKGROUND = {"include_background": False}

ROWS = {
    "dice": (dice_loss, "DiceLoss", ONE_HOT),
    "dice sigmoid": (lambda x, y: dice_loss(x, y, activation="sigmoid"), "DiceLoss", SIGMOID),
    "dice batch foreground": (
        lambda x, y: dice_loss(x, y, batch=True, include_background=False),
        "DiceLoss",
        ONE_HOT | NO_BACKGROUND | {"batch": True},
    ),
    "dice squared": (
        lambda x, y: dice_loss(x, y, squared=True),
        "DiceLoss",
        ONE_HOT | {"squared_pred": True},
    ),
    "dice jaccard": (
        lambda x, y: dice_loss(x, y, jaccard=True),
        "DiceLoss",
        ONE_HOT | {"jaccard": True},
    ),
    "generalised dice": (generalised_dice_loss, "GeneralizedDiceLoss", ONE_HOT),
    "generalised dice batch foreground": (
        lambda x, y: generalised_dice_loss(x, y, batch=True, include_background=False),
        "GeneralizedDiceLoss",
        ONE_HOT | NO_BACKGROUND | {"batch": True},
    ),
    "tversky": (
        tversky_loss,
        "TverskyLoss",
        ONE_HOT | {"alpha": 0.3, "beta": 0.7},
    ),
    "focal": (
        lambda x, y: focal_loss(x, y, gamma=1.5, over_classes=True),
        "FocalLoss",
        {"to_onehot_y": True, "use_softmax": True, "gamma": 1.5},
    ),
    "focal sigmoid": (
        lambda x, y: focal_loss(x, y, activation="sigmoid", alpha=0.3),
        "FocalLoss",
        {"to_onehot_y": True, "alpha": 0.3},
    ),
    "focal sigmoid foreground": (
        lambda x, y: focal_loss(x, y, activation="sigmoid", include_background=False),
        "FocalLoss",
        {"to_onehot_y": True, **NO_BACKGROUND},
    ),
    "hausdorff": (hausdorff_loss, "HausdorffDTLoss", ONE_HOT),
    "boundary": (
        lambda x, y: boundary_loss(x, y, inner_zero=True, include_background=True),
        "BoundaryLoss",
        ONE_HOT,
    ),
    "cldice": (
        lambda x, y: cldice_loss(x, y, include_background=True, pool_classes=True),
        "SoftclDiceLoss",
        ONE_HOT | {"iter_": 3},
    ),
}


def batch(seed, shape, *, classes=4):
    """Noise on blobs; class 3 is absent from every other batch."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes - seed % 2, (2, *[(n + 2) // 3 for n in shape]))
    for axis, n in enumerate(shape, start=1):
        labels = np.repeat(labels, 3, axis=axis).take(range(n), axis=axis)
    logits = rng.normal(size=(2, classes, *shape)).astype(np.float32)
    return torch.from_numpy(logits), torch.from_numpy(labels)


@pytest.mark.parametrize("shape", [(15, 14), (9, 10, 8)], ids=["2d", "3d"])
@pytest.mark.parametrize("name", ROWS)
def test_values_and_gradients_are_monais(peer, name, shape):
    ours, function, options = ROWS[name]
    theirs = getattr(peer, function)(**options)
    for seed in range(4):
        logits, labels = batch(seed, shape)
        results = []
        for call in (lambda x, y: ours(x, y), lambda x, y: theirs(x, y[:, None])):
            x = logits.clone().requires_grad_()
            value = call(x, labels)
            value.backward()
            results.append((value.detach(), x.grad))
        torch.testing.assert_close(results[0][0], results[1][0], rtol=1e-5, atol=1e-6)
        scale = results[1][1].abs().max().item()
        torch.testing.assert_close(results[0][1], results[1][1], rtol=1e-4, atol=1e-5 * scale)


def test_ignored_labels_are_monais(peer):
    logits, labels = batch(0, (15, 14))
    labels[:, :3] = 255
    pairs = [
        (
            focal_loss(logits, labels, activation="sigmoid", ignore_index=255),
            peer.FocalLoss(to_onehot_y=True, ignore_index=255),
            4.0,  # MONAI divides the sum over the channels by the number of voxels
        ),
        (
            tversky_loss(logits, labels, ignore_index=255),
            peer.TverskyLoss(**ONE_HOT, alpha=0.3, beta=0.7, ignore_index=255),
            1.0,
        ),
    ]
    for ours, theirs, factor in pairs:
        expected = theirs(logits, labels[:, None]).item() / factor
        assert ours.item() == pytest.approx(expected, rel=1e-5)
