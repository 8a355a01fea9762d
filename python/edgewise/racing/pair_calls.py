"""How each library measures the distances of two masks: the call its documentation shows.

Every function takes (library, reference, prediction, spacing, tolerance, threads), the masks bool
and in C order, spacing in array axis order, and returns the numbers its row in `pair_peers` names.
Spacing is reversed where a library wants x, y, z. Conversions are part of the call.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Mask",
    "edt_recipe",
    "face_boundary",
    "itk_filter",
    "itk_recipe",
    "medpy_hd95",
    "mikan",
    "monai",
    "panoptica",
    "scipy_transform",
    "scipy_tree",
    "seg_metrics",
    "skimage_hd",
    "surface_distance",
]

Mask: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = tuple[float, ...]

_SINGLE: Final = 1 + 1e-6  # a distance in single precision that equals the tolerance is within it


def face_boundary(mask: Mask) -> Mask:
    """Return the voxels with a background face neighbour, by NumPy's shifted ands."""
    inner = mask.copy()
    for axis in range(mask.ndim):
        low, high = (_at(axis, mask.ndim, s) for s in (slice(None, -1), slice(1, None)))
        inner[high] &= mask[low]
        inner[low] &= mask[high]
        inner[_at(axis, mask.ndim, 0)] = False
        inner[_at(axis, mask.ndim, -1)] = False
    return mask & ~inner


def _at(axis: int, ndim: int, index: slice | int) -> tuple[slice | int, ...]:
    return tuple(index if k == axis else slice(None) for k in range(ndim))


def _four(there: NDArray[Any], back: NDArray[Any], tolerance: float) -> Floats:
    """Return HD, HD95 (larger direction), ASSD and NSD, all distances of one weight."""
    n = there.size + back.size
    within = np.count_nonzero(there <= tolerance) + np.count_nonzero(back <= tolerance)
    return (
        float(max(there.max(), back.max())),
        float(max(np.percentile(there, 95), np.percentile(back, 95))),
        float((there.sum(dtype=np.float64) + back.sum(dtype=np.float64)) / n),
        within / n,
    )


def _joint_box(a: Mask, b: Mask) -> tuple[Mask, Mask]:
    """Return both masks in their joint box with a margin of one voxel."""
    box = []
    both = a | b
    for axis in range(a.ndim):
        used = np.flatnonzero(both.any(axis=tuple(k for k in range(a.ndim) if k != axis)))
        box.append(slice(max(0, int(used[0]) - 1), int(used[-1]) + 2))
    return np.ascontiguousarray(a[tuple(box)]), np.ascontiguousarray(b[tuple(box)])


def scipy_tree(library: Any, a: Mask, b: Mask, s: Floats, t: float, n: int) -> Floats:  # noqa: ANN401
    """Recipe: boundary by erosion, a k-d tree per boundary."""
    erosion = import_module("scipy.ndimage").binary_erosion
    points = [np.argwhere(m & ~erosion(m)) * np.asarray(s) for m in (a, b)]
    trees = [library.cKDTree(p, balanced_tree=False, compact_nodes=False) for p in points]
    there = trees[1].query(points[0], workers=n)[0]
    back = trees[0].query(points[1], workers=n)[0]
    return _four(there, back, t)


def scipy_transform(library: Any, a: Mask, b: Mask, s: Floats, t: float, _n: int) -> Floats:  # noqa: ANN401
    """Recipe: boundary by erosion, a distance transform of the whole volume per boundary."""
    edges = [m & ~library.binary_erosion(m) for m in (a, b)]
    there = library.distance_transform_edt(~edges[1], sampling=s)[edges[0]]
    back = library.distance_transform_edt(~edges[0], sampling=s)[edges[1]]
    return _four(there, back, t)


def edt_recipe(library: Any, a: Mask, b: Mask, s: Floats, t: float, n: int) -> Floats:  # noqa: ANN401
    """Recipe: joint box, boundaries by shifts, two distance transforms of the box."""
    a, b = _joint_box(a, b)
    edges = face_boundary(a), face_boundary(b)
    steps = s if a.ndim > 1 else s[0]
    there = library.edt(~edges[1], anisotropy=steps, parallel=n)[edges[0]]
    back = library.edt(~edges[0], anisotropy=steps, parallel=n)[edges[1]]
    return _four(there, back, t * _SINGLE)


def _itk(library: Any, mask: Mask, s: Floats) -> Any:  # noqa: ANN401
    image = library.GetImageFromArray(mask.view(np.uint8))
    image.SetSpacing(tuple(reversed(s)))
    return image


def itk_recipe(library: Any, a: Mask, b: Mask, s: Floats, t: float, _n: int) -> Floats:  # noqa: ANN401
    """Recipe of SimpleITK's notebooks: a distance map read at the other's contour.

    The map measures to the contour with all neighbours, so the contour is that one, too.
    """
    images = [_itk(library, m, s) for m in (a, b)]
    maps = [
        library.Abs(library.SignedMaurerDistanceMap(i, squaredDistance=False, useImageSpacing=True))
        for i in images
    ]
    # kept by name: a view does not keep its image
    contours = [library.LabelContour(i, fullyConnected=True) for i in images]
    edges = [library.GetArrayViewFromImage(i) > 0 for i in contours]
    there = library.GetArrayViewFromImage(maps[1])[edges[0]]
    back = library.GetArrayViewFromImage(maps[0])[edges[1]]
    return _four(there, back, t * _SINGLE)


def itk_filter(library: Any, a: Mask, b: Mask, s: Floats, _t: float, n: int) -> Floats:  # noqa: ANN401
    """HD and mean distance, of whole objects."""
    run = library.HausdorffDistanceImageFilter()
    run.SetNumberOfThreads(n)
    run.Execute(_itk(library, b, s), _itk(library, a, s))
    return run.GetHausdorffDistance(), run.GetAverageHausdorffDistance()


def surface_distance(library: Any, a: Mask, b: Mask, s: Floats, t: float, _n: int) -> Floats:  # noqa: ANN401
    """HD, HD95, both mean distances and NSD, of surface elements."""
    lists = library.compute_surface_distances(a, b, s)
    return (
        library.compute_robust_hausdorff(lists, 100),
        library.compute_robust_hausdorff(lists, 95),
        *library.compute_average_surface_distance(lists),
        library.compute_surface_dice_at_tolerance(lists, t),
    )


def medpy_hd95(library: Any, a: Mask, b: Mask, s: Floats, _t: float, _n: int) -> Floats:  # noqa: ANN401
    """HD95 alone: each of its metrics repeats the whole work."""
    return (library.hd95(b, a, s),)


def monai(library: Any, a: Mask, b: Mask, s: Floats, t: float, _n: int) -> Floats:  # noqa: ANN401
    """HD, HD95, ASSD and NSD, one call each."""
    torch = import_module("torch")
    y, y_pred = (torch.from_numpy(m)[None, None] for m in (a, b))
    all_of = {"include_background": True, "spacing": list(s)}
    return (
        float(library.compute_hausdorff_distance(y_pred, y, **all_of)),
        float(library.compute_hausdorff_distance(y_pred, y, percentile=95, **all_of)),
        float(library.compute_average_surface_distance(y_pred, y, symmetric=True, **all_of)),
        float(library.compute_surface_dice(y_pred, y, [t], **all_of)),
    )


def mikan(library: Any, a: Mask, b: Mask, s: Floats, _t: float, _n: int) -> Floats:  # noqa: ANN401
    """HD, HD95 and ASSD."""
    volumes = (m.view(np.uint8) for m in (a, b))
    names = ["hausdorff_distance", "hausdorff_distance_95", "assd"]
    run = library.ArrayEvaluator(*volumes, tuple(reversed(s)))
    return tuple(run.labels(1).metrics(names))


def panoptica(library: Any, a: Mask, b: Mask, s: Floats, _t: float, _n: int) -> Floats:  # noqa: ANN401
    """Dice, HD, HD95, ASSD and NSD at its own tolerance, the smallest spacing."""
    metrics = [getattr(library.Metric, name) for name in ("DSC", "HD", "HD95", "ASSD", "NSD")]
    run = library.Panoptica_Evaluator(
        expected_input=library.InputType.MATCHED_INSTANCE, instance_metrics=metrics
    )
    volumes = (m.view(np.uint8) for m in (b, a))
    result = run.evaluate(*volumes, voxelspacing=s, verbose=False, result_all=False)
    one = next(iter(result.values()))
    return tuple(float(one.get_list_metric(m, library.MetricMode.AVG)) for m in metrics)


def seg_metrics(library: Any, a: Mask, b: Mask, s: Floats, _t: float, _n: int) -> Floats:  # noqa: ANN401
    """HD, HD95 and mean distance; its boundary has all neighbours."""
    names = ["hd", "hd95", "msd"]
    volumes = [m.view(np.uint8) for m in (a, b)]
    found = library.write_metrics(
        labels=[1],
        gdth_img=volumes[0],
        pred_img=volumes[1],
        spacing=list(s),
        metrics=names,
    )[0]
    return tuple(float(found[name][0]) for name in names)


def skimage_hd(library: Any, a: Mask, b: Mask, _s: Floats, _t: float, _n: int) -> Floats:  # noqa: ANN401
    """HD of the boundaries, in voxels: there is no spacing."""
    return (float(library.hausdorff_distance(face_boundary(a), face_boundary(b))),)
