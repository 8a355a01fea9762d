"""What a loss compares: probabilities and true classes, checked, in single precision at least.

Half precision becomes float32 first: sums over a volume do not fit its 8 to 11 bits. Voxels that
are ignored are zero in both, so nothing flows back into them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, TypeAlias, get_args

import torch
from torch import Tensor

from edgewise.errors import ConfigError, LabelError, ShapeError

__all__ = [
    "Activation",
    "Reduction",
    "Targets",
    "as_numbers",
    "check_labels",
    "check_tensor",
    "not_negative",
    "one_of",
    "positive",
    "prepare",
    "reduce",
    "single_precision",
    "voxel_mean",
]

Activation: TypeAlias = Literal["softmax", "sigmoid", "none"]
Reduction: TypeAlias = Literal["mean", "sum", "none"]

_ROUNDING = 1e-3  # by which a soft mask that was resampled may leave 0 to 1
_UNSIGNED = (torch.uint16, torch.uint32, torch.uint64)  # torch stores them and computes little


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """One batch, as the formulas read it; C leaves the background out where it is not wanted.

    Attributes
    ----------
    logits : Tensor (N, C, ...)
        float32 or float64.
    probabilities : Tensor (N, C, ...)
        0 where ignored.
    truth : Tensor (N, C, ...)
        bool from a label map and from masks of integers, floating from soft masks; 0 where ignored.
    valid : Tensor (N, 1 or C, ...) of bool, or None
        What is not ignored; None: everything.
    """

    logits: Tensor
    probabilities: Tensor
    truth: Tensor
    valid: Tensor | None


def prepare(
    logits: Tensor,
    labels: Tensor,
    *,
    activation: Activation = "softmax",
    include_background: bool = True,
    ignore_index: int | None = None,
) -> Targets:
    """Check a batch and bring it into the form of the formulas.

    Parameters
    ----------
    logits : Tensor (N, C, ...)
        Floating, one to three spatial axes.
    labels : Tensor (N, ...) or (N, C, ...)
        A label map of integers 0 to C - 1 (0 and 1 where C is 1), or one mask per channel:
        integers 0 and 1, or floating values between.
    activation : {"softmax", "sigmoid", "none"}
        How logits become probabilities.
    include_background : bool
        Whether channel 0 counts; the only channel always does.
    ignore_index : int, optional
        Voxels of this label count nowhere; in masks: elements of this value.

    Raises
    ------
    ShapeError, LabelError, ConfigError
        In one sentence, if the arguments do not fit.
    """
    one_of("activation", activation, Activation)
    check_labels(logits, labels, ignore_index=ignore_index)
    logits = single_precision(logits)
    channels = logits.shape[1]
    if activation == "softmax" and channels == 1:
        message = "softmax over one channel is always 1; activation='sigmoid' fits such logits"
        raise ConfigError(message)
    probabilities = _activated(logits, activation)
    truth, valid = _truth(labels, logits, ignore_index)
    if not include_background and channels > 1:
        logits, probabilities, truth = logits[:, 1:], probabilities[:, 1:], truth[:, 1:]
        valid = valid[:, 1:] if valid is not None and valid.shape[1] > 1 else valid
    if valid is not None:
        probabilities = probabilities.where(valid, 0.0)
        truth = truth & valid if truth.dtype == torch.bool else truth.where(valid, 0.0)
    return Targets(logits, probabilities, truth, valid)


def single_precision(values: Tensor) -> Tensor:
    """Return `values` as float32, or as they are if they are float64."""
    return values if values.dtype == torch.float64 else values.float()


def check_labels(logits: Tensor, labels: Tensor, *, ignore_index: int | None = None) -> None:
    """Raise unless `labels` belong to `logits`; one pass over the labels.

    Raises
    ------
    ShapeError
        If a shape is not what the other asks for, or there is no voxel.
    LabelError
        If a label map does not hold integers from 0 to C - 1, or masks leave 0 to 1.
    ConfigError
        If an argument is no tensor, or `ignore_index` no integer.
    """
    check_tensor("logits", logits)
    check_tensor("labels", labels)
    if ignore_index is not None and not isinstance(ignore_index, Integral):
        message = f"ignore_index must be an integer or None, got {ignore_index!r}"
        raise ConfigError(message)
    shape = tuple(logits.shape)
    if not logits.is_floating_point() or not 3 <= logits.ndim <= 5:
        message = "logits must be floating, of shape (batch, classes, one to three axes), "
        message += f"got {logits.dtype} of shape {shape}"
        raise ShapeError(message)
    if not logits.numel():
        message = f"logits of shape {shape} hold no voxel"
        raise ShapeError(message)
    if labels.is_complex():
        message = f"labels must be integers or masks, got {labels.dtype}"
        raise LabelError(message)
    if labels.shape == logits.shape:
        _check_range(labels, 2, ignore_index, what="masks")
        return
    wanted = (shape[0], *shape[2:])
    if tuple(labels.shape) != wanted:
        message = f"labels must have shape {wanted} for logits of shape {shape} (or that shape, "
        message += f"as masks), got {tuple(labels.shape)}"
        if tuple(labels.shape) == (shape[0], 1, *shape[2:]):
            message += "; labels[:, 0] drops the axis of length 1"
        raise ShapeError(message)
    if labels.is_floating_point():
        message = f"labels must be integers, got {labels.dtype}; labels.long() converts them"
        raise LabelError(message)
    classes = max(shape[1], 2)
    _check_range(labels, classes, ignore_index, what=f"logits of {classes} classes")


def _check_range(labels: Tensor, classes: int, ignore_index: int | None, *, what: str) -> None:
    if labels.is_meta or torch.compiler.is_compiling():
        return
    values = labels.long() if labels.dtype in _UNSIGNED else labels
    if ignore_index is not None and not 0 <= ignore_index < classes:
        values = values.masked_fill(~_counting(values, ignore_index), 0)
    low, high = torch.stack(torch.aminmax(values)).tolist()  # one wait for the device
    slack = _ROUNDING if values.is_floating_point() else 0
    if not (low >= -slack and high <= classes - 1 + slack):  # so that NaN is refused
        wrong = high if low >= -slack else low
        message = f"labels must be 0 to {classes - 1} for {what}, found {wrong}; "
        message += "ignore_index= leaves one label out"
        raise LabelError(message)


def _activated(logits: Tensor, activation: Activation) -> Tensor:
    if activation == "softmax":
        return torch.softmax(logits, 1)
    return torch.sigmoid(logits) if activation == "sigmoid" else logits


def _truth(
    labels: Tensor, logits: Tensor, ignore_index: int | None
) -> tuple[Tensor, Tensor | None]:
    if labels.dtype in _UNSIGNED:
        labels = labels.long()
    if labels.shape == logits.shape:
        valid = None if ignore_index is None else _counting(labels, ignore_index)
        truth = labels.to(logits.dtype) if labels.is_floating_point() else labels == 1
        return truth, valid
    labels = labels.unsqueeze(1)  # (N, 1, ...)
    valid = None if ignore_index is None else _counting(labels, ignore_index)
    channels = logits.shape[1]
    if channels == 1:
        return labels == 1, valid
    # 8 bits compare fastest and hold every class of a label map of 8 bits
    narrow = labels.dtype if labels.dtype != torch.bool and channels <= 128 else torch.int64
    classes = torch.arange(channels, device=labels.device, dtype=narrow)
    return labels == classes.view(-1, *[1] * (logits.ndim - 2)), valid


def _counting(labels: Tensor, ignore_index: int) -> Tensor:
    """Return where labels are not `ignore_index`; torch would wrap it to the type of the labels."""
    if labels.dtype == torch.bool:
        labels = labels.to(torch.uint8)
    if not labels.is_floating_point():
        range_ = torch.iinfo(labels.dtype)
        if not range_.min <= ignore_index <= range_.max:
            return torch.ones_like(labels, dtype=torch.bool)
    return labels != ignore_index


def voxel_mean(values: Tensor, valid: Tensor | None, reduction: Reduction) -> Tensor:
    """Return the mean over space of `values` (N, C, ...), then reduced over (N, C).

    Only valid voxels count; where there are none the mean is 0.
    """
    axes = tuple(range(2, values.ndim))
    if valid is None:
        return reduce(values.mean(axes), reduction)
    counts = valid.sum(axes).clamp_min(1)
    return reduce(values.where(valid, 0.0).sum(axes) / counts, reduction)


def reduce(values: Tensor, reduction: Reduction) -> Tensor:
    """Return the mean or the sum of all values, or the values."""
    one_of("reduction", reduction, Reduction)
    if reduction == "none":
        return values
    return values.mean() if reduction == "mean" else values.sum()


def as_numbers(name: str, values: Any) -> tuple[float, ...]:  # noqa: ANN401
    """Return a sequence of finite numbers as a tuple, or raise ConfigError."""
    try:
        found = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        found = (math.nan,)
    if not all(map(math.isfinite, found)):
        message = f"{name} must be a sequence of finite numbers, got {values!r}"
        raise ConfigError(message)
    return found


def check_tensor(name: str, value: object) -> None:
    """Raise ConfigError unless `value` is a tensor."""
    if not isinstance(value, Tensor):
        kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        message = f"{name} must be a tensor, got {kind}; torch.as_tensor converts arrays"
        raise ConfigError(message)


def not_negative(name: str, value: object) -> None:
    """Raise ConfigError unless `value` is a finite number of at least 0."""
    if not (isinstance(value, Real) and 0 <= float(value) < math.inf):
        message = f"{name} must not be negative, and finite, got {value!r}"
        raise ConfigError(message)


def positive(name: str, value: object) -> None:
    """Raise ConfigError unless `value` is a finite number above 0."""
    if not (isinstance(value, Real) and 0 < float(value) < math.inf):
        message = f"{name} must be positive and finite, got {value!r}"
        raise ConfigError(message)


def one_of(name: str, value: object, allowed: object) -> None:
    """Raise ConfigError unless `value` is one of the words of the Literal `allowed`."""
    words = get_args(allowed)
    if value not in words:
        message = f"{name} must be one of {', '.join(map(repr, words))}, got {value!r}"
        raise ConfigError(message)
