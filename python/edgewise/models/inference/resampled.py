"""Label maps on another grid than the network's, made while rows of logits come in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from edgewise.errors import ConfigError, ShapeError
from edgewise.voxels import ArgmaxResampler

from .consumers import check_one_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from numpy.typing import NDArray

__all__ = ["ResampledLabels"]


class ResampledLabels:
    """The label of the largest of linearly interpolated logits; of the logits two rows are kept.

    Parameters
    ----------
    out_shape : sequence of int
        Voxels of the label map; both grids share their outer faces.
    labels, regions, background
        As for `Labels`; labels up to 65535.
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
        if labels is not None and regions is not None:
            message = "give labels (one class a voxel) or regions (overlapping channels), not both"
            raise ConfigError(message)
        self.bytes_per_voxel = 0.0
        self._shape = tuple(out_shape)
        self._labels, self._regions = labels, regions
        self._background = background
        self._apart = separate_axis
        self._resampler: ArgmaxResampler | None = None
        self.needs_logits = regions is not None

    def begin(self, classes: int, shape: tuple[int, ...]) -> None:
        """See `Consumer`.

        Raises
        ------
        ShapeError, ConfigError
            If the number of axes or of labels does not fit.
        """
        if len(self._shape) != len(shape):
            message = f"out_shape must have {len(shape)} axes, got {self._shape}"
            raise ShapeError(message)
        for name, given in (("labels", self._labels), ("regions", self._regions)):
            if given is not None:
                check_one_each(given, classes, name)
        self._resampler = ArgmaxResampler(
            self._shape,
            shape,
            classes,
            separate_axis=self._apart,
            labels=self._labels,
            background=self._background,
            regions=self._regions,
        )
        kept = 2 * 4 * classes / shape[0]  # two rows of logits
        made = 2 * math.prod(self._shape) / math.prod(shape)
        self.bytes_per_voxel = kept + made

    def take(self, logits: torch.Tensor, first: int) -> None:
        """See `Consumer`."""
        if self._resampler is not None:
            self._resampler.push(logits.cpu().numpy())

    def result(self) -> NDArray[Any]:
        """Return the label map, uint8 or uint16."""
        if self._resampler is None:
            message = "no rows were given"
            raise ConfigError(message)
        return self._resampler.finish()

    def close(self) -> None:
        """Nothing is open."""
