"""Arrays onto another spacing, by nnU-Net's rules for slices that lie far apart.

Isensee et al., Nature Methods 18, 2021, supplement 4: where one spacing is over three times
another, planes are interpolated on their own and the coarse axis takes the nearest plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.errors import ConfigError, ShapeError
from edgewise.voxels import resample_argmax

from .interpolation import interpolate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "ANISOTROPY",
    "ResamplingRule",
    "resample_image",
    "resample_labels",
    "resample_logits",
    "resampled_shape",
    "separate_axis",
]

ANISOTROPY: Final = 3.0
_ORDERS: Final = (0, 1, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResamplingRule:
    """How arrays are brought to another spacing.

    Attributes
    ----------
    order : {0, 1, 3, None}
        Of the interpolating spline; None leaves arrays as they are.
    order_across : {0, 1, 3}, default 0
        Along the coarse axis, where that is done on its own.
    separate : bool, optional
        Whether the coarse axis is done on its own. Default None: where one spacing, before or
        after, is over `threshold` times another. Never where several axes are the coarsest.
    threshold : float, default 3
        See `separate`.

    Raises
    ------
    ConfigError
        For another order.
    """

    order: int | None
    order_across: int = 0
    separate: bool | None = None
    threshold: float = ANISOTROPY

    def __post_init__(self) -> None:
        if self.order not in (*_ORDERS, None) or self.order_across not in _ORDERS:
            message = "order and order_across of resampling must be 0, 1 or 3, "
            message += f"got {self.order!r} and {self.order_across!r}"
            raise ConfigError(message)


def resampled_shape(
    shape: Sequence[int], before: Sequence[float], after: Sequence[float]
) -> tuple[int, ...]:
    """Return the number of voxels at another spacing, at least one per axis."""
    return tuple(
        max(1, round(old / new * n)) for n, old, new in zip(shape, before, after, strict=True)
    )


def separate_axis(
    rule: ResamplingRule, before: Sequence[float], after: Sequence[float]
) -> int | None:
    """Return the axis that is resampled on its own, None if there is none.

    Parameters
    ----------
    rule : ResamplingRule
        Whether and from which ratio of spacings on.
    before, after : sequence of float
        Spacings.
    """
    if rule.separate is False:
        return None
    for spacing in (before, after):
        if rule.separate or max(spacing) / min(spacing) > rule.threshold:
            coarsest = [axis for axis, s in enumerate(spacing) if s == max(spacing)]
            return coarsest[0] if len(coarsest) == 1 else None
    return None


def resample_image(
    image: NDArray[Any],
    shape: Sequence[int],
    *,
    rule: ResamplingRule,
    before: Sequence[float],
    after: Sequence[float],
) -> NDArray[np.float32]:
    """Return all channels of an image on another grid.

    Parameters
    ----------
    image : array (C, ...)
        Channels, then spatial axes.
    shape : sequence of int
        Of the spatial axes afterwards.
    rule : ResamplingRule
        Orders, and when planes are done on their own.
    before, after : sequence of float
        Spacings; they decide about planes, `shape` decides about voxels.

    Returns
    -------
    float32 array (C, ...)

    Raises
    ------
    ShapeError
        If the rule leaves arrays as they are and `shape` is another.
    """
    shape = tuple(shape)
    if shape == image.shape[1:]:
        return np.asarray(image, dtype=np.float32)
    if rule.order is None:
        raise ShapeError(_unchanged(image.shape[1:], shape))
    axis = separate_axis(rule, before, after)
    out = np.empty((len(image), *shape), np.float32)
    for channel, target in zip(image, out, strict=True):
        if axis is None:
            target[...] = interpolate(channel, shape, order=rule.order)
        else:
            target[...] = _by_plane(channel, shape, axis, rule.order, rule.order_across)
    return out


def resample_labels(
    labels: NDArray[Any],
    shape: Sequence[int],
    *,
    rule: ResamplingRule,
    before: Sequence[float],
    after: Sequence[float],
) -> NDArray[Any]:
    """Return a label map on another grid.

    Each label's mask is interpolated, and a voxel takes the label with the largest value; equal
    ones are decided by the nearest voxel, if its label is one of them, else the smaller label wins.
    No label appears that was not there.

    Parameters
    ----------
    labels : integer array
        A label map.
    shape, rule, before, after
        As for `resample_image`.

    Returns
    -------
    array of the dtype of `labels`
    """
    shape = tuple(shape)
    if shape == labels.shape:
        return labels
    nearest = _nearest(labels, shape)
    if rule.order == 0 and rule.order_across == 0:
        return nearest
    best = np.full(shape, -np.inf, np.float32)
    of_nearest = np.zeros(shape, np.float32)
    out = np.zeros(shape, labels.dtype)
    for label in np.unique(labels):
        mask = (labels == label)[np.newaxis]
        score = resample_image(mask, shape, rule=rule, before=before, after=after)[0]
        of_nearest = np.where(nearest == label, score, of_nearest)
        better = score > best
        out[better] = label
        best[better] = score[better]
    return np.where(of_nearest >= best, nearest, out)


def resample_logits(
    logits: NDArray[Any],
    shape: Sequence[int],
    *,
    rule: ResamplingRule,
    before: Sequence[float],
    after: Sequence[float],
    regions: Sequence[int] | None,
) -> NDArray[Any]:
    """Return the label map of logits on another grid: interpolated first, decided then.

    Parameters
    ----------
    logits : array (C, ...)
        Of a network.
    shape, rule, before, after
        As for `resample_image`.
    regions : sequence of int, optional
        As for `edgewise.voxels.resample_argmax`.

    Returns
    -------
    uint8 or uint16 array
        Of `shape`.
    """
    axis = separate_axis(rule, before, after)
    linear = rule.order == 1 and (axis is None or rule.order_across < 2)
    if not linear:
        logits = resample_image(logits, shape, rule=rule, before=before, after=after)
    apart = axis if rule.order_across == 0 else None
    return resample_argmax(logits, shape, separate_axis=apart, regions=regions)


def _by_plane(
    channel: NDArray[Any], shape: tuple[int, ...], axis: int, order: int, across: int
) -> NDArray[np.float32]:
    planes = np.moveaxis(channel, axis, 0)
    plane = tuple(n for k, n in enumerate(shape) if k != axis)
    out = np.stack([interpolate(p, plane, order=order) for p in planes])
    return np.moveaxis(interpolate(out, (shape[axis], *plane), order=across), 0, axis)


def _nearest(labels: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Take the nearest voxel's label along every axis; exact for labels of any size."""
    for axis, after in enumerate(shape):
        before = labels.shape[axis]
        rows = ((2 * np.arange(after) + 1) * before) // (2 * after)
        labels = np.take(labels, rows, axis=axis)
    return labels


def _unchanged(before: tuple[int, ...], after: tuple[int, ...]) -> str:
    return f"this preprocessing does not resample, so {before} voxels cannot become {after}"
