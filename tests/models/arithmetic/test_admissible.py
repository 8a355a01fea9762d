"""Sizes that a network takes, found by running it without values."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models import create_model  # noqa: E402
from edgewise.models.arithmetic import admissible_sizes, output_size  # noqa: E402


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_valid_unets(depth):
    with torch.device("meta"):
        network = create_model("unet2d_valid", base=2, depth=depth)
    period, lost = 2**depth, 12 * 2**depth - 8
    sizes = admissible_sizes(network, 1, lost + 4 * period)
    assert sizes == tuple(
        n for n in range(lost + 1, lost + 4 * period + 1) if n % period == -4 % period
    )
    assert all(output_size(network, n) == n - lost for n in sizes)


def test_padded_unets_and_lenet():
    assert admissible_sizes(create_model("unet2d", base=2, depth=3), 1, 40) == (8, 16, 24, 32, 40)
    network = create_model("lenet_fcn")
    assert admissible_sizes(network, 1, 50) == (32, 36, 40, 44, 48)
    assert output_size(network, 33) == 1  # runs, and leaves a row out
    assert output_size(network, (128, 96)) == (25, 17)


def test_a_remainder_in_the_padding_loses_nothing():
    network = nn.Conv2d(1, 1, 3, stride=2, padding=1)
    assert admissible_sizes(network, 2, 9) == (2, 3, 4, 5, 6, 7, 8, 9)
    assert admissible_sizes(nn.Conv2d(1, 1, 3, stride=2), 2, 9) == (3, 5, 7, 9)
    pool = nn.Sequential(nn.Conv2d(1, 1, 1), nn.MaxPool2d(2, ceil_mode=True))
    assert admissible_sizes(pool, 2, 5) == (2, 3, 4, 5)


def test_the_networks_mode_comes_back():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    network[1].eval()
    output_size(network, 8)
    assert network.training
    assert not network[1].training


def test_what_is_not_known_is_asked_for():
    with pytest.raises(ConfigError, match="pass channels="):
        output_size(nn.ReLU(), (8, 8))
    assert output_size(nn.ReLU(), (8, 8), channels=1) == (8, 8)
    with pytest.raises(ConfigError, match="pass one size per axis"):
        output_size(nn.ReLU(), 8, channels=1)
    with pytest.raises(ConfigError, match="1 <= low <= high, got 5 and 3"):
        admissible_sizes(nn.Conv2d(1, 1, 3), 5, 3)
    with pytest.raises(ShapeError, match="does not take an image of 1 x 1 x 2 x 2"):
        output_size(nn.Conv2d(1, 1, 3), 2)


def test_sizes_that_do_not_fit_are_not_logged(capfd):
    """Torch writes a traceback for each; trying sizes would fill the screen."""
    network = torch.nn.Sequential(torch.nn.PixelUnshuffle(2), torch.nn.Conv2d(4, 1, 1))
    assert admissible_sizes(network, 4, 9, channels=1) == (4, 6, 8)
    assert capfd.readouterr() == ("", "")
