"""Networks that answer the middle of a patch only: what they are asked about, and learn."""

from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models import create_model  # noqa: E402
from edgewise.models.inference import segment  # noqa: E402
from edgewise.models.training import ArrayCases, Augmentation, Settings, fit  # noqa: E402
from edgewise.models.training.answers import answered_size, middle  # noqa: E402
from edgewise.models.training.batches import make_batch  # noqa: E402
from edgewise.models.training.pool import CasePool, Needs  # noqa: E402

PLAIN = {"patch_size": (20, 20), "augmentation": Augmentation.named("none")}
SMALL = {
    "features": (4, 4, 6, 6), "fused": (8, 8), "residuals": (4,), "in_channels": 1, "classes": 3,
}  # fmt: skip


class Valid(torch.nn.Module):
    """Three unpadded convolutions: 6 voxels of the patch are not answered."""

    spatial_dims, in_channels, classes = 2, 1, 3

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        widths = (1, 12, 12, 3)
        self.layers = torch.nn.ModuleList(torch.nn.Conv2d(a, b, 3) for a, b in pairwise(widths))

    def forward(self, image):
        for layer in self.layers[:-1]:
            image = torch.relu(layer(image))
        return self.layers[-1](image)


def pool_of(labels):
    cases = ArrayCases([np.zeros(labels.shape)], [labels])
    return CasePool(cases, Needs(1, 2, 3), role="training", seed=0, tell=lambda _: None)


def test_what_is_answered_is_asked_of_the_network():
    model = Valid().train()
    assert answered_size(model, (20, 30)) == (14, 24)
    assert model.training
    assert answered_size(create_model("unet2d_valid", base=2), (188, 188)) == (4, 4)
    inside = create_model("deepmedic", surroundings="inside", **SMALL)
    assert answered_size(inside, (49, 49, 49)) == (9, 9, 9)


def test_the_border_of_a_case_is_asked_about_as_often_as_its_middle():
    """Patches that stay inside the case would never answer its 3 outermost voxels."""
    pool = pool_of(np.arange(30 * 30).reshape(30, 30) % 3)
    settings = Settings(batch_size=4, oversample_foreground=0.0, **PLAIN)
    pool.get(0).image[0] = np.arange(900).reshape(30, 30)  # where a voxel is from
    asked = np.zeros(900)
    for step in range(400):
        batch = make_batch(pool, settings, 0, step, answered=(14, 14))
        places = batch.images[:, 0, 3:-3, 3:-3].astype(int)
        np.add.at(asked, places.ravel(), 1)
    asked = asked.reshape(30, 30)
    assert asked.min() > 0
    assert asked.sum() == 1600 * 14 * 14  # nothing outside of the case


@pytest.mark.parametrize("place", [(0, 0), (29, 0), (15, 29), (14, 14)])
def test_a_forced_voxel_is_answered(place):
    labels = np.zeros((30, 30), np.uint8)
    labels[place] = 2
    pool = pool_of(labels)
    settings = Settings(batch_size=2, oversample_foreground=1.0, **PLAIN)
    for step in range(20):
        batch = make_batch(pool, settings, 0, step, answered=(14, 14))
        assert (batch.labels[:, 3:-3, 3:-3] == 2).sum() == 2


def test_the_middle_of_labels():
    labels = torch.arange(2 * 7 * 6).reshape(2, 7, 6)
    assert torch.equal(middle(labels, (3, 6)), labels[:, 2:5])
    assert torch.equal(middle(labels, (7, 6)), labels)


def test_an_unpadded_network_learns_the_border_too():
    """A label that occurs at the border only; placed inside the case no patch answers there."""
    rng = np.random.default_rng(0)
    labels = np.zeros((30, 30), np.uint8)
    labels[:2] = labels[28:] = 1
    images = [labels * 2 + rng.normal(0, 0.3, labels.shape) for _ in range(4)]
    model = Valid()
    fit(
        model, ArrayCases(images, [labels] * 4), epochs=1, iterations_per_epoch=100, lr=0.01,
        batch_size=8, optimizer="adamw", loss="cross_entropy", oversample_foreground=0.0,
        tell=None, workers=0, **PLAIN,
    )  # fmt: skip
    found = segment(np.float32(images[0])[None], model, tile=(20, 20))
    assert (found == labels).mean() > 0.97


@pytest.mark.parametrize(
    ("name", "patch", "said"),
    [
        ("unet2d", (15, 16), r"patch_size \(15, 16\): .* nearest: "),
        ("lenet", (32, 32), r"answers a patch \(32, 32\) with shape \(1, 10\)"),
    ],
)
def test_a_patch_or_network_that_does_not_fit_is_said_at_once(pictures, name, patch, said):
    with pytest.raises(ShapeError, match=said):
        fit(create_model(name, in_channels=1), pictures(2), patch_size=patch, tell=None)


def test_a_network_that_answers_every_fourth_voxel_is_not_trained_on_label_maps():
    with pytest.raises(ConfigError, match="LeNetFCN answers every 4th voxel"):
        answered_size(create_model("lenet_fcn"), (40, 40))
