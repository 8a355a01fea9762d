"""Soft skeleton and clDice: pooling as the slow twin, and shapes whose answer is plain."""

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402, N812

from edgewise.models.losses import cldice_loss, dice_loss, soft_skeleton  # noqa: E402

POOLS = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


def pooled_skeleton(image, iterations):
    """Algorithm 1 of the paper, with pooling."""
    axes = image.ndim - 2
    pool = POOLS[axes]

    def eroded(x):
        sizes = [[3 if k == axis else 1 for k in range(axes)] for axis in range(axes)]
        return torch.stack([-pool(-x, s, 1, [n // 2 for n in s]) for s in sizes]).amin(0)

    def opened(x):
        return pool(eroded(x), 3, 1, 1)

    found = F.relu(image - opened(image))
    for _ in range(iterations):
        image = eroded(image)
        more = F.relu(image - opened(image))
        found = found + F.relu(more - found * more)
    return found


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("shape", [(9,), (1,), (2,), (7, 8), (1, 9), (5, 6, 7), (1, 2, 5)])
@pytest.mark.parametrize("iterations", [0, 1, 4])
def test_skeletons_and_gradients_are_those_of_pooling(shape, iterations):
    image = noise(2, 2, *shape)
    weights = noise(2, 2, *shape) + 0.1
    gradients = []
    for skeleton in (pooled_skeleton, lambda x, n: soft_skeleton(x, iterations=n)):
        x = image.clone().requires_grad_()
        found = skeleton(x, iterations)
        (found * weights).sum().backward()
        gradients.append((found.detach(), x.grad))
    torch.testing.assert_close(*(g[0] for g in gradients), rtol=0, atol=0)
    torch.testing.assert_close(*(g[1] for g in gradients), rtol=1e-12, atol=1e-12)


def test_gradients_of_ties_add_up():
    flat = torch.full((1, 1, 5, 5, 5), 0.5, dtype=torch.float64, requires_grad=True)
    ties = flat * torch.tensor([1.0, 1.0, 0.5, 1.0, 1.0]).double()
    soft_skeleton(ties, iterations=2).sum().backward()
    assert torch.isfinite(flat.grad).all()
    assert flat.grad.abs().sum() > 0


def test_the_skeleton_of_a_bar_is_its_middle_line():
    bar = torch.zeros(1, 1, 9, 20)
    bar[..., 2:7, 2:18] = 1  # 5 thick: two erosions
    found = soft_skeleton(bar, iterations=2)
    assert set(found.unique().tolist()) <= {0.0, 1.0}
    assert found[0, 0, 4, 4:16].all()
    assert not found[0, 0, 3, 5:15].any()
    thin = soft_skeleton(bar, iterations=1)
    assert not thin[0, 0, 4, 5:15].any()  # too few iterations lose the middle


def test_what_stays_connected_costs_less_than_what_is_cut():
    """The same number of lost voxels: at the rim Dice sees as much as in the middle."""
    labels = torch.zeros(1, 9, 40, dtype=torch.long)
    labels[0, 3:6, 2:38] = 1
    cut, trimmed = labels.clone(), labels.clone()
    cut[0, 3:6, 19:23] = 0  # 12 voxels across
    trimmed[0, 3, 2:14] = 0  # 12 voxels along the rim
    losses = {}
    for name, prediction in (("cut", cut), ("trimmed", trimmed)):
        p = torch.stack([prediction == 0, prediction == 1], 1).float()
        losses[name] = [
            loss(p, labels, activation="none", include_background=False).item()
            for loss in (dice_loss, cldice_loss)
        ]
    assert losses["cut"][0] == pytest.approx(losses["trimmed"][0])
    assert losses["cut"][1] > 2 * losses["trimmed"][1]


def test_pooled_classes_differ_from_a_mean_over_classes():
    logits = noise(2, 3, 12, 12) * 4
    labels = (noise(2, 12, 12) * 3).long()
    each = cldice_loss(logits, labels, reduction="none")
    pooled = cldice_loss(logits, labels, pool_classes=True, reduction="none")
    assert each.shape == (2, 2)
    assert pooled.shape == (2,)
    assert (each.mean(1) - pooled).abs().max() > 1e-4
