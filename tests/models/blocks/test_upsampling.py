"""Ways from a coarse map to a fine one: sizes, places, overlaps."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from edgewise.errors import ConfigError  # noqa: E402
from edgewise.models.arithmetic import interpolated_size, transposed_output_size  # noqa: E402
from edgewise.models.blocks.bilinear import bilinear_upsampling  # noqa: E402
from edgewise.models.blocks.upsampling import (  # noqa: E402
    LinearUpsampling,
    NearestUpsampling,
    PoolingWithPlaces,
    Unpooling,
    overlap_counts,
    transposed_convolution,
)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("factor", [2, 3])
def test_sizes(dims, factor):
    image = torch.rand(2, 3, *range(4, 4 + dims))
    wanted = tuple(interpolated_size(n, factor=factor) for n in image.shape[2:])
    layers = [
        NearestUpsampling(factor),
        LinearUpsampling(factor),
        LinearUpsampling(factor, corners=True),
        transposed_convolution(3, 3, dims=dims, factor=factor),
    ]
    for layer in layers:
        assert layer(image).shape == (2, 3, *wanted)


def test_nearest_repeats_and_linear_keeps_a_ramp():
    ramp = torch.arange(5.0).view(1, 1, 5)
    assert torch.equal(NearestUpsampling(3)(ramp)[0, 0], ramp[0, 0].repeat_interleave(3))
    places = (torch.arange(10) + 0.5) / 2 - 0.5
    assert torch.allclose(LinearUpsampling(2)(ramp)[0, 0], places.clamp(0, 4))
    places = torch.arange(10) * 4 / 9
    assert torch.allclose(LinearUpsampling(2, corners=True)(ramp)[0, 0], places, atol=1e-6)


@pytest.mark.parametrize("shape", [(8,), (7, 9), (5, 6, 7)])
def test_unpooling_puts_maxima_back_where_they_were(shape):
    torch.manual_seed(0)
    image = torch.rand(2, 3, *shape) + 1
    pooled, places, size = PoolingWithPlaces(2)(image)
    back = Unpooling(2)(pooled, places, size)
    assert back.shape == image.shape
    assert torch.equal(back[back > 0].sort().values, pooled.flatten().sort().values)
    assert torch.equal(back[back > 0], image[back > 0])
    if shape == (7, 9):  # without the size the places do not fit
        with pytest.raises(RuntimeError, match="invalid max index"):
            nn.functional.max_unpool2d(pooled, places, 2)


@pytest.mark.parametrize(("kernel", "counts"), [(3, (1, 2)), (4, (2, 2)), (2, (1, 1))])
def test_overlaps_of_a_transposed_convolution(kernel, counts):
    layer = nn.ConvTranspose1d(1, 1, kernel, stride=2, bias=False)
    nn.init.ones_(layer.weight)
    with torch.no_grad():
        shown = layer(torch.ones(1, 1, 8))[0, 0]
    assert len(shown) == transposed_output_size(8, kernel=kernel, stride=2)
    inside = shown[kernel - 1 : -kernel + 1].tolist()
    wanted = sorted(counts)
    assert [sorted(inside[i : i + 2]) for i in range(0, len(inside) - 1, 2)]
    assert all(sorted(inside[i : i + 2]) == wanted for i in range(len(inside) - 1))
    assert sorted(overlap_counts(kernel=kernel, stride=2)) == wanted


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_the_bilinear_kernel_interpolates(factor):
    image = torch.rand(1, 3, 6, 7)
    layer = bilinear_upsampling(3, factor)
    size = layer.kernel_size[0]
    cut = (size - factor + 1) // 2  # the padding that leaves factor * n voxels
    large = layer(image)[..., cut : cut + 6 * factor, cut : cut + 7 * factor]
    inside = (..., slice(factor, -factor), slice(factor, -factor))
    expected = LinearUpsampling(factor)(image)
    assert torch.allclose(large[inside], expected[inside], atol=1e-6)
    assert not torch.allclose(large, expected, atol=1e-3)  # zeros outside, not the edge


def test_bad_sizes_are_named():
    with pytest.raises(ConfigError, match="dims must be 1, 2 or 3, got 4"):
        transposed_convolution(1, 1, dims=4)
    with pytest.raises(ConfigError, match="factor must be at least 1, got 0"):
        transposed_convolution(1, 1, dims=2, factor=0)
