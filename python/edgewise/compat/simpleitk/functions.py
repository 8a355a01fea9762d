"""SimpleITK's functions: one filter, its arguments, one image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgewise._extras import require

from . import filters, floods

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "BinaryFillhole",
    "ConfidenceConnected",
    "ConnectedComponent",
    "ConnectedThreshold",
    "IsolatedConnected",
    "LabelContour",
    "NeighborhoodConnected",
    "SignedMaurerDistanceMap",
]


def _check(image: Any) -> None:
    sitk = require("SimpleITK", extra="simpleitk")
    if not isinstance(image, sitk.Image):
        message = f"the first argument must be a SimpleITK.Image, got {type(image).__name__}"
        raise TypeError(message)


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
    _check(image1)
    run = floods.ConnectedThresholdImageFilter(corrected=corrected)
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


def ConfidenceConnected(
    image1: Any,
    seedList: Sequence[Sequence[int]] = (),
    numberOfIterations: int = 4,
    multiplier: float = 4.5,
    initialNeighborhoodRadius: int = 1,
    replaceValue: int = 1,
) -> Any:
    """Return what is connected to the seeds within some deviations of its own mean."""
    _check(image1)
    run = floods.ConfidenceConnectedImageFilter()
    run.SetSeedList(seedList)
    run.SetNumberOfIterations(numberOfIterations)
    run.SetMultiplier(multiplier)
    run.SetInitialNeighborhoodRadius(initialNeighborhoodRadius)
    run.SetReplaceValue(replaceValue)
    return run.Execute(image1)


def NeighborhoodConnected(
    image1: Any,
    seedList: Sequence[Sequence[int]] = (),
    lower: float = 0,
    upper: float = 1,
    radius: Sequence[int] = (1, 1, 1),
    replaceValue: float = 1,
) -> Any:
    """Return what is connected to the seeds, whole boxes of a radius within an interval."""
    _check(image1)
    run = floods.NeighborhoodConnectedImageFilter()
    run.SetSeedList(seedList)
    run.SetLower(lower)
    run.SetUpper(upper)
    run.SetRadius(radius)
    run.SetReplaceValue(replaceValue)
    return run.Execute(image1)


def IsolatedConnected(
    image1: Any,
    seed1: Sequence[int] = (0, 0, 0),
    seed2: Sequence[int] = (0, 0, 0),
    lower: float = 0,
    upper: float = 1,
    replaceValue: int = 1,
    isolatedValueTolerance: float = 1.0,
    findUpperThreshold: bool = True,
) -> Any:
    """Return what is connected to one seed and not to the other, one limit found by halving."""
    _check(image1)
    run = floods.IsolatedConnectedImageFilter()
    run.SetSeed1(seed1)
    run.SetSeed2(seed2)
    run.SetLower(lower)
    run.SetUpper(upper)
    run.SetReplaceValue(replaceValue)
    run.SetIsolatedValueTolerance(isolatedValueTolerance)
    run.SetFindUpperThreshold(findUpperThreshold)
    return run.Execute(image1)
