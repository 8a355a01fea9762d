"""Padded convolutions keep or halve sizes; stacks of dilated ones see what they should."""

import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError  # noqa: E402
from edgewise.models.arithmetic import GradientCheck, receptive_field  # noqa: E402
from edgewise.models.blocks.convolution import DilatedStack, convolution  # noqa: E402
from edgewise.models.blocks.dilation import touched_offsets  # noqa: E402


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(("kernel", "dilation"), [(1, 1), (3, 1), (3, 2), (5, 3)])
def test_sizes(dims, stride, kernel, dilation):
    layer = convolution(2, 4, dims=dims, kernel=kernel, stride=stride, dilation=dilation)
    shape = tuple(range(7, 7 + dims))
    assert layer(torch.zeros(1, 2, *shape)).shape[2:] == tuple(-(-n // stride) for n in shape)


@pytest.mark.parametrize(("rates", "seen"), [((2, 2, 2), 49), ((1, 2, 3), 169), ((1, 2, 5), 289)])
def test_equal_rates_leave_holes(rates, seen):
    stack = DilatedStack(2, dims=2, rates=rates)
    mask = GradientCheck(stack, (1, 2, 33, 33)).mask((16, 16))
    assert int(mask.sum()) == seen
    offsets = touched_offsets(rates)
    assert (mask[16].nonzero().flatten() - 16).tolist() == list(offsets)
    field = receptive_field(stack, (1, 2, 33, 33))
    assert field.widest == (offsets[-1] - offsets[0] + 1,) * 2
    assert stack(torch.zeros(1, 2, 33, 30)).shape == (1, 2, 33, 30)


def test_bad_sizes_are_named():
    with pytest.raises(ConfigError, match="kernel must be odd to pad evenly, got 2"):
        convolution(1, 1, dims=2, kernel=2)
    with pytest.raises(ConfigError, match="dims must be 1, 2 or 3, got 0"):
        convolution(1, 1, dims=0)
