"""Elementary size formulas against PyTorch's layers."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models.arithmetic import (  # noqa: E402
    Layer,
    chain_field,
    conv_output_size,
    interpolated_size,
    pool_output_size,
    transposed_output_size,
    unpooled_size,
)

SMALL = st.integers(1, 5)


def meta(*shape):
    return torch.empty(*shape, device="meta")


@given(n=st.integers(1, 30), k=SMALL, s=SMALL, p=st.integers(0, 4), d=st.integers(1, 3))
def test_convolution(n, k, s, p, d):
    layer = torch.nn.Conv1d(1, 1, k, s, p, d, device="meta")
    if n + 2 * p < d * (k - 1) + 1:
        with pytest.raises(ShapeError, match="does not fit"):
            conv_output_size(n, kernel=k, stride=s, padding=p, dilation=d)
        return
    expected = layer(meta(1, 1, n)).shape[-1]
    assert conv_output_size(n, kernel=k, stride=s, padding=p, dilation=d) == expected


@given(
    n=st.integers(1, 30), k=SMALL, s=SMALL, d=st.integers(1, 3), ceil=st.booleans(), data=st.data()
)
def test_pooling(n, k, s, d, ceil, data):
    p = data.draw(st.integers(0, k // 2))
    assume(n + 2 * p >= d * (k - 1) + 1)
    expected = torch.nn.MaxPool1d(k, s, p, d, ceil_mode=ceil)(meta(1, 1, n)).shape[-1]
    size = pool_output_size(n, kernel=k, stride=s, padding=p, dilation=d, ceil_mode=ceil)
    assert size == expected


@given(n=st.integers(1, 12), k=SMALL, s=SMALL, p=st.integers(0, 3), d=SMALL, data=st.data())
def test_transposed_convolution(n, k, s, p, d, data):
    op = data.draw(st.integers(0, max(s, d) - 1))
    sizes = {"kernel": k, "stride": s, "padding": p, "dilation": d, "output_padding": op}
    if (n - 1) * s - 2 * p + d * (k - 1) + op + 1 < 1:
        with pytest.raises(ShapeError, match="leaves nothing"):
            transposed_output_size(n, **sizes)
        return
    layer = torch.nn.ConvTranspose1d(1, 1, k, s, p, op, dilation=d, device="meta")
    assert transposed_output_size(n, **sizes) == layer(meta(1, 1, n)).shape[-1]


@pytest.mark.parametrize("factor", [1, 2, 3, 1.5, 0.5, 0.4])
def test_interpolation(factor):
    for n in range(3, 20):
        expected = torch.nn.functional.interpolate(meta(1, 1, n), scale_factor=factor).shape[-1]
        assert interpolated_size(n, factor=factor) == expected


def test_unpooling_forgets_whether_the_size_was_odd():
    for n in range(4, 12):
        pooled = torch.rand(1, 1, pool_output_size(n, kernel=2))
        _, places = torch.nn.functional.max_pool1d(torch.rand(1, 1, n), 2, return_indices=True)
        size = torch.nn.functional.max_unpool1d(pooled, places, 2).shape[-1]
        assert unpooled_size(pooled.shape[-1], kernel=2) == size == n - n % 2


def test_bad_sizes_are_named():
    with pytest.raises(ConfigError, match="stride must be at least 1, got 0"):
        conv_output_size(5, kernel=3, stride=0)
    with pytest.raises(ConfigError, match="padding must not be negative"):
        conv_output_size(5, kernel=3, padding=-1)
    with pytest.raises(ConfigError, match="output_padding must be below"):
        transposed_output_size(5, kernel=3, stride=2, output_padding=2)
    with pytest.raises(ConfigError, match="factor must be above 0"):
        interpolated_size(5, factor=0)
    with pytest.raises(ShapeError, match="leaves nothing"):
        interpolated_size(2, factor=0.1)


def test_the_chain_of_the_distill_article():
    """AlexNet's convolutions and poolings: 195 voxels, stride 32, as in the article's table."""
    layers = [
        (11, 4, 2),
        (3, 2, 0),
        (5, 1, 2),
        (3, 2, 0),
        (3, 1, 1),
        (3, 1, 1),
        (3, 1, 1),
        (3, 2, 0),
    ]
    field = chain_field(Layer(kernel=k, stride=s, padding=p) for k, s, p in layers)
    assert (field.width, field.stride) == (195, 32)
    assert chain_field([]).width == 1
