"""Drop-in for ``monai.metrics.meandice``: Dice of channels, of label maps, of components."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from edgewise.compat.monai._components import component_dice
from edgewise.compat.monai._labels import label_sums, largest_channel
from edgewise.compat.monai._sums import Sums, dice_sums

from .metric import ReducedMetric, require_axes
from .utils import create_ignore_mask, do_metric_reduction

__all__ = ["DiceHelper", "DiceMetric", "compute_dice"]


class DiceMetric(ReducedMetric):
    """Dice coefficients of batches, see `compute_dice`.

    Parameters
    ----------
    include_background, ignore_empty, num_classes, per_component, ignore_index
        As in `compute_dice`.
    reduction : str, default "mean"
        As in `do_metric_reduction`.
    get_not_nans : bool, default False
        Whether `aggregate` also returns how many values were not NaN.
    return_with_label : bool or list of str, default False
        Whether `aggregate` of a metric with reduction "mean_batch" returns a dict: of
        ``label_<number of the channel>``, or of these names; values are rounded to four places.
    corrected : bool, default False
        Whether a mean of nothing is NaN; MONAI's is 0.
    """

    def __init__(
        self,
        include_background: bool = True,
        reduction: Any = "mean",
        get_not_nans: bool = False,
        ignore_empty: bool = True,
        num_classes: int | None = None,
        return_with_label: bool | list[str] = False,
        per_component: bool = False,
        ignore_index: int | None = None,
        *,
        corrected: bool = False,
    ) -> None:
        super().__init__(reduction, get_not_nans, corrected)
        self.include_background = include_background
        self.ignore_empty = ignore_empty
        self.num_classes = num_classes
        self.return_with_label = return_with_label
        self.per_component = per_component
        self.ignore_index = ignore_index
        self.dice_helper = DiceHelper(
            include_background=include_background,
            reduction="none",
            get_not_nans=False,
            apply_argmax=False,
            ignore_empty=ignore_empty,
            num_classes=num_classes,
            per_component=per_component,
            ignore_index=ignore_index,
        )

    def _compute_tensor(self, y_pred: torch.Tensor, y: Any = None, **kwargs: Any) -> torch.Tensor:
        require_axes(y_pred, 3)
        found: torch.Tensor = self.dice_helper(y_pred=y_pred, y=y, **kwargs)
        return found

    def aggregate(self, reduction: Any = None) -> Any:
        """Reduce all values, as `ReducedMetric.aggregate`; to a dict with `return_with_label`."""
        value, not_nans = do_metric_reduction(
            self._buffered(), reduction or self.reduction, corrected=self.corrected
        )
        if self.reduction == "mean_batch" and self.return_with_label:
            names = self.return_with_label
            first = 0 if self.include_background else 1
            if isinstance(names, bool):
                names = [f"label_{first + number}" for number in range(len(value))]
            pairs = zip(names, value, strict=False)
            value = {name: round(one.item(), 4) for name, one in pairs}
        return (value, not_nans) if self.get_not_nans else value


def compute_dice(
    y_pred: torch.Tensor,
    y: torch.Tensor,
    include_background: bool = True,
    ignore_empty: bool = True,
    num_classes: int | None = None,
    per_component: bool = False,
    ignore_index: int | None = None,
) -> torch.Tensor:
    """Return the Dice coefficient of every sample and class.

    Parameters
    ----------
    y_pred, y : Tensor [B, C, spatial...]
        Masks, one per class; either may have a single channel of labels. Of `y_pred` everything
        but 0 is foreground, values of `y` are summed as they are.
    include_background : bool, default True
        Whether class 0 counts.
    ignore_empty : bool, default True
        Whether a class that is empty in `y` is NaN; else it is 1 if `y_pred` is empty too, else 0.
    num_classes : int, optional
        Number of classes of label maps. Default: number of channels of `y_pred`.
    per_component : bool, default False
        Of two channels: the mean Dice of the components of `y`, each in the region that is nearer
        to it than to the others.
    ignore_index : int, optional
        As in `create_ignore_mask`.

    Returns
    -------
    Tensor [B, classes that count]
    """
    helper = DiceHelper(
        include_background=include_background,
        reduction="none",
        get_not_nans=False,
        apply_argmax=False,
        ignore_empty=ignore_empty,
        num_classes=num_classes,
        per_component=per_component,
        ignore_index=ignore_index,
    )
    found: torch.Tensor = helper(y_pred=y_pred, y=y)
    return found


class DiceHelper:
    """Dice of what a network returns.

    Parameters
    ----------
    include_background : bool, optional
        Whether class 0 counts. Default: `threshold`.
    threshold : bool, default False
        Whether predictions above 0.5 are foreground.
    apply_argmax : bool, optional
        Whether the channel with the largest value is the class. Default: not `threshold`.
    activate : bool, default False
        Whether `threshold` is applied to the sigmoid of the predictions.
    get_not_nans : bool, default True
        Whether the number of values that are not NaN is returned as well.
    reduction : str, default "mean_batch"
        As in `do_metric_reduction`.
    ignore_empty, num_classes, per_component, ignore_index
        As in `compute_dice`.
    sigmoid, softmax : bool, optional
        Older names of `threshold` and `apply_argmax`.
    """

    def __init__(
        self,
        include_background: bool | None = None,
        threshold: bool = False,
        apply_argmax: bool | None = None,
        activate: bool = False,
        get_not_nans: bool = True,
        reduction: Any = "mean_batch",
        ignore_empty: bool = True,
        num_classes: int | None = None,
        sigmoid: bool | None = None,
        softmax: bool | None = None,
        per_component: bool = False,
        ignore_index: int | None = None,
    ) -> None:
        for old, new, value in (
            ("sigmoid", "threshold", sigmoid),
            ("softmax", "apply_argmax", softmax),
        ):
            if value is not None:
                warnings.warn(f"{old} is named {new} now", FutureWarning, stacklevel=2)
        threshold = threshold if sigmoid is None else sigmoid
        apply_argmax = apply_argmax if softmax is None else softmax
        self.threshold = threshold
        self.reduction = reduction
        self.get_not_nans = get_not_nans
        self.include_background = threshold if include_background is None else include_background
        self.apply_argmax = not threshold if apply_argmax is None else apply_argmax
        self.activate = activate
        self.ignore_empty = ignore_empty
        self.num_classes = num_classes
        self.per_component = per_component
        self.ignore_index = ignore_index

    def __call__(self, y_pred: torch.Tensor, y: torch.Tensor) -> Any:
        """Return the reduced coefficients, and with `get_not_nans` how many there were.

        Only attributes are read, so that this serves MONAI's own class as well.
        """
        y_pred, classes = _predicted(self, y_pred)
        if self.per_component:
            data = _per_component(y_pred, y, ignore_empty=self.ignore_empty)
        else:
            first = 0 if self.include_background else 1
            numbers = range(first, classes) if classes > 1 else range(1, 2)
            data = _per_class(y_pred, y, numbers, self.ignore_index, ignore_empty=self.ignore_empty)
        value, not_nans = do_metric_reduction(data, self.reduction)
        return (value, not_nans) if self.get_not_nans else value

    def compute_channel(
        self, y_pred: torch.Tensor, y: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the coefficient of two masks [spatial...], within a third if there is one."""
        whole = None if mask is None else mask[None, None]
        found, truth = y_pred[None, None], y[None, None]
        return _coefficients(found, truth, whole, ignore_empty=self.ignore_empty)[0, 0]

    def compute_cc_dice(self, y_pred: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the mean coefficient of the components of one sample [1, 2, spatial...]."""
        return component_dice(y_pred, y, ignore_empty=self.ignore_empty)


def _predicted(helper: Any, y_pred: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Return what a helper makes of the values of a network, and the number of classes."""
    classes: int = y_pred.shape[1] if helper.num_classes is None else helper.num_classes
    if helper.num_classes is not None and y_pred.shape[1] == 1 and classes > 1:
        return y_pred, classes  # labels
    if helper.apply_argmax and classes > 1:
        return largest_channel(y_pred), classes
    if helper.threshold:
        values = torch.sigmoid(y_pred) if helper.activate else y_pred
        return values > 0.5, classes
    return y_pred, classes


def _per_component(y_pred: torch.Tensor, y: torch.Tensor, *, ignore_empty: bool) -> torch.Tensor:
    fits = all(one.ndim in (4, 5) and one.shape[1] == 2 for one in (y_pred, y))
    if not fits:
        message = (
            "per_component needs [B, 2, H, W] or [B, 2, H, W, D] twice, got "
            f"{tuple(y_pred.shape)} and {tuple(y.shape)}"
        )
        raise ValueError(message)
    samples = range(len(y_pred))
    return torch.stack(
        [
            component_dice(y_pred[b : b + 1], y[b : b + 1], ignore_empty=ignore_empty).reshape(-1)
            for b in samples
        ]
    )


def _per_class(
    y_pred: torch.Tensor,
    y: torch.Tensor,
    numbers: range,
    ignore_index: int | None,
    *,
    ignore_empty: bool,
) -> torch.Tensor:
    """Return [B, classes] of channels, label maps, or one of each."""
    mask = create_ignore_mask(y, ignore_index)
    labels = [one.shape[1] == 1 for one in (y_pred, y)]
    enough = [
        flat or one.shape[1] >= numbers.stop for one, flat in zip((y_pred, y), labels, strict=True)
    ]
    if y.shape[2:] != y_pred.shape[2:] or len(y) < len(y_pred) or not all((*enough, numbers)):
        return _one_by_one(y_pred, y, numbers, mask, ignore_empty=ignore_empty)
    y = y[: len(y_pred)]
    mask = None if mask is None else mask[: len(y_pred)]
    if all(labels) and mask is None:
        sums = label_sums(y_pred[:, 0], y[:, 0], numbers)
        if sums is not None:
            return _values(sums, ignore_empty=ignore_empty)
    found, truth = (
        _of_labels(one, numbers) if flat else one[:, numbers.start : numbers.stop]
        for one, flat in zip((y_pred, y), labels, strict=True)
    )
    return _coefficients(found, truth, mask, ignore_empty=ignore_empty)


def _one_by_one(
    y_pred: torch.Tensor,
    y: torch.Tensor,
    numbers: range,
    mask: torch.Tensor | None,
    *,
    ignore_empty: bool,
) -> torch.Tensor:
    """Return what can be made of tensors that do not fit, or raise as torch does."""

    def channel(one: torch.Tensor, b: int, c: int) -> torch.Tensor:
        return (one[b, 0] == c if one.shape[1] == 1 else one[b, c])[None, None]

    def value(b: int, c: int) -> torch.Tensor:
        pair = channel(y_pred, b, c), channel(y, b, c)
        kept = None if mask is None else mask[b, 0][None, None]
        return _coefficients(*pair, kept, ignore_empty=ignore_empty)[0, 0]

    samples = range(len(y_pred))
    return torch.stack([torch.stack([value(b, c) for c in numbers]) for b in samples])


def _of_labels(labels: torch.Tensor, numbers: range) -> torch.Tensor:
    """Return a channel for each label."""
    wanted = torch.tensor(list(numbers), device=labels.device)
    return labels == wanted.reshape(1, -1, *[1] * (labels.ndim - 2))


def _coefficients(
    y_pred: torch.Tensor, y: torch.Tensor, mask: torch.Tensor | None, *, ignore_empty: bool
) -> torch.Tensor:
    if mask is not None:
        y_pred, y = y_pred.bool() & mask.bool(), y * mask
    if y.ndim == 2:  # one voxel
        y_pred, y = y_pred.unsqueeze(-1), y.unsqueeze(-1)
    return _values(dice_sums(y_pred, y), ignore_empty=ignore_empty)


def _values(sums: Sums, *, ignore_empty: bool) -> torch.Tensor:
    """Return the coefficients in the type that MONAI's stacking of single values has."""
    values = (2.0 * sums.both) / (sums.y + sums.y_pred)
    present = sums.y > 0
    if ignore_empty:
        others = torch.full_like(values, torch.nan)
    else:
        others = ((sums.y + sums.y_pred) <= 0).to(values.dtype)
    found = torch.where(present, values, others)
    if not present.any():
        return found.to(torch.float32)
    if not present.all():
        return found.to(torch.promote_types(values.dtype, torch.float32))
    return found
