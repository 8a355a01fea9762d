"""Logits of a volume made tile by tile: published values, MONAI, mirroring, valid networks."""

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812

from edgewise.errors import ConfigError, InputError, ShapeError  # noqa: E402
from edgewise.models import create_model, model_info  # noqa: E402
from edgewise.models.inference import segment, sliding_window  # noqa: E402

TILE = (8, 12, 16)


@pytest.fixture(scope="module")
def stored(zoo_arrays):
    return zoo_arrays("sliding_window")


@pytest.fixture
def image(stored):
    return stored["sw_x"][0]


@pytest.fixture
def convolution(stored):
    weights = torch.from_numpy(stored["sw_w"])
    return lambda batch: F.conv3d(batch, weights, padding=1)


def lively(name, **sizes):
    """A network whose deep path shows: default weights hide seams."""
    torch.manual_seed(0)
    network = create_model(name, **sizes)
    for value in network.parameters():
        if value.ndim > 1:
            torch.nn.init.kaiming_normal_(value)
    return network.eval()


def whole(network, image):
    with torch.inference_mode():
        return network(torch.as_tensor(image[None], dtype=torch.float32))[0].numpy()


@pytest.mark.parametrize(
    ("name", "step", "preset", "blend"),
    [
        ("monai_constant_0.25", 0.75, "monai", "constant"),
        ("monai_constant_0.5", 0.5, "monai", "constant"),
        ("monai_gaussian_0.25", 0.75, "monai", "gaussian"),
        ("monai_gaussian_0.5", 0.5, "monai", "gaussian"),
        ("monai_constant_pad", 0.75, "monai", "constant"),
        ("monai_gaussian_pad", 0.75, "monai", "gaussian"),
        ("nnunet_agg_fp32_step.5", 0.5, "nnunet", "gaussian"),
    ],
)
def test_published_aggregations(name, step, preset, blend, stored, image, convolution):
    image = image[..., :6] if name.endswith("_pad") else image
    expected = stored[name][0]
    ours = sliding_window(image, convolution, tile=TILE, step=step, preset=preset, blend=blend)
    assert ours.dtype == np.float32
    assert np.abs(ours - expected).max() <= 1e-5
    other = sliding_window(image, convolution, tile=(8, 12, 12), step=step, preset=preset)
    assert np.abs(other - expected).max() > 1e-3  # another tile shows


def test_nnunets_half_precision_is_near_its_single_precision(stored, image, convolution):
    half = sliding_window(image, convolution, tile=TILE, preset="nnunet_half")
    single = stored["nnunet_agg_fp32_step.5"][0]
    assert 1e-4 < np.abs(half - single).mean() < 2e-3


def test_mirroring_all_axes_is_the_fixtures(stored, image, convolution):
    ours = sliding_window(image, convolution, tile=image.shape[1:], mirror_axes=(0, 1, 2))
    assert np.abs(ours - stored["mirror_all_axes"][0]).max() <= 1e-5
    fewer = sliding_window(image, convolution, tile=image.shape[1:], mirror_axes=(0, 1))
    assert np.abs(fewer - stored["mirror_all_axes"][0]).max() > 1e-2


def test_mirroring_averages_over_all_subsets_of_the_axes(image, convolution):
    batch = torch.from_numpy(image[None])
    runs = [convolution(batch.flip(axes)).flip(axes) for axes in [(), (2,), (4,), (2, 4)]]
    for how, change in (("logits", lambda t: t), ("softmax", lambda t: t.softmax(1))):
        expected = torch.stack([change(run) for run in runs]).mean(0)[0].numpy()
        ours = sliding_window(
            image, convolution, tile=image.shape[1:], mirror_axes=(0, 2), mirror_average=how
        )
        np.testing.assert_allclose(ours, expected, atol=1e-5)


@pytest.mark.parametrize("seed", range(12))
def test_random_sizes_agree_with_monai(seed):
    monai = pytest.importorskip("monai.inferers")
    draw = np.random.default_rng(seed)
    axes = int(draw.integers(2, 4))
    shape = draw.integers(3, 30, axes)
    tile = draw.integers(4, 14, axes)
    overlap = float(draw.choice([0.0, 0.25, 0.3, 0.5, 0.6]))
    blend = str(draw.choice(["constant", "gaussian"]))
    image = draw.normal(size=(2, *shape)).astype(np.float32)
    convolve = F.conv3d if axes == 3 else F.conv2d
    weights = torch.from_numpy(draw.normal(size=(3, 2, *[3] * axes)).astype(np.float32))

    def network(batch):
        return convolve(batch, weights, padding=1)

    expected = monai.sliding_window_inference(
        torch.from_numpy(image[None]), tile.tolist(), 3, network, overlap=overlap, mode=blend
    )
    ours = sliding_window(
        image, network, tile=tile, step=1 - overlap, blend=blend, preset="monai", batch_size=3
    )
    np.testing.assert_allclose(ours, expected[0].numpy(), atol=2e-5)


@pytest.mark.parametrize("preset", ["edgewise", "nnunet", "monai"])
@pytest.mark.parametrize("blend", ["gaussian", "constant"])
def test_where_no_voxel_sees_another_tiles_are_the_whole(preset, blend):
    draw = np.random.default_rng(3)
    image = draw.normal(size=(2, 19, 23)).astype(np.float32)
    weights = torch.from_numpy(draw.normal(size=(3, 2, 1, 1)).astype(np.float32))

    def network(batch):
        return F.conv2d(batch, weights)

    ours = sliding_window(image, network, tile=(8, 6), step=0.4, preset=preset, blend=blend)
    np.testing.assert_allclose(ours, whole(network, image), atol=2e-6)


def test_the_batch_size_changes_nothing_but_the_speed(image, convolution):
    one = sliding_window(image, convolution, tile=TILE)
    many = sliding_window(image, convolution, tile=TILE, batch_size=5)
    np.testing.assert_allclose(one, many, atol=1e-5)


@pytest.mark.parametrize("pad_mode", ["constant", "reflect", "symmetric", "edge"])
def test_a_small_image_is_padded_as_numpy_pads(pad_mode, convolution):
    draw = np.random.default_rng(0)
    image = draw.normal(size=(2, 7, 12, 9)).astype(np.float32)
    ours = sliding_window(image, convolution, tile=TILE, pad_mode=pad_mode)
    padded = np.pad(image, [(0, 0), (0, 1), (0, 0), (3, 4)], mode=pad_mode)
    expected = whole(convolution, padded)[:, :7, :, 3:12]
    np.testing.assert_allclose(ours, expected, atol=1e-5)


def test_a_valid_unet_in_tiles_is_the_valid_unet_of_the_whole():
    network = lively("unet2d_valid", base=4)
    period = model_info("unet2d_valid").stride
    draw = np.random.default_rng(1)
    image = draw.normal(size=(1, 164, 132)).astype(np.float32)
    # 184 voxels are lost: 92 at each side, and the end is padded to the network's sizes
    padded = np.pad(image, [(0, 0), (92, 92), (92, 92)], mode="reflect")
    expected = whole(network, padded)
    assert expected.shape == (2, 164, 132)
    assert expected.std() > 0.1
    options = {"tile": (252, 252), "step": 1.0, "pad_mode": "reflect"}
    ours = sliding_window(image, network, blend="constant", align=period, **options)
    assert ours.shape == expected.shape
    assert np.abs(ours - expected).max() <= 1e-5
    blended = sliding_window(image, network, align=period, **(options | {"step": 0.5}))
    assert np.abs(blended - expected).max() <= 1e-5
    # out of step with the poolings, the network answers otherwise
    shifted = sliding_window(image, network, blend="constant", **(options | {"step": 0.45}))
    assert np.abs(shifted - expected).max() > 0.1


@pytest.mark.parametrize("shape", [(9, 30), (27, 13), (3, 1)])
def test_a_valid_unet_on_less_than_a_tile_is_in_step_with_the_whole(shape):
    network = lively("unet2d_valid", base=4, depth=2)  # loses 40 voxels, strides of 4
    image = np.random.default_rng(6).normal(size=(1, *shape)).astype(np.float32)
    padded = np.pad(image, [(0, 0), *((20, 20 + -n % 4) for n in shape)])
    expected = whole(network, padded)[(slice(None), *(slice(n) for n in shape))]
    ours = sliding_window(image, network, tile=(72, 72), align=4)
    assert np.abs(ours - expected).max() <= 1e-5


def test_a_padded_network_with_its_reach_as_halo_leaves_no_seam():
    draw = np.random.default_rng(2)
    weights = [draw.normal(size=(4, 2, 3, 3)), draw.normal(size=(2, 4, 3, 3))]
    first, second = (torch.from_numpy(w.astype(np.float32)) for w in weights)

    def network(batch):
        return F.conv2d(F.relu(F.conv2d(batch, first, padding=1)), second, padding=1)

    image = draw.normal(size=(2, 50, 37)).astype(np.float32)
    expected = whole(network, image)
    options = {"tile": (16, 16), "step": 1.0, "blend": "constant"}
    ours = sliding_window(image, network, halo=2, **options)
    assert np.abs(ours - expected).max() <= 1e-5
    assert np.abs(sliding_window(image, network, halo=1, **options) - expected).max() > 1e-2


@pytest.mark.parametrize("walk", [0, 1, 2, -1])
def test_a_2d_network_walks_through_a_volume(walk):
    draw = np.random.default_rng(4)
    volume = draw.normal(size=(2, 6, 9, 11)).astype(np.float32)
    weights = torch.from_numpy(draw.normal(size=(3, 2, 3, 3)).astype(np.float32))

    def network(batch):
        assert batch.ndim == 4
        return F.conv2d(batch, weights, padding=1)

    ours = sliding_window(volume, network, tile=(5, 7), slices=walk, batch_size=4, mirror_axes=(1,))
    axis = walk % 3
    for k in range(volume.shape[axis + 1]):
        one = sliding_window(np.take(volume, k, axis + 1), network, tile=(5, 7), mirror_axes=(1,))
        np.testing.assert_allclose(np.take(ours, k, axis + 1), one, atol=1e-5)


def test_a_valid_2d_network_on_a_volume():
    draw = np.random.default_rng(5)
    volume = draw.normal(size=(1, 4, 20, 21)).astype(np.float32)
    weights = torch.from_numpy(draw.normal(size=(2, 1, 5, 5)).astype(np.float32))

    def network(batch):
        return F.conv2d(batch, weights)

    ours = sliding_window(volume, network, tile=(12, 12), slices=0)
    for k in range(4):
        padded = np.pad(volume[:, k], [(0, 0), (2, 2), (2, 2)])
        np.testing.assert_allclose(ours[:, k], whole(network, padded), atol=1e-5)


def test_any_numbers_in_any_memory_order(image, convolution):
    expected = sliding_window(image, convolution, tile=TILE)
    for other in (np.asfortranarray(image), torch.from_numpy(image), image[:, ::-1][:, ::-1]):
        assert np.array_equal(sliding_window(other, convolution, tile=TILE), expected)
    whole_numbers = (image * 100).astype(np.int16)
    assert sliding_window(whole_numbers, convolution, tile=TILE).dtype == np.float32


class Frozen(torch.nn.Module):
    """Parts in two modes, deep supervision on, and what it was asked in."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.BatchNorm3d(2)
        self.second = torch.nn.Conv3d(2, 3, 1)
        self.second.eval()
        self.deep_supervision = True
        self.fails = False
        self.seen = []

    def forward(self, batch):
        if self.fails:
            raise RuntimeError("broken")
        self.seen.append((self.training, self.first.training, torch.is_grad_enabled()))
        logits = self.second(self.first(batch))
        return (logits, logits[:, :, ::2, ::2, ::2]) if self.deep_supervision else logits


@pytest.mark.parametrize("fails", [False, True])
def test_the_network_is_found_as_it_was(image, fails):
    network = Frozen()
    assert network.training
    network.fails = fails
    before = {k: v.clone() for k, v in network.state_dict().items()}
    if fails:
        with pytest.raises(RuntimeError, match="broken"):
            sliding_window(image, network, tile=TILE)
    else:
        sliding_window(image, network, tile=TILE, channels_last=True)
        assert set(network.seen) == {(False, False, False)}
    assert (network.training, network.first.training, network.second.training) == (
        True,
        True,
        False,
    )
    assert network.deep_supervision is True
    assert torch.is_grad_enabled()
    assert network.second.weight.is_contiguous()
    for key, value in network.state_dict().items():
        assert torch.equal(value, before[key]), key
    assert not network.second.weight.is_inference()


def test_of_several_outputs_the_first_counts(image, convolution):
    expected = sliding_window(image, convolution, tile=TILE)

    def several(batch):
        logits = convolution(batch)
        return logits, logits[:, :, ::2]

    assert np.array_equal(sliding_window(image, several, tile=TILE), expected)


def test_bfloat16_is_near_and_float32_is_not_touched_by_autocast(image):
    network = torch.nn.Conv3d(2, 3, 3, padding=1)
    exact = sliding_window(image, network, tile=TILE)
    rough = sliding_window(image, network, tile=TILE, precision="bfloat16")
    assert rough.dtype == np.float32
    assert 1e-4 < np.abs(rough - exact).max() < 0.1
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert np.array_equal(sliding_window(image, network, tile=TILE), exact)


def test_memory_formats_and_determinism_change_next_to_nothing(image):
    network = lively("unet3d", in_channels=2, classes=3, base=4, depth=2)
    exact = sliding_window(image, network, tile=(8, 12, 16))
    for option in ({"channels_last": True}, {"deterministic": True}):
        other = sliding_window(image, network, tile=(8, 12, 16), **option)
        np.testing.assert_allclose(other, exact, atol=1e-4)


@pytest.mark.slow
def test_a_compiled_network_answers_alike(image):
    network = torch.nn.Conv3d(2, 3, 3, padding=1)
    exact = sliding_window(image, network, tile=TILE, batch_size=3)
    compiled = sliding_window(image, network, tile=TILE, batch_size=3, compiled=True)
    np.testing.assert_allclose(compiled, exact, atol=1e-5)


def test_nan_is_an_error_and_not_a_label(image):
    with pytest.raises(InputError, match="NaN") as raised:
        sliding_window(image, lambda batch: batch * torch.nan, tile=TILE)
    assert raised.value.code == "not_finite"


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"tile": (8, 8)}, ShapeError, "slices= names the axis"),
        ({"tile": (8,)}, ShapeError, "1 axes, the image 3"),
        ({"tile": (8, 8), "slices": 3}, ShapeError, "no axis"),
        ({"tile": (8, 0, 8)}, ConfigError, "at least 1"),
        ({"tile": (8, 8.5, 8)}, ConfigError, "whole numbers"),
        ({"tile": (8, 8, 8, 8)}, ConfigError, "one size per axis"),
        ({"tile": TILE, "step": 0}, ConfigError, "step"),
        ({"tile": TILE, "step": 1.5}, ConfigError, "step"),
        ({"tile": TILE, "blend": "linear"}, ConfigError, "gaussian, constant"),
        ({"tile": TILE, "preset": "x"}, ConfigError, "edgewise"),
        ({"tile": TILE, "pad_mode": "wrap"}, ConfigError, "reflect"),
        ({"tile": TILE, "precision": "float64"}, ConfigError, "bfloat16"),
        ({"tile": TILE, "mirror_axes": (3,)}, ConfigError, "below 3"),
        ({"tile": TILE, "mirror_axes": (1, 1)}, ConfigError, "twice"),
        ({"tile": TILE, "mirror_average": "labels"}, ConfigError, "softmax"),
        ({"tile": TILE, "batch_size": 0}, ConfigError, "batch_size"),
        ({"tile": TILE, "halo": (1, 2)}, ConfigError, "one value per axis"),
        ({"tile": TILE, "halo": -1}, ConfigError, "halo"),
        ({"tile": TILE, "device": "gpu"}, ConfigError, "not known to torch"),
        ({"tile": TILE, "device": "cuda:99"}, ConfigError, "not on this machine"),
    ],
)
def test_wrong_arguments_are_one_sentence(image, convolution, options, error, text):
    with pytest.raises(error, match=text):
        sliding_window(image, convolution, **options)


def test_an_image_without_channels_is_refused(convolution):
    with pytest.raises(ShapeError, match="axes"):
        sliding_window(np.zeros((9, 9, 9)), convolution, tile=TILE)
    with pytest.raises(ShapeError, match="at least one voxel"):
        sliding_window(np.zeros((2, 0, 9, 9)), convolution, tile=TILE)
    with pytest.raises(ShapeError, match="numbers"):
        sliding_window(np.full((2, 9, 9, 9), "a"), convolution, tile=TILE)


def test_mirroring_an_output_that_is_off_centre_is_refused():
    weights = torch.ones(1, 1, 2)

    def network(batch):
        return F.conv1d(batch, weights)

    image = np.arange(20.0)[None]
    assert sliding_window(image, network, tile=(9,)).shape == (1, 20)
    with pytest.raises(ConfigError, match="one voxel apart"):
        sliding_window(image, network, tile=(9,), mirror_axes=(0,))


def test_every_blend_of_every_preset_gives_weights_that_cancel():
    image = np.ones((1, 21, 34), dtype=np.float32)
    for preset, blend in itertools.product(
        ("edgewise", "nnunet", "monai"), ("gaussian", "constant")
    ):
        ours = sliding_window(image, lambda b: b * 3, tile=(8, 8), preset=preset, blend=blend)
        np.testing.assert_allclose(ours, 3, rtol=1e-6)


def test_labels_of_the_segmentation_are_the_largest_logits(image, convolution):
    logits = sliding_window(image, convolution, tile=TILE, mirror_axes=(0,))
    labels = segment(image, convolution, tile=TILE, mirror_axes=(0,))
    assert labels.dtype == np.uint8
    assert np.array_equal(labels, logits.argmax(0))
    named = segment(image, convolution, tile=TILE, mirror_axes=(0,), labels=[0, 300, 7])
    assert named.dtype == np.uint16
    assert np.array_equal(named, np.array([0, 300, 7])[logits.argmax(0)])
    regions = segment(image, convolution, tile=TILE, mirror_axes=(0,), regions=[1, 2, 9])
    expected = np.zeros(logits.shape[1:], dtype=np.uint8)
    for label, channel in zip([1, 2, 9], logits, strict=True):
        expected[channel > 0] = label
    assert np.array_equal(regions, expected)
    with pytest.raises(ConfigError, match="one label per channel"):
        segment(image, convolution, tile=TILE, labels=[0, 1])
    with pytest.raises(ConfigError, match="not both"):
        segment(image, convolution, tile=TILE, labels=[0, 1, 2], regions=[1, 2, 3])
    with pytest.raises(ConfigError, match="makes probabilities"):
        segment(image, convolution, tile=TILE, regions=[1, 2, 3], mirror_average="softmax")
    with pytest.raises(ConfigError, match="must lie in"):
        segment(image, convolution, tile=TILE, labels=[0, -1, 2])
