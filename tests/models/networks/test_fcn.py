"""FCN: where its scores lie, both geometries, and torchvision's networks of that name."""

import pytest

from nontrivial_weights import fill

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from edgewise.errors import ReadError, ShapeError  # noqa: E402
from edgewise.models.blocks.bilinear import bilinear_kernel, bilinear_upsampling  # noqa: E402
from edgewise.models.networks import fcn as published  # noqa: E402
from edgewise.models.networks.fcn import (  # noqa: E402
    fcn8s,
    fcn16s,
    fcn32s,
    fcn_resnet50,
    fcn_resnet101,
)
from edgewise.models.networks.vgg import VGGTrunk  # noqa: E402
from edgewise.models.outputs import main_output  # noqa: E402
from edgewise.models.weights import load_weights  # noqa: E402

SMALL = {"classes": 3, "widths": (4, 4, 6, 8, 8), "fc_channels": 8}
EVERY_STRIDE = pytest.mark.parametrize("build", [fcn32s, fcn16s, fcn8s])


def image(*shape, seed=3):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def symmetric(build, **options):
    """Give every kernel the same value from the left and from the right, from above and below."""
    plain = fill(build(**SMALL))
    for module in plain.modules():
        if isinstance(module, nn.Conv2d):
            weight = module.weight.data
            module.weight.data = (weight + weight.flip(2, 3) + weight.flip(2) + weight.flip(3)) / 2
    network = build(**SMALL, **options)  # keeps its bilinear kernels
    network.load_state_dict(plain.state_dict(), strict=False)
    return network.eval()


def mirror_defect(network, size):
    """How far the answer to a mirrored image is from the mirrored answer."""
    x = image(1, 3, size, size)
    answer = network(x)
    assert answer.std() > 0.1
    mirrored = network(x.flip(2, 3)).flip(2, 3)
    return ((answer - mirrored).abs().max() / answer.abs().max().clamp(min=1)).item()


@EVERY_STRIDE
@pytest.mark.parametrize(("legacy", "size"), [(False, 64), (False, 96), (True, 58), (True, 90)])
@torch.no_grad()
def test_scores_are_centred_on_the_image(build, legacy, size):
    """Sizes at which pooling cells fill the (padded) image: a mirror maps the grid onto itself."""
    network = symmetric(build, legacy=legacy)
    assert mirror_defect(network, size) < 1e-5


@pytest.mark.parametrize(
    ("build", "table", "key"),
    [
        (fcn32s, "_CROP_OF_SCORES", 32),
        (fcn16s, "_CROP_OF_SCORES", 16),
        (fcn16s, "_CROP_OF_POOL", 4),
        (fcn8s, "_CROP_OF_SCORES", 8),
        (fcn8s, "_CROP_OF_POOL", 4),
        (fcn8s, "_CROP_OF_POOL", 3),
    ],
)
@pytest.mark.parametrize("shift", [-1, 1])
@torch.no_grad()
def test_a_crop_beside_the_published_one_is_noticed(monkeypatch, build, table, key, shift):
    at_once = {} if build is fcn32s else {"at_once": False}
    network = symmetric(build, legacy=True, **at_once)
    monkeypatch.setitem(getattr(published, table), key, getattr(published, table)[key] + shift)
    assert mirror_defect(network, 58) > 1e-3


def test_crops_are_the_published_ones():
    assert published._CROP_OF_SCORES == {32: 19, 16: 27, 8: 31}
    assert published._CROP_OF_POOL == {4: 5, 3: 9}


@EVERY_STRIDE
@torch.no_grad()
def test_the_default_geometry_is_the_published_one_within(build):
    same, legacy = fill(build(**SMALL)).eval(), build(**SMALL, legacy=True).eval()
    legacy.load_state_dict(same.state_dict(), strict=False)
    legacy.at_once = False
    x = image(1, 3, 158, 190)
    expected = legacy(x)
    found = same(functional.pad(x, (99,) * 4))[..., 99 : 99 + 158, 99 : 99 + 190]
    inside = (..., slice(32, -32), slice(32, -32))
    assert expected[inside].std() > 0.1
    torch.testing.assert_close(found[inside], expected[inside], rtol=1e-4, atol=2e-5)
    assert (found - expected).abs().max() > 0.1  # at the border the published maps end


def test_published_map_sizes_of_an_image_of_500():
    with torch.device("meta"):
        network = fcn8s(**SMALL, legacy=True)
        sizes = {}
        for name in ("fc7", "upscore2", "upscore_pool4", "upscore8"):
            network.get_submodule(name).register_forward_hook(
                lambda _, __, out, name=name: sizes.update({name: out.shape[2]})
            )
        pools = network.backbone(torch.zeros(1, 3, 500, 500))
        assert network(torch.zeros(1, 3, 500, 500)).shape == (1, 3, 500, 500)
    assert pools[-1].shape[2] == 22
    assert sizes == {"fc7": 16, "upscore2": 34, "upscore_pool4": 70, "upscore8": 568}


@EVERY_STRIDE
@pytest.mark.parametrize("legacy", [False, True])
def test_every_size_is_kept(build, legacy):
    with torch.device("meta"):
        network = build(**SMALL, legacy=legacy)
        for n in range(1 if legacy else 33, 133):
            assert network(torch.zeros(1, 3, n, 133)).shape == (1, 3, n, 133)


@pytest.mark.parametrize(("size", "line"), [(4, [0.25, 0.75, 0.75, 0.25]), (3, [0.5, 1, 0.5])])
def test_bilinear_kernels_by_hand(size, line):
    line = torch.tensor(line)
    assert torch.equal(bilinear_kernel(size), torch.outer(line, line))


@pytest.mark.parametrize("factor", [2, 3, 4, 8, 16, 32])
@torch.no_grad()
def test_bilinear_kernels_are_the_published_formula_and_interpolate(factor):
    size = 2 * factor - factor % 2
    f = -(-size // 2)
    c = (2 * f - 1 - f % 2) / (2 * f)
    line = torch.tensor([1 - abs(i / f - c) for i in range(size)])
    torch.testing.assert_close(bilinear_kernel(size), torch.outer(line, line))
    layer = bilinear_upsampling(2, factor)
    assert not layer.weight.requires_grad
    x = image(1, 2, 6, 5)
    start = (size - factor) // 2
    found = layer(x)[..., start : start + 6 * factor, start : start + 5 * factor]
    expected = functional.interpolate(
        x, scale_factor=float(factor), mode="bilinear", align_corners=False
    )
    inside = (..., slice(factor, -factor), slice(factor, -factor))
    torch.testing.assert_close(found[inside], expected[inside], rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_at_once_scales_what_is_scored():
    network = fill(fcn8s(**SMALL, at_once=True)).eval()
    x = image(1, 3, 64, 64)
    expected = network(x)
    network.at_once = False
    assert (network(x) - expected).abs().max() > 0.1
    network.score_pool4.weight.mul_(0.01)
    network.score_pool3.weight.mul_(0.0001)
    torch.testing.assert_close(network(x), expected, rtol=1e-5, atol=1e-5)
    assert fcn16s(**SMALL, legacy=True).at_once
    assert not fcn16s(**SMALL).at_once


@torch.no_grad()
def test_a_row_of_vgg16s_linear_layer_is_a_kernel(tmp_path):
    """Figure 2: where fc6 sees exactly a 224 x 224 image, it says what the classifier says."""
    trunk = VGGTrunk(widths=SMALL["widths"])
    classifier = nn.Sequential(
        nn.Linear(8 * 49, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 8), nn.ReLU(), nn.Dropout(),
        nn.Linear(8, 10),
    )  # fmt: skip
    vgg = fill(nn.ModuleDict({"features": trunk.features, "classifier": classifier})).eval()
    torch.save(vgg.state_dict(), tmp_path / "vgg16.pth")
    network = fcn32s(**SMALL).eval()
    report = load_weights(network, tmp_path / "vgg16.pth", layout="vgg16", strict=False)
    assert set(report.missing) == {"score_fr.weight", "score_fr.bias"}
    x = image(1, 3, 224, 224)
    expected = classifier[:5](trunk(x)[-1].flatten(1))
    found = network.relu(network.fc7(network.relu(network.fc6(network.backbone(x)[-1]))))
    assert expected.std() > 0.1
    torch.testing.assert_close(found[..., 3, 3], expected, rtol=1e-5, atol=1e-5)


def test_a_file_of_the_trunk_alone_is_not_vgg16(tmp_path):
    network = fcn32s(**SMALL)
    torch.save(network.backbone.state_dict(), tmp_path / "trunk.pth")
    with pytest.raises(ReadError, match=r"loads into network\.backbone"):
        load_weights(network, tmp_path / "trunk.pth", layout="vgg16", strict=False)
    assert not load_weights(network.backbone, tmp_path / "trunk.pth").missing


def test_trunk_is_torchvisions_vgg16():
    models = pytest.importorskip("torchvision").models
    with torch.device("meta"):
        theirs = models.vgg16(weights=None).state_dict()
        ours = VGGTrunk().state_dict()
    assert {k: v.shape for k, v in ours.items()} == {
        k: v.shape for k, v in theirs.items() if not k.startswith(VGGTrunk.droppable_keys)
    }


@pytest.mark.parametrize("legacy", [False, True])
@torch.no_grad()
def test_weights_under_the_authors_names_load(tmp_path, legacy):
    network = fill(fcn8s(**SMALL, legacy=legacy)).eval()
    places = {}
    for stage, count in enumerate((2, 2, 3, 3, 3), start=1):
        for place in range(1, count + 1):
            index = 2 * len(places) + stage - 1  # a convolution and a ReLU each, a pooling before
            places[f"backbone.features.{index}"] = f"conv{stage}_{place}"
    state = {}
    for key, value in network.state_dict().items():
        layer, _, end = key.rpartition(".")
        state[f"{places.get(layer, layer)}.{end}"] = value
    assert {"conv1_1.weight", "conv5_3.bias", "fc6.weight", "score_pool3.bias"} <= set(state)
    torch.save(state, tmp_path / "fcn8s.pth")
    other = fcn8s(**SMALL, legacy=legacy).eval()
    load_weights(other, tmp_path / "fcn8s.pth", layout="caffe")
    x = image(1, 3, 40, 33)
    assert torch.equal(other(x), network(x))


@pytest.mark.parametrize(
    ("build", "options", "parameters"),
    [
        (fcn32s, {}, 134_346_581),
        (fcn16s, {}, 134_357_354),
        (fcn8s, {}, 134_362_751),
        (fcn8s, {"legacy": True}, 134_362_751),  # bilinear kernels do not learn
        (fcn_resnet50, {}, 32_957_013),
        (fcn_resnet50, {"aux_loss": True}, 35_322_218),
        (fcn_resnet101, {}, 51_949_141),
    ],
)
def test_parameters_are_counted_on_meta(build, options, parameters):
    with torch.device("meta"):
        network = build(**options)
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == parameters


@pytest.mark.parametrize(
    ("build", "aux", "shape"),
    [(fcn_resnet50, True, (2, 3, 65, 47)), (fcn_resnet101, False, (1, 3, 33, 57))],
)
@torch.no_grad()
def test_dilated_networks_are_torchvisions(build, aux, shape):
    segmentation = pytest.importorskip("torchvision").models.segmentation
    oracle = getattr(segmentation, build.__name__)
    theirs = oracle(weights=None, weights_backbone=None, num_classes=5, aux_loss=aux)
    theirs = fill(theirs).eval()
    ours = build(classes=5, aux_loss=aux).eval()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    x = image(*shape)
    expected, found = theirs(x), ours(x)
    pairs = [(main_output(found), expected["out"])]
    pairs += [(found[1], expected["aux"])] if aux else []
    for ours_, theirs_ in pairs:
        assert theirs_.std() > 0.1
        scale = theirs_.abs().max().clamp(min=1)
        assert (ours_ - theirs_).abs().max() <= 1e-5 * scale


def reach(network, monkeypatch, *, length, rows):
    """Widths along an axis of what single scores depend on, for one period of the grid.

    Positive weights keep every ReLU open, and a mean passes its gradient to all it has seen.
    """
    monkeypatch.setattr(
        nn.MaxPool2d,
        "forward",
        lambda layer, x: functional.avg_pool2d(
            x, layer.kernel_size, layer.stride, layer.padding, layer.ceil_mode
        ),
    )
    network = network.double().eval()
    for value in network.parameters():
        nn.init.constant_(value, 0.1)
    widths = set()
    x = torch.zeros(1, 3, rows, length, dtype=torch.float64, requires_grad=True)
    scores = network(x)[0, 0, rows // 2]
    for place in range(length // 2, length // 2 + 32):
        (gradient,) = torch.autograd.grad(scores[place], x, retain_graph=True)
        seen = torch.nonzero(gradient[0].sum(dim=(0, 1))).flatten()
        assert seen[0] > 0  # the image is long enough
        assert seen[-1] < length - 1
        widths.add(int(seen[-1] - seen[0]) + 1)
    return widths


@pytest.mark.parametrize(
    ("build", "legacy", "widths"),
    [
        (fcn32s, False, {436}),
        (fcn8s, False, {436, 468}),
        (fcn32s, True, {436}),
        (fcn16s, True, {436, 468}),
    ],
)
def test_receptive_fields_of_sums(monkeypatch, build, legacy, widths):
    sizes = {"classes": 1, "widths": (1,) * 5, "fc_channels": 1}
    network = build(**sizes, legacy=legacy)
    assert reach(network, monkeypatch, length=576, rows=33) == widths


def test_receptive_field_of_the_dilated_network(monkeypatch):
    network = fcn_resnet50(classes=1, width=1)
    assert reach(network, monkeypatch, length=512, rows=9) == {451}


@EVERY_STRIDE
def test_images_of_one_cell_are_refused(build):
    network = build(**SMALL)
    with pytest.raises(ShapeError, match="FCN takes axes of at least 33 voxels, not 32 x 40"):
        network(image(1, 3, 32, 40))
    with pytest.raises(ShapeError, match="TrunkAndHead takes axes of at least 9 voxels, not 8 x 9"):
        fcn_resnet50(classes=1, width=1)(image(1, 3, 8, 9))


@pytest.mark.parametrize("legacy", [False, True])
def test_bfloat16_trains(legacy):
    network = fill(fcn8s(**SMALL, legacy=legacy)).to(torch.bfloat16)
    logits = network(image(1, 3, 45, 33).to(torch.bfloat16))
    assert logits.dtype == torch.bfloat16
    logits.float().square().mean().backward()
    for key, value in network.named_parameters():
        assert (value.grad is None) == key.startswith("upscore"), key


@torch.no_grad()
def test_exported_graph_takes_other_multiples_of_32():
    network = fill(fcn8s(**SMALL)).eval()
    height, width = (32 * torch.export.Dim(name, min=2, max=16) for name in ("height", "width"))
    exported = torch.export.export(
        network, (image(1, 3, 64, 96),), dynamic_shapes={"image": {2: height, 3: width}}
    )
    x = image(1, 3, 96, 128)
    torch.testing.assert_close(exported.module()(x), network(x))


@torch.no_grad()
def test_exported_legacy_graph_is_the_network():
    network = fcn8s(**SMALL, legacy=True).eval()
    x = image(1, 3, 40, 51)
    torch.testing.assert_close(torch.export.export(network, (x,)).module()(x), network(x))
