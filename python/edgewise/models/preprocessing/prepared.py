"""A prepared image, and the way back onto the grid it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise.errors import ShapeError

from .resampling import ResamplingRule, resample_labels, resample_logits, separate_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Origin", "Prepared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The grid that an image came from.

    Attributes
    ----------
    axes : tuple of int
        Axis of the original array for each axis of the prepared one.
    shape : tuple of int
        Before cropping, axes as prepared.
    box : tuple of slice
        What was kept of it.
    spacing : tuple of float
        Axes as prepared, mm.
    resample_labels, resample_logits : ResamplingRule
        How answers come back.
    """

    axes: tuple[int, ...]
    shape: tuple[int, ...]
    box: tuple[slice, ...]
    spacing: tuple[float, ...]
    resample_labels: ResamplingRule
    resample_logits: ResamplingRule

    @property
    def cropped_shape(self) -> tuple[int, ...]:
        """Voxels of the box."""
        return tuple(part.stop - part.start for part in self.box)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """An image as a network takes it.

    Attributes
    ----------
    array : float32 array (C, ...)
        Cropped, normalised, resampled.
    labels : integer array, optional
        Label map on the same grid, if one was given.
    spacing : tuple of float
        Of `array`, mm.
    origin : Origin
        Where it came from.
    """

    array: NDArray[np.float32]
    labels: NDArray[Any] | None
    spacing: tuple[float, ...]
    origin: Origin

    def restore(self, answer: Any, *, regions: Sequence[int] | None = None) -> NDArray[Any]:  # noqa: ANN401
        """Return a network's answer as a label map of the original array.

        Parameters
        ----------
        answer : array or Tensor, (classes, ...) floating or (...) integer
            Logits on the grid of `array`, or labels on it. Logits are interpolated before the
            largest is chosen, which gives smoother boundaries than labels can.
        regions : sequence of int, optional
            For logits of regions: label of each channel, written where its logit is above 0, later
            ones over earlier ones. Default: channel k is label k.

        Returns
        -------
        uint8 or uint16 array, or that of the labels
            Shape of the original array; 0 outside of what was cropped to.

        Raises
        ------
        ShapeError
            If `answer` is not on the grid of `array`.
        """
        values = _as_array(answer)
        kept = values.shape[1:] if values.dtype.kind == "f" else values.shape
        if kept != self.array.shape[1:]:
            message = f"answer has shape {values.shape}, the prepared image {self.array.shape}: "
            message += "logits are (classes, ...) floating, labels (...) integer"
            raise ShapeError(message)
        origin, shape = self.origin, self.origin.cropped_shape
        if values.dtype.kind == "f":
            inside = resample_logits(
                values, shape, rule=origin.resample_logits,
                before=self.spacing, after=origin.spacing, regions=regions,
            )  # fmt: skip
        else:
            inside = resample_labels(
                values, shape, rule=origin.resample_labels,
                before=self.spacing, after=origin.spacing,
            )  # fmt: skip
        return self.place(inside)

    @property
    def separate_axis(self) -> int | None:
        """Axis along which logits take the nearest slice on their way back; None if there is none.

        With ``origin.cropped_shape`` it is what resampling slab by slab needs.
        """
        rule = self.origin.resample_logits
        axis = separate_axis(rule, self.spacing, self.origin.spacing)
        return axis if rule.order_across == 0 else None

    def place(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Return a label map of the cropped image, at its own spacing, on the original array.

        Parameters
        ----------
        labels : array
            Of ``origin.cropped_shape``, axes as prepared.

        Returns
        -------
        array of the dtype of `labels`
            0 outside of what was cropped to.

        Raises
        ------
        ShapeError
            If `labels` has another shape.
        """
        origin = self.origin
        if labels.shape != origin.cropped_shape:
            message = f"labels have shape {labels.shape}, the cropped image {origin.cropped_shape}"
            raise ShapeError(message)
        whole = np.zeros(origin.shape, labels.dtype)
        whole[origin.box] = labels
        return np.ascontiguousarray(whole.transpose(np.argsort(origin.axes)))


def _as_array(answer: Any) -> NDArray[Any]:  # noqa: ANN401
    if hasattr(answer, "detach"):  # a tensor, perhaps in a type that numpy does not have
        answer = answer.detach().cpu()
        answer = answer.float() if answer.dtype.is_floating_point else answer
        return np.asarray(answer.numpy())
    return np.asarray(answer)
