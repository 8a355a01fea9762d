"""What the warning codes of a case mean, in a clause that says what was done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["WARNINGS", "warning_text"]

WARNINGS: Final[Mapping[str, str]] = {
    "empty_prediction": "the prediction has no label at all",
    "empty_reference": "the reference has no label at all",
    "extra_label": "the prediction has labels that are not measured",
    "float_labels": "labels are stored as floating numbers; rounded",
    "geometry_drift": "the grids lie 0.05 to 0.5 voxel apart (column drift); compared as they are",
    "geometry_ignored": "compared index by index, as --geometry ignore asks",
    "many_labels": "over 1000 labels: an image, not a label map? --labels names what to measure",
    "nan_as_background": "NaN or inf were taken as background, as --nan asks",
    "no_affine": "a file states no position, only spacing and shape could be compared",
    "no_spacing": "no file format or header gives a spacing, 1 is taken; --spacing gives it",
    "odd_scaling": "the header scales a map of integers; the scaled values are the labels",
    "pixdim_differs": "pixdim and affine differ by up to 1 %; the affine's spacing counts",
    "reoriented": "stored in another axis order or direction; turned without interpolation",
    "resampled": "the prediction was resampled onto the reference's grid (nearest neighbour)",
    "resampled_lost": "labelled voxels of the prediction lay outside the reference's grid",
    "sform_qform_disagree": "the two affines of a header differ; the sform counts",
    "sheared": "the axes are not perpendicular; distances use the spacings alone",
    "single_slice": "a slice: distances are measured within its plane",
    "spacing_overridden": "--spacing replaced what the file says",
    "thresholded": "a probability map became a label by --threshold",
    "trailing_bytes": "bytes follow the voxels; the voxels are complete",
    "units_converted": "the header counts in metres or micrometres; converted to mm",
    "very_anisotropic": "one spacing is over 10 times another; distances hang on few slices",
    "wrong_suffix": "the suffix and the compression disagree; read by its content",
}


def warning_text(code: str) -> str:
    """Return what a code such as ``"reoriented"`` or ``"resampled_lost:12"`` means.

    Examples
    --------
    >>> warning_text("resampled_lost:12")
    "12 labelled voxels of the prediction lay outside the reference's grid"
    """
    name, _, number = code.partition(":")
    text = WARNINGS.get(name, name.replace("_", " "))
    return f"{number} {text}" if number else text
