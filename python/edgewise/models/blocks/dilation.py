"""What dilation leaves of a kernel: weights on small maps, holes under stacked rates.

Plain arithmetic, no tensors. A kernel of k taps at rate r spans ``r (k - 1) + 1`` voxels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["touched_offsets", "valid_weights"]


def valid_weights(shape: Sequence[int], rate: int, *, kernel: int = 3) -> dict[int, float]:
    """Return how many weights of a dilated kernel meet the map, and at which share of positions.

    Near a border, some taps fall into the padding. On a map smaller than the rate all but the
    central one do: a 3 x 3 convolution of rate 36 on the 28 x 28 map of a 224 x 224 image is a
    1 x 1 convolution. Figure 4 of DeepLabV3 (arXiv 1706.05587) shows these shares for a map of
    65 x 65.

    Parameters
    ----------
    shape : sequence of int
        Of the map, voxels.
    rate : int
        Dilation.
    kernel : int, default 3
        Taps along each axis, odd; the map is padded to keep its size.

    Returns
    -------
    dict of int to float
        From a number of weights to the share of positions at which so many lie on the map, in
        ascending order; the shares sum to 1.

    Examples
    --------
    >>> valid_weights((65, 65), 100)
    {1: 1.0}
    >>> {count: round(share, 3) for count, share in valid_weights((65, 65), 1).items()}
    {4: 0.001, 6: 0.06, 9: 0.939}
    """
    counts = np.ones(1, dtype=np.int64)
    for size in shape:
        taps = np.arange(size)[:, None] + rate * (np.arange(kernel) - kernel // 2)
        along = ((taps >= 0) & (taps < size)).sum(axis=1)
        counts = np.multiply.outer(counts, along).ravel()
    number, times = np.unique(counts, return_counts=True)
    return {int(n): float(t) / counts.size for n, t in zip(number, times, strict=True)}


def touched_offsets(rates: Sequence[int], *, kernel: int = 3) -> tuple[int, ...]:
    """Return the offsets along one axis that a stack of dilated convolutions reads.

    Equal rates leave holes ("gridding"): neighbouring outputs are made of disjoint sets of inputs.
    Rates such as 1, 2, 5 leave none (Wang et al., WACV 2018, arXiv 1702.08502, section 3.2).

    Parameters
    ----------
    rates : sequence of int
        Dilation of each layer.
    kernel : int, default 3
        Taps along the axis, odd.

    Returns
    -------
    tuple of int
        Ascending, 0 being the output's own place.

    Examples
    --------
    >>> touched_offsets((2, 2, 2))
    (-6, -4, -2, 0, 2, 4, 6)
    >>> len(touched_offsets((1, 2, 3)))
    13
    """
    reached = {0}
    for rate in rates:
        steps = [rate * (tap - kernel // 2) for tap in range(kernel)]
        reached = {offset + step for offset in reached for step in steps}
    return tuple(sorted(reached))
