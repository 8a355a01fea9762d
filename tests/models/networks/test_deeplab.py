"""DeepLabV3, DeepLabV3+ and LR-ASPP beside torchvision and segmentation-models-pytorch."""

import warnings

import pytest

from nontrivial_weights import fill

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models.blocks.aspp import ASPP  # noqa: E402
from edgewise.models.blocks.dilation import touched_offsets, valid_weights  # noqa: E402
from edgewise.models.networks.deeplab import (  # noqa: E402
    deeplabv3_mobilenet_v3_large,
    deeplabv3_resnet50,
    deeplabv3_resnet101,
)
from edgewise.models.networks.deeplabv3plus import (  # noqa: E402
    DeepLabV3PlusDecoder,
    deeplabv3plus_resnet50,
    deeplabv3plus_resnet101,
)
from edgewise.models.networks.mobilenetv3 import lraspp_mobilenet_v3_large  # noqa: E402
from edgewise.models.networks.resnet import ResNetTrunk  # noqa: E402
from edgewise.models.outputs import main_output  # noqa: E402
from edgewise.models.weights import load_weights  # noqa: E402

SMALL = {"classes": 3, "blocks": (1, 2, 2, 2), "width": 8, "channels": 16}


@pytest.fixture(scope="module")
def torchvision():
    return pytest.importorskip("torchvision").models


@pytest.fixture(scope="module")
def smp():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it imports
        return pytest.importorskip("segmentation_models_pytorch")


def difference(ours, theirs):
    """Largest difference, relative to the largest value if that is above 1."""
    assert ours.shape == theirs.shape
    assert theirs.std() > 0.1  # an output near zero would agree with anything
    return ((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1)).item()


def image(*shape, seed=3):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def twins(ours, theirs):
    """Both with the same values, in eval mode."""
    theirs = fill(theirs).eval()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    return ours.eval(), theirs


def smp_deeplab(smp, **options):
    return smp.DeepLabV3Plus("resnet50", encoder_weights=None, classes=3, **options)


@pytest.mark.parametrize(
    ("build", "aux", "shape"),
    [
        (deeplabv3_resnet50, True, (2, 3, 65, 47)),
        (deeplabv3_resnet101, False, (1, 3, 40, 57)),
        (deeplabv3_mobilenet_v3_large, True, (2, 3, 95, 64)),
        (lraspp_mobilenet_v3_large, None, (1, 3, 65, 130)),
    ],
)
@torch.no_grad()
def test_networks_are_torchvisions(torchvision, build, aux, shape):
    options = {} if aux is None else {"aux_loss": aux}
    oracle = getattr(torchvision.segmentation, build.__name__)
    theirs = oracle(weights=None, weights_backbone=None, num_classes=5, **options)
    ours, theirs = twins(build(classes=5, **options), theirs)
    x = image(*shape)
    expected = theirs(x)
    found = ours(x)
    assert difference(main_output(found), expected["out"]) <= 1e-5
    assert isinstance(found, tuple) == bool(aux)
    if aux:
        assert difference(found[1], expected["aux"]) <= 1e-5


@pytest.mark.parametrize("mutation", ["align_corners", "first_block_dilation", "eps", "rates"])
@torch.no_grad()
def test_parity_with_torchvision_notices(torchvision, monkeypatch, mutation):
    oracle = torchvision.segmentation.deeplabv3_resnet50
    theirs = oracle(weights=None, weights_backbone=None, num_classes=5, aux_loss=False)
    rates = (6, 12, 18) if mutation == "rates" else (12, 24, 36)
    ours, theirs = twins(deeplabv3_resnet50(classes=5, rates=rates), theirs)
    x = image(1, 3, 104, 88)
    expected = theirs(x)["out"]
    if mutation == "align_corners":
        plain = functional.interpolate
        monkeypatch.setattr(
            functional, "interpolate", lambda *a, **k: plain(*a, **{**k, "align_corners": True})
        )
    elif mutation == "eps":
        for module in ours.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eps = 1e-3
    elif mutation == "first_block_dilation":
        wrong = ResNetTrunk(
            replace_stride_with_dilation=(False, True, True), first_block_dilation="stage"
        ).eval()
        wrong.load_state_dict(ours.backbone.state_dict())
        ours.backbone = wrong
    assert difference(ours(x), expected) > 1e-4


@pytest.mark.parametrize("output_stride", [16, 8])
@torch.no_grad()
def test_deeplabv3plus_is_that_of_smp(smp, output_stride):
    theirs = smp_deeplab(smp, encoder_output_stride=output_stride)
    ours, theirs = twins(deeplabv3plus_resnet50(classes=3, output_stride=output_stride), theirs)
    x = image(2, 3, 64, 96)
    assert difference(ours(x), theirs(x)) <= 1e-5


@torch.no_grad()
def test_parity_with_smp_notices_the_dilation_of_the_first_block(smp):
    ours, theirs = twins(deeplabv3plus_resnet50(classes=3), smp_deeplab(smp))
    wrong = ResNetTrunk(replace_stride_with_dilation=(False, False, True)).eval()
    wrong.load_state_dict(ours.encoder.state_dict())
    ours.encoder = wrong
    x = image(1, 3, 64, 96)
    assert difference(ours(x), theirs(x)) > 1e-3


@pytest.fixture(scope="module")
def decoder_fixture(zoo_arrays):
    arrays = zoo_arrays("deeplabv3plus_decoder_tiny_smp")
    return {key: torch.from_numpy(value) for key, value in arrays.items()}


def tiny_decoder(fixture, *, rates=(2, 4, 6)):
    decoder = DeepLabV3PlusDecoder(10, 16, rates, channels=8)
    decoder.load_state_dict(
        {k.removeprefix("w/"): v for k, v in fixture.items() if k.startswith("w/")}
    )
    return decoder.eval()


@torch.no_grad()
def test_decoder_has_the_fixtures_values(decoder_fixture):
    found = tiny_decoder(decoder_fixture)(decoder_fixture["low"], decoder_fixture["high"])
    assert difference(found, decoder_fixture["y"]) <= 1e-5


@pytest.mark.parametrize("mutation", ["align_corners", "rates", "eps", "order"])
@torch.no_grad()
def test_decoder_fixture_notices(decoder_fixture, monkeypatch, mutation):
    decoder = tiny_decoder(decoder_fixture, rates=(1, 4, 6) if mutation == "rates" else (2, 4, 6))
    if mutation == "align_corners":
        plain = functional.interpolate
        monkeypatch.setattr(
            functional, "interpolate", lambda *a, **k: plain(*a, **{**k, "align_corners": False})
        )
    elif mutation == "eps":
        for module in decoder.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eps = 1e-3
    elif mutation == "order":
        plain_cat = torch.cat
        monkeypatch.setattr(
            torch, "cat", lambda maps, dim: plain_cat(maps if len(maps) > 2 else maps[::-1], dim)
        )
    found = decoder(decoder_fixture["low"], decoder_fixture["high"])
    assert difference(found, decoder_fixture["y"]) > 1e-5


@torch.no_grad()
def test_depthwise_bn_adds_a_normalisation_and_keeps_the_other_keys():
    plain, both = (
        deeplabv3plus_resnet50(**SMALL, depthwise_bn=option).eval() for option in (False, True)
    )
    extra = set(both.state_dict()) - set(plain.state_dict())
    assert set(plain.state_dict()) < set(both.state_dict())
    assert len({key.rpartition(".norm.0.")[0] for key in extra}) == 5  # 3 in ASPP, 2 after it
    fill(both)
    plain.load_state_dict(both.state_dict(), strict=False)
    x = image(1, 3, 64, 64)
    assert (both(x) - plain(x)).abs().max() > 1e-2


@pytest.mark.parametrize(
    ("build", "options", "parameters"),
    [
        (deeplabv3_resnet50, {}, 39_638_869),
        (deeplabv3_resnet50, {"aux_loss": True}, 42_004_074),
        (deeplabv3_resnet101, {}, 58_630_997),
        (deeplabv3_resnet101, {"aux_loss": True}, 60_996_202),
        (deeplabv3_mobilenet_v3_large, {}, 11_025_477),
        (lraspp_mobilenet_v3_large, {}, 3_221_538),
        (deeplabv3plus_resnet50, {}, 26_682_725),
        (deeplabv3plus_resnet101, {}, 45_674_853),
    ],
)
def test_parameters_are_counted_on_meta(build, options, parameters):
    with torch.device("meta"):
        network = build(**options)
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == parameters


def test_auxiliary_logits_come_second_and_can_be_switched_off():
    network = deeplabv3_resnet50(**SMALL, aux_loss=True)
    assert network.deep_supervision
    main, aux = network(image(2, 3, 33, 24))
    assert main.shape == aux.shape == (2, 3, 33, 24)
    (main.sum() + aux.sum()).backward()
    assert all(p.grad is not None for p in network.parameters())
    network.deep_supervision = False
    assert isinstance(network(image(2, 3, 33, 24)), torch.Tensor)
    assert not deeplabv3_resnet50(**SMALL).deep_supervision


@torch.no_grad()
def test_published_files_may_carry_an_auxiliary_head(tmp_path):
    trained = fill(deeplabv3_resnet50(**SMALL, aux_loss=True)).eval()
    torch.save(trained.state_dict(), tmp_path / "deeplabv3.pth")
    network = deeplabv3_resnet50(**SMALL).eval()
    report = load_weights(network, tmp_path / "deeplabv3.pth")
    assert report.dropped
    assert all(key.startswith("aux_classifier.") for key in report.dropped)
    x = image(1, 3, 40, 33)
    assert torch.equal(network(x), trained(x)[0])


def test_a_single_image_cannot_train_the_pooling_branch():
    network = deeplabv3_resnet50(**SMALL)
    with pytest.raises(ShapeError, match="batch_size 1; take 2 images or more"):
        network(image(1, 3, 32, 32))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()  # frozen statistics need no batch
    assert network(image(1, 3, 32, 32)).shape == (1, 3, 32, 32)


@pytest.mark.parametrize(
    ("build", "options", "smallest"),
    [
        (deeplabv3_resnet50, SMALL, 9),
        (deeplabv3plus_resnet50, SMALL, 17),
        (deeplabv3plus_resnet50, {**SMALL, "output_stride": 8}, 9),
        (deeplabv3_mobilenet_v3_large, {"classes": 3}, 17),
        (lraspp_mobilenet_v3_large, {"classes": 3}, 17),
    ],
)
@torch.no_grad()
def test_images_of_one_cell_are_refused(build, options, smallest):
    network = build(**options).eval()
    assert network(image(1, 3, smallest, 50)).shape == (1, 3, smallest, 50)
    with pytest.raises(ShapeError, match=f"at least {smallest} voxels, not {smallest - 1} x 50"):
        network(image(1, 3, smallest - 1, 50))


def test_other_output_strides_are_refused():
    with pytest.raises(ConfigError, match="output_stride must be one of 8, 16, got 32"):
        deeplabv3plus_resnet50(output_stride=32)


@torch.no_grad()
def test_pooling_branch_is_constant_over_the_map():
    aspp = fill(ASPP(4, (1, 2, 3), channels=4)).eval()
    pooled = aspp.convs[-1](image(2, 4, 5, 7))
    assert pooled.shape == (2, 4, 5, 7)
    assert torch.equal(pooled, pooled[..., :1, :1].expand_as(pooled))


def test_valid_weights_are_those_of_figure_4():
    """65 x 65: nine weights nearly everywhere at rate 1, only the central one at rate 65."""
    assert valid_weights((65, 65), 65) == {1: 1.0}
    shares = {rate: valid_weights((65, 65), rate) for rate in range(1, 66)}
    assert shares[1][9] == (63 / 65) ** 2
    nine = [shares[rate].get(9, 0.0) for rate in range(1, 66)]
    one = [shares[rate].get(1, 0.0) for rate in range(1, 66)]
    assert nine == sorted(nine, reverse=True)
    assert one == sorted(one)
    assert nine[32] == 0.0  # from half the map on, never all nine
    assert shares[33][4] == pytest.approx((64 / 65) ** 2)
    # an image of 224 voxels has a map of 28 at stride 8
    assert valid_weights((28, 28), 36) == {1: 1.0}
    assert valid_weights((28, 28), 24)[1] == pytest.approx((20 / 28) ** 2)


@pytest.mark.parametrize(("shape", "rate"), [((9, 13), 4), ((7, 5), 6), ((11,), 2)])
@torch.no_grad()
def test_valid_weights_are_what_a_convolution_of_ones_counts(shape, rate):
    layer = (nn.Conv1d, nn.Conv2d)[len(shape) - 1](1, 1, 3, padding=rate, dilation=rate, bias=False)
    nn.init.ones_(layer.weight)
    counts = layer(torch.ones(1, 1, *shape)).flatten().round().int()
    found = valid_weights(shape, rate)
    assert sum(found.values()) == pytest.approx(1)
    for number, share in found.items():
        assert (counts == number).float().mean().item() == pytest.approx(share)


@torch.no_grad()
def test_a_rate_beyond_the_map_makes_a_convolution_pointwise():
    wide = nn.Conv2d(2, 2, 3, padding=36, dilation=36, bias=False)
    x = image(1, 2, 28, 28)
    assert torch.allclose(
        wide(x), functional.conv2d(x, wide.weight[:, :, 1:2, 1:2]), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize(
    ("rates", "positions"), [((2, 2, 2), 49), ((1, 2, 3), 169), ((1, 2, 5), 289)]
)
def test_touched_offsets_are_where_a_stack_has_gradients(rates, positions):
    stack = nn.Sequential(*(nn.Conv2d(1, 1, 3, padding=r, dilation=r, bias=False) for r in rates))
    for layer in stack:
        nn.init.ones_(layer.weight)
    x = torch.zeros(1, 1, 31, 31, requires_grad=True)
    stack(x)[0, 0, 15, 15].backward()
    rows = torch.nonzero(x.grad[0, 0].sum(dim=1)).flatten() - 15
    assert tuple(rows.tolist()) == touched_offsets(rates)
    assert int((x.grad != 0).sum()) == positions == len(touched_offsets(rates)) ** 2


@pytest.mark.parametrize("build", [deeplabv3_resnet50, deeplabv3plus_resnet50])
def test_bfloat16_trains(build):
    network = fill(build(**SMALL)).to(torch.bfloat16)
    logits = network(image(2, 3, 48, 33).to(torch.bfloat16))
    assert logits.dtype == torch.bfloat16
    logits.float().square().mean().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


@pytest.mark.parametrize("build", [deeplabv3_resnet50, deeplabv3plus_resnet50])
@torch.no_grad()
def test_exported_graph_is_the_network_at_other_sizes(build):
    network = fill(build(**SMALL)).eval()
    height, width = (torch.export.Dim(name, min=32, max=256) for name in ("height", "width"))
    exported = torch.export.export(
        network, (image(1, 3, 48, 40),), dynamic_shapes={"image": {2: height, 3: width}}
    )
    x = image(1, 3, 57, 64)
    assert torch.equal(exported.module()(x), network(x))
