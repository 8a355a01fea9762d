"""Which labels a map holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewise import _core
from edgewise._arguments import Threads, as_label_map, as_threads

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["count_labels"]


def count_labels(labels: ArrayLike, *, threads: Threads = "auto") -> dict[int, int]:
    """Return every label of a map with its number of voxels, background included.

    Parameters
    ----------
    labels : array_like of bool or integers
        Any number of axes, any memory order; negative values are labels too.
    threads : int or "auto", default "auto"
        Threads of the kernel.

    Returns
    -------
    dict of int to int
        Ascending labels. One pass over the array, by runs of equal labels.

    Raises
    ------
    LabelError
        If a floating value is no whole number.
    ShapeError
        If an axis has length 0.

    Examples
    --------
    >>> count_labels([[0, 0, 7], [7, 3, 0]])
    {0: 3, 3: 1, 7: 2}
    """
    array = as_label_map(labels, allow_negative_labels=True)
    flat = array.ravel(order="K")  # contiguous: a view
    number = as_threads(threads)
    _, counts, *_ = _core.joint_histogram(flat, flat, None, keep=False, threads=number)
    return counts
