"""Surface elements one by one, each with its size and its distance from the other surface."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from edgewise import _core
from edgewise._arguments import Spacing, Threads, as_threads

from .grids import open_masks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["SurfaceElements", "surface_elements"]


class SurfaceElements(NamedTuple):
    """The elements of the surfaces of two masks, ascending by distance, then by size.

    Attributes
    ----------
    ref_distances, ref_sizes : float64 array
        For each element of the reference's surface: the distance from the nearest element of
        the prediction's (inf if it has none), and its own size: 1 for an end point in one axis,
        a length in two, an area in three.
    pred_distances, pred_sizes : float64 array
        The same for the prediction.
    """

    ref_distances: NDArray[np.float64]
    ref_sizes: NDArray[np.float64]
    pred_distances: NDArray[np.float64]
    pred_sizes: NDArray[np.float64]


def surface_elements(
    reference: ArrayLike,
    prediction: ArrayLike,
    *,
    spacing: Spacing = None,
    threads: Threads = "auto",
) -> SurfaceElements:
    """Return the surface elements of two masks of one to three axes, none of them squeezed.

    The numbers are those of `surface_distance.compute_surface_distances`, to the bit where squared
    distances are exact (spacings of few binary digits). Elsewhere the nearest element may tie with
    another but for rounding, and either may be taken: up to 4 units in the last place. Sizes are
    computed there with BLAS, which on some processors rounds products and sums at once: up to 3
    units in the last place.

    Parameters
    ----------
    reference, prediction : array_like
        Masks of 0 and 1; outside of the array is background.
    spacing : float or sequence of float, optional
        Per axis.
    threads : int or "auto"
        For the kernels; results do not depend on it.
    """
    grid = open_masks(reference, prediction, spacing=spacing)
    grid.require_three_axes("a surface")
    first, second = _core.surface_elements(
        grid.reference, grid.prediction, spacing=grid.spacing, threads=as_threads(threads)
    )
    return SurfaceElements(*first, *second)
