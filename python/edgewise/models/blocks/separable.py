"""Atrous separable convolution.

Chen, Zhu, Papandreou, Schroff, Adam, ECCV 2018 (arXiv 1802.02611), section 3.1 and figure 3: a
convolution of each channel by itself, dilated, then a 1 x 1 convolution across channels. Output
size: that of the input.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

__all__ = ["separable_convolution"]


def separable_convolution(
    in_channels: int, channels: int, *, rate: int = 1, depthwise_bn: bool = False
) -> nn.Sequential:
    """Return a 3 x 3 convolution in two steps, without bias and without what follows it.

    Parameters
    ----------
    in_channels, channels : int
        Before and after.
    rate : int, default 1
        Dilation; padded by as much.
    depthwise_bn : bool, default False
        Whether batch normalisation and ReLU stand between the steps, as in the authors' TensorFlow
        code (paper, section 4). Its keys are ``norm.0.*``; those of the steps stay "0" and "1".
    """
    depthwise = nn.Conv2d(
        in_channels,
        in_channels,
        3,
        padding=rate,
        dilation=rate,
        groups=in_channels,
        bias=False,
    )
    steps: OrderedDict[str, nn.Module] = OrderedDict({"0": depthwise})
    if depthwise_bn:
        steps["norm"] = nn.Sequential(nn.BatchNorm2d(in_channels), nn.ReLU(inplace=True))
    steps["1"] = nn.Conv2d(in_channels, channels, 1, bias=False)
    return nn.Sequential(steps)
