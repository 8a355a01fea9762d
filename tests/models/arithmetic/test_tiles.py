"""Tiles give what the whole image gives, and those who cut wrongly do not."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models import create_model  # noqa: E402
from edgewise.models.arithmetic import plan_tiles, run_tiled  # noqa: E402
from edgewise.models.arithmetic.memory import forward_bytes  # noqa: E402
from edgewise.models.arithmetic.tracing import trace  # noqa: E402


@pytest.fixture
def plain_kernels():
    """Convolutions whose result does not depend on the size of the image, to the bit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.backends.mkldnn.flags(enabled=False):
            yield


def lively(name, **sizes):
    """A network with Kaiming-normal weights: PyTorch's own barely use the deep path."""
    torch.manual_seed(5)
    network = create_model(name, **sizes).eval()
    for value in network.parameters():
        if value.ndim > 1:
            nn.init.kaiming_normal_(value)
    return network


def answer(network, shape):
    """An image and its answer, on which an error of the seams would show."""
    image = torch.randn(1, network.in_channels, *shape, generator=torch.manual_seed(1))
    with torch.inference_mode():
        whole = network(image)
    assert whole.std() > 0.1
    return image, whole


def difference(network, image, whole, plan):
    return float((run_tiled(network, image, plan) - whole).abs().max())


def test_tiles_of_a_valid_network_are_exact_to_the_bit(plain_kernels):
    network = lively("unet2d_valid", base=4, depth=3)
    image, whole = answer(network, (284, 252))
    for tile in (156, 140, 124):  # steps 64, 48, 32
        plan = plan_tiles((284, 252), model=network, tile=tile)
        assert plan.exact
        assert plan.halo == ((0, 0), (0, 0))
        assert plan.tiles[1].image[1].start == tile - 92 + 4 - 4
        assert difference(network, image, whole, plan) == 0.0


def test_a_step_off_the_grid_shows():
    network = lively("unet2d_valid", base=4, depth=3)
    image, whole = answer(network, (284, 252))
    plan = plan_tiles((284, 252), model=network, tile=(124, 252), stride=20)
    assert not plan.exact
    assert "stride 20 is no multiple of the network's period 8" in plan.reason
    assert [tile.image[0].start for tile in plan.tiles] == list(range(0, 161, 20))
    assert difference(network, image, whole, plan) > 0.1


@pytest.mark.parametrize(
    ("depth", "halo", "n", "tile"), [(1, 8, 48, 24), (2, 22, 96, 64), (3, 46, 256, 128)]
)
def test_tiles_of_a_padded_network(depth, halo, n, tile):
    network = lively("unet2d", base=4, depth=depth)
    image, whole = answer(network, (n, n))
    plan = plan_tiles((n, n), model=network, tile=tile)
    assert plan.exact
    assert plan.halo == ((halo, halo),) * 2
    assert len(plan.tiles) > 4
    scale = max(1.0, float(whole.abs().max()))
    assert difference(network, image, whole, plan) <= 1e-5 * scale
    less = plan_tiles((n, n), model=network, tile=tile, halo=halo * 3 // 4)
    assert not less.exact
    assert f"halo {halo * 3 // 4} is less than the {halo}" in less.reason
    assert difference(network, image, whole, less) > 1e-3 * scale


def test_volumes_and_coarse_answers():
    network = lively("unet3d_valid", base=2, depth=2, in_channels=1)
    image, whole = answer(network, (60, 52, 48))
    plan = plan_tiles((60, 52, 48), model=network, tile=48)
    assert len(plan.tiles) == 3 * 2 * 1
    assert difference(network, image, whole, plan) <= 1e-5
    network = lively("lenet_fcn")
    image, whole = answer(network, (128, 96))
    plan = plan_tiles((128, 96), model=network, tile=48)
    assert plan.output_shape == (25, 17)
    assert difference(network, image, whole, plan) <= 1e-5


def test_networks_of_other_people():
    """Strided convolution down, bilinear and transposed up, a crop in between."""

    class Network(nn.Module):
        in_channels = 2

        def __init__(self):
            super().__init__()
            self.down = nn.Conv2d(2, 6, 5, stride=2, padding=2)
            self.deep = nn.Conv2d(6, 6, 3, stride=2, padding=1)
            self.up = nn.ConvTranspose2d(6, 6, 4, stride=2, padding=1)
            self.head = nn.Conv2d(12, 3, 3, padding=1)

        def forward(self, image):
            half = self.down(image)
            deep = self.up(torch.relu(self.deep(torch.relu(half))))
            maps = torch.cat([half, deep], 1)
            maps = nn.functional.interpolate(maps, scale_factor=2, mode="bilinear")
            return self.head(maps)[..., 1:, :]

    torch.manual_seed(0)
    network = Network().eval()
    for value in network.parameters():
        if value.ndim > 1:
            nn.init.kaiming_normal_(value)
    image, whole = answer(network, (64, 64))
    plan = plan_tiles((64, 64), model=network, tile=40)
    assert plan.exact
    assert plan.output_shape == (63, 64)
    assert difference(network, image, whole, plan) <= 1e-5
    less = plan_tiles((64, 64), model=network, tile=40, halo=plan.halo[0][0] // 2)
    assert difference(network, image, whole, less) > 1e-3


def test_networks_over_the_whole_image_are_marked():
    network = lively("unet2d", base=4, depth=2, norm="instance")
    image, whole = answer(network, (96, 96))
    plan = plan_tiles((96, 96), model=network, tile=64)
    assert not plan.exact
    assert "instance normalisation" in plan.reason
    assert plan.halo == ((22, 22), (22, 22))
    assert difference(network, image, whole, plan) > 1e-3
    one = plan_tiles((96, 96), model=network, tile=96)
    assert one.exact
    assert len(one.tiles) == 1
    assert difference(network, image, whole, one) == 0


def test_embeddings_of_place_are_marked():
    class Placed(nn.Module):
        in_channels = 1

        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3, padding=1)

        def forward(self, image):
            return self.conv(image) + torch.linspace(0, 1, image.shape[-1])

    plan = plan_tiles((32, 32), model=Placed(), tile=16)
    assert not plan.exact
    assert "belong to places" in plan.reason


def test_sizes_that_do_not_fit_are_answered_with_those_that_do():
    network = create_model("unet2d", base=2, depth=3)
    with pytest.raises(ShapeError, match=r"image 100 x 90 .* 96 or 104 x 88 or 96"):
        plan_tiles((100, 90), model=network, tile=64)
    with pytest.raises(ShapeError, match=r"tile 100 x 100 .* 96 or 104"):
        plan_tiles((256, 256), model=network, tile=100)
    with pytest.raises(ConfigError, match=r"keeps nothing beside its context \(46, 46\); .* 104"):
        plan_tiles((256, 256), model=network, tile=64)
    network = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.Upsample(scale_factor=2))
    network.append(nn.Conv2d(1, 1, 3, stride=4, padding=1))
    with pytest.raises(ShapeError, match="differ by a multiple of 2; pad the image to 42 voxels"):
        plan_tiles((41, 40), model=network, tile=20)


def test_what_is_missing_is_named():
    with pytest.raises(ConfigError, match="tile= and halo="):
        plan_tiles((64,), tile=32)
    with pytest.raises(ConfigError, match="memory_limit= with model="):
        plan_tiles((64,), halo=3)
    with pytest.raises(ConfigError, match="tile must be one number or 2"):
        plan_tiles((64, 64), tile=(1, 2, 3), halo=3)
    with pytest.raises(ShapeError, match="at least one axis"):
        plan_tiles((), tile=3, halo=3)
    plan = plan_tiles((64, 64), tile=32, halo=4)
    with pytest.raises(ShapeError, match=r"shape \(64, 64\), not \(64, 60\)"):
        run_tiled(nn.Identity(), torch.zeros(1, 1, 64, 60), plan)
    with pytest.raises(ShapeError, match="plan with model="):
        run_tiled(nn.Conv2d(1, 1, 3), torch.zeros(1, 1, 64, 64), plan)


@given(
    shape=st.lists(st.integers(1, 80), min_size=1, max_size=3),
    tile=st.integers(4, 40),
    halo=st.integers(0, 8),
    stride=st.integers(1, 4),
)
def test_plans_keep_every_voxel_once_with_its_halo(shape, tile, halo, stride):
    tile = [min(tile, n) for n in shape]
    fits = all(n == t or (t - 2 * halo >= stride and (n - t) % stride == 0)
               for n, t in zip(shape, tile, strict=True))  # fmt: skip
    if not fits:
        with pytest.raises((ConfigError, ShapeError)):
            plan_tiles(shape, tile=tile, halo=halo, stride=stride)
        return
    plan = plan_tiles(shape, tile=tile, halo=halo, stride=stride)
    kept = np.zeros(shape, dtype=np.int64)
    for one in plan.tiles:
        kept[one.output] += 1
        for axis, n in enumerate(shape):
            image, crop, output = one.image[axis], one.crop[axis], one.output[axis]
            assert image.start >= 0
            assert image.stop <= n
            assert image.stop - image.start == tile[axis]
            assert image.start % stride == 0
            assert image.start + crop.start == output.start
            assert crop.stop - crop.start == output.stop - output.start > 0
            assert image.start == 0 or crop.start >= halo
            assert image.stop == n or tile[axis] - crop.stop >= halo
    assert (kept == 1).all()


@settings(max_examples=15)
@given(st.integers(1, 3), st.integers(0, 2), st.booleans(), st.integers(0, 6), st.integers(0, 6))
def test_plans_for_networks_keep_every_voxel_once(stride, padding, up, more, extra):
    """Tiles of a strided network: identity of the joined answer, not only its bookkeeping."""
    network = nn.Sequential(nn.Conv1d(1, 1, 5, stride=stride, padding=padding), nn.Conv1d(1, 1, 3))
    if up:
        network.append(nn.ConvTranspose1d(1, 1, stride, stride))
    tile = 5 + 12 * stride - 2 * padding + extra
    n = tile + more * stride * 3
    try:
        plan = plan_tiles((n,), model=network, tile=tile)
    except ShapeError:
        assume(False)
    assert plan.exact
    for value in network.parameters():
        nn.init.constant_(value, 1.0)
    image = torch.arange(float(n)).view(1, 1, n) % 7
    with torch.no_grad():
        assert torch.equal(run_tiled(network, image, plan), network(image))
    assert all(Fraction(one.image[0].start, stride).denominator == 1 for one in plan.tiles)


def test_the_largest_tile_within_a_limit():
    network = lively("unet2d", base=4, depth=1)
    shape = (128, 96)
    whole = plan_tiles(shape, model=network, memory_limit=100_000_000)
    assert len(whole.tiles) == 1
    plan = plan_tiles(shape, model=network, memory_limit=whole.memory // 3)
    assert whole.memory / 4 < plan.memory <= whole.memory // 3
    assert len(plan.tiles) > 1
    assert plan.exact
    image, expected = answer(network, shape)
    assert difference(network, image, expected, plan) <= 1e-5 * max(1, float(expected.abs().max()))
    with pytest.raises(ConfigError, match="memory_limit is 100,000; leave tile out"):
        plan_tiles(shape, model=network, tile=64, memory_limit=100_000)
    with pytest.raises(ConfigError, match="no tile fits into memory_limit 1,000"):
        plan_tiles(shape, model=network, memory_limit=1_000)


@pytest.mark.parametrize("name", ["unet2d", "unet3d"])
def test_the_estimate_of_memory_is_what_lives(name):
    """Sum of the storages that are alive, watched while the network runs."""
    network = lively(name, base=8, depth=2, in_channels=1)
    shape = (1, 1, *[32] * network.spatial_dims)
    weights = sum(v.numel() * v.element_size() for v in network.state_dict().values())
    with torch.inference_mode(), Storages() as watch:
        network(torch.zeros(shape))
    measured = watch.peak + weights
    assert forward_bytes(trace(network, shape)) == pytest.approx(measured, rel=0.2)


class Storages(torch.utils._python_dispatch.TorchDispatchMode):
    """Counts the bytes of storages made inside, until they are freed."""

    def __init__(self):
        super().__init__()
        self.alive, self.peak = {}, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        import weakref

        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                key = storage.data_ptr()
                if key not in self.alive:
                    self.alive[key] = storage.nbytes()
                    weakref.finalize(storage, self.alive.pop, key, None)
        self.peak = max(self.peak, sum(self.alive.values()))
        return result
