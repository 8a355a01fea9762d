"""SimpleITK's functions: one filter, its arguments, one image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import filters

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "BinaryFillhole",
    "ConnectedComponent",
    "ConnectedThreshold",
    "LabelContour",
    "SignedMaurerDistanceMap",
]


def SignedMaurerDistanceMap(
    image1: Any,
    insideIsPositive: bool = False,
    squaredDistance: bool = True,
    useImageSpacing: bool = False,
    backgroundValue: float = 0.0,
) -> Any:
    """Return the signed distance of every element to the boundary of what is not background."""
    run = filters.SignedMaurerDistanceMapImageFilter()
    run.SetInsideIsPositive(insideIsPositive)
    run.SetSquaredDistance(squaredDistance)
    run.SetUseImageSpacing(useImageSpacing)
    run.SetBackgroundValue(backgroundValue)
    return run.Execute(image1)


def LabelContour(image1: Any, fullyConnected: bool = False, backgroundValue: float = 0) -> Any:
    """Return the labels where a neighbour, by default across a face, has another one."""
    run = filters.LabelContourImageFilter()
    run.SetFullyConnected(fullyConnected)
    run.SetBackgroundValue(backgroundValue)
    return run.Execute(image1)


def ConnectedComponent(image: Any, *args: Any) -> Any:
    """Return the components of what is not 0; arguments ``([maskImage, ]fullyConnected=False)``."""
    run = filters.ConnectedComponentImageFilter()
    images = [image]
    if args and not isinstance(args[0], bool):
        images.append(args[0])
        args = args[1:]
    if len(args) > 1:
        message = "ConnectedComponent takes an image, a mask and fullyConnected"
        raise TypeError(message)
    for fully_connected in args:
        run.SetFullyConnected(fully_connected)
    return run.Execute(*images)


def ConnectedThreshold(
    image1: Any,
    seedList: Sequence[Sequence[int]] = (),
    lower: float = 0,
    upper: float = 1,
    replaceValue: int = 1,
    connectivity: int = 0,
    *,
    corrected: bool = False,
) -> Any:
    """Return what is connected to the seeds, indices (x, y, z), within a closed interval."""
    run = filters.ConnectedThresholdImageFilter(corrected=corrected)
    run.SetSeedList(seedList)
    run.SetLower(lower)
    run.SetUpper(upper)
    run.SetReplaceValue(replaceValue)
    run.SetConnectivity(connectivity)
    return run.Execute(image1)


def BinaryFillhole(image1: Any, fullyConnected: bool = False, foregroundValue: float = 1.0) -> Any:
    """Return the image with the foreground value in what the foreground encloses."""
    run = filters.BinaryFillholeImageFilter()
    run.SetFullyConnected(fullyConnected)
    run.SetForegroundValue(foregroundValue)
    return run.Execute(image1)
