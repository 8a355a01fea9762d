"""The loss of a batch: what a network returns, what may be given as a loss, spacing, names."""

from functools import partial

import pytest

torch = pytest.importorskip("torch")

from edgewise.models.losses import (  # noqa: E402
    DeepSupervision,
    Loss,
    Term,
    boundary_loss,
    cross_entropy,
    dice_loss,
    downsample_labels,
    hausdorff_loss,
    make_loss,
)
from edgewise.models.training.objective import Objective, loss_name  # noqa: E402

SEED = torch.Generator().manual_seed(0)
LABELS = torch.randint(0, 3, (2, 16, 12), generator=SEED)
OUTPUTS = tuple(torch.randn(2, 3, 16 // k, 12 // k, generator=SEED) for k in (1, 2, 4))
SAME = [(2.0, 0.5)] * 2
MIXED = [(2.0, 0.5), (1.0, 1.0)]


def value(loss, output=OUTPUTS[0], spacings=SAME, *, deep=False):
    return Objective(loss, deep_supervision=deep)(output, LABELS, spacings)[0].item()


def test_a_loss_is_split_into_its_parts():
    total, parts = Objective("dice_ce", deep_supervision=False)(OUTPUTS[0], LABELS, SAME)
    assert list(parts) == ["loss_dice", "loss_cross_entropy"]
    assert total.item() == pytest.approx(make_loss("dice_ce")(OUTPUTS[0], LABELS).item())
    assert sum(parts.values()).item() == pytest.approx(total.item())
    mine = Loss("mine", (Term(partial(dice_loss, batch=True)), Term(dice_loss)))
    assert list(Objective(mine, deep_supervision=False)(OUTPUTS[0], LABELS, SAME)[1]) == [
        "loss_dice",
        "loss_dice_1",
    ]
    assert Objective("dice", deep_supervision=False)(OUTPUTS[0], LABELS, SAME)[1] == {}


@pytest.mark.parametrize(
    "loss", [hausdorff_loss, "hausdorff", make_loss("hausdorff")], ids=["function", "name", "Loss"]
)
def test_distances_are_in_mm_however_the_loss_is_given(loss):
    expected = hausdorff_loss(OUTPUTS[0], LABELS, spacing=(2.0, 0.5))
    assert value(loss) == pytest.approx(expected.item())
    each = [
        hausdorff_loss(OUTPUTS[0][k : k + 1], LABELS[k : k + 1], spacing=spacing).item()
        for k, spacing in enumerate(MIXED)
    ]
    assert value(loss, spacings=MIXED) == pytest.approx(sum(each) / 2)
    half = downsample_labels(LABELS, (8, 6))
    coarse = hausdorff_loss(OUTPUTS[1], half, spacing=(4.0, 1.0))
    deep = 2 / 3 * expected.item() + 1 / 3 * coarse.item()
    assert value(loss, OUTPUTS, deep=True) == pytest.approx(deep)


def test_a_spacing_that_was_chosen_stays():
    expected = boundary_loss(OUTPUTS[0], LABELS, spacing=3.0).item()
    for loss in (
        partial(boundary_loss, spacing=3.0),
        Loss("mine", (Term(boundary_loss, 1.0, (("spacing", 3.0),)),)),
    ):
        assert value(loss) == pytest.approx(expected)
        assert value(loss, spacings=MIXED) == pytest.approx(expected)


def test_weights_of_deep_supervision_may_be_ones_own():
    loss = DeepSupervision(make_loss("dice_ce"), (0.5, 0.25, 0.25))
    expected = loss(OUTPUTS, LABELS).item()
    assert value(loss, OUTPUTS, deep=True) == pytest.approx(expected)
    assert expected != pytest.approx(value("dice_ce", OUTPUTS, deep=True))
    assert value(loss) == pytest.approx(value("dice_ce"))  # a network with one output
    parts = Objective(loss, deep_supervision=True)(OUTPUTS, LABELS, SAME)[1]
    assert list(parts) == ["loss_dice", "loss_cross_entropy"]


def test_names_tell_losses_apart():
    """A run that goes on compares them."""
    losses = [
        "dice_ce",
        make_loss("dice"),
        make_loss("dice", batch=True),
        DeepSupervision(make_loss("dice")),
        DeepSupervision(make_loss("dice"), (1.0, 0.0)),
        dice_loss,
        partial(dice_loss, batch=True),
        cross_entropy,
        torch.nn.CrossEntropyLoss(),
    ]
    names = [loss_name(loss) for loss in losses]
    assert len(set(names)) == len(losses)
    assert names == [loss_name(loss) for loss in losses]
    assert not any(" at 0x" in name for name in names)
    assert names[1] == "dice = 1 * dice_loss(logits, labels)"
    assert names[6] == "partial(edgewise.models.losses.dice.dice_loss, batch=True)"
