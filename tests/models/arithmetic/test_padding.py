"""Which voxels padding reaches, said beforehand and seen by changing it; and its picture."""

import base64
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models import create_model  # noqa: E402
from edgewise.models.arithmetic import (  # noqa: E402
    padding_effects_figure,
    padding_influence,
    run_with_padding,
)


def lively(name, **sizes):
    torch.manual_seed(1)
    return create_model(name, **sizes).eval()


@pytest.mark.parametrize(("depth", "reach", "n"), [(1, 8, 32), (2, 22, 64), (3, 46, 128)])
def test_zeros_disturb_a_constant_image_as_far_as_said(depth, reach, n):
    network = lively("unet2d", base=8, depth=depth)
    image = torch.ones(1, 1, n, n)
    answers = {p: run_with_padding(network, image, padding=p) for p in ("zeros", "reflect")}
    with torch.inference_mode():
        assert torch.allclose(network(image), answers["zeros"], atol=1e-6)
    assert answers["zeros"].std() > 0.01
    differs = ((answers["zeros"] - answers["reflect"]).abs().amax((0, 1)) > 1e-5).numpy()
    said = padding_influence(network, (n, n))
    assert not (differs & ~said).any()
    rows = differs.any(axis=1)
    middle = said[n // 2]
    assert middle[:reach].all()
    assert not middle[reach:-reach].any()
    assert differs[:, n // 2 - 4 : n // 2 + 4].any(axis=1).sum() == 2 * reach
    assert rows.all()  # the columns at the side are disturbed in every row
    # the undisturbed middle repeats with the period, and reflected constants are flat everywhere
    inside = answers["zeros"][0, :, reach : n - reach, reach : n - reach]
    period = 2**depth
    assert torch.allclose(inside[:, period:], inside[:, :-period], atol=1e-5)


def test_valid_networks_see_no_padding():
    network = create_model("unet2d_valid", base=2, depth=2)
    assert not padding_influence(network, (60, 64)).any()


@pytest.mark.parametrize(
    ("layer", "reached"),
    [
        (nn.Conv1d(1, 1, 3, padding=1), (1, 1)),
        (nn.Conv1d(1, 1, 3, padding=2, dilation=2), (2, 2)),
        (nn.Conv1d(1, 1, 3, padding=1, padding_mode="reflect"), (1, 1)),
        (nn.MaxPool1d(3, 1, 1), (1, 1)),
        (nn.MaxPool1d(2, 2, ceil_mode=True), (0, 1)),
        (nn.ConstantPad1d((2, 1), 0.0), (2, 1)),
        (nn.Upsample(scale_factor=2, mode="linear"), (1, 1)),
        (nn.Upsample(scale_factor=2), (0, 0)),
        (nn.Conv1d(1, 1, 4, padding="same"), (1, 2)),
        (nn.ConvTranspose1d(1, 1, 2, 2), (0, 0)),
        (nn.ConvTranspose1d(1, 1, 3, 2), (1, 1)),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_single_layers(layer, reached):
    said = padding_influence(layer, (9,), channels=1)
    before, behind = reached
    assert said[:before].all()
    assert said[len(said) - behind :].all()
    assert not said[before : len(said) - behind].any()


def test_functional_and_explicit_padding_is_exchanged():
    class Network(nn.Module):
        in_channels = 1

        def forward(self, image):
            image = nn.functional.pad(image, (1, 1, 1, 1))
            return nn.functional.conv2d(image, torch.ones(1, 1, 3, 3), padding=1)

    image = torch.ones(1, 1, 6, 6)
    assert (run_with_padding(Network(), image, padding="replicate") == 9).all()
    assert run_with_padding(Network(), image, padding="zeros").min() == 1
    assert torch.equal(run_with_padding(Network(), image, padding="zeros"), Network()(image))


def test_bad_requests_are_named():
    network = nn.Conv2d(1, 1, 3, padding=1)
    with pytest.raises(ConfigError, match="choose one of zeros, reflect, replicate"):
        run_with_padding(network, torch.ones(1, 1, 8, 8), padding="mirror")
    with pytest.raises(ShapeError, match="too small for reflect padding"):
        run_with_padding(network, torch.ones(1, 1, 1, 8), padding="reflect")
    with pytest.raises(ConfigError, match="two axes"):
        padding_effects_figure(nn.Conv1d(1, 1, 3), shape=(8,))
    with pytest.raises(ConfigError, match="how many channels"):
        padding_influence(nn.ReLU(), (8, 8))


def test_the_picture_holds_the_answers_and_the_reach(tmp_path):
    network = lively("unet2d", base=4, depth=1)
    picture = padding_effects_figure(network, shape=(24, 40))
    tree = ET.fromstring(picture.svg)
    names = [node.tag.rpartition("}")[2] for node in tree.iter()]
    assert names.count("image") == 3
    assert names.count("polyline") == 3
    assert "padding reaches 8 voxels from the left, 8 from the right" in picture.svg
    drawn = base64.b64decode(re.search(r"base64,([^\"]+)", picture.svg).group(1))
    grey = unpacked(drawn)
    assert grey.shape == (24, 40)
    zeros = run_with_padding(network, torch.ones(1, 1, 24, 40), padding="zeros")[0, 0].numpy()
    assert np.corrcoef(grey.ravel(), zeros.ravel())[0, 1] > 0.999
    picture.save(tmp_path / "padding.svg")
    assert (tmp_path / "padding.svg").read_text(encoding="utf-8") == picture._repr_svg_()
    with pytest.raises(ConfigError, match=r"written as \.svg"):
        picture.save(tmp_path / "padding.png")


def unpacked(png):
    """Read the grey PNG with another program's code, or not at all."""
    pillow = pytest.importorskip("PIL.Image")
    import io

    return np.asarray(pillow.open(io.BytesIO(png)), dtype=float)
