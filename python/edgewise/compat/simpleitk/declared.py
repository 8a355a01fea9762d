"""SimpleITK 2.5.7: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library, Quirk

__all__ = ["LIBRARY"]

_HOME: Final = "SimpleITK.SimpleITK:"
_ROUNDED: Final = (
    "equal without spacing; with it ITK computes with positions rounded to float32, which may "
    "leave 1e-5 where the distance is 0"
)
_SUMS: Final = (
    "sums of integers are equal; those of floating values may differ by a rounding, and so may the "
    "interval; 64-bit integers and a radius of 0 with one seed: SimpleITK runs"
)
_ISOLATED: Final = (
    "64-bit integers and limits below the tolerance: SimpleITK runs; where ITK never ends, which "
    "happens with unsigned images and seed 1 below the lower limit, the drop-in does"
)
_ZEROS: Final = "sitk.Image(2, 2, sitk.sitkUInt8)"
_OVERLAP: Final = (
    f"[run.Execute({_ZEROS}, {_ZEROS}) or run.{{}}"
    " for run in [peer.LabelOverlapMeasuresImageFilter()]]"
)
_THRESHOLDS: Final = ("ConnectedThreshold", "ConnectedThresholdImageFilter")
_FLOOD: Final = (
    "sitk.GetArrayFromImage(peer.{}(sitk.GetImageFromArray(np.array([[1, 2]], np.int16)), {}))"
    ".tolist()"
)

_ENTRIES: Final = (
    Entry(
        "LabelOverlapMeasuresImageFilter",
        _HOME + "LabelOverlapMeasuresImageFilter",
        "corrected",
        note="ITK's warnings about labels that do not occur are not written",
    ),
    Entry(
        "HausdorffDistanceImageFilter",
        _HOME + "HausdorffDistanceImageFilter",
        "close",
        1e-12,
        note="ITK computes with rounded positions; means are rounded once here",
    ),
    *(
        Entry(name, _HOME + name, "close", 1e-4, 1e-4, note=_ROUNDED)
        for name in ("SignedMaurerDistanceMap", "SignedMaurerDistanceMapImageFilter")
    ),
    *(Entry(name, _HOME + name) for name in ("LabelContour", "LabelContourImageFilter")),
    *(
        Entry(name, _HOME + name, note="with a mask SimpleITK runs")
        for name in ("ConnectedComponent", "ConnectedComponentImageFilter")
    ),
    *(
        Entry(name, _HOME + name, "corrected", note="limits beyond the type: SimpleITK runs")
        for name in ("ConnectedThreshold", "ConnectedThresholdImageFilter")
    ),
    *(Entry(name, _HOME + name) for name in ("BinaryFillhole", "BinaryFillholeImageFilter")),
    *(
        Entry(name, _HOME + name, note="limits beyond the type: SimpleITK runs")
        for name in ("NeighborhoodConnected", "NeighborhoodConnectedImageFilter")
    ),
    *(
        Entry(name, _HOME + name, "close", 1e-9, 1e-9, note=_SUMS)
        for name in ("ConfidenceConnected", "ConfidenceConnectedImageFilter")
    ),
    *(
        Entry(name, _HOME + name, note=_ISOLATED)
        for name in ("IsolatedConnected", "IsolatedConnectedImageFilter")
    ),
)

_QUIRKS: Final = (
    Quirk(
        "simpleitk-overlap-undefined",
        ("LabelOverlapMeasuresImageFilter",),
        "What cannot be divided is the largest float64, and Dice infinite.",
        _OVERLAP.format("GetJaccardCoefficient()")
        + " + "
        + _OVERLAP.format("GetDiceCoefficient()"),
        "[1.7976931348623157e+308, inf]",
        "[nan, nan]",
    ),
    Quirk(
        "simpleitk-overlap-absent",
        ("LabelOverlapMeasuresImageFilter",),
        "A label that is in neither image scores 0, with a warning on the error stream: the worst "
        "Dice, and the best error.",
        _OVERLAP.format("GetFalseNegativeError(7)"),
        "[0.0]",
        "[nan]",
    ),
    Quirk(
        "simpleitk-hausdorff-empty",
        ("HausdorffDistanceImageFilter",),
        "An empty image raises, which ends an evaluation at its first missed structure.",
        f"peer.HausdorffDistanceImageFilter().Execute({_ZEROS}, {_ZEROS})",
        "RuntimeError",
    ),
    Quirk(
        "simpleitk-maurer-defaults",
        ("SignedMaurerDistanceMap", "SignedMaurerDistanceMapImageFilter"),
        "Unless asked for otherwise distances are squared, and in elements, not mm.",
        "sitk.GetArrayFromImage(peer.SignedMaurerDistanceMap(sitk.GetImageFromArray("
        "np.array([[1, 0, 0, 0]], np.uint8)))).max()",
        "np.float32(9.0)",
    ),
    Quirk(
        "simpleitk-maurer-nothing",
        ("SignedMaurerDistanceMap", "SignedMaurerDistanceMapImageFilter"),
        "Without a boundary, in an empty or full image, squared distances are the largest float32, "
        "positive also inside.",
        "[float(sitk.GetArrayFromImage(peer.SignedMaurerDistanceMap(image))[0, 0])"
        f" for image in ({_ZEROS}, {_ZEROS} + 1)]",
        "[3.4028234663852886e+38, 3.4028234663852886e+38]",
    ),
    Quirk(
        "simpleitk-limits-cut",
        _THRESHOLDS,
        "Limits are cast to the type of the image: for integers 1.5 is 1.",
        _FLOOD.format("ConnectedThreshold", "[(1, 0)], 1.5, 2.5"),
        "[[1, 1]]",
        "[[0, 1]]",
    ),
    Quirk(
        "simpleitk-limits-beyond",
        _THRESHOLDS,
        "A limit beyond the type of the image becomes an arbitrary number within it.",
        _FLOOD.format("ConnectedThreshold", "[(0, 0)], -1e9, 1e9"),
        "[[0, 0]]",
        "[[1, 1]]",
        "x86-64",
    ),
    Quirk(
        "simpleitk-neighbourhood-seeds",
        ("NeighborhoodConnected", "NeighborhoodConnectedImageFilter"),
        "A seed belongs to the region whatever its value is.",
        _FLOOD.format("NeighborhoodConnected", "[(0, 0)], 5, 6"),
        "[[1, 0]]",
    ),
)

LIBRARY: Final = Library(
    "simpleitk",
    "simpleitk",
    "SimpleITK",
    "2.5.7",
    _ENTRIES,
    _QUIRKS,
)
