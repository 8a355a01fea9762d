"""Random calls of SimpleITK's filters; images are made of arrays on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise._extras import require

from .call import Call, Calls

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .draw import Draw

__all__ = ["CALLS"]

_INTEGERS: Final = ("u1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8")
_OVERLAPS: Final = (
    "GetDiceCoefficient",
    "GetFalseDiscoveryRate",
    "GetFalseNegativeError",
    "GetFalsePositiveError",
    "GetJaccardCoefficient",
    "GetMeanOverlap",
    "GetUnionOverlap",
    "GetVolumeSimilarity",
)


def _image(values: Any, grid: tuple[Any, Any]) -> Any:
    """Return an image with (spacing, origin); anything but an array is returned as it is."""
    if not isinstance(values, np.ndarray):
        return values
    sitk = require("SimpleITK", extra="simpleitk")
    image = sitk.GetImageFromArray(values)
    spacing, origin = grid
    if image.GetDimension() == len(spacing):
        image.SetSpacing(spacing)
        image.SetOrigin(origin)
    return image


def _told(image: Any) -> Any:
    sitk = require("SimpleITK", extra="simpleitk")
    return (
        sitk.GetArrayFromImage(image),
        image.GetSpacing(),
        image.GetOrigin(),
        image.GetDirection(),
        image.GetMetaDataKeys(),
    )


def _grid(draw: Draw, ndim: int) -> tuple[Any, Any]:
    if draw.chance(0.3):
        return (1.0,) * ndim, (0.0,) * ndim
    return draw.spacing(ndim), tuple(draw.number(-50, 50) for _ in range(ndim))


def _shape(draw: Draw) -> tuple[int, ...]:
    return draw.shape(2, 3, voxels=800)


def _labels(draw: Draw, shape: tuple[int, ...]) -> NDArray[Any]:
    labels: Any = draw.labels(shape)
    if draw.chance(0.5):
        labels = draw.mask(shape).astype(np.int64)
    if draw.chance(0.05):
        labels = -labels
    return labels  # type: ignore[no-any-return]


def _as_image_values(draw: Draw, labels: Any, kinds: tuple[str, ...] = _INTEGERS) -> Any:
    if draw.chance(0.03):
        return draw.choice(
            (labels.astype("f4"), labels.astype("c8"), labels[None, None], None, "mask")
        )
    return labels.astype(draw.choice(kinds))


def _pair(draw: Draw, kinds: tuple[str, ...]) -> tuple[Any, Any, Any, Any]:
    shape = _shape(draw)
    if draw.chance(0.4):
        first, second = (mask.astype(np.int64) for mask in draw.pair(shape))
    else:
        first, second = _labels(draw, shape), _labels(draw, shape)
    kind = draw.choice(kinds)
    one, two = first.astype(kind), second.astype(kind)
    grid = _grid(draw, len(shape))
    other: Any = grid
    if draw.chance(0.08):
        factor = 1 + draw.choice((1e-8, 1e-7, 1e-3, 0.5))
        other = tuple(tuple(x * factor for x in part) for part in grid)
    if draw.chance(0.05):
        others: Any = (two[1:], two[None], second.astype("f8"), second.astype("i8"), None)
        two = draw.choice(others)
    if draw.chance(0.02):
        one = two = draw.choice((first.astype("f4"), first.astype("c8"), first[None, None]))
    return one, grid, two, other


def _overlap(draw: Draw) -> Call:
    def act(space: Any, one: Any, grid: Any, two: Any, other: Any, labels: Any) -> Any:
        run = space.LabelOverlapMeasuresImageFilter()
        require("SimpleITK", extra="simpleitk").ProcessObject.GlobalWarningDisplayOff()
        run.Execute(_image(one, grid), _image(two, other))
        return [
            [getattr(run, name)(), *(getattr(run, name)(label) for label in labels)]
            for name in _OVERLAPS
        ]

    labels: list[Any] = [0, 1, 2, 3, 4, draw.choice((-1, 5, 255, 257, True))]
    if draw.chance(0.03):
        labels.append(draw.choice((1.0, None, 2**70, np.int64(1), "1")))
    return Call(act, (*_pair(draw, _INTEGERS), labels))


def _hausdorff(draw: Draw) -> Call:
    def act(space: Any, one: Any, grid: Any, two: Any, other: Any) -> Any:
        run = space.HausdorffDistanceImageFilter()
        run.Execute(_image(one, grid), _image(two, other))
        return run.GetHausdorffDistance(), run.GetAverageHausdorffDistance()

    return Call(act, _pair(draw, (*_INTEGERS, "f4", "f8")))


def _function(
    name: str, draw: Draw, values: Any, *args: Any, named: dict[str, Any] | None = None
) -> Call:
    def act(space: Any, values: Any, grid: Any, args: Any, named: Any) -> Any:
        return _told(getattr(space, name)(_image(values, grid), *args, **named))

    return Call(act, (values, _grid(draw, np.ndim(values)), args, named or {}))


def _filter(
    name: str, draw: Draw, values: Any, setters: dict[str, Any], getters: tuple[str, ...] = ()
) -> Call:
    def act(space: Any, values: Any, grid: Any, setters: dict[str, Any]) -> Any:
        run = getattr(space, name)()
        for setter, value in setters.items():
            getattr(run, setter)(*value)
        return _told(run.Execute(_image(values, grid))), [getattr(run, g)() for g in getters]

    return Call(act, (values, _grid(draw, np.ndim(values)), setters))


def _maurer_values(draw: Draw) -> tuple[Any, Any, Any, Any, float]:
    values = _as_image_values(draw, _labels(draw, _shape(draw)))
    yes = tuple(draw.choice((True, False)) for _ in range(3))
    return values, *yes, draw.choice((0.0, 0.0, 0.0, 1.0, 1.7, 9.0, -1.0, 300.0))


def _maurer(draw: Draw) -> Call:
    values, *flags, background = _maurer_values(draw)
    if draw.chance(0.5):
        kept = draw.integer(0, 3)
        return _function("SignedMaurerDistanceMap", draw, values, *flags[:kept])
    names = ("insideIsPositive", "squaredDistance", "useImageSpacing")
    kwargs = dict(zip(names, flags, strict=True), backgroundValue=background)
    if draw.chance(0.03):
        kwargs[draw.choice(list(kwargs))] = draw.choice((1, "x", None))
    return _function("SignedMaurerDistanceMap", draw, values, named=kwargs)


def _maurer_filter(draw: Draw) -> Call:
    values, *flags, background = _maurer_values(draw)
    setters: dict[str, Any] = {}
    for name, flag in zip(
        ("InsideIsPositive", "SquaredDistance", "UseImageSpacing"), flags, strict=True
    ):
        if draw.chance(0.5):
            setters.update({f"{name}{'On' if flag else 'Off'}": ()})
        else:
            setters[f"Set{name}"] = (flag,)
    setters["SetBackgroundValue"] = (background,)
    return _filter("SignedMaurerDistanceMapImageFilter", draw, values, setters)


def _connected(draw: Draw) -> tuple[Any, Any, Any]:
    """Return values, fullyConnected and one more value."""
    values = _as_image_values(draw, _labels(draw, _shape(draw)))
    return values, draw.choice((True, False)), draw.choice((0, 0, 1, 1, 2, 1.7, 300, -1))


def _contour(draw: Draw) -> Call:
    values, full, background = _connected(draw)
    return _function("LabelContour", draw, values, *(full, background)[: draw.integer(0, 2)])


def _contour_filter(draw: Draw) -> Call:
    values, full, background = _connected(draw)
    setters = {"SetFullyConnected": (full,), "SetBackgroundValue": (background,)}
    return _filter("LabelContourImageFilter", draw, values, setters)


def _fill(draw: Draw) -> Call:
    values, full, foreground = _connected(draw)
    return _function("BinaryFillhole", draw, values, *(full, foreground)[: draw.integer(0, 2)])


def _fill_filter(draw: Draw) -> Call:
    values, full, foreground = _connected(draw)
    setters = {"SetFullyConnected": (full,), "SetForegroundValue": (foreground,)}
    return _filter("BinaryFillholeImageFilter", draw, values, setters)


def _component(draw: Draw) -> Call:
    values, full, _ = _connected(draw)
    args: tuple[Any, ...] = (full,) if draw.chance(0.5) else ()
    if draw.chance(0.03):
        args = draw.choice(((1,), ("x",), (True, True), (None,)))
    return _function("ConnectedComponent", draw, values, *args)


def _component_filter(draw: Draw) -> Call:
    values, full, _ = _connected(draw)
    setters = {"SetFullyConnected": (full,)}
    return _filter("ConnectedComponentImageFilter", draw, values, setters, ("GetObjectCount",))


def _threshold_values(draw: Draw) -> tuple[Any, Any, Any, Any, Any, Any]:
    shape = _shape(draw)
    kinds = (*_INTEGERS, "f4", "f8")
    values = _as_image_values(draw, _labels(draw, shape), kinds)
    if isinstance(values, np.ndarray) and values.dtype.kind == "f" and values.size:
        values = values + draw.rng.normal(0, 0.4, shape).astype(values.dtype)
        if draw.chance(0.2):
            values[draw.rng.random(shape) < 0.3] = draw.choice((np.nan, np.inf, -np.inf))
    seeds: Any = [
        [draw.integer(0, n - 1) for n in shape[::-1]]
        for _ in range(draw.choice((0, 1, 1, 1, 2, 3)))
    ]
    if draw.chance(0.06):
        seeds = draw.choice(([(99,) * len(shape)], [(0,)], [(0,) * 4], (0, 0), [(-1, 0, 0)], None))
    lower = draw.choice((0, 0, 1, 1, 0.5, 1.5, -0.5, -1, 2, -1e9, np.nan, "1"))
    upper = draw.choice((1, 1, 2, 2, 1.5, 2.5, 4, 5, 1e9, 1e99, np.inf))
    return values, seeds, lower, upper, draw.choice((1, 1, 7, 255, 0, 300)), draw.choice((0, 1))


def _threshold(draw: Draw) -> Call:
    values, *args = _threshold_values(draw)
    return _function("ConnectedThreshold", draw, values, *args[: draw.integer(1, 5)])


def _threshold_filter(draw: Draw) -> Call:
    values, seeds, lower, upper, replace, connectivity = _threshold_values(draw)
    setters: dict[str, Any] = {
        "SetSeedList": (seeds,),
        "SetLower": (lower,),
        "SetUpper": (upper,),
        "SetReplaceValue": (replace,),
        "SetConnectivity": (connectivity,),
    }
    if draw.chance(0.3) and isinstance(seeds, list) and seeds:
        setters["AddSeed"] = (seeds[0],)
    return _filter("ConnectedThresholdImageFilter", draw, values, setters)


def _smooth_values(draw: Draw) -> tuple[Any, Any]:
    """Return values around one per label, and seeds."""
    values, seeds, *_ = _threshold_values(draw)
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu" and draw.chance(0.7):
        noise = draw.rng.integers(0, 12, values.shape)
        values = (np.abs(values.astype(np.int64)) * 10 + noise).astype(values.dtype)
    return values, seeds


def _confidence(draw: Draw) -> Call:
    values, seeds = _smooth_values(draw)
    args = (
        seeds,
        draw.choice((0, 1, 2, 4, 4, -1)),
        draw.choice((0.5, 1.0, 2.5, 2.5, 4.5)),
        draw.choice((0, 1, 1, 1, 2, 3)),
        draw.choice((1, 1, 7, 255, 0)),
    )
    return _function("ConfidenceConnected", draw, values, *args[: draw.integer(1, 5)])


def _confidence_filter(draw: Draw) -> Call:
    values, seeds = _smooth_values(draw)
    setters: dict[str, Any] = {
        "SetSeedList": (seeds,),
        "SetNumberOfIterations": (draw.choice((0, 1, 2, 4)),),
        "SetMultiplier": (draw.choice((0.5, 1.0, 2.5, 4.5)),),
        "SetInitialNeighborhoodRadius": (draw.choice((0, 1, 1, 1, 2, 3)),),
    }
    getters = ("GetMean", "GetVariance")
    return _filter("ConfidenceConnectedImageFilter", draw, values, setters, getters)


def _radius(draw: Draw) -> Any:
    if draw.chance(0.5):
        return (draw.integer(0, 2),) * 3
    return tuple(draw.integer(0, 2) for _ in range(draw.choice((1, 2, 2, 3, 3, 4))))


def _neighborhood(draw: Draw) -> Call:
    values, seeds, lower, upper, replace, _ = _threshold_values(draw)
    args = (seeds, lower, upper, _radius(draw), replace)
    return _function("NeighborhoodConnected", draw, values, *args[: draw.integer(1, 5)])


def _neighborhood_filter(draw: Draw) -> Call:
    values, seeds, lower, upper, replace, _ = _threshold_values(draw)
    setters: dict[str, Any] = {
        "SetSeedList": (seeds,),
        "SetLower": (lower,),
        "SetUpper": (upper,),
        "SetReplaceValue": (replace,),
        "SetRadius": (_radius(draw),),
    }
    return _filter("NeighborhoodConnectedImageFilter", draw, values, setters)


def _isolated_values(draw: Draw) -> tuple[Any, Any, Any]:
    values, _ = _smooth_values(draw)
    shape = values.shape if isinstance(values, np.ndarray) else (3, 3)
    first, second = (tuple(draw.integer(0, n - 1) for n in shape[::-1]) for _ in range(2))
    return values, first, second


def _isolated(draw: Draw) -> Call:
    values, first, second = _isolated_values(draw)
    up = draw.choice((True, False))  # down from a limit below the tolerance ITK may not end
    args = (
        *(first, second, draw.choice((0, 1, -5, 3) if up else (2, 3)), draw.choice((5, 20, 60))),
        *(draw.choice((1, 9)), draw.choice((1, 2, 1.5)), up),
    )
    return _function("IsolatedConnected", draw, values, *args[: draw.integer(2, 7)])


def _isolated_filter(draw: Draw) -> Call:
    values, first, second = _isolated_values(draw)
    up = draw.choice((True, False))
    setters: dict[str, Any] = {
        "SetSeed1": (first,),
        "SetSeed2": (second,),
        "SetLower": (draw.choice((0, 1, -5, 3) if up else (2, 3)),),
        "SetUpper": (draw.choice((5, 20, 60)),),
        "SetFindUpperThreshold": (up,),
    }
    getters = ("GetThresholdingFailed", "GetIsolatedValue")
    return _filter("IsolatedConnectedImageFilter", draw, values, setters, getters)


CALLS: Final[Calls] = {
    "LabelOverlapMeasuresImageFilter": _overlap,
    "HausdorffDistanceImageFilter": _hausdorff,
    "SignedMaurerDistanceMap": _maurer,
    "SignedMaurerDistanceMapImageFilter": _maurer_filter,
    "LabelContour": _contour,
    "LabelContourImageFilter": _contour_filter,
    "ConnectedComponent": _component,
    "ConnectedComponentImageFilter": _component_filter,
    "ConnectedThreshold": _threshold,
    "ConnectedThresholdImageFilter": _threshold_filter,
    "BinaryFillhole": _fill,
    "BinaryFillholeImageFilter": _fill_filter,
    "NeighborhoodConnected": _neighborhood,
    "NeighborhoodConnectedImageFilter": _neighborhood_filter,
    "ConfidenceConnected": _confidence,
    "ConfidenceConnectedImageFilter": _confidence_filter,
    "IsolatedConnected": _isolated,
    "IsolatedConnectedImageFilter": _isolated_filter,
}
