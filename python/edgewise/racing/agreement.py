"""Whether two libraries computed the same thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["disagreement", "same_partition"]

_BLOCK: Final = 1 << 22  # values compared at once: no temporaries as large as a volume


def disagreement(expected: Any, found: Any, *, rtol: float) -> str:  # noqa: ANN401
    """Return how two results differ, in one clause; empty if they agree.

    Parameters
    ----------
    expected, found : array_like of numbers or bool
        NaN agrees with NaN, infinity with infinity.
    rtol : float
        Largest difference of two values, absolute for values below 1 and else relative. Integers
        and bool are compared exactly.

    Returns
    -------
    str
        Such as ``"3 of 8 values differ, by up to 0.5"``.

    Examples
    --------
    >>> disagreement([1.0, 2.0], [1.0, 2.5], rtol=1e-9)
    '1 of 2 values differs, by up to 0.5'
    >>> disagreement([1.0, 2.0], [1.0, 2.0 + 1e-12], rtol=1e-9)
    ''
    """
    ours, theirs = np.asarray(expected), np.asarray(found)
    if ours.shape != theirs.shape:
        return f"has shape {theirs.shape} instead of {ours.shape}"
    ours, theirs = ours.reshape(-1), theirs.reshape(-1)
    wrong, largest = 0, 0.0
    for start in range(0, ours.size, _BLOCK):
        a, b = (side[start : start + _BLOCK].astype(np.float64) for side in (ours, theirs))
        bound = rtol * np.maximum(1.0, np.abs(a)) if ours.dtype.kind == "f" else 0.0
        with np.errstate(invalid="ignore"):
            apart = np.abs(a - b)
            near = np.isfinite(apart) & (apart <= bound)
            bad = ~(near | (a == b) | (np.isnan(a) & np.isnan(b)))
        if bad.any():
            wrong += int(bad.sum())
            finite = apart[bad & np.isfinite(apart)]
            largest = max(largest, float(finite.max()) if finite.size else np.inf)
    if not wrong:
        return ""
    verb = "differs" if wrong == 1 else "differ"
    return f"{wrong} of {ours.size} values {verb}, by up to {largest:.3g}"


def same_partition(labels: Any) -> NDArray[np.int64]:  # noqa: ANN401
    """Return a label map renumbered by the first voxel of each label, so that partitions compare.

    Examples
    --------
    >>> same_partition([[0, 7], [7, 3]])
    array([[0, 2],
           [2, 4]])
    """
    array = np.asarray(labels)
    flat = array.reshape(-1)
    first: NDArray[np.int64] = np.zeros(int(flat.max()) + 1, dtype=np.int64)
    first[flat[::-1]] = np.arange(flat.size, 0, -1)
    first[0] = 0
    return np.asarray(first[array], dtype=np.int64)
