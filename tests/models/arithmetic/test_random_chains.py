"""Random chains of layers along one axis: the links, the gradient and changed voxels agree."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

import numpy as np  # noqa: E402
from torch import nn  # noqa: E402

from edgewise.errors import ShapeError  # noqa: E402
from edgewise.models.arithmetic import GradientCheck  # noqa: E402
from edgewise.models.arithmetic.dependence import dependence  # noqa: E402
from edgewise.models.arithmetic.reach import Reach  # noqa: E402
from edgewise.models.arithmetic.tracing import fake_run  # noqa: E402

N = 40


SMALL = st.integers(1, 3)
LAYERS = st.one_of(
    st.builds(
        lambda k, s, p, d: nn.Conv1d(1, 1, k, s, p, d),
        SMALL,
        st.integers(1, 2),
        st.integers(0, 2),
        st.integers(1, 2),
    ),
    st.builds(
        lambda k, s, p, ceil: nn.MaxPool1d(k, s, min(p, k // 2), ceil_mode=ceil),
        SMALL,
        SMALL,
        st.integers(0, 1),
        st.booleans(),
    ),
    st.builds(nn.AvgPool1d, SMALL, SMALL),
    st.builds(
        lambda k, s, p: nn.ConvTranspose1d(1, 1, k, s, p),
        SMALL,
        st.integers(1, 2),
        st.integers(0, 1),
    ),
    st.builds(lambda f: nn.Upsample(scale_factor=f), st.integers(2, 3)),
    st.builds(lambda f: nn.Upsample(scale_factor=f, mode="linear"), st.integers(2, 3)),
    st.builds(lambda d: Skip(d), st.integers(1, 2)),
    st.builds(lambda a, b, step: Crop(a, b, step), st.integers(0, 3), SMALL, st.integers(1, 2)),
)


class Skip(nn.Module):
    def __init__(self, dilation):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=dilation, dilation=dilation)

    def forward(self, image):
        return torch.cat([image, self.conv(image)], 1).sum(1, keepdim=True)


class Crop(nn.Module):
    def __init__(self, before, behind, step):
        super().__init__()
        self.part = slice(before, -behind, step)

    def forward(self, image):
        return image[..., self.part]


@settings(max_examples=25)
@given(st.lists(LAYERS, min_size=1, max_size=5))
def test_links_gradient_and_changed_voxels_agree(chain):
    network = nn.Sequential(*chain)
    try:
        size = fake_run(network, (1, 1, N))[-1]
    except ShapeError:
        size = 0
    assume(1 <= size <= 200)
    links = dependence(network, (1, 1, N))
    assert links.reasons == ()
    (found,) = links.follow([Reach.of(0, size)], within=True)
    table = np.zeros((size, N), dtype=bool)
    table[:, found.reach.start : found.reach.start + found.reach.table.shape[1]] = found.reach.table
    assert np.array_equal(table, changed(network, size))

    check = GradientCheck(network, (1, 1, N))
    for cell in range(0, size, 3):
        assert np.array_equal(table[cell], check.mask((cell,)).numpy())

    (free,) = links.follow([Reach.of(0, size)])
    inside = ~(found.low | found.high)
    first, last = (ends[inside] for ends in free.reach.ends())
    assert (first >= 0).all()  # what saw no padding needs nothing beyond the image
    assert (last < N).all()


def changed(network, size):
    """(outputs, voxels): raise one voxel at a time, in a network where nothing cancels."""
    with torch.no_grad():
        for value in network.parameters():
            value.fill_(1.0)
        images = torch.ones(N + 1, 1, N, dtype=torch.float64)
        images[torch.arange(N), 0, torch.arange(N)] = 1e6  # the largest of any pooling window
        answers = network.double()(images)[:, 0]
        network.float()
    assert answers.shape == (N + 1, size)
    return (answers[:N] != answers[N:]).numpy().T


def test_the_comparison_can_fail():
    """A dilated kernel does not see every voxel between its ends."""
    seen = changed(nn.Conv1d(1, 1, 3, padding=2, dilation=2), N)
    assert not np.array_equal(seen, changed(nn.Conv1d(1, 1, 5, padding=2), N))
