"""SimpleITK 2.5.7: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library

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

_ENTRIES: Final = (
    Entry(
        "LabelOverlapMeasuresImageFilter",
        _HOME + "LabelOverlapMeasuresImageFilter",
        "corrected",
        note="ITK's warnings about labels that do not occur are not written",
    ),
    Entry("HausdorffDistanceImageFilter", _HOME + "HausdorffDistanceImageFilter", "close", 1e-12),
    *(
        Entry(name, _HOME + name, "close", 1e-5, 1e-4, note=_ROUNDED)
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
        Entry(name, _HOME + name, note="64-bit integers and odd limits: SimpleITK runs")
        for name in ("IsolatedConnected", "IsolatedConnectedImageFilter")
    ),
)

LIBRARY: Final = Library(
    "simpleitk",
    "simpleitk",
    "SimpleITK",
    "2.5.7",
    _ENTRIES,
)
