"""Values that can be written down: each formula on a handful of voxels."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.models.losses import (  # noqa: E402
    binary_cross_entropy,
    boundary_loss,
    cross_entropy,
    dice_loss,
    focal_loss,
    focal_tversky_loss,
    generalised_dice_loss,
    tversky_loss,
)

# one sample, two classes, four voxels: I = (1.5, 1.1), P = (2.2, 1.8), G = (2, 2)
P1 = [0.2, 0.3, 0.4, 0.9]
LABELS = torch.tensor([[0, 0, 1, 1]])
P = torch.tensor([[[1 - p for p in P1], P1]], dtype=torch.float64)
LOGITS = P.log()


def near(value):
    return pytest.approx(value, abs=1e-12)


def test_cross_entropy():
    each = [-math.log(p) for p in (0.8, 0.7, 0.4, 0.9)]
    assert cross_entropy(LOGITS, LABELS).item() == near(sum(each) / 4)
    assert cross_entropy(LOGITS, LABELS, reduction="sum").item() == near(sum(each))
    assert cross_entropy(LOGITS, LABELS, reduction="none").tolist()[0] == near(each)
    weighted = (each[0] + each[1] + 3 * each[2] + 3 * each[3]) / 8
    assert cross_entropy(LOGITS, LABELS, class_weights=(1, 3)).item() == near(weighted)
    voxels = torch.tensor([[1.0, 0.0, 0.0, 2.0]])
    mean = (each[0] + 2 * each[3]) / 4
    assert cross_entropy(LOGITS, LABELS, voxel_weights=voxels).item() == near(mean)
    smooth = 0.9 * each[0] + 0.1 * (each[0] - math.log(0.2)) / 2
    found = cross_entropy(LOGITS, LABELS, label_smoothing=0.1, reduction="none")
    assert found[0, 0].item() == near(smooth)
    ignoring = cross_entropy(LOGITS, torch.tensor([[0, 5, 5, 1]]), ignore_index=5)
    assert ignoring.item() == near((each[0] + each[3]) / 2)
    both = cross_entropy(LOGITS, torch.tensor([[0, 5, 5, 1]]), ignore_index=5, class_weights=(1, 3))
    assert both.item() == near((each[0] + 3 * each[3]) / 4)


def test_binary_cross_entropy():
    logits = torch.tensor([[[0.0, 2.0], [-1.0, 3.0]]]).double()
    masks = torch.tensor([[[1, 0], [0, 1]]])
    each = [
        math.log(2),
        math.log1p(math.exp(2)),
        math.log1p(math.exp(-1)),
        math.log1p(math.exp(-3)),
    ]
    assert binary_cross_entropy(logits, masks).item() == near(sum(each) / 4)
    assert binary_cross_entropy(logits, masks, reduction="sum").item() == near(sum(each))
    half = binary_cross_entropy(logits, masks, include_background=False)
    assert half.item() == near(sum(each[2:]) / 2)
    some = binary_cross_entropy(logits, torch.tensor([[[1, 9], [0, 1]]]), ignore_index=9)
    assert some.item() == near((each[0] + each[2] + each[3]) / 3)
    weighted = binary_cross_entropy(logits, masks, voxel_weights=torch.tensor([[2.0, 0.0]]))
    assert weighted.item() == near(2 * (each[0] + each[2]) / 4)
    alone = binary_cross_entropy(logits[:, :1], torch.tensor([[1, 0]]))  # a label map
    assert alone.item() == near(sum(each[:2]) / 2)


def test_dice_in_every_convention():
    plain = {"smooth_numerator": 0.0, "smooth_denominator": 0.0, "reduction": "none"}
    found = dice_loss(LOGITS, LABELS, **plain).tolist()[0]
    assert found == near([1 - 3.0 / 4.2, 1 - 2.6 / 3.8])
    given = dice_loss(P, LABELS, activation="none", **plain).tolist()[0]
    assert given == near(found)
    found = dice_loss(LOGITS, LABELS, jaccard=True, **plain).tolist()[0]
    assert found == near([1 - 1.5 / 2.7, 1 - 1.3 / 2.5])
    squares = [sum((1 - p) ** 2 for p in P1), sum(p * p for p in P1)]
    found = dice_loss(LOGITS, LABELS, preset="vnet", reduction="none").tolist()[0]
    assert found == near([1 - 2.6 / (squares[1] + 2)])
    found = dice_loss(LOGITS, LABELS, preset="nnunet").item()
    assert found == near(-(2.6 + 1e-5) / (3.8 + 1e-5))
    found = dice_loss(LOGITS, LABELS, preset="transunet").item()
    expected = [(2 * i + 1e-5) / (s + 2 + 1e-5) for i, s in zip((1.5, 1.3), squares, strict=True)]
    assert found == near(1 - sum(expected) / 2)
    two = (torch.cat([LOGITS, LOGITS]), torch.cat([LABELS, 0 * LABELS]))
    found = dice_loss(*two, batch=True, **plain).tolist()
    assert found == near([1 - 2 * (1.5 + 2.2) / (4.4 + 6), 1 - 2 * 1.3 / (3.6 + 2)])


def test_generalised_dice():
    labels = torch.tensor([[0, 0, 0, 1]])  # G = (3, 1), I = (0.8 + 0.7 + 0.6, 0.9)
    none = {"smooth_numerator": 0.0, "smooth_denominator": 0.0}
    for weighting, w in (("square", 1 / 9), ("simple", 1 / 3), ("uniform", 1.0)):
        expected = 1 - 2 * (w * 2.1 + 0.9) / (w * (2.2 + 3) + 1.8 + 1)
        found = generalised_dice_loss(LOGITS, labels, weighting=weighting, **none)
        assert found.item() == near(expected)
    # an absent class takes the largest weight there is: 1/16 here
    found = generalised_dice_loss(LOGITS, 0 * LABELS, **none).item()
    assert found == near(1 - 2 * 2.2 / (2.2 + 4 + 1.8))
    # with nothing to weigh, nothing is lost
    assert generalised_dice_loss(LOGITS, 0 * LABELS, include_background=False).item() == near(0)


def test_smoothing_of_generalised_dice_does_not_grow_with_the_image():
    """As in MONAI: next to 1 / G it is large where classes are."""
    values = []
    for size in (1, 100_000):
        logits, labels = LOGITS.repeat(1, 1, size).float(), LABELS.repeat(1, size)
        none = {"smooth_numerator": 0.0, "smooth_denominator": 0.0}
        values.append(
            [
                generalised_dice_loss(logits, labels, **options).item()
                for options in ({}, {"weighting": "simple"}, none)
            ]
        )
    small, large = values
    assert large[0] < 0.7 * small[0]
    assert large[1:] == pytest.approx(small[1:], rel=1e-4)


def test_tversky_is_dice_at_one_half_and_changes_sides():
    even = tversky_loss(LOGITS, LABELS, false_positives=0.5, false_negatives=0.5, smooth=5e-6)
    assert even.item() == near(dice_loss(LOGITS, LABELS).item())
    # class 1: TP 1.3, FP 0.5, FN 0.7
    found = tversky_loss(LOGITS, LABELS, smooth=0.0, reduction="none")[0, 1].item()
    assert found == near(1 - 1.3 / (1.3 + 0.3 * 0.5 + 0.7 * 0.7))
    root = focal_tversky_loss(LOGITS, LABELS, smooth=0.0, reduction="none")[0, 1].item()
    assert root == near(found**0.75)
    one = focal_tversky_loss(LOGITS, LABELS, gamma=1.0).item()
    assert one == near(tversky_loss(LOGITS, LABELS).item())


def test_focal():
    p_true = [0.8, 0.7, 0.4, 0.9]
    each = [-((1 - p) ** 2) * math.log(p) for p in p_true]
    assert focal_loss(LOGITS, LABELS).item() == near(sum(each) / 4)
    assert focal_loss(LOGITS, LABELS, gamma=0.0).item() == near(
        cross_entropy(LOGITS, LABELS).item()
    )
    alpha = focal_loss(LOGITS, LABELS, alpha=0.25).item()
    assert alpha == near((0.75 * (each[0] + each[1]) + 0.25 * (each[2] + each[3])) / 4)
    weighted = focal_loss(LOGITS, LABELS, class_weights=(1, 3)).item()
    assert weighted == near((each[0] + each[1] + 3 * each[2] + 3 * each[3]) / 4)
    foreground = focal_loss(LOGITS, LABELS, include_background=False).item()
    assert foreground == near((each[2] + each[3]) / 4)
    ignoring = focal_loss(LOGITS, torch.tensor([[0, 5, 5, 1]]), ignore_index=5).item()
    assert ignoring == near((each[0] + each[3]) / 2)
    logits = torch.tensor([[[0.5, -2.0]]]).double()
    p = 1 / (1 + np.exp([-0.5, 2.0]))
    found = focal_loss(logits, torch.tensor([[1, 0]]), activation="sigmoid", alpha=0.25)
    expected = -0.25 * (1 - p[0]) ** 2 * np.log(p[0]) - 0.75 * p[1] ** 2 * np.log(1 - p[1])
    assert found.item() == near(expected / 2)


def test_soft_masks_are_shares():
    soft = torch.tensor([[[0.5, 1.0, 0.0, 0.0], [0.5, 0.0, 1.0, 1.0]]]).double()
    none = {"smooth_numerator": 0.0, "smooth_denominator": 0.0, "reduction": "none"}
    found = dice_loss(P, soft, activation="none", **none)[0, 1].item()
    assert found == near(1 - 2 * (0.1 + 0.4 + 0.9) / (1.8 + 2.5))
    found = dice_loss(P, soft, activation="none", squared=True, **none)[0, 1].item()
    assert found == near(1 - 2 * 1.4 / (sum(p * p for p in P1) + 2.25))


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0])
def test_focal_of_what_is_certain_has_a_finite_slope(gamma, activation):
    """The slope of (1 - p)^gamma at p = 1 is infinite below 1, times a logarithm of 0."""
    logits = torch.tensor([[[200.0, -200.0], [-200.0, 200.0]]], requires_grad=True)
    for labels in (torch.tensor([[0, 1]]), torch.tensor([[1, 0]])):
        logits.grad = None
        focal_loss(logits, labels, gamma=gamma, activation=activation).backward()
        assert torch.isfinite(logits.grad).all()


def test_one_voxel_that_counts_is_the_mean():
    only = torch.tensor([[9, 9, 1, 9]])
    phi = torch.tensor([[[0.0, 0, 0, 0], [1.0, 1, -3, 1]]])
    found = boundary_loss(P, only, maps=phi, activation="none", ignore_index=9)
    assert found.item() == near(-3 * 0.4)
    assert cross_entropy(LOGITS, only, ignore_index=9).item() == near(-math.log(0.4))
    assert focal_loss(LOGITS, only, ignore_index=9, gamma=0.0).item() == near(-math.log(0.4))
