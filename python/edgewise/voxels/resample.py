"""Images and class scores on another grid of the same extent.

One rule for all (`align_corners=False`): voxel i lies at ``(i + 1/2) * in / out - 1/2`` in voxels
of the source, and beyond its first and last voxel the edge goes on. No smoothing before the size is
reduced, no splines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise import _core
from edgewise._arguments import Spacing, Threads, as_threads
from edgewise.errors import ConfigError, ShapeError

from .resample_grid import (
    LabelArray,
    Labelling,
    Order,
    as_elements,
    as_labelling,
    as_shape,
    linear_axes,
    place,
    three_axes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["as_logits", "label_planes", "resample", "resample_argmax"]


def resample_argmax(
    logits: ArrayLike,
    out_shape: Sequence[int],
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
) -> LabelArray:
    """Return the label of the best class for each voxel of another grid.

    The same as interpolating every class and taking the greatest, but no class is ever held on the
    other grid, and only those are computed that may win.

    Parameters
    ----------
    logits : array of float16, bfloat16, float32 or float64, class axis and 1 to 3 axes
        Scores of which the greatest wins: logits or probabilities. Any memory order, nothing is
        copied as a whole; tensors on the CPU too. bfloat16 also as its bits in uint16.
    out_shape : sequence of int
        Voxels along each axis of the result; both grids cover the same extent.
    spacing_in, spacing_out : float or sequence of float, optional
        Voxel size of source and target, in mm. They decide `separate_axis` and nothing else:
        where voxels lie follows from the shapes.
    order : {1, 0}, default 1
        1: linear between voxels. 0: the nearest voxel.
    separate_axis : int, optional
        Along this axis the nearest voxel counts, in the planes across it values are linear.
        Default: of `spacing_in`, or else of `spacing_out`, whichever is more than 3 times its
        least somewhere, the axis of the largest, if just one is that large; without spacings none.
    labels : sequence of int, optional
        The label of each class. Default: 0, 1, 2, ...
    background : int, default 0
        The label where no class wins: all are NaN, or no region is above 0.
    regions : sequence of int, optional
        Classes may overlap, and each is there where its logit is above 0 (its sigmoid above 1/2);
        of several the last one wins. The label of each class; excludes `labels`.
    out : array of uint8 or uint16, optional
        Where to put the result; may lie in the memory of `logits`. Default: a new array.
    threads : int or "auto", default "auto"
        Number of threads; the result does not depend on it.

    Returns
    -------
    array of uint8, or of uint16 if a label is above 255; or `out`
        Of equal classes the first one wins. NaN never wins; infinite values are larger or smaller
        than all others. float64 is rounded to single precision before.

    Raises
    ------
    TypeError
        If `logits` or `out` is of another type.
    ShapeError
        If `logits` does not have 2 to 4 axes, or a shape does not fit.
    LabelError
        If there is not one label per class, or one is not 0 to 65535 or does not fit into `out`.
    SpacingError
        If a spacing is not finite and positive, or not one value per axis.
    ConfigError
        If `order`, `separate_axis` or `threads` is none of the values above, or both `labels` and
        `regions` are given.

    See Also
    --------
    ArgmaxResampler : the same from slabs, so that the logits need not be held as a whole.
    resample : an image on another grid.

    Notes
    -----
    ``torch.nn.functional.interpolate(mode="trilinear", align_corners=False)``, or
    ``skimage.transform.resize(order=1, mode="edge", anti_aliasing=False)``, of each class and then
    ``argmax``: equal wherever the best value is more than the rounding of single precision above
    the next. `order` 0 is torch's ``nearest-exact``. `separate_axis` is ``order_z=0`` of nnU-Net,
    the default for it that library's rule, `regions` its ``regions_class_order``.

    Values are computed in single precision along the first axis, then the second, then the third.
    Memory beyond the result: 16 bytes per class and element of a row, for each thread; also at most
    18 rows of 9 planes of all classes if the last axis is not contiguous in memory, and in single
    precision of bfloat16 and float64.

    Examples
    --------
    >>> resample_argmax([[0.0, 1.0], [1.0, 0.0]], (4,))
    array([1, 1, 0, 0], dtype=uint8)
    >>> resample_argmax([[0.0, 1.0], [1.0, 0.0]], (4,), labels=[7, 300])
    array([300, 300,   7,   7], dtype=uint16)
    """
    array, kind = as_logits(logits, "logits")
    ndim = array.ndim - 1
    shape = as_shape(out_shape, ndim, "out_shape")
    labelling = as_labelling(array.shape[0], labels, background, regions)
    linear = linear_axes(ndim, order, separate_axis, (spacing_in, spacing_out))
    result = labelling.new_array(shape, out)
    direct = result.flags.c_contiguous and result.flags.aligned
    direct = direct and not np.may_share_memory(array, result)
    flat = result if direct else np.empty(shape, result.dtype)
    label_planes(
        np.expand_dims(array, tuple(range(1, 4 - ndim))),
        kind,
        flat.reshape(-1),
        source=three_axes(array.shape[1:], missing=1),
        target=three_axes(shape, missing=1),
        linear=three_axes(linear, missing=False),
        labelling=labelling,
        threads=as_threads(threads),
    )
    if flat is not result:
        result[...] = flat
    return result


def as_logits(values: ArrayLike, name: str) -> tuple[NDArray[Any], str]:
    """Return floating numbers with a class axis and 1 to 3 more, and the name of their type."""
    array, kind = as_elements(values, name)
    kind = "bfloat16" if kind == "uint16" else kind
    if kind not in ("float16", "bfloat16", "float32", "float64"):
        message = f"{name} must be float16, bfloat16, float32 or float64, got {kind}"
        raise TypeError(message)
    if not 2 <= array.ndim <= 4:
        message = f"{name} must have a class axis and 1 to 3 more, got shape {array.shape}"
        raise ShapeError(message)
    return array, kind


def label_planes(
    logits: NDArray[Any],
    kind: str,
    out: LabelArray,
    *,
    source: tuple[int, int, int],
    target: tuple[int, int, int],
    linear: tuple[bool, bool, bool],
    labelling: Labelling,
    threads: int,
    first: int = 0,
    planes: tuple[int, int] | None = None,
) -> None:
    """Write some planes of the target, as one axis, from logits that begin with plane `first`."""
    memory, where = place(logits)
    _core.resample_argmax(
        memory,
        kind,
        where,
        out,
        source=source,
        target=target,
        linear=linear,
        first=first,
        planes=(0, target[0]) if planes is None else planes,
        labels=labelling.labels,
        background=labelling.background,
        regions=labelling.last_positive,
        threads=threads,
    )


def resample(
    image: ArrayLike,
    out_shape: Sequence[int],
    *,
    order: Order = 1,
    separate_axis: int | None = None,
    threads: Threads = "auto",
) -> NDArray[Any]:
    """Return an image or label map on another grid of the same extent.

    Parameters
    ----------
    image : array of numbers or booleans of at most 64 bits, 1 to 3 axes
        Any memory order, never copied; tensors on the CPU too.
    out_shape : sequence of int
        Voxels along each axis of the result. For another spacing: extent divided by spacing,
        rounded.
    order : {1, 0}, default 1
        1: linear between voxels, for images. 0: the nearest voxel, for label maps.
    separate_axis : int, optional
        Along this axis the nearest voxel counts, whatever `order` is. Default: none.
    threads : int or "auto", default "auto"
        Number of threads; the result does not depend on it.

    Returns
    -------
    array of float32 with order 1, of the type of `image` with order 0
        NaN and infinite values spread to voxels that lie between them and others; between
        infinite values of both signs is NaN. Whole numbers and float64 are rounded to float32.

    Raises
    ------
    TypeError
        If `image` does not hold such numbers.
    ShapeError
        If `image` does not have 1 to 3 axes, has one of length 0, or `out_shape` does not fit.
    ConfigError
        If `order`, `separate_axis` or `threads` is none of the values above.

    See Also
    --------
    resample_argmax : class scores to labels.

    Notes
    -----
    ``torch.nn.functional.interpolate`` with ``align_corners=False``, or ``nearest-exact`` for
    `order` 0. No smoothing: of an image made much smaller most voxels are not read. Memory beyond
    the result: a few rows a thread.

    Examples
    --------
    >>> resample([0, 10], (4,))
    array([ 0. ,  2.5,  7.5, 10. ], dtype=float32)
    >>> resample([0, 10], (3,), order=0)
    array([ 0, 10, 10])
    """
    array, kind = as_elements(image, "image")
    if array.ndim > 3:
        message = f"image must have one to three axes, got {array.ndim}"
        raise ShapeError(message)
    shape = as_shape(out_shape, array.ndim, "out_shape")
    linear = linear_axes(array.ndim, order, separate_axis)
    target = three_axes(shape, missing=1)
    volume = np.expand_dims(array, tuple(range(4 - array.ndim)))
    if order == 1:
        memory, lies = place(volume)
        result = np.empty(shape, np.float32)
        _core.resample_linear(
            memory,
            "uint8" if kind == "bool" else kind,
            lies,
            result.reshape(-1),
            target=target,
            linear=three_axes(linear, missing=False),
            threads=as_threads(threads),
        )
        return result
    if kind == "bfloat16":
        message = "image of bfloat16 can only be resampled with order 1: numpy has no such type"
        raise ConfigError(message)
    memory, lies = place(volume.view(f"u{array.itemsize}"))
    words = np.empty(shape, f"u{array.itemsize}")
    _core.resample_nearest(
        memory, lies, words.reshape(-1), target=target, threads=as_threads(threads)
    )
    return words.view(kind)
