"""U-Nets: sizes, counts, and what padding does."""

import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models import create_model  # noqa: E402


def lively(name, **sizes):
    torch.manual_seed(3)
    return create_model(name, **sizes).eval()


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["unet2d_valid", "unet3d_valid"])
def test_a_valid_network_loses_what_the_formula_says(name, depth):
    with torch.device("meta"):
        network = create_model(name, depth=depth, base=2, in_channels=1)
        smallest = network.sizes.minimum
        axes = network.spatial_dims
        for n in (smallest, smallest + 2**depth):
            out = network(torch.zeros(1, 1, *[n] * axes))
            assert set(out.shape[2:]) == {n - (12 * 2**depth - 8)}


@pytest.mark.parametrize(("shape", "out"), [((572, 572), (388, 388)), ((188, 204), (4, 20))])
def test_the_figure_of_the_2d_paper(shape, out):
    with torch.device("meta"):
        scores = create_model("unet2d_valid")(torch.zeros(1, 1, *shape))
    assert scores.shape == (1, 2, *out)


def test_the_figure_and_the_count_of_the_3d_paper():
    with torch.device("meta"):
        network = create_model("unet3d_valid", norm="none")
        assert sum(p.numel() for p in network.parameters()) == 19_069_955
        assert network(torch.zeros(1, 3, 132, 132, 116)).shape == (1, 3, 44, 44, 28)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_padding_shifts_the_pooling_grid_and_two_voxels_put_it_back(depth):
    """The padded network is the valid one inside, once its image starts two voxels early."""
    padded = lively("unet2d", base=4, depth=depth)
    valid = lively("unet2d_valid", base=4, depth=depth)
    valid.load_state_dict(padded.state_dict())
    n = valid.sizes.minimum + 2 * 2**depth
    lost = 12 * 2**depth - 8
    image = torch.randn(1, 1, n, n)
    with torch.inference_mode():
        expected = valid(image)
        assert expected.std() > 0.1
        back = -(n + 2) % 2**depth
        front = torch.nn.functional.pad(image, (2, back, 2, back))
        start = lost // 2 + 2
        size = n - lost
        aligned = padded(front)[..., start : start + size, start : start + size]
        torch.testing.assert_close(aligned, expected, rtol=1e-4, atol=2e-5)
        if depth > 1:  # at depth 1 the grids agree anyway
            even = torch.nn.functional.pad(image, (0, -n % 2**depth, 0, -n % 2**depth))
            start -= 2
            plain = padded(even)[..., start : start + size, start : start + size]
            assert (plain - expected).abs().max() > 0.5


@pytest.mark.parametrize("name", ["unet2d", "unet3d"])
@pytest.mark.parametrize("norm", ["none", "batch", "instance"])
def test_norms_are_built(name, norm):
    network = lively(name, base=2, depth=1, in_channels=1, norm=norm)
    axes = network.spatial_dims
    assert network(torch.randn(1, 1, *[8] * axes)).shape == (1, network.classes, *[8] * axes)
    with pytest.raises(ConfigError, match="norm must be one of none, batch, instance, got 'layer'"):
        create_model(name, norm="layer")


@pytest.mark.parametrize("name", ["unet2d", "unet3d"])
def test_one_voxel_cannot_be_normalised(name):
    """At the bottom of the smallest image; torch would say so in its own words."""
    sizes = {"base": 2, "depth": 2, "in_channels": 1}
    one = torch.randn(1, 1, *[4] * (2 if name == "unet2d" else 3))
    longer = torch.cat([one, one], dim=-1)
    network = lively(name, norm="instance", **sizes)
    with pytest.raises(ShapeError, match=r"one voxel left of 4 x 4.*; take"):
        network(one)
    assert torch.isfinite(network(longer)).all()
    network = lively(name, norm="batch", **sizes)
    assert torch.isfinite(network(one)).all()
    with pytest.raises(ShapeError, match="or a batch of two"):
        network.train()(one)
    assert torch.isfinite(network(torch.cat([one, one]))).all()


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"base": 0}, "base must be a whole number from 1 on, got 0"),
        ({"depth": 0}, "depth must be"),
        ({"depth": 1.5}, "depth must be"),
        ({"dropout": 1.5}, "dropout must be a probability below 1, got 1.5"),
        ({"norm": ["batch"]}, "norm must be one of"),
    ],
)
def test_sizes_that_make_no_network_are_named(sizes, words):
    with pytest.raises(ConfigError, match=words):
        create_model("unet2d", **sizes)


def test_dropout_sits_at_the_bottom():
    network = lively("unet2d", base=4, depth=2, dropout=0.5)
    image = torch.randn(1, 1, 16, 16)
    with torch.inference_mode():
        assert torch.equal(network(image), network(image))
        network.train()
        assert not torch.equal(network(image), network(image))


@pytest.mark.parametrize(
    ("name", "shape", "fits"),
    [("unet2d", (100, 96), "96 or 112 x 96"), ("unet2d_valid", (570, 572), "556 or 572 x 572")],
)
def test_sizes_that_do_not_fit_are_answered_with_those_that_do(name, shape, fits):
    with pytest.raises(ShapeError, match=fits):
        create_model(name, base=2)(torch.zeros(1, 1, *shape))
