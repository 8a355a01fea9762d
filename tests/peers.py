"""One table of the libraries that edgewise is held against: what equals what, how closely, and
where definitions differ.

Tests run every row; documentation reads the same rows. Tiers: "equal" rows must agree within `rel`
(0: not a bit may differ);
"different" rows name a pair of functions that look alike and are not, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One function of one library and the call of edgewise that it is compared with."""

    peer: str  # distribution name
    module: str  # what is imported
    version: str
    function: str
    edgewise: str
    rel: float = 0.0
    tier: str = "equal"
    why: str = ""

    @property
    def id(self) -> str:
        return f"{self.peer}: {self.function} = {self.edgewise}"


_SCIPY = ("scipy", "scipy.ndimage", "1.17.1")
_DEEPMIND = ("surface-distance", "surface_distance", "0.1")
_MEDPY = ("MedPy", "medpy.metric.binary", "0.5.2")
_ITK = ("SimpleITK", "SimpleITK", "2.5.7")
_SKIMAGE = ("scikit-image", "skimage", "0.26.0")
_CC3D = ("connected-components-3d", "cc3d", "4.1.1")
_EDT = ("edt", "edt", "3.1.2")
_MONAI = ("monai", "monai.metrics", "1.6.1")
_MEANS, _RATIO, _DOUBLE, _SINGLE = 1e-9, 1e-15, 1e-12, 1e-5

ROWS: tuple[Row, ...] = (
    Row(*_SCIPY, "distance_transform_edt", "distance_transform", _DOUBLE),
    Row(*_SCIPY, "mask ^ binary_erosion(mask)", "boundary"),
    Row(*_SCIPY, "binary_erosion(border_value=1)", "boundary(edge=foreground)"),
    Row(*_SCIPY, "label", "connected_components"),
    Row(*_SCIPY, "binary_fill_holes", "fill_holes"),
    Row(*_DEEPMIND, "compute_robust_hausdorff(100)", "hd:deepmind", _DOUBLE),
    Row(*_DEEPMIND, "compute_robust_hausdorff(95)", "hd95:deepmind", _DOUBLE),
    Row(*_DEEPMIND, "compute_surface_dice_at_tolerance", "nsd:deepmind", _MEANS),
    Row(*_DEEPMIND, "compute_surface_dice_at_tolerance", "nsd", _MEANS),
    Row(*_DEEPMIND, "compute_surface_overlap_at_tolerance[0]", "surface_overlap_ref", _MEANS),
    Row(*_DEEPMIND, "compute_surface_overlap_at_tolerance[1]", "surface_overlap_pred", _MEANS),
    Row(*_DEEPMIND, "compute_average_surface_distance[0]", "asd_ref_to_pred:deepmind", _MEANS),
    Row(*_DEEPMIND, "compute_average_surface_distance[1]", "asd_pred_to_ref:deepmind", _MEANS),
    Row(*_DEEPMIND, "compute_dice_coefficient", "dice", _RATIO),
    Row(*_MEDPY, "hd", "hd", _DOUBLE),
    Row(*_MEDPY, "hd(connectivity=2)", "hd(boundary=edge18)", _DOUBLE),
    Row(*_MEDPY, "hd(connectivity=3)", "hd(boundary=full)", _DOUBLE),
    Row(*_MEDPY, "hd95", "hd95_pooled", _DOUBLE),
    Row(*_MEDPY, "hd95", "hd95:medpy", _DOUBLE),
    Row(*_MEDPY, "asd", "asd_pred_to_ref", _MEANS),
    Row(*_MEDPY, "assd", "assd", _MEANS),
    Row(*_MEDPY, "dc", "dice", _RATIO),
    Row(*_MEDPY, "jc", "iou", _RATIO),
    Row(*_MEDPY, "precision", "ppv", _RATIO),
    Row(*_MEDPY, "recall", "sensitivity", _RATIO),
    Row(*_MEDPY, "specificity", "specificity", _RATIO),
    Row(*_MEDPY, "ravd", "relative_volume_difference", _RATIO),
    Row(*_ITK, "LabelOverlapMeasures.Dice", "dice", _RATIO),
    Row(*_ITK, "LabelOverlapMeasures.Jaccard", "iou", _RATIO),
    Row(*_ITK, "LabelOverlapMeasures.FalseNegativeError", "fnr", _RATIO),
    Row(*_ITK, "HausdorffDistance", "hd:simpleitk", _SINGLE),
    Row(*_ITK, "HausdorffDistance.Average", "ahd", _SINGLE),
    Row(*_ITK, "HausdorffDistance.Average", "assd:simpleitk", _SINGLE),
    Row(*_ITK, "LabelContour", "boundary(edge=foreground)"),
    Row(*_ITK, "LabelContour(fullyConnected)", "boundary(full, edge=foreground)"),
    Row(*_SKIMAGE, "hausdorff_distance", "hd(boundary=none)", _DOUBLE),
    Row(*_SKIMAGE, "variation_of_information[0]", "voi_split", _MEANS),
    Row(*_SKIMAGE, "variation_of_information[1]", "voi_merge", _MEANS),
    Row(*_SKIMAGE, "adapted_rand_error[0]", "adapted_rand_error", _MEANS),
    Row(*_SKIMAGE, "adapted_rand_error[1]", "rand_split", _MEANS),
    Row(*_SKIMAGE, "adapted_rand_error[2]", "rand_merge", _MEANS),
    Row(*_SKIMAGE, "skeletonize(zhang)", "skeleton(zhang)"),
    Row(*_SKIMAGE, "skeletonize(lee)", "skeleton(lee)"),
    Row(*_SKIMAGE, "skeletonize", "cldice", _RATIO),
    Row(*_SKIMAGE, "euler_number", "euler_characteristic"),
    Row(*_SKIMAGE, "flood", "flood"),
    Row(*_CC3D, "connected_components", "connected_components"),
    Row(*_EDT, "edt", "distance_transform", _SINGLE),
    Row(*_EDT, "edtsq", "distance_transform(squared)", _SINGLE),
    Row(*_EDT, "sdf", "distance_transform(signed)", _SINGLE),
    Row(*_MONAI, "compute_hausdorff_distance", "hd", _SINGLE),
    Row(*_MONAI, "compute_hausdorff_distance(95)", "hd95:monai", _SINGLE),
    Row(*_MONAI, "compute_average_surface_distance", "asd_pred_to_ref", _SINGLE),
    Row(*_MONAI, "compute_average_surface_distance(symmetric)", "assd:monai", _SINGLE),
    Row(*_MONAI, "compute_surface_dice", "nsd:monai", _SINGLE),
    Row(*_MONAI, "compute_surface_dice(use_subvoxels)", "nsd", _SINGLE),
    Row(*_MONAI, "compute_dice", "dice:monai", _SINGLE),
    Row(*_MONAI, "compute_iou", "iou:monai", _SINGLE),
    Row(*_MEDPY, "hd95", "hd95", 0, "different",
        "MedPy pools both directions, edgewise takes the larger"),
    Row(*_DEEPMIND, "compute_robust_hausdorff(100)", "hd", 0, "different",
        "between corners of voxels, not between voxels"),
    Row(*_ITK, "HausdorffDistance", "hd", 0, "different",
        "from all voxels to the other set, not between boundaries"),
    Row(*_ITK, "HausdorffDistance.Average", "assd", 0, "different",
        "over all voxels, mean of both means"),
    Row(*_ITK, "LabelContour", "boundary", 0, "different",
        "touching the edge of the image makes no contour"),
    Row(*_SKIMAGE, "hausdorff_distance", "hd", 0, "different",
        "between all voxels, and spacing is ignored"),
    Row(*_MONAI, "compute_surface_dice", "nsd", 0, "different",
        "counts boundary voxels, not surface area"),
)  # fmt: skip
