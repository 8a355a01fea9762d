"""Class scores that arrive slab by slab, to labels on another grid: what `resample_argmax` returns.

Of all slabs two planes are kept, the last one and the first one of the next slab: what lies between
slabs lies between those.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise import _core
from edgewise._arguments import Spacing, Threads, as_threads
from edgewise.errors import ConfigError, ShapeError

from .resample import as_logits, label_planes
from .resample_grid import (
    LabelArray,
    Order,
    as_labelling,
    as_shape,
    linear_axes,
    three_axes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["ArgmaxResampler"]


class ArgmaxResampler:
    """Labels on another grid from class scores that arrive in slabs along the first spatial axis.

    The result is that of `resample_argmax` on all slabs together, bit for bit, however they are
    cut; of the scores two planes are kept.

    Parameters
    ----------
    out_shape : sequence of int
        Voxels along each axis of the result.
    in_shape : sequence of int
        Voxels along each axis of the source, of all slabs together.
    classes : int
        Number of classes.
    spacing_in, spacing_out, order, separate_axis, labels, background, regions, out, threads
        As in `resample_argmax`.

    Attributes
    ----------
    received : int
        Planes of the source that have arrived.
    done : int
        Planes of the result that are finished and will not change; those of `out` can be read.

    Raises
    ------
    ShapeError, LabelError, SpacingError, ConfigError, TypeError
        As `resample_argmax`.

    Examples
    --------
    >>> resampler = ArgmaxResampler((4, 2), (2, 1), classes=2)
    >>> resampler.push(np.float32([[[0]], [[1]]]))
    >>> resampler.push(np.float32([[[1]], [[0]]]))
    >>> resampler.finish()
    array([[1, 1],
           [1, 1],
           [0, 0],
           [0, 0]], dtype=uint8)
    """

    def __init__(
        self,
        out_shape: Sequence[int],
        in_shape: Sequence[int],
        classes: int,
        *,
        spacing_in: Spacing = None,
        spacing_out: Spacing = None,
        order: Order = 1,
        separate_axis: int | None = None,
        labels: Sequence[int] | None = None,
        background: int = 0,
        regions: Sequence[int] | None = None,
        out: LabelArray | None = None,
        threads: Threads = "auto",
    ) -> None:
        ndim = len(in_shape) if isinstance(in_shape, Sized) else 0
        if not 1 <= ndim <= 3:
            message = f"in_shape must have one to three axes, got {in_shape!r}"
            raise ShapeError(message)
        self.in_shape = as_shape(in_shape, ndim, "in_shape")
        self.out_shape = as_shape(out_shape, ndim, "out_shape")
        if not isinstance(classes, int | np.integer) or classes < 1:
            message = f"classes must be a whole number of at least 1, got {classes!r}"
            raise ShapeError(message)
        self.classes = int(classes)
        self.received = 0
        self.done = 0
        self._labelling = as_labelling(self.classes, labels, background, regions)
        self._linear = linear_axes(ndim, order, separate_axis, (spacing_in, spacing_out))
        self._out = self._labelling.new_array(self.out_shape, out)
        if not (self._out.flags.c_contiguous and self._out.flags.aligned):
            message = "out must be contiguous in C order, so that planes can be written one by one"
            raise ConfigError(message)
        self._threads = as_threads(threads)
        self._kind = ""
        self._joint: NDArray[Any] | None = None  # last plane of a slab, first plane of the next

    def push(self, logits: ArrayLike) -> None:
        """Take the next slab and finish the planes of the result that it completes.

        Parameters
        ----------
        logits : array of float16, bfloat16, float32 or float64, shape (classes, planes, ...)
            Any number of planes; all slabs of one type. Not kept and not modified.

        Raises
        ------
        TypeError
            If it is of another type than these, or than the slabs before.
        ShapeError
            If its classes or planes do not fit, or there are more planes than `in_shape` says.
        ConfigError
            If it lies in the memory of `out`.
        """
        slab, kind = as_logits(logits, "logits")
        self._check(slab, kind)
        start, stop = self.received, self.received + slab.shape[1]
        if self._joint is None:
            self._joint = np.empty((self.classes, 2, *self.in_shape[1:]), slab.dtype)
        elif start:
            self._joint[:, 1] = slab[:, 0]
            self._finish_until(start + 1, self._joint, start - 1)
        self._finish_until(stop, slab, start)
        if stop < self.in_shape[0]:
            self._joint[:, 0] = slab[:, -1]
        self.received = stop

    def finish(self) -> LabelArray:
        """Return the label map.

        Raises
        ------
        ShapeError
            If planes are missing.
        """
        if self.received < self.in_shape[0]:
            message = f"{self.received} of {self.in_shape[0]} planes have arrived: push the others"
            raise ShapeError(message)
        return self._out

    def _check(self, slab: NDArray[Any], kind: str) -> None:
        if (slab.shape[0], *slab.shape[2:]) != (self.classes, *self.in_shape[1:]):
            wanted = (self.classes, "any", *self.in_shape[1:])
            message = f"a slab must have shape {wanted}, got {slab.shape}"
            raise ShapeError(message)
        left = self.in_shape[0] - self.received
        if slab.shape[1] > left:
            message = f"a slab of {slab.shape[1]} planes arrived where {left} are left"
            raise ShapeError(message)
        if np.may_share_memory(slab, self._out):
            message = "a slab lies in the memory of out, which is written to: give a copy"
            raise ConfigError(message)
        if self._kind and kind != self._kind:
            message = f"slabs must be of one type: {self._kind} before, {kind} now"
            raise TypeError(message)
        self._kind = kind

    def _finish_until(self, stop: int, logits: NDArray[Any], first: int) -> None:
        """Make the planes that lie between the first `stop` of the source, from these logits."""
        until = _core.resampled_planes(
            self.in_shape[0], self.out_shape[0], linear=self._linear[0], stop=stop
        )
        if until <= self.done:
            return
        ndim = len(self.in_shape)
        label_planes(
            np.expand_dims(logits, tuple(range(2, 5 - ndim))),
            self._kind,
            self._out[self.done : until].reshape(-1),
            source=three_axes(self.in_shape, missing=1, slabs=True),
            target=three_axes(self.out_shape, missing=1, slabs=True),
            linear=three_axes(self._linear, missing=False, slabs=True),
            labelling=self._labelling,
            threads=self._threads,
            first=first,
            planes=(self.done, until),
        )
        self.done = until
