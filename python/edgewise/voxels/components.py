"""Connected components of masks and label maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewise import _core
from edgewise._arguments import Threads, as_connectivity, as_label_map, as_threads

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["connected_components", "counted_components"]


def connected_components(
    labels: ArrayLike, *, connectivity: int | None = None, threads: Threads = "auto"
) -> NDArray[np.uint32]:
    """Return the connected components of the equal non-zero values of an array, numbered from 1.

    Parameters
    ----------
    labels : array of bool or integers, 1 to 3 axes
        0 is background; voxels of different values never belong to the same component. Floating
        values are accepted if all are whole numbers. Any memory order; never modified.
    connectivity : int, optional
        Which voxels touch: 1 = those that share a face, up to the number of axes = also those that
        share only a corner. Default: the number of axes.
    threads : int or "auto", default "auto"
        Number of threads; the result does not depend on it.

    Returns
    -------
    array of uint32, shape of `labels`
        0 in the background, 1 to n in the components, in the raster order (last axis fastest) of
        their first voxels, whatever the memory order. n is the maximum.

    Raises
    ------
    TypeError
        If `labels` does not hold numbers.
    LabelError
        If `labels` holds a fractional or infinite value or NaN.
    ShapeError
        If `labels` does not have 1 to 3 axes, or has an axis of length 0.
    ConfigError
        If `connectivity` is not 1 to the number of axes, or `threads` is not valid.

    See Also
    --------
    edgewise.methods.region_grow : the voxels connected to seeds.

    Notes
    -----
    Equal to ``scipy.ndimage.label`` for masks and to ``cc3d.connected_components`` for label maps,
    but that cc3d numbers components of 8 neighbours in 2D in another order. Linear in the voxels.
    Memory beyond the result: at most 5/16 byte a voxel (rows rounded up to 64 voxels), 4 bytes a
    run (a stretch of one value along the last axis in memory) and 16 bytes a component.

    References
    ----------
    .. [1] L. He, Y. Chao and K. Suzuki, "A run-based two-scan labeling algorithm", IEEE
       Transactions on Image Processing 17, 2008.

    Examples
    --------
    >>> connected_components([5, 5, 0, 7, 2, 0, 2])
    array([1, 1, 0, 2, 3, 0, 4], dtype=uint32)
    >>> int(connected_components([[1, 0], [0, 1]], connectivity=1).max())
    2
    """
    components, _ = counted_components(labels, connectivity=connectivity, threads=threads)
    return components


def counted_components(
    labels: ArrayLike, *, connectivity: int | None = None, threads: Threads = "auto"
) -> tuple[NDArray[np.uint32], int]:
    """Return `connected_components` and their number."""
    array = as_label_map(labels, allow_negative_labels=True)
    return _core.connected_components(
        array, connectivity=as_connectivity(connectivity, array.ndim), threads=as_threads(threads)
    )


def narrow_components(
    labels: ArrayLike, *, connectivity: int | None = None, threads: Threads = "auto"
) -> tuple[NDArray[np.uint16], int] | None:
    """Return `connected_components` in 16 bits and their number.

    None if the array holds 65 535 or more runs: stretches of one label along the last axis that is
    longer than 1.
    """
    array = as_label_map(labels, allow_negative_labels=True)
    return _core.connected_components(
        array,
        connectivity=as_connectivity(connectivity, array.ndim),
        threads=as_threads(threads),
        narrow=True,
    )
