"""What is refused, in one sentence that says what to do."""

import math

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


@pytest.mark.parametrize("loss", EVERY)
def test_masks_lie_between_0_and_1(loss):
    for wrong, found in ((2, "2"), (255.0, "255.0"), (-1.0, "-1.0"), (float("nan"), "nan")):
        masks = torch.zeros_like(LOGITS) + wrong
        masks = masks.int() if isinstance(wrong, int) else masks
        with pytest.raises(LabelError, match=f"0 to 1 for masks, found {found};"):
            loss(LOGITS, masks)
    with pytest.raises(LabelError, match=r"integers or masks, got torch\.complex64"):
        loss(LOGITS, LOGITS.to(torch.complex64))
    if loss not in (cross_entropy, focal_loss):
        rounded = torch.full_like(LOGITS, 1 + 1e-6)  # as resampled masks are
        assert torch.isfinite(loss(LOGITS, rounded))
        masks = torch.zeros_like(LOGITS)
        masks[0, :, 0] = 255.0
        assert torch.isfinite(loss(LOGITS, masks, ignore_index=255))


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_the_focal_loss_takes_no_shares(activation):
    masks = torch.zeros_like(LOGITS)
    masks[:, 0] = 1
    expected = focal_loss(LOGITS, LABELS, activation=activation)
    assert focal_loss(LOGITS, masks, activation=activation) == expected
    masks[0, 0, 1, 1] = 0.4
    with pytest.raises(LabelError, match="masks of 0 and 1, found values between"):
        focal_loss(LOGITS, masks, activation=activation)


@pytest.mark.parametrize("loss", EVERY)
def test_arrays_and_empty_batches(loss):
    with pytest.raises(ConfigError, match=r"logits must be a tensor, got numpy\.ndarray"):
        loss(LOGITS.numpy(), LABELS)
    with pytest.raises(ConfigError, match=r"labels must be a tensor, got list"):
        loss(LOGITS, LABELS.tolist())
    with pytest.raises(ShapeError, match=r"logits of shape \(0, 3, 4, 5\) hold no voxel"):
        loss(LOGITS[:0], LABELS[:0])
    with pytest.raises(ShapeError, match="hold no voxel"):
        loss(LOGITS[..., :0], LABELS[..., :0])
    with pytest.raises(ConfigError, match=r"ignore_index must be an integer or None, got 1\.5"):
        loss(LOGITS, LABELS, ignore_index=1.5)


@pytest.mark.parametrize("loss", [dice_loss, generalised_dice_loss, tversky_loss, cldice_loss])
def test_without_smoothing_nothing_divides_by_zero(loss):
    options = {
        dice_loss: {"smooth_numerator": 0.0, "smooth_denominator": 0.0},
        generalised_dice_loss: {"smooth_numerator": 0.0, "smooth_denominator": 0.0},
        tversky_loss: {"smooth": 0.0},
        cldice_loss: {"smooth": 0.0, "smooth_mean": 0.0},
    }[loss]
    logits = LOGITS.clone()
    logits[:, 0] = 200.0  # the probability of the other classes, which are absent, is 0
    logits.requires_grad_()
    value = loss(logits, LABELS, include_background=False, **options)
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(logits.grad).all()
    for key in options:
        with pytest.raises(ConfigError, match=f"{key} must not be negative"):
            loss(LOGITS, LABELS, **{key: -1.0})


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
        (lambda: boundary_map([0], 2.0), "classes must be at least 1, and an integer, got 2.0"),
        (lambda: focal_loss(LOGITS, LABELS, gamma=float("nan")), "gamma must not be negative"),
        (lambda: focal_loss(LOGITS, LABELS, gamma="2"), "gamma must not be negative"),
        (lambda: cldice_loss(LOGITS, LABELS, iterations=1.5), "an integer, got 1.5"),
        (lambda: dice_loss(LOGITS, LABELS, preset=["monai"]), "no preset"),
        (lambda: cross_entropy(LOGITS, LABELS, class_weights="abc"), "must be numbers, got 'abc'"),
        (lambda: cross_entropy(LOGITS, LABELS, class_weights=(1, 1, -1)), "not negative"),
        (lambda: focal_loss(LOGITS, LABELS, class_weights=(1, 1, math.nan)), "not negative"),
        (lambda: cross_entropy(LOGITS, LABELS, voxel_weights=[1.0]), "voxel_weights must be a ten"),
        (lambda: hausdorff_loss(LOGITS, LABELS, maps=LOGITS.numpy()), "maps must be a tensor"),
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
