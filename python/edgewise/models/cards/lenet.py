"""LeNet and its fully convolutional twin."""

from __future__ import annotations

from typing import Final

from edgewise.models.card import Card, Sizes

__all__ = ["CARDS"]

_LECUN: Final = (
    "LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, "
    "Proc. IEEE 86(11), 1998"
)

_DEFAULTS: Final = {"in_channels": 1, "classes": 10}

CARDS: Final = (
    Card(
        name="lenet",
        builder="lenet:lenet",
        family="lenet",
        spatial_dims=2,
        summary="Two convolutions with pooling, three linear layers: the digit in 32 x 32 voxels.",
        paper=_LECUN,
        year=1998,
        parameters=61_706,
        receptive_field="32 (the whole image)",
        stride=4,
        sizes=Sizes(32, maximum=32),
        key_layout="own",
        oracle="layer table; equality with its twin",
        defaults=_DEFAULTS,
        small={},
        small_image=(32, 32),
        deviations=(
            "ReLU and average pooling instead of scaled tanh and trainable subsampling",
            "conv2 sees all six maps, the paper's table connects some of them",
            "log-softmax instead of radial basis functions",
        ),
    ),
    Card(
        name="lenet_fcn",
        builder="lenet:lenet_fcn",
        family="lenet",
        spatial_dims=2,
        summary="LeNet as a convolution: any image size, class scores every 4 voxels.",
        paper=_LECUN + "; as a convolution: Long, Shelhamer, Darrell, CVPR 2015, arXiv 1411.4038",
        year=2015,
        parameters=61_706,
        receptive_field="32",
        stride=4,
        sizes=Sizes(32),
        key_layout="own",
        oracle="equality with LeNet on every window",
        defaults=_DEFAULTS,
        small={},
        small_image=(64, 48),
        deviations=(
            "as lenet",
            "sizes other than 32, 36, 40, ... lose their last one to three rows and columns",
        ),
    ),
)
