"""Networks that can be answered exactly are: DeepMedic densely, valid ones by aligned tiles."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError, InputError, ShapeError  # noqa: E402
from edgewise.image import Image  # noqa: E402
from edgewise.models import create_model  # noqa: E402
from edgewise.models.inference import (  # noqa: E402
    Execution,
    Labels,
    Logits,
    Predictor,
    Tiling,
    sliding_window,
)
from edgewise.models.inference.dense import dense_logits, stream_dense  # noqa: E402

SMALL = {"classes": 3, "features": (3,) * 4, "fused": (4,), "fused_residuals": (),
         "residuals": (4,), "dropout": (0.0, 0.0), "in_channels": 1}  # fmt: skip


def lively(name, **sizes):
    """Kaiming-normal weights: with PyTorch's own a deep network hardly sees far."""
    torch.manual_seed(4)
    network = create_model(name, **sizes).eval()
    for weight in network.parameters():
        if weight.ndim > 2:
            torch.nn.init.kaiming_normal_(weight)
    return network


def volume(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("tile", [(9, 9, 9), (20, 30, 25), (64, 64, 64)])
def test_the_predictor_answers_deepmedic_densely(tile):
    network = lively("deepmedic", **SMALL)
    image = volume(31, 22, 26)
    with torch.inference_mode():
        whole = dense_logits(network, torch.from_numpy(image)[None])
    predictor = Predictor(network=network, tiling=Tiling(tile=tile))
    labels = predictor.predict(Image(image, spacing=(1, 1, 1))).array
    assert np.array_equal(labels, whole.argmax(0).numpy())
    padded = sliding_window(image[None], network, tile=(24, 24, 24)).argmax(0)
    assert (padded != labels).mean() > 0.01  # what tiles with cut contexts would give


def test_rows_are_those_of_the_whole():
    network = lively("deepmedic", **SMALL).train()
    image = volume(1, 33, 18, 20)
    told = []
    logits = stream_dense(image, network, Logits(), segment=24, progress=told.append)
    with torch.inference_mode():
        whole = dense_logits(network.eval(), torch.from_numpy(image), segment=24)
    np.testing.assert_allclose(logits, whole.numpy(), atol=1e-5)
    assert [event.done for event in told] == list(range(13))
    assert told[-1].total == 12
    assert (told[0].memory.rows, told[0].memory.classes) == (15, 3)
    assert told[0].memory.sums == 4 * 3 * 15 * 18 * 20


def test_the_network_is_found_as_it_was_also_after_an_error():
    network = lively("deepmedic", **SMALL).train()
    image = volume(1, 12, 12, 12)
    for execution, error, text in (
        (Execution(mirror_axes=(0,)), ConfigError, "leave them out"),
        (Execution(memory_limit=100), InputError, "are allowed"),
        (Execution(device="meta"), ConfigError, "meta"),
    ):
        with pytest.raises(error, match=text):
            stream_dense(image, network, Labels(), execution=execution)
    with pytest.raises(ShapeError, match="axes"):
        stream_dense(image[0], network, Labels())
    with pytest.raises(InputError, match="NaN"):
        stream_dense(image * np.nan, network, Labels())
    assert network.training


def test_half_precision_runs_densely():
    network = lively("deepmedic", **SMALL)
    image = volume(1, 14, 12, 13)
    exact = stream_dense(image, network, Logits())
    rounded = stream_dense(image, network, Logits(), execution=Execution(precision="bfloat16"))
    assert rounded.dtype == np.float32
    assert 0 < np.abs(exact - rounded).max() < 0.1 * np.abs(exact).max()


def seamless(network, tile, shape):
    predictor = Predictor(network=network, tiling=Tiling(tile=tile))
    lost = tile[0] - int(network(torch.zeros(1, 1, *tile)).shape[2])
    image = volume(*shape)
    labels = predictor.predict(Image(image, spacing=(1,) * image.ndim)).array
    return predictor, labels, image, lost


@pytest.mark.parametrize("fused_kernel", [1, 3])
def test_tiles_of_deepmedic_with_its_surroundings_leave_no_seam(fused_kernel):
    network = lively("deepmedic", surroundings="inside", fused_kernel=fused_kernel, **SMALL)
    shape = (40, 25, 33)
    predictor, labels, image, lost = seamless(network, (network.sizes.minimum,) * 3, shape)
    assert predictor.tiling.align == (15, 15, 15)
    assert predictor.tiling.tile == (network.sizes.minimum + 14 + 2 * (fused_kernel // 2),) * 3
    # rounded up to the stride, as the last tile is; what lies beyond is padding in both
    whole = np.pad(image, [(lost // 2, lost // 2 + 15)] * 3)
    with torch.inference_mode():
        logits = network(torch.from_numpy(whole)[None, None])[0]
    expected = logits[(slice(None), *map(slice, shape))].argmax(0).numpy()
    agree = labels == expected
    if fused_kernel == 3:  # the padded layer ends at the image's border in one and not the other
        agree = agree[1:-1, 1:-1, 1:-1]
    assert agree.all()


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_tiles_of_a_valid_unet_leave_no_seam(norm):
    network = lively("unet2d_valid", base=4, depth=2, classes=3, norm=norm)
    predictor, labels, image, lost = seamless(network, (44, 44), (70, 53))
    assert predictor.tiling.tile == (48, 48)  # 44 answers 4 voxels, one of a stride of 4
    whole = np.pad(image, [(lost // 2, lost // 2 + 2), (lost // 2, lost // 2 + 3)])
    with torch.inference_mode():
        logits = network(torch.from_numpy(whole)[None, None])[0]
    assert np.array_equal(labels, logits[:, :70, :53].argmax(0).numpy())


def test_other_networks_and_given_alignments_keep_their_tiles():
    tiling = Tiling(tile=(48, 48), step=0.7)
    for name, sizes in (("unet2d", {}), ("unet2d_valid", {"norm": "instance"})):
        network = create_model(name, base=2, depth=2, **sizes)
        assert Predictor(network=network, tiling=tiling).tiling == tiling
    aligned = Tiling(tile=(48, 48), align=8)
    valid = create_model("unet2d_valid", base=2, depth=2)
    assert Predictor(network=valid, tiling=aligned).tiling == aligned


def test_what_no_case_can_do_is_said_before_the_first():
    network = lively("deepmedic", **SMALL)
    tiling = Tiling(tile=(20, 20, 20))
    with pytest.raises(ConfigError, match="leave them out"):
        Predictor(network=network, tiling=tiling, execution=Execution(mirror_axes=(0,)))
    with pytest.raises(
        ConfigError, match=r"labels must have one label per channel .* \(3\), got 2"
    ):
        Predictor(network=network, tiling=tiling, labels=(0, 1))
    with pytest.raises(ConfigError, match="not both"):
        Predictor(network=network, tiling=tiling, labels=(0, 1, 2), regions=(1, 2, 3))
