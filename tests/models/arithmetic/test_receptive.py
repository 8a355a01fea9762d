"""Receptive fields: published numbers, the gradient, and why a field is the whole image."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models import create_model, list_models, model_info  # noqa: E402
from edgewise.models.arithmetic import (  # noqa: E402
    GradientCheck,
    Layer,
    chain_field,
    receptive_field,
)


class Function(nn.Module):
    """Any function as a network, with two convolutions for its use."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.first, self.second = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, image):
        return self.function(self, image)


def check_by_gradient(network, shape):
    """Compare every phase far from the border with the gradient of one output voxel."""
    field = receptive_field(network, shape)
    phases = len(field.first[0])
    with torch.no_grad():
        size = tuple(network.eval()(torch.zeros(shape, dtype=torch.float32)).shape[2:])
    middle = [n // 2 // phases * phases for n in size]
    check = GradientCheck(network, shape)
    for phase in range(phases):
        cell = [m + phase for m in middle]
        for axis, (first, last) in enumerate(check.box(cell)):
            expected = field.first[axis][phase] + int(middle[axis] * field.stride[axis])
            assert first == expected
            assert last == expected + field.width[axis][phase] - 1
    return field


@pytest.mark.parametrize(
    ("depth", "widths", "reach"),
    [(1, {18}, 9), (2, {44}, 23), (3, {92, 100}, 51), (4, {188, 204}, 107)],
)
@pytest.mark.parametrize("name", ["unet2d", "unet2d_valid"])
def test_unets(name, depth, widths, reach):
    with torch.device("meta"):
        network = create_model(name, depth=depth, base=2)
    n = network.sizes.minimum + 2 * 2**depth
    field = receptive_field(network, (1, 1, n, n))
    assert field.exact
    assert field.reason == ""
    for axis in range(2):
        assert set(field.width[axis]) == widths
        assert field.reach[axis] == reach
        assert field.period[axis] == 2**depth
        assert field.start[axis] == (0 if name == "unet2d" else 6 * 2**depth - 4)
    if name == "unet2d":
        aligned = max(left - k for k, left in enumerate(field.left[0]))
        phases = 2**depth
        behind = max(right - (phases - 1 - k) for k, right in enumerate(field.right[0]))
        assert aligned == behind == {1: 8, 2: 22, 3: 46, 4: 94}[depth]
        if depth > 1:
            assert (field.left[0][0], field.right[0][0]) == (6 * phases - 2, 6 * phases - 3)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_unets_by_gradient(depth):
    network = create_model("unet2d", depth=depth, base=2)
    n = {1: 32, 2: 64, 3: 128}[depth]
    check_by_gradient(network, (1, 1, n, n))


def test_lenet():
    conv, pool = Layer(kernel=5), Layer(kernel=2, stride=2)
    chain = chain_field([conv, pool, conv, pool, conv])
    network = create_model("lenet_fcn")
    field = check_by_gradient(network, (1, 1, 64, 60))
    assert field.widest == (chain.width,) * 2 == (32, 32)
    assert field.stride == (chain.stride,) * 2 == (4, 4)
    assert field.start == (chain.start,) * 2 == (15.5, 15.5)
    assert GradientCheck(network, (1, 1, 64, 60)).box((2, 3)) == ((8, 39), (12, 43))
    whole = receptive_field(create_model("lenet"), (1, 1, 32, 32))
    assert whole.widest == (32, 32)
    assert not whole.exact


FINITE = [
    name
    for name in list_models()
    if model_info(name).family in ("unet", "fcn", "encoder_decoder") and "101" not in name
]


@pytest.mark.parametrize("name", [n for n in FINITE if n not in ("fcn16s", "fcn32s")])
def test_cards_of_the_zoo_say_the_same(name):
    card = model_info(name)
    with torch.device("meta"):
        network = create_model(name)
    n = {2: 256, 3: 128}[card.spatial_dims] - (4 if "valid" in name else 0)
    field = receptive_field(network, (1, network.in_channels, *[n] * card.spatial_dims))
    assert " or ".join(str(w) for w in sorted(set(field.width[0]))) == card.receptive_field
    assert field.exact


@pytest.mark.parametrize("name", ["fcn8s", "fcn_resnet50", "encoder_decoder"])
def test_the_zoo_by_gradient(name):
    network = create_model(name, **model_info(name).small)
    n = 224
    field = receptive_field(network, (1, network.in_channels, n, n))
    cell = n // 2
    box = GradientCheck(network, (1, network.in_channels, n, n)).box((cell, cell))
    phase = cell % len(field.first[0])
    for axis, (first, last) in enumerate(box):
        expected = field.first[axis][phase] + cell - phase
        assert first == max(0, expected)
        assert last == min(n, expected + field.width[axis][phase]) - 1


def test_deepmedic_sees_seventeen_samples_a_pathway():
    with torch.device("meta"):
        paper, shipped = create_model("deepmedic_paper"), create_model("deepmedic")
    shape = (1, paper.in_channels, 100, 100, 100)
    assert receptive_field(paper.paths[0], shape).widest == (17, 17, 17)
    assert receptive_field(paper, shape).widest == (49, 49, 49)  # 17 samples, 3 apart
    shape = (1, shipped.in_channels, 60, 60, 60)
    assert receptive_field(NormalPathway(shipped), shape).widest == (19, 19, 19)


class NormalPathway(nn.Module):
    """DeepMedic's first pathway in place of all."""

    def __init__(self, network):
        super().__init__()
        self.path, self.fc, self.count = network.paths[0], network.fc, len(network.paths)

    def forward(self, image):
        return self.fc(torch.cat([self.path(image)] * self.count, dim=1))


@pytest.mark.parametrize(
    ("k", "s", "p", "d"), [(2, 2, 0, 1), (3, 2, 1, 1), (4, 2, 1, 1), (3, 2, 1, 2), (5, 3, 2, 1)]
)
def test_transposed_convolutions_by_gradient(k, s, p, d):
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3, stride=s, padding=1), nn.ConvTranspose2d(2, 2, k, s, p, dilation=d)
    )
    field = receptive_field(network, (1, 1, 48, 48))
    check = GradientCheck(network, (1, 1, 48, 48))
    seen = [w for w in field.width[0] if w > 0]  # a phase may come from nothing
    assert seen
    for phase, width in enumerate(field.width[0]):
        cell = 24 // len(field.first[0]) * len(field.first[0]) + phase
        if width <= 0:
            with pytest.raises(ConfigError, match="depends on no voxel"):
                check.box((cell, cell))
            continue
        start = field.first[0][phase] + cell - phase
        assert check.box((cell, cell)) == ((start, start + width - 1),) * 2


@pytest.mark.parametrize("factor", [2, 3, 4])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic"])
def test_interpolation_by_gradient(factor, mode):
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3, stride=factor, padding=1),
        nn.Upsample(scale_factor=factor, mode=mode),
        nn.Conv2d(2, 1, 3, padding=1),
    )
    check_by_gradient(network, (1, 1, 12 * factor, 12 * factor))


def test_interpolation_between_corners_is_tied_to_the_size():
    network = nn.Sequential(nn.MaxPool2d(2), nn.UpsamplingBilinear2d(scale_factor=2))
    field = receptive_field(network, (1, 1, 32, 32))
    assert not field.exact
    assert "align_corners" in field.reason


LOCAL = {
    "in place": lambda net, x: F.relu_(net.first(x)),
    "written into zeros": lambda net, x: shifted(net.first(x)),
    "permuted and back": lambda net, x: net.second(channels_last(net.first(x), torch.clone)),
    "layer norm over channels": lambda net, x: channels_last(
        net.first(x), lambda maps: F.layer_norm(maps, (4,))
    ),
    "pixel shuffle": lambda net, x: F.pixel_shuffle(F.pixel_unshuffle(x, 2), 2),
    "shuffle by views": lambda net, x: blocks(net.first(x)),
    "split channels": lambda net, x: torch.cat(net.first(x).chunk(2, 1)[::-1], 1),
    "linear over channels": lambda net, x: channels_last(
        net.first(x), lambda maps: F.linear(maps, torch.ones(3, 4))
    ),
    "softmax over channels": lambda net, x: net.first(x).softmax(1),
    "crop": lambda net, x: net.first(x)[..., 2:-2, 3:-1],
    "strided slice": lambda net, x: net.first(x)[..., 1::2, ::3],
    "reflect": lambda net, x: net.first(F.pad(x, (2, 2, 1, 1), mode="reflect")),
    "same, even kernel": lambda net, x: F.conv2d(x, torch.ones(1, 1, 4, 4), padding="same"),
    "two outputs": lambda net, x: (net.second(net.first(x)), x),
    "named outputs": lambda net, x: {"out": net.second(net.first(x)), "aux": x},
    "unpooled": lambda net, x: unpooled(net.first(x)),
    "prelu": lambda net, x: F.prelu(net.first(x), torch.ones(4)),
    "scaled by channel": lambda net, x: net.first(x) * torch.arange(1.0, 5).view(1, 4, 1, 1),
}  # fmt: skip


def channels_last(maps, function):
    return function(maps.permute(0, 2, 3, 1)).movedim(-1, 1)


def shifted(maps):
    canvas = torch.zeros_like(maps)
    canvas[:, :, 1:, 2:] = maps[:, :, :-1, :-2]
    return canvas


def blocks(maps):
    n, c, h, w = maps.shape
    maps = maps.view(n, c, h // 2, 2, w // 2, 2).permute(0, 1, 3, 5, 2, 4)
    maps = maps.reshape(n, 4 * c, h // 2, w // 2).view(n, c, 2, 2, h // 2, w // 2)
    return maps.permute(0, 1, 4, 2, 5, 3).reshape(n, c, h, w)


def unpooled(maps):
    values, places = F.max_pool2d(maps, 2, return_indices=True)
    return F.max_unpool2d(values, places, 2, output_size=maps.shape[2:])


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("what", LOCAL)
def test_local_operations_are_exact(what):
    network = Function(LOCAL[what])
    shape = (1, 1, 24, 24)
    field = receptive_field(network, shape)
    assert field.exact, field.reason
    assert field.widest[0] < 16
    check = GradientCheck(network, shape)
    for cell in ((5, 6), (6, 5)):  # rows may have fewer phases than columns
        for axis, (first, last) in enumerate(check.box(cell)):
            phases = len(field.first[axis])
            phase = cell[axis] % phases
            start = field.first[axis][phase] + int((cell[axis] - phase) * field.stride[axis])
            if "shuffle" in what:  # blocks are taken as a whole: wider, never narrower
                assert start <= first
                assert last < start + field.width[axis][phase]
            else:
                assert (first, last) == (start, start + field.width[axis][phase] - 1)


GLOBAL = {
    "instance norm": (lambda net, x: net.second(F.instance_norm(net.first(x))), "instance norm"),
    "group norm": (lambda net, x: F.group_norm(net.first(x), 2), "group norm"),
    "layer norm": (lambda net, x: F.layer_norm(net.first(x), (24, 24)), "layer norm"),
    "squeeze and excite": (lambda net, x: excited(net.first(x)), "global pooling"),
    "adaptive": (lambda net, x: x + F.adaptive_avg_pool2d(net.first(x), 1), "global pooling"),
    "attention": (lambda net, x: attend(net.first(x)), "reshapes axes into one"),
    "pyramid": (lambda _, x: F.interpolate(F.adaptive_avg_pool2d(x, 3), size=24), "adaptive"),
    "positions": (lambda net, x: net.first(x) + torch.arange(24.0), "belong to places"),
    "circular": (lambda _, x: F.pad(x, (1, 1, 1, 1), mode="circular"), "circular"),
    "rolled": (lambda net, x: net.first(x).roll(3, -1), "roll"),
    "softmax over space": (lambda net, x: net.first(x).softmax(-1), "softmax"),
    "unknown": (lambda net, x: net.first(x).cumprod(-1), "cumprod"),
    "stretched": (lambda _, x: F.interpolate(x[..., :20:5, :20:5], size=24), "stretch"),
    "uneven factor": (lambda _, x: F.interpolate(x, size=31, mode="bilinear"), "no whole factor"),
}  # fmt: skip


def excited(maps):
    return maps * maps.mean((2, 3), keepdim=True).sigmoid()


def attend(maps):
    tokens = maps.flatten(2).transpose(1, 2)
    tokens = F.scaled_dot_product_attention(tokens, tokens, tokens)
    return tokens.transpose(1, 2).reshape(maps.shape)


@pytest.mark.parametrize("what", GLOBAL)
def test_operations_over_the_image_are_named(what):
    function, reason = GLOBAL[what]
    field = receptive_field(Function(function), (1, 1, 24, 24))
    assert not field.exact
    assert reason in field.reason
    if what in ("instance norm", "group norm", "squeeze and excite"):
        assert field.widest == (24, 24)
        assert field.local.widest == ((5, 5) if what == "instance norm" else (3, 3))


def test_batch_normalisation_is_local_whatever_the_mode():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5))
    network.train()
    assert receptive_field(network, (1, 1, 16, 16)).exact
    assert network.training
    assert network[1].training


@pytest.mark.parametrize("rates", [(2, 2, 2), (1, 2, 3)])
def test_gridding_shows_in_the_gradient(rates):
    network = nn.Sequential(*(nn.Conv2d(1, 1, 3, padding=r, dilation=r) for r in rates))
    assert GradientCheck(network, (1, 1, 25, 25)).mask((12, 12)).sum() == (
        49 if rates == (2, 2, 2) else 169
    )
    assert receptive_field(network, (1, 1, 25, 25)).widest == (13, 13)


def test_a_network_that_cannot_be_followed_is_named():
    network = Function(lambda net, x: net.first(x) if x.sum() > 0 else net.second(x))
    with pytest.raises((ConfigError, ShapeError), match="Function"):
        receptive_field(network, (1, 1, 24, 24))


def test_a_size_that_does_not_run_is_named():
    with pytest.raises(ShapeError, match="nearest"):
        receptive_field(create_model("unet2d", base=2, depth=2), (1, 1, 30, 32))
    with pytest.raises(ShapeError, match="does not take an image of 1 x 1 x 2 x 2"):
        receptive_field(nn.Conv2d(1, 1, 5), (1, 1, 2, 2))


def test_cells_outside_are_named():
    with pytest.raises(ConfigError, match="not in an output"):
        GradientCheck(nn.Conv2d(1, 1, 3), (1, 1, 8, 8)).box((6, 0))
