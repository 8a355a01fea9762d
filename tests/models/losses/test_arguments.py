"""What is refused, in one sentence that says what to do."""

import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError, LabelError, ShapeError, SpacingError  # noqa: E402
from edgewise.models.losses import (  # noqa: E402
    binary_cross_entropy,
    boundary_loss,
    boundary_map,
    boundary_weight,
    cldice_loss,
    cross_entropy,
    dice_loss,
    focal_loss,
    focal_tversky_loss,
    generalised_dice_loss,
    hausdorff_loss,
    soft_skeleton,
    tversky_loss,
)

EVERY = [
    binary_cross_entropy,
    boundary_loss,
    cldice_loss,
    cross_entropy,
    dice_loss,
    focal_loss,
    focal_tversky_loss,
    generalised_dice_loss,
    hausdorff_loss,
    tversky_loss,
]
LOGITS = torch.zeros(2, 3, 4, 5)
LABELS = torch.zeros(2, 4, 5, dtype=torch.long)


@pytest.mark.parametrize("loss", EVERY)
def test_labels_that_are_no_classes(loss):
    wrong = LABELS.clone()
    wrong[1, 2, 3] = 3
    with pytest.raises(LabelError, match=r"labels must be 0 to 2 .*found 3; ignore_index="):
        loss(LOGITS, wrong)
    assert torch.isfinite(loss(LOGITS, wrong, ignore_index=3))
    wrong[1, 2, 3] = -1
    with pytest.raises(LabelError, match="found -1"):
        loss(LOGITS, wrong)
    assert torch.isfinite(loss(LOGITS, wrong, ignore_index=-1))
    with pytest.raises(LabelError, match=r"integers, got torch\.float32"):
        loss(LOGITS, LABELS.float())


@pytest.mark.parametrize("loss", EVERY)
def test_shapes_that_differ(loss):
    with pytest.raises(ShapeError, match=r"labels must have shape \(2, 4, 5\).*got \(2, 4, 4\)"):
        loss(LOGITS, LABELS[..., :4])
    with pytest.raises(ShapeError, match=r"labels\[:, 0\] drops"):
        loss(LOGITS, LABELS[:, None])
    with pytest.raises(ShapeError, match=r"logits must be floating.*shape \(2, 3\)"):
        loss(LOGITS[..., 0, 0], LABELS)
    with pytest.raises(ShapeError, match="logits must be floating"):
        loss(LABELS[:, None], LABELS)
    with pytest.raises(ConfigError, match="reduction must be one of 'mean', 'sum', 'none'"):
        loss(LOGITS, LABELS, reduction="average")


def test_a_label_that_does_not_fit_its_type_is_not_taken_for_another():
    labels = LABELS.to(torch.uint8)
    labels[0, 0] = 255
    with pytest.raises(LabelError, match="found 255"):  # torch would compare 255 with -1 as equal
        dice_loss(LOGITS, labels, ignore_index=-1)
    some = torch.randn(LOGITS.shape, generator=torch.Generator().manual_seed(0))
    labels[0, 0] = 1
    assert dice_loss(some, labels, ignore_index=256) == dice_loss(some, labels)
    assert cross_entropy(some, labels, ignore_index=256) == cross_entropy(some, labels)


def test_masks_hold_zeros_and_ones():
    with pytest.raises(LabelError, match="0 to 1 for masks, found 2"):
        dice_loss(LOGITS, torch.full_like(LOGITS, 2).int())


@pytest.mark.parametrize("loss", [dice_loss, hausdorff_loss, focal_loss, cldice_loss])
def test_softmax_needs_two_channels(loss):
    with pytest.raises(ConfigError, match="activation='sigmoid'"):
        loss(LOGITS[:, :1], LABELS)
    value = loss(LOGITS[:, :1], LABELS, activation="sigmoid", include_background=False)
    assert torch.isfinite(value)  # the only channel is the foreground


def test_options_out_of_range():
    with pytest.raises(ConfigError, match="did you mean 'nnunet'"):
        dice_loss(LOGITS, LABELS, preset="nnU-net")
    for call, text in [
        (lambda: dice_loss(LOGITS, LABELS, activation="soft"), "activation must be one of"),
        (lambda: cross_entropy(LOGITS[:, :1], LABELS), "binary_cross_entropy takes"),
        (lambda: cross_entropy(LOGITS, LABELS, label_smoothing=2), "label_smoothing must lie"),
        (lambda: focal_loss(LOGITS, LABELS, gamma=-1), "gamma must not be negative"),
        (lambda: focal_loss(LOGITS, LABELS, alpha=2), "alpha must lie"),
        (lambda: focal_loss(LOGITS, LABELS, activation="none"), "'softmax', 'sigmoid'"),
        (lambda: focal_tversky_loss(LOGITS, LABELS, gamma=0), "gamma must be positive"),
        (lambda: tversky_loss(LOGITS, LABELS, false_positives=-1), "must not be negative"),
        (lambda: hausdorff_loss(LOGITS, LABELS, alpha=0), "alpha must be positive"),
        (lambda: generalised_dice_loss(LOGITS, LABELS, weighting="cube"), "weighting must be"),
        (lambda: soft_skeleton(LOGITS, iterations=-1), "iterations must not be negative"),
        (lambda: boundary_weight(-1), "epoch must not be negative"),
        (lambda: boundary_map([0], 0), "classes must be at least 1"),
    ]:
        with pytest.raises(ConfigError, match=text):
            call()
    with pytest.raises(ShapeError, match=r"class_weights must have one value per class \(3\)"):
        cross_entropy(LOGITS, LABELS, class_weights=(1, 2))
    with pytest.raises(ShapeError, match="voxel_weights must have shape"):
        cross_entropy(LOGITS, LABELS, voxel_weights=torch.ones(4, 5))
    with pytest.raises(ShapeError, match="maps must have the shape of the logits"):
        boundary_loss(LOGITS, LABELS, maps=LOGITS[:, 1:])
    with pytest.raises(ShapeError, match="one to three axes"):
        soft_skeleton(LOGITS[0, 0])
    for loss in (boundary_loss, hausdorff_loss):
        with pytest.raises(SpacingError):
            loss(LOGITS, LABELS, spacing=(1, 1, 1))
    with pytest.raises(LabelError, match="0 to 1 for 2 classes, found 2"):
        boundary_map([0, 1, 2], 2)
