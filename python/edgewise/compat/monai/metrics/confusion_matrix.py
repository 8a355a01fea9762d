"""Drop-in for ``monai.metrics.confusion_matrix``: four counts per channel and their ratios."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import torch

from edgewise.compat.monai._options import as_tuple
from edgewise.compat.monai._sums import mask_sums

from .meaniou import without_ignored
from .metric import CumulativeIterationMetric, require_axes
from .utils import do_metric_reduction

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ConfusionMatrixMetric",
    "check_confusion_matrix_metric_name",
    "compute_confusion_matrix_metric",
    "four_counts",
    "get_confusion_matrix",
]

_ALIASES: Final = {
    "tpr": "sensitivity recall hit_rate true_positive_rate",
    "tnr": "specificity selectivity true_negative_rate",
    "ppv": "precision positive_predictive_value",
    "npv": "negative_predictive_value",
    "fnr": "miss_rate false_negative_rate",
    "fpr": "fall_out false_positive_rate",
    "fdr": "false_discovery_rate",
    "for": "false_omission_rate",
    "pt": "prevalence_threshold",
    "ts": "threat_score critical_success_index csi",
    "acc": "accuracy",
    "ba": "balanced_accuracy",
    "f1": "f1_score",
    "mcc": "matthews_correlation_coefficient",
    "fm": "fowlkes_mallows_index",
    "bm": "informedness bookmaker_informedness youden_index youden",
    "mk": "markedness deltap",
}
_SHORT: Final = {
    name: short for short, names in _ALIASES.items() for name in (short, *names.split())
}


class ConfusionMatrixMetric(CumulativeIterationMetric):
    """Ratios of the four counts of batches.

    Parameters
    ----------
    include_background : bool, default True
        Whether the first of several channels counts.
    metric_name : str or sequence of str, default "hit_rate"
        As in `compute_confusion_matrix_metric`.
    compute_sample : bool, default False
        Whether ratios are made first and then reduced; else the counts are reduced first.
    reduction : str, default "mean"
        As in `do_metric_reduction`.
    get_not_nans : bool, default False
        Whether `aggregate` returns pairs of a value and of how many were not NaN.
    ignore_index : int, optional
        As in `get_confusion_matrix`.
    corrected : bool, default False
        Whether a mean of nothing is NaN, and truth values are counted as 0 and 1.
    """

    def __init__(
        self,
        include_background: bool = True,
        metric_name: Any = "hit_rate",
        compute_sample: bool = False,
        reduction: Any = "mean",
        get_not_nans: bool = False,
        ignore_index: int | None = None,
        *,
        corrected: bool = False,
    ) -> None:
        super().__init__()
        self.include_background = include_background
        self.metric_name = as_tuple(metric_name)
        self.compute_sample = compute_sample
        self.reduction = reduction
        self.get_not_nans = get_not_nans
        self.ignore_index = ignore_index
        self.corrected = corrected

    def _compute_tensor(self, y_pred: torch.Tensor, y: Any = None, **kwargs: Any) -> torch.Tensor:
        require_axes(y_pred, 2)
        classified = y_pred.ndim == 2 or (y_pred.ndim == 3 and y_pred.shape[-1] == 1)
        if classified and self.compute_sample:
            message = "compute_sample has no meaning without voxels: it is taken as False"
            warnings.warn(message, stacklevel=2)
            self.compute_sample = False
        return get_confusion_matrix(
            y_pred,
            y,
            self.include_background,
            self.ignore_index,
            corrected=self.corrected,
            **kwargs,
        )

    def aggregate(self, compute_sample: bool = False, reduction: Any = None) -> list[Any]:
        """Return the ratios of all counts, in the order of the metric's names."""
        data = self._buffered()
        word = reduction or self.reduction
        results: list[Any] = []
        for name in self.metric_name:
            if compute_sample or self.compute_sample:
                values = compute_confusion_matrix_metric(name, data)
                value, not_nans = do_metric_reduction(values, word, corrected=self.corrected)
            else:
                counts, not_nans = do_metric_reduction(data, word, corrected=self.corrected)
                value = compute_confusion_matrix_metric(name, counts)
            results.append((value, not_nans) if self.get_not_nans else value)
        return results


def get_confusion_matrix(
    y_pred: torch.Tensor,
    y: torch.Tensor,
    include_background: bool = True,
    ignore_index: int | None = None,
    *,
    corrected: bool = False,
) -> torch.Tensor:
    """Return the numbers of true positives, false positives, true negatives, false negatives.

    Parameters
    ----------
    y_pred, y : Tensor [B, C, ...]
        Masks.
    include_background : bool, default True
        Whether the first of several channels counts.
    ignore_index : int, optional
        A channel that is taken as empty, or as in `create_ignore_mask`.
    corrected : bool, default False
        Whether truth values are counted as 0 and 1; MONAI finds no true positives among them.

    Returns
    -------
    Tensor of float32 [B, C, 4]

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    y_pred, y, mask = without_ignored(y_pred, y, include_background, ignore_index)
    batches, channels = y_pred.shape[:2]
    y_pred, y = (one.reshape(batches, channels, -1) for one in (y_pred, y))
    if mask is not None:
        mask = mask.reshape(batches, 1, -1)
        y_pred, y = y_pred * mask, y * mask
    return four_counts(y_pred, y, mask, corrected=corrected)


def four_counts(
    y_pred: torch.Tensor, y: torch.Tensor, mask: torch.Tensor | None, *, corrected: bool
) -> torch.Tensor:
    """Return float32 [B, C, 4] of tensors [B, C, voxels], of which those in the mask count."""
    sums = mask_sums(y_pred, y)
    if sums is not None:
        voxels: Any = y.shape[-1] if mask is None else mask.bool().sum(dim=-1)
        tp, positives = sums.both.float(), sums.y.float()
        tn = (voxels - (sums.y + sums.y_pred - sums.both)).float()
    else:
        total = y_pred + y
        zeros = total == 0 if mask is None else (total == 0) * mask.bool()
        tp, tn = (total == 2).sum(dim=2).float(), zeros.sum(dim=2).float()
        positives = y.sum(dim=2).float()
    if y.dtype == y_pred.dtype == torch.bool and not corrected:
        tp = torch.zeros_like(tp)  # True + True is True, which is not 2
    kept = y.shape[-1] if mask is None else mask.reshape(len(mask), -1).sum(dim=1, keepdim=True)
    negatives = kept - positives
    return torch.stack([tp, negatives - tn, tn, positives - tp], dim=-1)


def compute_confusion_matrix_metric(
    metric_name: str, confusion_matrix: torch.Tensor
) -> torch.Tensor:
    """Return a ratio of the four counts.

    Parameters
    ----------
    metric_name : str
        Such as "sensitivity", "precision", "f1 score", "matthews correlation coefficient"; spaces
        or underscores, and the usual short names.
    confusion_matrix : Tensor [..., 4]
        Of `get_confusion_matrix`.

    Returns
    -------
    Tensor
        NaN where 0 is divided by 0.

    Raises
    ------
    ValueError
        If the last axis has not four items.
    NotImplementedError
        If there is no such ratio.
    """
    short = check_confusion_matrix_metric_name(metric_name)
    counts = confusion_matrix.unsqueeze(0) if confusion_matrix.ndim == 1 else confusion_matrix
    if counts.shape[-1] != 4:
        message = f"the last axis needs 4 items, got {counts.shape[-1]}"
        raise ValueError(message)
    tp, fp, tn, fn = counts.unbind(-1)
    if short in _SIMPLE:
        return _ratio(*_SIMPLE[short](tp, fp, tn, fn))
    tpr, tnr = _share(tp, tp + fn), _share(tn, fp + tn)
    if short == "pt":
        return _ratio(torch.sqrt(tpr * (1.0 - tnr)) + tnr - 1.0, tpr + tnr - 1.0)
    if short == "ba":
        return (tpr + tnr) / 2.0
    if short == "bm":
        return tpr + tnr - 1.0
    ppv = _share(tp, tp + fp)
    return torch.sqrt(ppv * tpr) if short == "fm" else ppv + _share(tn, tn + fn) - 1.0


def check_confusion_matrix_metric_name(metric_name: str) -> str:
    """Return the short name of a ratio; NotImplementedError if there is none."""
    name = metric_name.replace(" ", "_").lower()
    if name not in _SHORT:
        message = f"there is no ratio of counts named {metric_name!r}"
        raise NotImplementedError(message)
    return _SHORT[name]


_Ratio = tuple[torch.Tensor, torch.Tensor]
_SIMPLE: Final[dict[str, Callable[..., _Ratio]]] = {
    "tpr": lambda tp, fp, tn, fn: (tp, tp + fn),
    "tnr": lambda tp, fp, tn, fn: (tn, fp + tn),
    "ppv": lambda tp, fp, tn, fn: (tp, tp + fp),
    "npv": lambda tp, fp, tn, fn: (tn, tn + fn),
    "fnr": lambda tp, fp, tn, fn: (fn, tp + fn),
    "fpr": lambda tp, fp, tn, fn: (fp, fp + tn),
    "fdr": lambda tp, fp, tn, fn: (fp, fp + tp),
    "for": lambda tp, fp, tn, fn: (fn, fn + tn),
    "ts": lambda tp, fp, tn, fn: (tp, tp + fn + fp),
    "acc": lambda tp, fp, tn, fn: (tp + tn, (tp + fn) + (fp + tn)),
    "f1": lambda tp, fp, tn, fn: (tp * 2.0, tp * 2.0 + fn + fp),
    "mcc": lambda tp, fp, tn, fn: (
        tp * tn - fp * fn,
        torch.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)),
    ),
}


def _ratio(above: torch.Tensor, below: torch.Tensor) -> torch.Tensor:
    return torch.where(below != 0, above / below, torch.tensor(float("nan"), device=below.device))


def _share(part: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
    return torch.where(whole > 0, part / whole, torch.tensor(float("nan"), device=whole.device))
