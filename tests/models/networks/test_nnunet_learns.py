"""A small nnU-Net learns balls and cubes in noise, and finds them in volumes it has not seen."""

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402, N812

from edgewise.models import create_model  # noqa: E402

SIDE = 32
STEPS, BATCH = 300, 2


def phantoms(count, *, seed):
    """One ball (1) before one cube (2) a volume; intensity = label + N(0, 0.4)."""
    draw = torch.Generator().manual_seed(seed)
    grid = torch.stack(torch.meshgrid(*[torch.arange(SIDE)] * 3, indexing="ij")).float()
    labels = torch.zeros(count, SIDE, SIDE, SIDE, dtype=torch.long)
    for volume in labels:
        radius, half = 5 + 3 * torch.rand(1, generator=draw), 4 + 3 * torch.rand(1, generator=draw)
        ball, cube = (8 + 16 * torch.rand(3, 1, 1, 1, generator=draw) for _ in range(2))
        volume[(grid - cube).abs().amax(0) <= half] = 2
        volume[((grid - ball) ** 2).sum(0) <= radius**2] = 1
    noise = torch.randn(labels.shape, generator=draw)
    return (labels + 0.4 * noise)[:, None], labels


def loss(logits, labels):
    """Cross-entropy less Dice of the foreground over the batch."""
    classes = logits.softmax(1)[:, 1:]
    truth = F.one_hot(labels, 3).movedim(-1, 1)[:, 1:].float()
    axes = (0, 2, 3, 4)
    dice = (2 * (classes * truth).sum(axes) + 1e-5) / ((classes + truth).sum(axes) + 1e-5)
    return F.cross_entropy(logits, labels) - dice.mean()


def trained(images, labels):
    torch.manual_seed(0)
    network = create_model(
        "nnunet_plain",
        classes=3,
        features_per_stage=(8, 16, 32, 32),
        n_conv_per_stage=1,
        n_conv_per_stage_decoder=1,
    )
    optimizer = torch.optim.AdamW(network.parameters(), 5e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=STEPS)
    for _ in range(STEPS):
        chosen = torch.randint(len(images), (BATCH,))
        optimizer.zero_grad()
        loss(network(images[chosen]), labels[chosen]).backward()
        optimizer.step()
        schedule.step()
    return network.eval()


@pytest.mark.slow
def test_held_out_volumes_reach_a_dice_of_95():
    network = trained(*phantoms(400, seed=1))
    images, labels = phantoms(8, seed=2)
    with torch.inference_mode():
        found = torch.cat([network(image[None]).argmax(1) for image in images])
    for label in (1, 2):
        both = ((found == label) & (labels == label)).sum()
        assert 2 * both / ((found == label).sum() + (labels == label).sum()) > 0.95
