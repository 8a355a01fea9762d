"""Label maps on another grid than the network's, made while rows of logits come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise.errors import ShapeError
from edgewise.models.preprocessing.interpolation import argmax_interpolated

from .consumers import Labels, Logits, label_dtype

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from numpy.typing import NDArray

__all__ = ["ResampledLabels"]


class ResampledLabels:
    """The label of the largest of linearly interpolated logits.

    Parameters
    ----------
    out_shape : sequence of int
        Voxels of the label map; both grids share their outer faces.
    labels, regions, background
        As for `Labels`.
    separate_axis : int, optional
        Axis along which the nearest row counts.
    """

    def __init__(
        self,
        out_shape: Sequence[int],
        *,
        labels: Sequence[int] | None = None,
        regions: Sequence[int] | None = None,
        background: int = 0,
        separate_axis: int | None = None,
    ) -> None:
        self.bytes_per_voxel = 0.0
        self._shape = tuple(out_shape)
        self._names = Labels(labels, regions=regions, background=background)
        self._labels, self._regions = labels, regions
        self._apart = separate_axis
        self._held = Logits()

    def begin(self, classes: int, shape: tuple[int, ...]) -> None:
        """See `Consumer`."""
        if len(self._shape) != len(shape):
            message = f"out_shape must have {len(shape)} axes, got {self._shape}"
            raise ShapeError(message)
        self._names.begin(classes, (1,) * len(shape))
        self._held.begin(classes, shape)
        self.bytes_per_voxel = self._held.bytes_per_voxel

    def take(self, logits: torch.Tensor, first: int) -> None:
        """See `Consumer`."""
        self._held.take(logits, first)

    def result(self) -> NDArray[Any]:
        """Return the label map."""
        found = argmax_interpolated(
            self._held.result(), self._shape, separate_axis=self._apart, regions=self._regions
        )
        if self._labels is None:
            return found
        return np.asarray(self._labels, dtype=label_dtype(self._labels))[found]

    def close(self) -> None:
        """Nothing is open."""
