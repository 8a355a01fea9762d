"""Normalisation layers by name. Output size: that of the input.

====================  =============================================  ==========================
name                  mean and variance over                         a voxel then depends on
====================  =============================================  ==========================
``"batch"``           batch and space while training; stored ones    itself, in evaluation
                      in evaluation (Ioffe and Szegedy 2015)
``"instance"``        space, each sample and channel alone           the whole image
                      (Ulyanov et al. 2016)
``"group"``           space and the channels of a group              the whole image
                      (Wu and He 2018)
``"none"``            nothing                                        itself
====================  =============================================  ==========================

Networks whose answer depends on the whole image cannot be tiled exactly: see
`edgewise.models.arithmetic`.
"""

from __future__ import annotations

from typing import Any, Final

from torch import nn

from edgewise.errors import ConfigError

__all__ = ["normalization"]

_BATCH: Final = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
_INSTANCE: Final = {1: nn.InstanceNorm1d, 2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}
_NAMES: Final = ("batch", "instance", "group", "none")


def normalization(
    name: str,
    channels: int,
    *,
    dims: int,
    groups: int = 8,
    eps: float = 1e-5,
    affine: bool = True,
) -> Any:  # noqa: ANN401
    """Build a normalisation layer.

    Parameters
    ----------
    name : {"batch", "instance", "group", "none"}
        See above.
    channels : int
        Of its input.
    dims : {1, 2, 3}
        Spatial axes.
    groups : int, default 8
        For "group"; must divide `channels`.
    eps : float, default 1e-5
        Added to the variance.
    affine : bool, default True
        Whether a scale and a shift per channel follow.

    Returns
    -------
    torch.nn.Module
        ``nn.Identity`` for "none".

    Raises
    ------
    ConfigError
        For another name or number of axes, or if `groups` does not divide `channels`.
    """
    if name not in _NAMES:
        message = f"norm {name!r}: choose one of {', '.join(_NAMES)}"
        raise ConfigError(message)
    if dims not in _BATCH:
        message = f"dims must be 1, 2 or 3, got {dims}"
        raise ConfigError(message)
    if name == "batch":
        return _BATCH[dims](channels, eps=eps, affine=affine)
    if name == "instance":
        return _INSTANCE[dims](channels, eps=eps, affine=affine)
    if name == "none":
        return nn.Identity()
    if channels % groups:
        message = f"groups must divide the channels, got {groups} and {channels}"
        raise ConfigError(message)
    return nn.GroupNorm(groups, channels, eps=eps, affine=affine)
