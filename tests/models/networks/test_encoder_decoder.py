"""The encoder-decoder: values go back to where the maxima lay, at any size."""

import pytest

from nontrivial_weights import fill

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models.networks.encoder_decoder import encoder_decoder  # noqa: E402

SMALL = {"classes": 3, "widths": (4, 6, 8), "convolutions": (2, 2, 3)}


def image(*shape, seed=3):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def transparent(spatial_dims):
    """One stage whose convolutions pass the image through; normalisation divides by almost 1."""
    network = encoder_decoder(
        in_channels=1, classes=1, spatial_dims=spatial_dims, widths=(1,), convolutions=(1,)
    )
    for layer in (network.encoder[0][0], network.classifier):
        nn.init.dirac_(layer.weight)
        nn.init.zeros_(layer.bias)
    return network.eval()


@torch.no_grad()
def test_maxima_stay_in_their_places_and_an_odd_row_is_empty():
    x = torch.tensor(
        [
            [1, 2, 3, 9, 5.0],
            [4, 0, 1, 2, 7.0],
            [1, 1, 8, 2, 1.0],
            [6, 1, 3, 3, 1.0],
            [9, 9, 9, 9, 9.0],
        ]
    )
    expected = torch.zeros(5, 5)
    expected[1, 0], expected[0, 3], expected[3, 0], expected[2, 2] = 4, 9, 6, 8
    found = transparent(2)(x[None, None])[0, 0]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=0)


@pytest.mark.parametrize("shape", [(6, 7), (5, 4, 7)])
@torch.no_grad()
def test_each_window_keeps_its_maximum_only(shape):
    x = image(1, 1, *shape).abs() + 0.1
    found = transparent(len(shape))(x)
    kept = found != 0
    assert kept.sum() == torch.tensor([n // 2 for n in shape]).prod()
    torch.testing.assert_close(found[kept], x[kept], rtol=1e-4, atol=0)
    pool = nn.MaxPool2d(2) if len(shape) == 2 else nn.MaxPool3d(2)
    torch.testing.assert_close(pool(found), pool(x), rtol=1e-4, atol=0)


@pytest.mark.parametrize("shape", [(8, 8), (9, 15), (33, 26), (8, 9, 11)])
@torch.no_grad()
def test_any_size_is_kept(shape):
    network = fill(encoder_decoder(**SMALL, spatial_dims=len(shape))).eval()
    scores = network(image(1, 3, *shape))
    assert scores.shape == (1, 3, *shape)
    assert scores.std() > 0.1


@torch.no_grad()
def test_odd_sizes_need_to_be_said(monkeypatch):
    network = encoder_decoder(**SMALL).eval()
    plain = network.unpool.forward
    monkeypatch.setattr(network.unpool, "forward", lambda x, places, output_size: plain(x, places))
    assert network(image(1, 3, 16, 24)).shape == (1, 3, 16, 24)
    assert network(image(1, 3, 17, 24)).shape != (1, 3, 17, 24)


@torch.no_grad()
def test_places_carry_the_detail():
    """With places of another image, scores are those of neither."""
    network = fill(encoder_decoder(**SMALL)).eval()
    x = image(1, 3, 32, 32)
    expected = network(x)
    network.unpool.register_forward_pre_hook(
        lambda _, args, kwargs: ((args[0], args[1].flip(0)), kwargs), with_kwargs=True
    )
    both = network(torch.cat([x, image(1, 3, 32, 32, seed=4)]))[:1]
    assert (both - expected).abs().max() > 0.1


def test_the_published_network_has_26_convolutions():
    with torch.device("meta"):
        network = encoder_decoder()
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert len(convolutions) == 26
    channels = [(m.in_channels, m.out_channels) for m in convolutions[13:]]
    assert channels == [
        (512, 512), (512, 512), (512, 512), (512, 512), (512, 512), (512, 256), (256, 256),
        (256, 256), (256, 128), (128, 128), (128, 64), (64, 64), (64, 21),
    ]  # fmt: skip
    assert sum(p.numel() for p in network.parameters()) == 29_455_125


@torch.no_grad()
def test_nothing_beyond_the_reach_matters():
    """211 voxels to each side at most: 372 or 404 in all, by position in the pooling grid."""
    network = fill(encoder_decoder(classes=1, widths=(2,) * 5)).double().eval()
    x = image(1, 3, 32, 640).double()
    expected = network(x)
    assert expected.std() > 0.1
    changed = x.clone()
    changed[..., :64] += 10 * image(1, 3, 32, 64, seed=5)
    differs = (network(changed) != expected).any(dim=2).flatten().nonzero().flatten()
    assert 64 + 60 < differs[-1] <= 63 + 211


def test_images_that_poolings_would_erase_are_refused():
    with pytest.raises(ShapeError, match="at least 32 voxels, not 31 x 40"):
        encoder_decoder(widths=(2,) * 5)(image(1, 3, 31, 40))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"spatial_dims": 1}, "spatial_dims must be one of 2, 3"),
        ({"widths": (2, 2)}, r"widths \(2, 2\) and convolutions \(2, 2, 3, 3, 3\)"),
    ],
)
def test_options_are_checked(options, words):
    with pytest.raises(ConfigError, match=words):
        encoder_decoder(**options)


@pytest.mark.parametrize("shape", [(19, 24), (9, 8, 11)])
def test_bfloat16_trains(shape):
    network = fill(encoder_decoder(**SMALL, spatial_dims=len(shape))).to(torch.bfloat16)
    logits = network(image(2, 3, *shape).to(torch.bfloat16))
    assert logits.dtype == torch.bfloat16
    logits.float().square().mean().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


@torch.no_grad()
def test_exported_graph_is_the_network():
    network = fill(encoder_decoder(**SMALL)).eval()
    x = image(1, 3, 33, 26)
    exported = torch.export.export(network, (x,))
    assert torch.equal(exported.module()(x), network(x))
