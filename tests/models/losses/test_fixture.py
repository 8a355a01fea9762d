"""Every number of the fixture: torch, MONAI, nnU-Net and TransUNet on one batch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.models.losses import (  # noqa: E402
    boundary_loss,
    boundary_map,
    cldice_loss,
    cross_entropy,
    dice_loss,
    focal_loss,
    generalised_dice_loss,
    hausdorff_loss,
    make_loss,
    soft_skeleton,
    tversky_loss,
)

BOUND = 1e-5
ANISOTROPIC = (2.0, 0.5)
MONAI_CLDICE = {"include_background": True, "pool_classes": True, "iterations": 3}


@pytest.fixture(scope="module")
def stored(zoo_arrays):
    return zoo_arrays("losses")


@pytest.fixture
def batch(stored):
    return torch.from_numpy(stored["logits"]), torch.from_numpy(stored["labels"])


def _without_rows(x, y):
    y = y.clone()
    y[:, 0:3] = 255
    return cross_entropy(x, y, ignore_index=255)


def _dice_and_cldice(x, y):
    dice = dice_loss(x, y, smooth_numerator=1.0, smooth_denominator=1.0)
    return 0.5 * dice + 0.5 * cldice_loss(x, y, **MONAI_CLDICE)


VALUES = {
    "ce_mean": cross_entropy,
    "ce_weighted_mean": lambda x, y: cross_entropy(x, y, class_weights=(0.2, 1.0, 2.0)),
    "ce_ls0.1": lambda x, y: cross_entropy(x, y, label_smoothing=0.1),
    "ce_ignore255_rows0-2": _without_rows,
    "monai_dice_default": dice_loss,
    "monai_dice_no_bg": lambda x, y: dice_loss(x, y, include_background=False),
    "monai_dice_batch": lambda x, y: dice_loss(x, y, batch=True),
    "monai_dice_squared": lambda x, y: dice_loss(x, y, squared=True),
    "monai_dice_jaccard": lambda x, y: dice_loss(x, y, jaccard=True),
    "monai_dice_smooth0": lambda x, y: dice_loss(
        x, y, smooth_numerator=0.0, smooth_denominator=0.0
    ),
    "monai_gdl_square": generalised_dice_loss,
    "monai_gdl_simple": lambda x, y: generalised_dice_loss(x, y, weighting="simple"),
    "monai_gdl_uniform": lambda x, y: generalised_dice_loss(x, y, weighting="uniform"),
    "monai_gdl_batch": lambda x, y: generalised_dice_loss(x, y, batch=True),
    "monai_focal_sigmoid_g2": lambda x, y: focal_loss(x, y, activation="sigmoid"),
    "monai_focal_softmax_g2": lambda x, y: focal_loss(x, y, over_classes=True),
    "monai_focal_softmax_g2_alpha.25": lambda x, y: focal_loss(x, y, over_classes=True, alpha=0.25),
    "monai_tversky_.3_.7": tversky_loss,
    "monai_dicece": lambda x, y: make_loss("dice_ce", preset="monai")(x, y),
    "monai_hausdorffdt_alpha2": hausdorff_loss,
    "monai_hausdorffdt_nobg_alpha2": hausdorff_loss,
    "monai_hausdorffdt_alpha1": lambda x, y: hausdorff_loss(x, y, alpha=1.0),
    "monai_hausdorffdt_nobg_alpha1": lambda x, y: hausdorff_loss(x, y, alpha=1.0),
    "monai_softcldice_iter3": lambda x, y: cldice_loss(x, y, **MONAI_CLDICE),
    "monai_softdicecldice_iter3_a.5": _dice_and_cldice,
    "boundary_kervadec_original_iso_classes1-2": lambda x, y: boundary_loss(x, y, inner_zero=True),
    "boundary_centre_to_centre_iso_classes1-2": boundary_loss,
    "boundary_centre_to_centre_aniso_2_0.5_classes1-2": lambda x, y: boundary_loss(
        x, y, spacing=ANISOTROPIC
    ),
    "check_hdt_nobg_iso": hausdorff_loss,
    "hdt_nobg_aniso_2_0.5": lambda x, y: hausdorff_loss(x, y, spacing=ANISOTROPIC),
    "nnunet_dice_batch_nobg_smooth1e-5": lambda x, y: dice_loss(x, y, preset="nnunet"),
    "nnunet_dice_sample_nobg_smooth1e-5": lambda x, y: dice_loss(
        x, y, preset="nnunet", batch=False
    ),
    "nnunet_dc_ce_batch": lambda x, y: make_loss("dice_ce")(x, y),
    "transunet_dice": lambda x, y: dice_loss(x, y, preset="transunet"),
}

MAPS = {
    "phi_kervadec_original_iso": {"inner_zero": True},
    "phi_centre_to_centre_iso": {},
    "phi_centre_to_centre_aniso_2_0.5": {"spacing": ANISOTROPIC},
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_of_the_fixture(stored, batch, name):
    expected = float(stored[name])
    assert float(VALUES[name](*batch)) == pytest.approx(expected, abs=BOUND)
    # the same call on moved labels must not pass
    moved = torch.roll(batch[1], 1, dims=1)
    assert abs(float(VALUES[name](batch[0], moved)) - expected) > 10 * BOUND


def test_no_value_of_the_fixture_is_left_out(stored):
    assert {name for name, value in stored.items() if value.ndim == 0} == set(VALUES)


@pytest.mark.parametrize("name", MAPS)
def test_maps_of_the_fixture(stored, name):
    found = np.stack([boundary_map(labels, 3, **MAPS[name]) for labels in stored["labels"]])
    np.testing.assert_allclose(found, stored[name], atol=BOUND)


def test_skeleton_of_the_fixture(stored, batch):
    found = soft_skeleton(torch.softmax(batch[0], 1), iterations=3).numpy()
    np.testing.assert_allclose(found, stored["soft_skel_iter3"], atol=BOUND)
    fewer = soft_skeleton(torch.softmax(batch[0], 1), iterations=2).numpy()
    assert np.abs(fewer - stored["soft_skel_iter3"]).max() > 100 * BOUND
