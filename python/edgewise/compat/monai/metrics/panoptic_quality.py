"""Drop-in for ``monai.metrics.panoptic_quality``: instances found, and how well."""

from __future__ import annotations

from typing import Any, Final

import torch

from edgewise.compat.monai._instances import class_overlaps, matched, overlaps
from edgewise.compat.monai._options import as_tuple
from edgewise.compat.originals import original

from .metric import CumulativeIterationMetric
from .utils import do_metric_reduction

__all__ = ["PanopticQualityMetric", "compute_mean_iou", "compute_panoptic_quality"]

_NAMES: Final = {
    "pq": "pq",
    "panoptic_quality": "pq",
    "sq": "sq",
    "segmentation_quality": "sq",
    "rq": "rq",
    "recognition_quality": "rq",
}


class PanopticQualityMetric(CumulativeIterationMetric):
    """Panoptic quality of batches of instances and classes.

    Parameters
    ----------
    num_classes : int
        Without the background.
    metric_name : str or sequence of str, default "pq"
        "pq", "sq", "rq" or their long names; `aggregate` returns a list for several.
    reduction : str, default "mean_batch"
        Of the counts, as in `do_metric_reduction`.
    match_iou_threshold : float, default 0.5
        Instances that overlap more are partners.
    smooth_numerator : float, default 1e-6
        Added to the denominators.
    return_confusion_matrix : bool, default False
        Whether `aggregate` returns the counts [..., 4].
    corrected : bool, default False
        Whether a mean of nothing is NaN; MONAI's is 0.
    """

    def __init__(
        self,
        num_classes: int,
        metric_name: Any = "pq",
        reduction: Any = "mean_batch",
        match_iou_threshold: float = 0.5,
        smooth_numerator: float = 1e-6,
        return_confusion_matrix: bool = False,
        *,
        corrected: bool = False,
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.reduction = reduction
        self.match_iou_threshold = match_iou_threshold
        self.smooth_numerator = smooth_numerator
        self.metric_name = as_tuple(metric_name)
        self.return_confusion_matrix = return_confusion_matrix
        self.corrected = corrected

    def _compute_tensor(self, y_pred: torch.Tensor, y: Any = None, **_: Any) -> torch.Tensor:
        """Count [B, 2, spatial...]: instances, classes; only attributes are read, for MONAI's."""
        if y_pred.shape != y.shape or y_pred.shape[1] != 2 or y_pred.ndim not in (4, 5):
            message = (
                "[B, 2, H, W] or [B, 2, H, W, D] is needed twice, got "
                f"{tuple(y_pred.shape)} and {tuple(y.shape)}"
            )
            raise ValueError(message)
        threshold = self.match_iou_threshold
        counts = torch.zeros([len(y_pred), self.num_classes, 4])
        for b, (found, truth) in enumerate(zip(y_pred, y, strict=True)):
            classes = class_overlaps(found, truth, self.num_classes)
            if len(y_pred) and self.num_classes:
                _check_threshold(threshold)
            for c, one in enumerate(classes):
                counts[b, c] = torch.as_tensor(matched(one, threshold))
        return counts.to(y_pred.device)

    def aggregate(self, reduction: Any = None) -> Any:
        """Reduce the counts and return the qualities, in the order of the metric's names."""
        counts, _ = do_metric_reduction(
            self._buffered(), reduction or self.reduction, corrected=self.corrected
        )
        if self.return_confusion_matrix:
            return counts
        parts = counts.unbind(-1)
        results = [
            _quality(_short(name), parts, self.smooth_numerator) for name in self.metric_name
        ]
        return results[0] if len(results) == 1 else results


def compute_panoptic_quality(
    pred: torch.Tensor,
    gt: torch.Tensor,
    metric_name: str = "pq",
    remap: bool = True,
    match_iou_threshold: float = 0.5,
    smooth_numerator: float = 1e-6,
    output_confusion_matrix: bool = False,
) -> torch.Tensor:
    """Return the panoptic quality of two maps of instances.

    Parameters
    ----------
    pred, gt : Tensor of int
        0 is background.
    metric_name : str, default "pq"
        "pq", "sq", "rq" or their long names.
    remap : bool, default True
        Whether instances are numbered anew; else MONAI itself computes maps with gaps.
    match_iou_threshold : float, default 0.5
        In (0, 1]: instances that overlap more are partners.
    smooth_numerator : float, default 1e-6
        Added to the denominator.
    output_confusion_matrix : bool, default False
        Whether true positives, false positives, false negatives and the sum of IoU are returned.

    Returns
    -------
    Tensor of float32, [] or [4]

    Raises
    ------
    ValueError
        If the shapes differ, or there is no such threshold or metric.
    """
    if gt.shape != pred.shape:
        message = f"pred has shape {tuple(pred.shape)}, gt {tuple(gt.shape)}"
        raise ValueError(message)
    _check_threshold(match_iou_threshold)
    gt, pred = gt.int(), pred.int()
    if not remap and not (_is_numbered(pred) and _is_numbered(gt)):
        theirs = original(
            "monai.metrics.panoptic_quality:compute_panoptic_quality",
            why="instances with gaps in their numbers and remap=False",
        )
        value: torch.Tensor = theirs(
            pred,
            gt,
            metric_name,
            remap,
            match_iou_threshold,
            smooth_numerator,
            output_confusion_matrix,
        )
        return value
    counts = matched(overlaps(pred, gt), match_iou_threshold)
    if output_confusion_matrix:
        return torch.as_tensor(counts, device=pred.device)
    quality = _quality(_short(metric_name), counts, smooth_numerator)
    return torch.as_tensor(quality, device=pred.device)


def compute_mean_iou(
    confusion_matrix: torch.Tensor, smooth_numerator: float = 1e-6
) -> torch.Tensor:
    """Return the mean IoU of the pairs counted in [..., 4]; ValueError for other counts."""
    if confusion_matrix.shape[-1] != 4:
        message = f"the last axis needs 4 items, got {tuple(confusion_matrix.shape)}"
        raise ValueError(message)
    found: torch.Tensor = confusion_matrix[..., 3] / (confusion_matrix[..., 0] + smooth_numerator)
    return found


def _quality(name: str, counts: Any, smooth: float) -> Any:
    tp, fp, fn, iou = counts
    if name == "sq":
        return iou / (tp + smooth)
    return (tp if name == "rq" else iou) / (tp + 0.5 * fp + 0.5 * fn + smooth)


def _short(metric_name: str) -> str:
    name = metric_name.replace(" ", "_").lower()
    if name not in _NAMES:
        message = f"metric_name is 'pq', 'sq' or 'rq', got {metric_name!r}"
        raise ValueError(message)
    return _NAMES[name]


def _check_threshold(threshold: float) -> None:
    if threshold <= 0.0 or threshold > 1.0:
        message = f"match_iou_threshold must lie within (0, 1], got {threshold}"
        raise ValueError(message)


def _is_numbered(labels: torch.Tensor) -> bool:
    """Whether the labels are 1, 2, 3, ... without gaps."""
    found = [int(one) for one in labels.unique() if one != 0]
    return found == list(range(1, len(found) + 1))
