"""The checked inputs of a measurement: two label maps on one grid, spacing, ignored voxels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edgewise._arguments import (
    AnyArray,
    Spacing,
    as_label_map,
    as_mask,
    as_same_order,
    as_spacing,
    check_same_shape,
)
from edgewise.errors import ConfigError, LabelError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from .joint import Box

__all__ = ["Grid", "open_label_maps", "open_masks"]


class Grid(NamedTuple):
    """Two label maps of one shape and memory order; nothing is written to them.

    Attributes
    ----------
    reference, prediction : bool or integer array
        Contiguous, in the same memory order.
    ignored : bool or uint8 array, optional
        Voxels that do not count.
    spacing : tuple of float
        One per axis.
    """

    reference: AnyArray
    prediction: AnyArray
    ignored: AnyArray | None
    spacing: tuple[float, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of every axis."""
        return self.reference.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.reference.ndim

    @property
    def kept(self) -> tuple[int, ...]:
        """The axes that squeezing keeps: those longer than 1, or the last."""
        return tuple(k for k, n in enumerate(self.shape) if n > 1) or (self.ndim - 1,)

    def squeezed(self) -> Grid:
        """Return the grid without its axes of length 1; nothing is copied."""
        if 1 not in self.shape or self.ndim == 1:
            return self
        kept = self.kept
        gone = tuple(k for k in range(self.ndim) if k not in kept)
        return Grid(
            self.reference.squeeze(gone),
            self.prediction.squeeze(gone),
            None if self.ignored is None else self.ignored.squeeze(gone),
            tuple(self.spacing[k] for k in kept),
        )

    def unsqueezed_box(self, box: Box) -> Box:
        """Return a box of the squeezed grid in the axes of this one."""
        kept = iter(box)
        return tuple(next(kept) if k in self.kept else (0, 1) for k in range(self.ndim))

    def require_three_axes(self, what: str) -> None:
        """Raise ShapeError if there are more axes than distances, skeletons and components know."""
        if self.ndim > 3:
            message = (
                f"{what} needs 1 to 3 axes, got shape {self.shape}; "
                "measure each index of the extra axis on its own"
            )
            raise ShapeError(message)


def _opened(
    reference: Any,  # noqa: ANN401
    prediction: Any,  # noqa: ANN401
    spacing: Spacing,
    ignore_mask: ArrayLike | None,
    read: Callable[[ArrayLike, str], AnyArray],
) -> Grid:
    if not isinstance(reference, np.ndarray):
        spacing = getattr(reference, "spacing", None) if spacing is None else spacing
        reference = getattr(reference, "array", reference)
    if not isinstance(prediction, np.ndarray):
        prediction = getattr(prediction, "array", prediction)
    first = read(reference, "reference")
    second = read(prediction, "prediction")
    check_same_shape(first, second)
    first, second = as_same_order(first, second)
    ignored = None
    if ignore_mask is not None:
        ignored = as_mask(getattr(ignore_mask, "array", ignore_mask), "ignore_mask")
        if ignored.shape != first.shape:
            message = f"ignore_mask has shape {ignored.shape}, reference {first.shape}"
            raise ShapeError(message)
        _, ignored = as_same_order(first, ignored)
    return Grid(first, second, ignored, as_spacing(spacing, first.ndim))


def open_masks(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_mask: ArrayLike | None = None,
) -> Grid:
    """Return two masks as a grid; LabelError if a value is neither 0 nor 1."""
    return _opened(reference, prediction, spacing, ignore_mask, as_mask)


def open_label_maps(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    ignore_label: int | None = None,
    ignore_mask: ArrayLike | None = None,
    allow_negative_labels: bool = False,
) -> Grid:
    """Return two label maps as a grid; voxels of reference label `ignore_label` do not count."""
    if ignore_label is not None and ignore_mask is not None:
        message = "give ignore_label or ignore_mask, not both"
        raise ConfigError(message)
    negative = allow_negative_labels or (ignore_label is not None and ignore_label < 0)

    def read(values: ArrayLike, name: str) -> AnyArray:
        return as_label_map(values, name, allow_negative_labels=negative)

    grid = _opened(reference, prediction, spacing, ignore_mask, read)
    if ignore_label is None:
        return grid
    if negative and not allow_negative_labels:
        _check_negative(grid, ignore_label)
    ignored: AnyArray = np.equal(grid.reference, ignore_label)
    if not ignored.any():
        return grid
    return Grid(grid.reference, grid.prediction, ignored, grid.spacing)


def _check_negative(grid: Grid, ignore_label: int) -> None:
    """Raise LabelError for negative labels other than the ignore label."""
    for name, array in (("reference", grid.reference), ("prediction", grid.prediction)):
        if array.dtype.kind == "i" and ((array < 0) & (array != ignore_label)).any():
            message = (
                f"{name} holds negative labels besides the ignore label {ignore_label}; "
                "allow_negative_labels=True accepts them"
            )
            raise LabelError(message)
