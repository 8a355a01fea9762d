"""Norms by name: what they are, and which keep a network's answer local."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from edgewise.errors import ConfigError  # noqa: E402
from edgewise.models.arithmetic import receptive_field  # noqa: E402
from edgewise.models.blocks.normalization import normalization  # noqa: E402


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("name", ["batch", "instance", "group", "none"])
def test_norms(name, dims):
    torch.manual_seed(0)
    layer = normalization(name, 16, dims=dims)
    image = 3 * torch.randn(2, 16, *[6] * dims) + 5
    answer = layer(image)
    assert answer.shape == image.shape
    over = {"batch": (0, *range(2, dims + 2)), "instance": tuple(range(2, dims + 2))}.get(name)
    if name == "none":
        assert torch.equal(answer, image)
        return
    assert sum(p.numel() for p in layer.parameters()) == 32  # a scale and a shift per channel
    if over:
        assert answer.mean(over).abs().max() < 1e-5
        assert (answer.var(over, unbiased=False) - 1).abs().max() < 1e-3
    else:
        groups = answer.reshape(2, 8, -1)
        assert groups.mean(2).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("name", "exact"), [("batch", True), ("none", True), ("instance", False), ("group", False)]
)
def test_what_a_voxel_depends_on(name, exact):
    network = nn.Sequential(nn.Conv2d(1, 8, 3), normalization(name, 8, dims=2))
    field = receptive_field(network, (1, 1, 12, 12))
    assert field.exact is exact
    assert field.widest == ((3, 3) if exact else (12, 12))


def test_bad_names_are_answered_with_those_there_are():
    with pytest.raises(
        ConfigError, match="norm 'layer': choose one of batch, instance, group, none"
    ):
        normalization("layer", 8, dims=2)
    with pytest.raises(ConfigError, match="groups must divide the channels, got 8 and 12"):
        normalization("group", 12, dims=2)
    with pytest.raises(ConfigError, match="dims must be 1, 2 or 3"):
        normalization("batch", 12, dims=4)
