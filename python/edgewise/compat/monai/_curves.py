"""Predictions in the order of their values: how many positives each group of equal values holds."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._options import AVERAGES, chosen

if TYPE_CHECKING:
    import torch

__all__ = ["Groups", "averaged", "groups_of"]


class Groups(NamedTuple):
    """Predictions of equal values, in one order of the values.

    Attributes
    ----------
    positives, negatives : int64 array
        Of each group.
    kind : numpy dtype
        Of sums of labels, as numpy adds them to Python floats.
    """

    positives: np.ndarray[Any, Any]
    negatives: np.ndarray[Any, Any]
    kind: np.dtype[Any]


def groups_of(y_pred: torch.Tensor, y: torch.Tensor, *, descending: bool) -> Groups | None:
    """Return the groups; None, with a warning, if the labels are not 0 and 1 or all the same.

    Raises
    ------
    AssertionError
        If these are not two vectors of one length.
    """
    if not (y.ndim == y_pred.ndim == 1 and len(y) == len(y_pred)):
        message = f"two vectors of one length are needed: {tuple(y_pred.shape)}, {tuple(y.shape)}"
        raise AssertionError(message)
    found = y.unique()
    if found.tolist() != [0, 1]:
        message = f"labels must be 0 and 1, both at least once, got {found.tolist()}: NaN"
        warnings.warn(message, stacklevel=4)
        return None
    order = y_pred.argsort(descending=descending)
    labels, values = y[order].cpu().numpy(), y_pred[order].detach().cpu().numpy()
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    sizes = np.diff(np.append(starts, len(values)))
    positives = np.add.reduceat(labels.astype(np.int64), starts)
    kind = labels.dtype if labels.dtype.kind == "f" else np.dtype(np.float64)
    return Groups(positives, sizes - positives, kind)


def averaged(y_pred: torch.Tensor, y: torch.Tensor, average: Any, score: Any) -> Any:
    """Return a score of vectors, or of the columns of [B, classes], averaged.

    Parameters
    ----------
    y_pred, y : Tensor [B] or [B, classes]
    average : {"macro", "weighted", "micro", "none"}
        The mean; the mean weighted with the numbers of positives; all columns as one; a list.
    score : callable
        Of two vectors.

    Raises
    ------
    ValueError
        If the shapes differ or have other numbers of axes, or there is no such average.
    """
    for one in (y_pred, y):
        if one.ndim not in (1, 2):
            message = f"[B] or [B, classes] is needed, got {tuple(one.shape)}"
            raise ValueError(message)
    y_pred, y = (
        one.squeeze(dim=-1) if one.ndim == 2 and one.shape[1] == 1 else one for one in (y_pred, y)
    )
    if y_pred.ndim == 1:
        return score(y_pred, y)
    if y.shape != y_pred.shape:
        message = f"y_pred has shape {tuple(y_pred.shape)}, y {tuple(y.shape)}"
        raise ValueError(message)
    word = chosen(average, AVERAGES)
    if word == "micro":
        return score(y_pred.flatten(), y.flatten())
    scores = [score(*pair) for pair in zip(y_pred.T, y.T, strict=True)]
    if word == "none":
        return scores
    if word == "macro":
        return np.mean(scores)
    return np.average(scores, weights=list(y.sum(dim=0)))
