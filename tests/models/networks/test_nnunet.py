"""nnU-Net's networks beside dynamic-network-architectures: stored answers, and live ones."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models import create_model  # noqa: E402

TINY = {
    "nnunet_plain3d_tiny": (
        "nnunet_plain",
        {
            "in_channels": 2,
            "classes": 3,
            "features_per_stage": (4, 6, 8, 8),
            "kernel_sizes": ((1, 3, 3), 3, 3, 3),
            "strides": (1, (1, 2, 2), 2, 2),
            "n_conv_per_stage": (2, 2, 1, 2),
            "n_conv_per_stage_decoder": (2, 1, 2),
        },
    ),
    "nnunet_resenc3d_tiny": (
        "nnunet_resenc",
        {
            "features_per_stage": (4, 6, 8, 8),
            "strides": (1, 2, 2, (1, 2, 2)),
            "n_blocks_per_stage": (1, 2, 2, 1),
        },
    ),
    "nnunet_plain2d_tiny": (
        "nnunet_plain",
        {"classes": 4, "spatial_dims": 2, "features_per_stage": (4, 6, 8)},
    ),
}
FIXTURES = pytest.mark.parametrize("name", list(TINY))


def stored(zoo_arrays, name):
    """The network with its stored weights, the image and the stored answers."""
    arrays = {key: torch.from_numpy(value) for key, value in zoo_arrays(name).items()}
    model, sizes = TINY[name]
    network = create_model(model, deep_supervision=True, **sizes).eval()
    weights = {k.removeprefix("w/"): v for k, v in arrays.items() if k.startswith("w/")}
    network.load_state_dict(weights, strict=True)
    return (
        network,
        arrays["x"],
        [arrays[f"y{i}"] for i in range(len(sizes["features_per_stage"]) - 1)],
    )


def error(answers, expected):
    """Largest difference, relative to the largest value, over all outputs."""
    return max(
        float((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1))
        for ours, theirs in zip(answers, expected, strict=True)
    )


@FIXTURES
def test_the_stored_answers_come_out(zoo_arrays, name):
    network, image, expected = stored(zoo_arrays, name)
    with torch.inference_mode():
        answers = network(image)
        assert error(answers, expected) <= 1e-5
        network.deep_supervision = False
        assert torch.equal(network(image), answers[0])


def steeper(network):
    for module in network.modules():
        if isinstance(module, nn.LeakyReLU):
            module.negative_slope = 0.02


def other_eps(network):
    for module in network.modules():
        if isinstance(module, nn.InstanceNorm2d | nn.InstanceNorm3d):
            module.eps = 1e-3


def skip_first(network):
    """Halves of every first decoder convolution swapped: as if (skip, up) were put together."""
    for stage in network.decoder.stages:
        weight = stage.convs[0].conv.weight
        weight.data = torch.cat(weight.data.chunk(2, dim=1)[::-1], dim=1)


def running_statistics(network):
    for module in network.modules():
        if isinstance(module, nn.InstanceNorm2d | nn.InstanceNorm3d):
            module.track_running_stats = True
            channels = module.num_features
            module.register_buffer("running_mean", torch.zeros(channels))
            module.register_buffer("running_var", torch.ones(channels))


def no_bias(network):
    for up in network.decoder.transpconvs:
        up.bias.data.zero_()


@FIXTURES
@pytest.mark.parametrize("mutation", [steeper, other_eps, skip_first, running_statistics, no_bias])
def test_a_wrong_detail_shows(zoo_arrays, name, mutation):
    network, image, expected = stored(zoo_arrays, name)
    mutation(network)
    with torch.inference_mode():
        assert error(network(image), expected) > 1e-4


def test_a_shortcut_that_strides_instead_of_averaging_shows(zoo_arrays):
    network, image, expected = stored(zoo_arrays, "nnunet_resenc3d_tiny")
    for module in network.modules():
        if isinstance(module, nn.AvgPool3d):
            module.kernel_size = (1, 1, 1)
    with torch.inference_mode():
        assert error(network(image), expected) > 1e-2


@pytest.mark.parametrize(
    ("name", "sizes", "count"),
    [
        ("nnunet_plain", {}, 31_195_594),
        ("nnunet_plain", {"classes": 14}, 31_205_254),
        ("nnunet_resenc", {}, 102_349_770),
        (
            "nnunet_plain",
            {"spatial_dims": 2, "features_per_stage": (32, 64, 128, 256, 512, 512, 512, 512)},
            46_324_558,
        ),
    ],
)
def test_parameters_are_as_published(name, sizes, count):
    with torch.device("meta"):
        network = create_model(name, **sizes)
    assert sum(p.numel() for p in network.parameters()) == count


LIVE = {
    "anisotropic": (
        "nnunet_plain",
        {
            "features_per_stage": (4, 8, 12, 12),
            "kernel_sizes": ((1, 3, 3), (1, 3, 3), (3, 3, 3), (3, 1, 5)),
            "strides": ((1, 1, 1), (1, 2, 2), (1, 2, 2), (2, 2, 1)),
            "n_conv_per_stage": (2, 1, 3, 2),
            "n_conv_per_stage_decoder": (1, 2, 1),
        },
        (4, 16, 8),
    ),
    "no bias, batch norm, ReLU": (
        "nnunet_plain",
        {
            "spatial_dims": 2,
            "features_per_stage": (4, 8),
            "kernel_sizes": 3,
            "strides": ((1, 1), (2, 4)),
            "n_conv_per_stage": 2,
            "n_conv_per_stage_decoder": 2,
            "conv_bias": False,
            "norm": "batch",
            "norm_eps": 1e-3,
            "activation": "relu",
        },
        (12, 16),
    ),
    "first stage strides": (
        "nnunet_plain",
        {
            "features_per_stage": (4, 8),
            "kernel_sizes": 3,
            "strides": (2, 2),
            "n_conv_per_stage": 1,
            "n_conv_per_stage_decoder": 1,
            "norm": "none",
            "negative_slope": 0.2,
        },
        (8, 8, 8),
    ),
    "residual, thick slices": (
        "nnunet_resenc",
        {
            "features_per_stage": (4, 4, 8, 8),
            "kernel_sizes": ((1, 3, 3), 3, 3, 3),
            "strides": (1, (1, 2, 2), 2, (2, 1, 2)),
            "n_blocks_per_stage": (1, 2, 1, 2),
            "n_conv_per_stage_decoder": (1, 1, 2),
        },
        (8, 16, 16),
    ),
    "residual 2-D": (
        "nnunet_resenc",
        {
            "spatial_dims": 2,
            "features_per_stage": (4, 8, 8),
            "kernel_sizes": 3,
            "strides": (1, 2, 2),
            "n_blocks_per_stage": (1, 3, 2),
            "n_conv_per_stage_decoder": 1,
        },
        (16, 24),
    ),
}


def theirs(model, sizes, **channels):
    """The same network of dynamic-network-architectures, all weights lively."""
    unet = pytest.importorskip("dynamic_network_architectures.architectures.unet")
    dims = sizes.get("spatial_dims", 3)
    norm = sizes.get("norm", "instance")
    kinds = {"instance": "InstanceNorm", "batch": "BatchNorm"}
    options = {"eps": sizes.get("norm_eps", 1e-5), "affine": True}
    activation = {"negative_slope": sizes.get("negative_slope", 0.01)}
    relu = sizes.get("activation") == "relu"
    counts = "n_conv_per_stage" if model == "nnunet_plain" else "n_blocks_per_stage"
    build = unet.PlainConvUNet if model == "nnunet_plain" else unet.ResidualEncoderUNet
    network = build(
        input_channels=channels["in_channels"],
        num_classes=channels["classes"],
        n_stages=len(sizes["features_per_stage"]),
        features_per_stage=sizes["features_per_stage"],
        conv_op=getattr(nn, f"Conv{dims}d"),
        kernel_sizes=sizes["kernel_sizes"],
        strides=sizes["strides"],
        n_conv_per_stage_decoder=sizes["n_conv_per_stage_decoder"],
        conv_bias=sizes.get("conv_bias", True),
        norm_op=None if norm == "none" else getattr(nn, f"{kinds[norm]}{dims}d"),
        norm_op_kwargs=None if norm == "none" else options,
        nonlin=nn.ReLU if relu else nn.LeakyReLU,
        nonlin_kwargs=None if relu else activation,
        deep_supervision=True,
        **{counts: sizes[counts]},
    )
    for value in network.parameters():
        if value.ndim > 1:
            nn.init.kaiming_normal_(value)
        else:
            nn.init.normal_(value, mean=0.7, std=0.3)
    return network.eval()


@pytest.mark.parametrize("case", list(LIVE))
def test_the_same_weights_give_the_same_answers(case):
    model, sizes, shape = LIVE[case]
    torch.manual_seed(5)
    peer = theirs(model, sizes, in_channels=2, classes=3)
    ours = create_model(model, in_channels=2, classes=3, deep_supervision=True, **sizes).eval()
    state = ours.layouts["nnunet"](peer.state_dict())
    ours.load_state_dict(state, strict=True)
    assert len(state) < len(peer.state_dict())
    image = torch.randn(2, 2, *shape)
    with torch.inference_mode():
        expected = peer(image)
        assert expected[0].std() > 0.1
        assert error(ours(image), expected) <= 1e-5


@pytest.mark.parametrize("model", ["nnunet_plain", "nnunet_resenc"])
def test_the_gradient_is_theirs(model):
    sizes = {"features_per_stage": (4, 8), "kernel_sizes": 3, "strides": (1, 2)}
    sizes |= {"n_conv_per_stage_decoder": 1}
    sizes |= {"n_conv_per_stage" if model == "nnunet_plain" else "n_blocks_per_stage": 2}
    torch.manual_seed(6)
    peer = theirs(model, sizes, in_channels=1, classes=2).double().train()
    ours = create_model(model, deep_supervision=True, **sizes).double()
    ours.load_state_dict(ours.layouts["nnunet"](peer.state_dict()))
    image = torch.randn(1, 1, 8, 8, 8, dtype=torch.float64)
    for network in (peer, ours):
        sum((scores**2).mean() for scores in network(image)).backward()
    gradients = {k: v.grad for k, v in peer.named_parameters()}
    for key, value in ours.named_parameters():
        torch.testing.assert_close(value.grad, gradients[key], rtol=1e-9, atol=1e-10)


def test_new_weights_are_kaiming_normal_and_blocks_begin_as_their_shortcut():
    torch.manual_seed(7)
    network = create_model("nnunet_resenc", features_per_stage=(32, 64), n_blocks_per_stage=2)
    block = network.encoder.stages[1].blocks[1]
    weight = block.conv1.conv.weight
    expected = (2 / (1 + 0.01**2) / (64 * 27)) ** 0.5
    assert abs(float(weight.detach().std()) / expected - 1) < 0.02
    assert not block.conv1.conv.bias.any()
    assert not block.conv2.norm.weight.any()
    assert block.conv1.norm.weight.eq(1).all()
    features = torch.randn(1, 64, 4, 4, 4)
    expected = nn.functional.leaky_relu(features, 0.01)
    torch.testing.assert_close(block(features), expected)


def test_dropout_drops_in_training_only():
    torch.manual_seed(8)
    network = create_model("nnunet_plain", features_per_stage=(8, 16), dropout=0.5)
    image = torch.randn(1, 1, 8, 8, 8)
    with torch.inference_mode():
        assert not torch.equal(network(image), network(image))
        network.eval()
        assert torch.equal(network(image), network(image))
        undropped = create_model("nnunet_plain", features_per_stage=(8, 16)).eval()
        undropped.load_state_dict(network.state_dict())
        assert torch.equal(network(image), undropped(image))


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((12, 20, 32), r"multiples of 4 x 8 x 16 voxels, not 12 x 20 x 32; pad .* to 12 x 24 x 32"),
        ((4, 8, 16), "to 4 x 8 x 32"),  # one voxel at the bottom has no deviation
    ],
)
def test_a_size_that_does_not_fit_is_answered_with_one_that_does(shape, words):
    network = create_model(
        "nnunet_plain",
        features_per_stage=(2, 2, 2, 2, 2),
        strides=(1, (1, 1, 2), 2, 2, (1, 2, 2)),
        n_conv_per_stage=1,
    )
    assert network.total_stride == (4, 8, 16)
    with pytest.raises(ShapeError, match=words):
        network(torch.zeros(1, 1, *shape))
    network(torch.zeros(1, 1, 4, 8, 32))
    n = network.sizes.minimum
    network(torch.zeros(1, 1, n, n, n))


def test_one_voxel_of_one_image_cannot_be_normalised_by_its_batch():
    network = create_model("nnunet_plain", features_per_stage=(2, 2), strides=(1, (1, 2, 2)),
                           n_conv_per_stage=1, norm="batch")  # fmt: skip
    with pytest.raises(ShapeError, match=r"left of 1 x 2 x 2; take .* or a batch of two"):
        network(torch.zeros(1, 1, 1, 2, 2))
    network(torch.zeros(2, 1, 1, 2, 2))
    network(torch.zeros(1, 1, 2, 2, 2))
    network.eval()(torch.zeros(1, 1, 1, 2, 2))


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"spatial_dims": 1}, "spatial_dims must be one of 2, 3"),
        ({"norm": "layer"}, "norm must be one of"),
        ({"activation": "gelu"}, "activation must be one of"),
        ({"dropout": 1.0}, "dropout must be"),
        ({"features_per_stage": (32,)}, "at least two stages"),
        ({"features_per_stage": 32}, "features_per_stage must be"),
        ({"kernel_sizes": 2}, "kernel_sizes must be odd"),
        ({"kernel_sizes": None}, "kernel_sizes must be one value per stage"),
        ({"norm_eps": -1.0}, "norm_eps must be"),
        ({"negative_slope": "x"}, "negative_slope must be"),
        ({"kernel_sizes": (3, 3)}, "kernel_sizes must be one value per stage"),
        ({"strides": (1, 2, 2, 2, 2, (2, 2))}, "strides, entry 5, must be"),
        ({"n_conv_per_stage": 0}, "n_conv_per_stage must be"),
        ({"n_conv_per_stage_decoder": (2,) * 6}, "n_conv_per_stage_decoder must be"),
    ],
)
def test_contradictory_sizes_are_named(sizes, words):
    with torch.device("meta"), pytest.raises(ConfigError, match=words):
        create_model("nnunet_plain", **sizes)
