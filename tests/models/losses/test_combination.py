"""Losses by name and by hand: what they add up, what they refuse, that they do not change."""

import dataclasses
import math
import pickle
from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError, SpacingError  # noqa: E402
from edgewise.models.losses import (  # noqa: E402
    RECIPES,
    Loss,
    Term,
    binary_cross_entropy,
    boundary_loss,
    boundary_map,
    boundary_weight,
    cldice_loss,
    cross_entropy,
    dice_loss,
    focal_loss,
    generalised_dice_loss,
    hausdorff_loss,
    list_losses,
    make_loss,
)

LOGITS = torch.randn(2, 3, 8, 9, generator=torch.Generator().manual_seed(0))
LABELS = torch.randint(0, 3, (2, 8, 9), generator=torch.Generator().manual_seed(1))
FOREGROUND = partial(dice_loss, batch=True, include_background=False)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("dice_ce", [(partial(dice_loss, preset="nnunet"), 1), (cross_entropy, 1)]),
        ("dice_focal", [(FOREGROUND, 1), (focal_loss, 1)]),
        (
            "dice_cldice",
            [
                (
                    partial(
                        dice_loss,
                        include_background=False,
                        smooth_numerator=1.0,
                        smooth_denominator=1.0,
                    ),
                    0.5,
                ),
                (cldice_loss, 0.5),
            ],
        ),
        ("dice_boundary", [(FOREGROUND, 0.99), (boundary_loss, 0.01)]),
        ("generalised_dice_boundary", [(generalised_dice_loss, 0.99), (boundary_loss, 0.01)]),
        ("dice_hausdorff", [(FOREGROUND, 1), (hausdorff_loss, 0.01)]),
    ],
)
def test_a_named_loss_is_the_sum_of_its_parts(name, parts):
    expected = sum(weight * part(LOGITS, LABELS).item() for part, weight in parts)
    assert make_loss(name)(LOGITS, LABELS).item() == pytest.approx(expected, rel=1e-6)


def test_regions_overlap_and_keep_channel_0():
    regions = torch.stack([LABELS > 0, LABELS > 1, LABELS == 1], 1)
    dice = dice_loss(LOGITS, regions, batch=True, activation="sigmoid", negative=True)
    expected = dice + binary_cross_entropy(LOGITS, regions)
    assert make_loss("dice_bce")(LOGITS, regions).item() == pytest.approx(expected.item())


def test_options_reach_the_terms_that_take_them():
    loss = make_loss("dice_ce", preset="transunet", weights=(0.5, 0.5), label_smoothing=0.1)
    expected = 0.5 * dice_loss(LOGITS, LABELS, preset="transunet")
    expected = expected + 0.5 * cross_entropy(LOGITS, LABELS, label_smoothing=0.1)
    assert loss(LOGITS, LABELS).item() == pytest.approx(expected.item())
    weighted = make_loss("cross_entropy", class_weights=[1, 2, 3])
    assert weighted(LOGITS, LABELS) == cross_entropy(LOGITS, LABELS, class_weights=(1, 2, 3))


def test_options_that_nothing_takes_are_refused():
    with pytest.raises(ConfigError, match="'dice_ce' takes no spacing; it takes: batch"):
        make_loss("dice_ce", spacing=(1, 1))
    with pytest.raises(ConfigError, match="takes no activation"):
        make_loss("dice_ce", activation="sigmoid")  # its cross-entropy is a softmax
    with pytest.raises(
        ConfigError,
        match=r"takes no inner_zero; it takes: activation, alpha, ig.*"
        r"e_index, include_background, spacing$",
    ):  # nothing that make_loss does not take
        make_loss("hausdorff", inner_zero=True)
    with pytest.raises(ConfigError, match=r"takes no maps$"):
        make_loss("dice")(LOGITS, LABELS, maps=LOGITS)
    with pytest.raises(ConfigError, match="has 2 terms, got weights"):
        make_loss("dice_ce", weights=(1,))
    with pytest.raises(ConfigError, match="no terms"):
        Loss("empty", ())
    with pytest.raises(ConfigError, match="what is no Term"):
        Loss("functions", (dice_loss,))
    with pytest.raises(ConfigError, match="got 'dice'; make_loss builds one by its name"):
        Term("dice")


def test_a_typo_gets_the_nearest_name():
    with pytest.raises(ConfigError, match="no loss 'dice_focl'; did you mean 'dice_focal'"):
        make_loss("dice_focl")
    with pytest.raises(ConfigError, match="did you mean 'dice_boundary'"):
        make_loss("boundary")  # it needs a region loss beside it
    with pytest.raises(ConfigError, match="did you mean 'dice_ce'"):
        make_loss("DICE-CE")
    with pytest.raises(ConfigError, match="no loss"):
        make_loss(["dice_ce"])


@pytest.mark.parametrize(
    ("name", "options", "kind", "text"),
    [
        ("dice", {"activation": "softmx"}, ConfigError, "activation must be one of"),
        ("dice_ce", {"preset": "nnunett"}, ConfigError, "did you mean 'nnunet'"),
        ("dice_focal", {"gamma": -1}, ConfigError, "gamma must not be negative"),
        ("dice_ce", {"label_smoothing": 2}, ConfigError, "label_smoothing"),
        ("dice_ce", {"class_weights": 2.0}, ConfigError, "class_weights must be a sequence of fi"),
        ("dice_ce", {"class_weights": (1, -1)}, ConfigError, "class_weights must be finite"),
        ("dice_ce", {"weights": 1.0}, ConfigError, "weights must be a sequence of finite n"),
        (
            "dice_ce",
            {"weights": (1, math.nan)},
            ConfigError,
            "weights must be a sequence of finite n",
        ),
        ("hausdorff", {"spacing": (1, 1, 1, 1)}, SpacingError, "spacing"),
        ("hausdorff", {"spacing": (1, -1)}, SpacingError, "spacing must be finite and positive"),
        ("cldice", {"iterations": 0.5}, ConfigError, "iterations must not be negative, and an int"),
        ("dice_ce", {"ignore_index": "255"}, ConfigError, "ignore_index must be an integer"),
    ],
)
def test_options_are_checked_when_a_loss_is_made(name, options, kind, text):
    """Not hours later, in the first step."""
    with pytest.raises(kind, match=text):
        make_loss(name, **options)


def test_options_may_be_arrays():
    loss = make_loss("dice_boundary", spacing=np.array([2.0, 0.5]), weights=torch.tensor([0.5, 2]))
    assert loss == make_loss("dice_boundary", spacing=(2.0, 0.5), weights=(0.5, 2.0))
    assert str(loss.terms[1]) == "2 * boundary_loss(logits, labels, spacing=(2.0, 0.5))"
    weighted = make_loss("cross_entropy", class_weights=torch.tensor([1.0, 2, 3]))
    assert weighted == make_loss("cross_entropy", class_weights=(1, 2, 3))


def test_a_loss_prints_the_same_in_every_process():
    """No addresses: a run writes it down and compares it when it goes on."""
    term = Term(partial(focal_loss, gamma=1.0), 2.0, (("alpha", 0.5),))
    assert str(term) == "2 * focal_loss(logits, labels, gamma=1.0, alpha=0.5)"
    assert str(Term(torch.nn.MSELoss())) == "1 * MSELoss(logits, labels)"


def test_a_loss_is_a_frozen_value():
    loss = make_loss("dice_boundary", spacing=(2.0, 0.5))
    with pytest.raises(dataclasses.FrozenInstanceError):
        loss.name = "other"
    assert loss == make_loss("dice_boundary", spacing=(2.0, 0.5))
    assert loss != make_loss("dice_boundary")
    again = pickle.loads(pickle.dumps(loss))
    assert again == loss
    assert again(LOGITS, LABELS) == loss(LOGITS, LABELS)
    assert str(make_loss("dice_focal", gamma=3.0)).endswith("focal_loss(logits, labels, gamma=3.0)")


def test_weights_change_with_the_epoch():
    start = make_loss("generalised_dice_boundary")
    weight = boundary_weight(49)
    later = start.with_weights(1 - weight, weight)
    expected = 0.5 * generalised_dice_loss(LOGITS, LABELS) + 0.5 * boundary_loss(LOGITS, LABELS)
    assert later(LOGITS, LABELS).item() == pytest.approx(expected.item())
    assert start.terms[1].weight == 0.01


def test_a_weight_of_0_leaves_a_term_out():
    def unwanted(logits, labels):
        raise AssertionError

    loss = Loss("one", (Term(dice_loss), Term(unwanted, 0.0)))
    assert loss(LOGITS, LABELS) == dice_loss(LOGITS, LABELS)
    nothing = make_loss("dice", weights=(0.0,))
    logits = LOGITS.clone().requires_grad_()
    value = nothing(logits, LABELS)
    value.backward()
    assert value == 0
    assert not logits.grad.any()
    assert nothing(LOGITS / 0, LABELS) == 0


def test_terms_of_ones_own():
    loss = Loss(
        "mine",
        (
            Term(partial(focal_loss, gamma=1.0), 2.0),
            Term(lambda logits, labels: logits.square().mean(), 0.1),
            Term(dice_loss, 1.0, (("squared", True),)),
        ),
    )
    expected = 2 * focal_loss(LOGITS, LABELS, gamma=1.0) + 0.1 * LOGITS.square().mean()
    expected = expected + dice_loss(LOGITS, LABELS, squared=True)
    assert loss(LOGITS, LABELS).item() == pytest.approx(expected.item())


def test_maps_and_voxel_weights_of_a_data_worker():
    spacing = (2.0, 0.5)
    maps = torch.stack(
        [torch.from_numpy(boundary_map(case, 3, spacing=spacing)) for case in LABELS.numpy()]
    )
    for name in ("dice_boundary", "dice_hausdorff"):
        here = make_loss(name, spacing=spacing)
        ready = here(LOGITS, LABELS, maps=maps).item()
        assert ready == pytest.approx(here(LOGITS, LABELS).item(), rel=1e-6)
    weights = torch.rand(2, 8, 9, generator=torch.Generator().manual_seed(2))
    found = make_loss("dice_ce")(LOGITS, LABELS, voxel_weights=weights)
    expected = dice_loss(LOGITS, LABELS, preset="nnunet")
    expected = expected + (weights * cross_entropy(LOGITS, LABELS, reduction="none")).mean()
    assert found.item() == pytest.approx(expected.item())


def test_spacing_can_be_given_later():
    assert make_loss("dice_ce").with_spacing((2.0, 0.5)) == make_loss("dice_ce")
    later = make_loss("hausdorff").with_spacing((2.0, 0.5))
    assert later == make_loss("hausdorff", spacing=(2.0, 0.5))


def test_every_name_has_a_use_and_functions():
    assert list_losses() == tuple(RECIPES)
    for name in list_losses():
        assert RECIPES[name].summary
        assert make_loss(name).name == name
