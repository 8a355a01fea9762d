"""DeepMedic against its authors' program, and against itself in pieces."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models import create_model, load_weights  # noqa: E402
from edgewise.models.inference.dense import dense_logits  # noqa: E402
from edgewise.models.networks import deepmedic_context  # noqa: E402
from edgewise.models.networks.deepmedic_context import context_of  # noqa: E402

TINY = {"features": (4, 4, 6, 6), "fused": (8, 8), "residuals": (4,), "classes": 3}


@pytest.fixture
def program(zoo_arrays):
    return zoo_arrays("deepmedic_tiny")


def network_of(program, folder, **sizes):
    """The fixture's weights in a network, by way of a file."""
    np.savez(folder / "w.npz", **{k: v for k, v in program.items() if k.startswith("w/")})
    network = create_model("deepmedic", **(TINY | sizes)).eval()
    load_weights(network, folder / "w.npz", layout="deepmedic")
    return network


def tile(program, k):
    start, size = program[f"tile{k}/start"].tolist(), program[f"tile{k}/prob"].shape[2:]
    image = torch.from_numpy(program["image"])[None]
    segment = image[(..., *(slice(s, s + n + 8) for s, n in zip(start, size, strict=True)))]
    contexts = [torch.from_numpy(program[f"tile{k}/sub{i}"])[None] for i in range(2)]
    return image, start, size, segment, contexts


@pytest.mark.parametrize("k", [0, 1, 2])
def test_contexts_and_probabilities_are_the_programs(program, tmp_path, k):
    network = network_of(program, tmp_path)
    image, start, size, segment, contexts = tile(program, k)
    for factor, theirs in zip((3, 5), contexts, strict=True):
        ours = context_of(image, start=start, size=size, factor=factor, field=9, border="deepmedic")
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-7)
    with torch.inference_mode():
        ours = torch.softmax(network(segment, contexts), dim=1)
    torch.testing.assert_close(ours, torch.from_numpy(program[f"tile{k}/prob"]), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [{"fused_residuals": ()}, {"residuals": ()}, {"dropout": (0.0, 0.0, 0.0)}],
    ids=["no joined residual", "no residual", "dropout not folded"],
)
def test_a_wrong_detail_is_seen(program, tmp_path, wrong):
    network = network_of(program, tmp_path, **wrong)
    *_, segment, contexts = tile(program, 0)
    with torch.inference_mode():
        ours = torch.softmax(network(segment, contexts), dim=1)
    assert (ours - torch.from_numpy(program["tile0/prob"])).abs().max() > 0.01


def lively(**sizes):
    torch.manual_seed(4)
    return create_model("deepmedic", **(TINY | {"in_channels": 1} | sizes)).eval()


@pytest.mark.parametrize("factor", [2, 3, 4, 5])
def test_an_aligned_context_is_every_nth_voxel_of_a_padded_volume(factor):
    """Written out with indices, one axis at a time."""
    volume = torch.randn(1, 2, 23, 19, 31)
    corners = volume[:, :, ::22, ::18, ::30].mean(dim=(2, 3, 4), keepdim=True)
    start, size, field = (7, 0, 12), (8, 9, 10), 9
    ours = context_of(volume, start=start, size=size, factor=factor, field=field)
    for axis, (s, n) in enumerate(zip(start, size, strict=True), start=2):
        if factor % 2:
            first = s + factor // 2 - (factor - 1) // 2 * field
        else:
            first = s + factor // 2 - 1 - ((factor - 2) // 2 * field + field // 2)
        taken = [first + factor * k for k in range(field + -(-n // factor) - 1)]
        parts = [volume.narrow(axis, v, 1) if 0 <= v < volume.shape[axis] else None for v in taken]
        blank = corners.expand(*[1 if a == axis else d for a, d in enumerate(volume.shape)])
        volume = torch.cat([blank if p is None else p for p in parts], dim=axis)
    torch.testing.assert_close(ours, volume, rtol=0, atol=1e-6)


def test_segments_on_the_stride_answer_as_the_whole_volume_does():
    network = lively()
    volume = torch.randn(1, 34, 21, 40)
    whole = dense_logits(network, volume, segment=64)
    assert whole.shape == (3, 34, 21, 40)
    assert whole.std() > 0.1
    for segment in (23, 38, 40):
        tiles = dense_logits(network, volume, segment=segment)
        torch.testing.assert_close(tiles, whole, rtol=1e-5, atol=1e-5)
    theirs = dense_logits(network, volume, segment=9 + 16, border="deepmedic")
    assert (theirs - whole).abs().max() > 0.1  # contexts out of phase, seams padded


def test_dense_inference_inside_is_the_network_itself():
    """Voxels whose surroundings lie in the volume see nothing that was padded."""
    network = lively(factors=(3,))
    volume = torch.randn(1, 30, 33, 36)
    padded = torch.nn.functional.pad(volume[None], [4] * 6, mode="reflect")
    with torch.inference_mode():
        inside = network(padded)[0]
    torch.testing.assert_close(dense_logits(network, volume), inside, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lively(dropout=(0.5,)), "dropout"),
        (lambda: lively(residuals=(1,)), "residuals: blocks count from 2"),
        (lambda: lively(residuals=(99,)), "got 99"),
        (lambda: lively(fused_residuals=(9,)), "fused_residuals: blocks"),
        (lambda: lively(fused_kernel=2), "fused_kernel must be one of 1, 3"),
        (lambda: lively(factors=(0,)), "factors must be"),
        (lambda: lively(surroundings="outside"), "surroundings must be"),
        (lambda: dense_logits(lively(), torch.zeros(1, 9, 9, 9), segment=8), "segment 8"),
    ],
)
def test_options_that_cannot_be_are_said(call, words):
    with pytest.raises(ConfigError, match=words):
        call()


def test_shapes_that_cannot_be_are_said():
    network = lively()
    with pytest.raises(ShapeError, match="at least 9"):
        network(torch.zeros(1, 1, 8, 9, 9))
    with pytest.raises(ShapeError, match="contexts"):
        network(torch.zeros(1, 1, 12, 12, 12), [torch.zeros(1, 1, 9, 9, 9)])
    with pytest.raises(ShapeError, match="do not cover"):
        network(torch.zeros(1, 1, 20, 20, 20), [torch.zeros(1, 1, 9, 9, 9)] * 2)
    with pytest.raises(ShapeError, match="channels"):
        dense_logits(network, torch.zeros(9, 9, 9))


@pytest.mark.parametrize("factors", [(3,), (5, 3), (2, 4)])
def test_with_its_surroundings_inside_tiles_answer_as_the_volume_does(factors, monkeypatch):
    """Nothing is invented beyond the image, so tiles on the stride leave no seam."""
    nothing = torch.full((1, 1, 1, 1, 1), float("nan"))
    monkeypatch.setattr(deepmedic_context, "_mean_of_corners", lambda volume: nothing)
    network = lively(factors=factors, surroundings="inside", fused_residuals=(), fused_kernel=1)
    inset, lost = network.inset, 2 * network.inset + 8
    stride = network.stride
    volume = torch.randn(1, 1, lost + 2 * stride, lost + stride, lost + 3)
    with torch.inference_mode():
        whole = network(volume)
        assert whole.shape[2:] == (2 * stride, stride, 3)
        tile = network(volume[:, :, stride:])
        torch.testing.assert_close(tile, whole[:, :, stride:], rtol=1e-5, atol=1e-5)
        around = lively(factors=factors, fused_residuals=(), fused_kernel=1)
        around.load_state_dict(network.state_dict())
        inner = volume[(..., *[slice(inset, n - inset) for n in volume.shape[2:]])]
        contexts = [
            context_of(volume, start=[inset] * 3, size=whole.shape[2:], factor=f, field=9)
            for f in factors
        ]
        torch.testing.assert_close(around(inner, contexts), whole, rtol=1e-5, atol=1e-5)


def test_an_unknown_word_is_said():
    with pytest.raises(ConfigError, match="surroundings must be one of image, inside, got 'all'"):
        lively(surroundings="all")
