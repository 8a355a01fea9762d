"""LeNet and its twin are one network."""

import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ShapeError  # noqa: E402
from edgewise.models.networks.lenet import lenet, lenet_fcn, to_fully_convolutional  # noqa: E402


def pair():
    torch.manual_seed(2)
    network = lenet().eval()
    for value in network.parameters():
        if value.ndim > 1:
            torch.nn.init.kaiming_normal_(value)
    return network, to_fully_convolutional(network)


def test_the_twin_answers_every_window_as_the_network_does():
    network, twin = pair()
    image = torch.randn(1, 1, 48, 41)
    with torch.inference_mode():
        cells = twin.logits(image)
        assert cells.shape == (1, 10, 5, 3)  # floor((n - 32) / 4) + 1
        for i in range(5):
            for j in range(3):
                window = image[..., 4 * i : 4 * i + 32, 4 * j : 4 * j + 32]
                torch.testing.assert_close(
                    cells[..., i, j], network.logits(window), rtol=1e-5, atol=1e-5
                )
    assert cells.std() > 0.1


def test_the_answer_is_a_distribution():
    network, twin = pair()
    with torch.inference_mode():
        assert torch.allclose(network(torch.randn(2, 1, 32, 32)).exp().sum(1), torch.ones(2))
        assert torch.allclose(twin(torch.randn(1, 1, 128, 96)).exp().sum(1), torch.ones(1, 25, 17))


def test_the_twin_has_its_own_copy_and_the_same_mode():
    network, twin = pair()
    assert not twin.training
    with torch.no_grad():
        network.fc1.weight.zero_()
    assert twin.conv3.weight.abs().sum() > 0
    assert to_fully_convolutional(network.train()).training


@pytest.mark.parametrize(("build", "words"), [(lenet, "exactly 32"), (lenet_fcn, "at least 32")])
def test_sizes_are_said(build, words):
    with pytest.raises(ShapeError, match=words):
        build()(torch.zeros(1, 1, 31, 32))
