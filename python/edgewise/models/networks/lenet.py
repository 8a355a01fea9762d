"""LeNet-5, and the same network as a convolution over images of any size.

LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, Proc. IEEE
86(11), 1998, figure 2. Today's plain form: ReLU, average pooling, all maps connected, log-softmax.
The paper's scaled tanh, trainable subsampling, partial connections of its third layer and radial
basis output are not built.

A linear layer on a 16 x 5 x 5 map is a 5 x 5 convolution met at one place (Long, Shelhamer,
Darrell: Fully convolutional networks for semantic segmentation, CVPR 2015). `lenet_fcn` has the
same 61,706 weights in that shape, and answers for every window of 32 x 32 voxels, 4 voxels apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F  # noqa: N812
from torch import nn

from edgewise.models.arguments import check_counts
from edgewise.models.card import Sizes
from edgewise.models.shapes import check_image

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["LeNet", "LeNetFCN", "lenet", "lenet_fcn", "to_fully_convolutional"]


class LeNet(nn.Module):
    """Names the digit in an image of 32 x 32 voxels.

    Parameters
    ----------
    in_channels, classes : int
        Of the image, and of the answer.
    """

    spatial_dims = 2
    sizes = Sizes(32, maximum=32)

    def __init__(self, *, in_channels: int = 1, classes: int = 10) -> None:
        super().__init__()
        check_counts({"in_channels": in_channels, "classes": classes})
        self.in_channels, self.classes = in_channels, classes
        self.conv1 = nn.Conv2d(in_channels, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def logits(self, image: Tensor) -> Tensor:
        """Return (N, classes) scores before the softmax of (N, C, 32, 32)."""
        check_image(image, self, self.sizes)
        maps = F.avg_pool2d(F.relu(self.conv1(image)), 2)  # (N, 6, 14, 14)
        maps = F.avg_pool2d(F.relu(self.conv2(maps)), 2)  # (N, 16, 5, 5)
        code = F.relu(self.fc1(maps.flatten(1)))  # (N, 120)
        code = F.relu(self.fc2(code))  # (N, 84)
        return self.fc3(code)

    def forward(self, image: Tensor) -> Tensor:
        """Return (N, classes) log-probabilities of (N, C, 32, 32)."""
        return F.log_softmax(self.logits(image), dim=1)


class LeNetFCN(nn.Module):
    """LeNet over every window of an image.

    Cell (i, j) of the answer sees rows ``4 i`` to ``4 i + 31``, so its centre is at ``4 i + 15.5``;
    an axis of n voxels has ``(n - 32) // 4 + 1`` cells. `upsample_scores` puts them back in place.

    Parameters
    ----------
    in_channels, classes : int
        Of the image, and of the answer.
    """

    spatial_dims = 2
    sizes = Sizes(32)
    jump, start = 4, 15.5  # voxels between cells, centre of the first

    def __init__(self, *, in_channels: int = 1, classes: int = 10) -> None:
        super().__init__()
        check_counts({"in_channels": in_channels, "classes": classes})
        self.in_channels, self.classes = in_channels, classes
        self.conv1 = nn.Conv2d(in_channels, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.conv3 = nn.Conv2d(16, 120, 5)
        self.conv4 = nn.Conv2d(120, 84, 1)
        self.conv5 = nn.Conv2d(84, classes, 1)

    def logits(self, image: Tensor) -> Tensor:
        """Return (N, classes, h, w) scores before the softmax of (N, C, H, W).

        Use these to localise a digit: log-probabilities saturate where the network is sure.
        """
        check_image(image, self, self.sizes)
        maps = F.avg_pool2d(F.relu(self.conv1(image)), 2)
        maps = F.avg_pool2d(F.relu(self.conv2(maps)), 2)
        maps = F.relu(self.conv3(maps))  # (N, 120, h, w)
        maps = F.relu(self.conv4(maps))
        return self.conv5(maps)

    def forward(self, image: Tensor) -> Tensor:
        """Return (N, classes, h, w) log-probabilities of (N, C, H, W)."""
        return F.log_softmax(self.logits(image), dim=1)


def lenet(*, in_channels: int = 1, classes: int = 10) -> LeNet:
    """Build `LeNet`."""
    return LeNet(in_channels=in_channels, classes=classes)


def lenet_fcn(*, in_channels: int = 1, classes: int = 10) -> LeNetFCN:
    """Build `LeNetFCN`."""
    return LeNetFCN(in_channels=in_channels, classes=classes)


def to_fully_convolutional(network: LeNet) -> LeNetFCN:
    """Return the twin of a trained `LeNet`: the same weights, each only seen in another shape.

    Parameters
    ----------
    network : LeNet
        Is left as it is; the twin has copies.

    Returns
    -------
    LeNetFCN
        Equal to `network` on 32 x 32 voxels but for rounding.
    """
    twin = LeNetFCN(in_channels=network.in_channels, classes=network.classes)
    linear_to_conv = {"fc1": ("conv3", (120, 16, 5, 5)), "fc2": ("conv4", (84, 120, 1, 1))}
    linear_to_conv["fc3"] = ("conv5", (network.classes, 84, 1, 1))
    state = {}
    for key, value in network.state_dict().items():
        layer, _, kind = key.partition(".")
        name, shape = linear_to_conv.get(layer, (layer, tuple(value.shape)))
        state[f"{name}.{kind}"] = value.view(shape) if kind == "weight" else value
    twin.load_state_dict(state)
    return twin.train(network.training)
