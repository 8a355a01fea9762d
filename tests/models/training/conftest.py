"""A network that is trained in a moment, with everything that has a state: dropout, batch norm."""

import numpy as np
import pytest

from edgewise.simulate import ball_and_cube


@pytest.fixture
def pictures():
    """Make 2D phantoms as cases in memory: ``pictures(4, seed=1)``."""
    pytest.importorskip("torch")
    from edgewise.models.training import ArrayCases

    def make(count, *, seed=0, size=24, noise=0.4):
        made = [
            ball_and_cube((size, size), noise=noise, seed=1000 * seed + k) for k in range(count)
        ]
        images, labels = zip(*made, strict=True)
        return ArrayCases(images, labels, names=[f"p{seed}_{k}" for k in range(count)])

    return make


@pytest.fixture
def network():
    """Make a small 2D network whose weights follow from a seed."""
    torch = pytest.importorskip("torch")
    from small_network import SmallNetwork

    def make(*, seed=0, deep=False, classes=3, channels=1):
        torch.manual_seed(seed)
        return SmallNetwork(deep=deep, classes=classes, channels=channels)

    return make


@pytest.fixture
def same_weights():
    """Whether two networks agree to the bit."""

    def compare(first, second):
        a, b = first.state_dict(), second.state_dict()
        return list(a) == list(b) and all(
            np.array_equal(a[k].cpu().numpy(), b[k].cpu().numpy()) for k in a
        )

    return compare
