"""The same loss on several outputs: weights, labels and spacing of the coarser ones."""

from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models.losses import (  # noqa: E402
    DeepSupervision,
    Loss,
    Term,
    boundary_loss,
    boundary_map,
    cross_entropy,
    downsample_labels,
    hausdorff_loss,
    make_loss,
    supervision_weights,
)

SEED = torch.Generator().manual_seed(0)
LABELS = torch.randint(0, 3, (2, 16, 12), generator=SEED)
OUTPUTS = tuple(torch.randn(2, 3, 16 // k, 12 // k, generator=SEED) for k in (1, 2, 4))


def test_weights_halve_and_the_last_is_0():
    assert supervision_weights(1) == (1.0,)
    assert supervision_weights(2) == (1.0, 0.0)
    assert supervision_weights(5) == pytest.approx([8 / 15, 4 / 15, 2 / 15, 1 / 15, 0])
    with pytest.raises(ConfigError):
        supervision_weights(0)


def test_the_sum_over_the_outputs():
    found = DeepSupervision(make_loss("cross_entropy"))(OUTPUTS, LABELS).item()
    half = LABELS[:, 1::2, 1::2]
    expected = cross_entropy(OUTPUTS[0], LABELS) * 2 / 3 + cross_entropy(OUTPUTS[1], half) / 3
    assert found == pytest.approx(expected.item())
    shifted = cross_entropy(OUTPUTS[0], LABELS) * 2 / 3
    shifted = shifted + cross_entropy(OUTPUTS[1], LABELS[:, ::2, ::2]) / 3
    assert found != pytest.approx(shifted.item(), abs=1e-4)
    even = DeepSupervision(cross_entropy, (1.0, 1.0, 1.0))(OUTPUTS, LABELS).item()
    assert even == pytest.approx(
        sum(cross_entropy(o, downsample_labels(LABELS, o.shape[2:])).item() for o in OUTPUTS)
    )


def test_a_single_output_is_the_plain_loss():
    loss = DeepSupervision(make_loss("dice_ce"))
    expected = make_loss("dice_ce")(OUTPUTS[0], LABELS)
    assert loss(OUTPUTS[0], LABELS) == expected
    assert loss(OUTPUTS[:1], LABELS) == expected


def test_the_coarsest_output_learns_nothing():
    outputs = [o.clone().requires_grad_() for o in OUTPUTS]
    DeepSupervision(make_loss("dice_ce"))(outputs, LABELS).backward()
    assert outputs[0].grad.any()
    assert outputs[1].grad.any()
    assert outputs[2].grad is None


def test_coarser_voxels_are_larger():
    """Distances of a coarse output are in mm too."""
    loss = DeepSupervision(make_loss("dice_boundary", weights=(0, 1), spacing=(2.0, 0.5)), (0, 1))
    found = loss(OUTPUTS[:2], LABELS).item()
    half = downsample_labels(LABELS, (8, 6))
    expected = boundary_loss(OUTPUTS[1], half, spacing=(4.0, 1.0)).item()
    assert found == pytest.approx(expected)
    assert found != pytest.approx(boundary_loss(OUTPUTS[1], half, spacing=(2.0, 0.5)).item())


def test_functions_measure_coarser_voxels_too():
    half = downsample_labels(LABELS, (8, 6))
    for loss, spacing in (
        (boundary_loss, (2.0, 2.0)),
        (partial(boundary_loss, spacing=(2.0, 0.5)), (4.0, 1.0)),
        (Loss("mine", (Term(partial(boundary_loss, spacing=(2.0, 0.5))),)), (4.0, 1.0)),
    ):
        found = DeepSupervision(loss, (0, 1))(OUTPUTS[:2], LABELS)
        assert found == boundary_loss(OUTPUTS[1], half, spacing=spacing)


def test_spacing_is_that_of_the_labels():
    """Where even the finest output is coarser than they are."""
    loss = DeepSupervision(make_loss("hausdorff", spacing=(1.0, 0.5)), (1.0,))
    half = downsample_labels(LABELS, (8, 6))
    assert loss(OUTPUTS[1:2], LABELS) == hausdorff_loss(OUTPUTS[1], half, spacing=(2.0, 1.0))


def test_maps_and_weights_are_those_of_the_nearest_voxel():
    spacing = (2.0, 0.5)
    maps = torch.from_numpy(
        np.stack([boundary_map(case, 3, spacing=spacing) for case in LABELS.numpy()])
    )
    half = downsample_labels(LABELS, (8, 6))
    coarse = maps[:, :, 1::2, 1::2]
    for c in range(3):  # inside, and only there, is the class that the coarse labels have
        assert torch.equal(coarse[:, c] < 0, half == c)
    expected = 2 / 3 * boundary_loss(OUTPUTS[0], LABELS, maps=maps)
    expected += 1 / 3 * boundary_loss(OUTPUTS[1], half, maps=coarse)
    loss = DeepSupervision(make_loss("dice_boundary", weights=(0, 1), spacing=spacing))
    assert loss(OUTPUTS, LABELS, maps=maps).item() == pytest.approx(expected.item())
    alone = DeepSupervision(boundary_loss, (0, 1))  # no spacing: the maps carry it
    found = alone(OUTPUTS[:2], LABELS, maps=maps)
    assert found == boundary_loss(OUTPUTS[1], half, maps=coarse)
    assert loss(OUTPUTS[0], LABELS, maps=maps) == boundary_loss(OUTPUTS[0], LABELS, maps=maps)

    weights = torch.rand(LABELS.shape, generator=torch.Generator().manual_seed(0))
    found = DeepSupervision(make_loss("cross_entropy"))(OUTPUTS, LABELS, voxel_weights=weights)
    expected = 2 / 3 * cross_entropy(OUTPUTS[0], LABELS, voxel_weights=weights)
    expected += 1 / 3 * cross_entropy(OUTPUTS[1], half, voxel_weights=weights[:, 1::2, 1::2])
    assert found.item() == pytest.approx(expected.item())


def test_maps_and_weights_lie_on_the_grid_of_the_labels():
    loss = DeepSupervision(make_loss("dice_boundary"))
    with pytest.raises(ShapeError, match=r"maps must have the size of the labels \(16, 12\)"):
        loss(OUTPUTS, LABELS, maps=torch.zeros(2, 3, 32, 24))
    with pytest.raises(ShapeError, match="maps must have the shape of the logits"):
        loss(OUTPUTS, LABELS, maps=torch.zeros(2, 1, 16, 12))
    with pytest.raises(ConfigError, match="maps must be a tensor"):
        loss(OUTPUTS, LABELS, maps=np.zeros((2, 3, 16, 12)))
    with pytest.raises(ConfigError, match="'dice_boundary' takes no voxel_weights"):
        loss(OUTPUTS, LABELS, voxel_weights=torch.ones(2, 16, 12))
    with pytest.raises(ConfigError, match="takes no maps"):
        DeepSupervision(lambda logits, labels: logits.sum())(OUTPUTS, LABELS, maps=OUTPUTS[0])


def test_outputs_come_finest_first():
    loss = DeepSupervision(cross_entropy)
    for outputs, labels in (
        (OUTPUTS[::-1], LABELS),  # labels would be blown up without a word
        (OUTPUTS, LABELS[:, ::2, ::2]),
        ((OUTPUTS[0], OUTPUTS[1][..., 0]), LABELS),
    ):
        with pytest.raises(ShapeError, match="finest first, none larger than the labels"):
            loss(outputs, labels)
    with pytest.raises(ConfigError, match="outputs must be a tensor or a sequence"):
        loss({"out": OUTPUTS[0]}, LABELS)


@pytest.mark.parametrize(("old", "new"), [(8, 4), (9, 4), (7, 3), (5, 5), (4, 8), (3, 1)])
def test_labels_are_those_of_nearest_exact(old, new):
    labels = torch.arange(old).view(1, 1, old)
    expected = torch.nn.functional.interpolate(labels.float(), new, mode="nearest-exact")
    assert torch.equal(downsample_labels(labels, (new,)), expected.long())
    assert downsample_labels(labels, (new,)).dtype == torch.long


def test_large_labels_survive():
    labels = torch.full((1, 4, 4), 2**24 + 1)  # a float32 would lose the 1
    assert (downsample_labels(labels, (2, 2)) == 2**24 + 1).all()


def test_masks_of_regions_are_resized_too():
    regions = torch.stack([LABELS > 0, LABELS > 1, LABELS == 1], 1)
    value = DeepSupervision(make_loss("dice_bce"))(OUTPUTS, regions)
    assert torch.isfinite(value)


def test_weights_must_fit():
    for weights in ((1.0,), (0.0, 0.0, 0.0)):
        with pytest.raises(ConfigError, match="3 outputs need as many weights"):
            DeepSupervision(cross_entropy, weights)(OUTPUTS, LABELS)
    with pytest.raises(ConfigError, match="3 outputs need as many weights"):
        DeepSupervision(cross_entropy, ())(OUTPUTS, LABELS)
    for weights in (1.0, (1.0, float("nan"))):
        with pytest.raises(ConfigError, match="weights must be a sequence of finite numbers"):
            DeepSupervision(cross_entropy, weights)
    with pytest.raises(ConfigError, match="got 'dice_ce'; make_loss builds one by its name"):
        DeepSupervision("dice_ce")
    given = DeepSupervision(cross_entropy, torch.tensor([0.5, 0.5]))
    assert given == DeepSupervision(cross_entropy, (0.5, 0.5))
    with pytest.raises(ShapeError, match="cannot resize"):
        downsample_labels(LABELS, (0, 1))
