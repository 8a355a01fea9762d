"""Shapes whose volume, surface and agreement are known by formula.

Voxel i of an axis covers [i h, (i + 1) h) with its centre at (i + 0.5) h, h the spacing; a voxel
belongs to a shape if its centre does. Volumes of curved shapes are therefore met only as voxels
shrink; those of boxes on the grid exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgewise._arguments import Spacing, as_spacing
from edgewise.errors import ConfigError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Phantom", "PhantomPair", "ball", "box", "box_pair", "concentric_balls", "ellipsoid"]


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """A shape on a grid.

    Attributes
    ----------
    mask : bool array
        The voxels whose centre lies in the shape.
    spacing : tuple of float
        Per axis, mm.
    truth : mapping of str to float
        Quantities of the continuous shape by formula, mm: ``volume`` (mm^d), and ``surface``
        (mm^(d-1)) where it has a closed form.
    """

    mask: NDArray[np.bool_]
    spacing: tuple[float, ...]
    truth: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class PhantomPair:
    """Two shapes on one grid, and how well they agree.

    Attributes
    ----------
    reference, prediction : bool array
        The two masks.
    spacing : tuple of float
        Per axis, mm.
    truth : mapping of str to float
        Metric name to its value by formula.
    is_exact : bool
        Whether the voxels meet the formulas exactly, or only as they shrink.
    """

    reference: NDArray[np.bool_]
    prediction: NDArray[np.bool_]
    spacing: tuple[float, ...]
    truth: Mapping[str, float]
    is_exact: bool


def ellipsoid(
    shape: Sequence[int],
    *,
    radii: Sequence[float],
    center: Sequence[float] | None = None,
    spacing: Spacing = None,
) -> Phantom:
    """Return an ellipse or ellipsoid along the axes.

    Parameters
    ----------
    shape : sequence of int
        Of the grid, 1 to 3 axes.
    radii : sequence of float
        Half axes, mm.
    center : sequence of float, optional
        In mm from the grid's corner. Default: the middle of the grid.
    spacing : float or sequence of float, optional
        Voxel size, mm. Default: 1.

    Returns
    -------
    Phantom
        Its volume is 2 r, pi r0 r1 or 4/3 pi r0 r1 r2.

    Raises
    ------
    ShapeError
        If there is not one radius and one coordinate per axis, or there are more than three axes.

    Examples
    --------
    >>> phantom = ellipsoid((40, 40, 40), radii=(12, 10, 8))
    >>> round(float(phantom.mask.sum()) / phantom.truth["volume"], 2)
    1.0
    """
    steps = as_spacing(spacing, len(shape))
    middle = _center(shape, steps, center)
    if len(radii) != len(shape) or not 1 <= len(shape) <= 3:
        message = f"radii must have one value per axis, 1 to 3 axes; got {list(radii)} for {shape}"
        raise ShapeError(message)
    if min(radii) <= 0:
        message = f"radii must be positive, got {list(radii)}"
        raise ConfigError(message)
    squares: NDArray[np.float64] = np.zeros((1,) * len(shape))
    for k, coordinate in enumerate(_centres(shape, steps)):
        squares = squares + ((coordinate - middle[k]) / radii[k]) ** 2
    factor = {1: 2.0, 2: math.pi, 3: 4 / 3 * math.pi}[len(shape)]
    return Phantom(squares <= 1, steps, {"volume": factor * math.prod(radii)})


def ball(
    shape: Sequence[int],
    *,
    radius: float,
    center: Sequence[float] | None = None,
    spacing: Spacing = None,
) -> Phantom:
    """Return a disc or ball; its surface is 2 pi r or 4 pi r^2. Parameters as in `ellipsoid`."""
    found = ellipsoid(shape, radii=(radius,) * len(shape), center=center, spacing=spacing)
    surface = {1: 2.0, 2: 2 * math.pi * radius, 3: 4 * math.pi * radius**2}[len(shape)]
    return Phantom(found.mask, found.spacing, {**found.truth, "surface": surface})


def box(
    shape: Sequence[int], *, start: Sequence[int], size: Sequence[int], spacing: Spacing = None
) -> Phantom:
    """Return a box of whole voxels.

    Parameters
    ----------
    shape : sequence of int
        Of the grid.
    start, size : sequence of int
        First voxel and number of voxels along each axis.
    spacing : float or sequence of float, optional
        Voxel size, mm. Default: 1.

    Returns
    -------
    Phantom
        Volume and surface are exact.

    Raises
    ------
    ShapeError
        If the box leaves the grid.
    """
    steps = as_spacing(spacing, len(shape))
    stops = [a + n for a, n in zip(start, size, strict=True)]
    if len(start) != len(shape) or any(
        a < 0 or n < 1 or b > m for a, n, b, m in zip(start, size, stops, shape, strict=True)
    ):
        message = f"the box from {list(start)} of size {list(size)} leaves the grid {list(shape)}"
        raise ShapeError(message)
    mask = np.zeros(shape, dtype=np.bool_)
    mask[tuple(slice(a, b) for a, b in zip(start, stops, strict=True))] = True
    edges = [n * h for n, h in zip(size, steps, strict=True)]
    volume = math.prod(edges)
    surface = sum(2 * volume / edge for edge in edges)
    return Phantom(mask, steps, {"volume": volume, "surface": surface})


def box_pair(
    shape: Sequence[int],
    *,
    start: Sequence[int],
    size: Sequence[int],
    shift: Sequence[int],
    spacing: Spacing = None,
) -> PhantomPair:
    """Return a box and the same box moved by whole voxels.

    Parameters
    ----------
    shape, start, size, spacing
        As in `box`.
    shift : sequence of int
        Voxels that the prediction is moved by along each axis.

    Returns
    -------
    PhantomPair
        With c = prod max(0, n_k - abs(t_k)) common voxels of n = prod n_k: dice = c / n, iou = c /
        (2 n - c); a convex set and its translate lie ``hd`` = norm of the translation apart. Exact.

    Examples
    --------
    >>> pair = box_pair((12, 12), start=(2, 2), size=(4, 5), shift=(1, 2))
    >>> pair.truth["dice"], pair.truth["hd"] == 5**0.5
    (0.45, True)
    """
    first = box(shape, start=start, size=size, spacing=spacing)
    moved = [a + t for a, t in zip(start, shift, strict=True)]
    second = box(shape, start=moved, size=size, spacing=spacing)
    n = math.prod(size)
    common = math.prod(max(0, m - abs(t)) for m, t in zip(size, shift, strict=True))
    truth = {
        "dice": common / n,
        "iou": common / (2 * n - common),
        "hd": math.sqrt(sum((t * h) ** 2 for t, h in zip(shift, first.spacing, strict=True))),
        "volume_ref": first.truth["volume"],
        "volume_pred": first.truth["volume"],
        "tp": float(common),
        "fp": float(n - common),
        "fn": float(n - common),
    }
    return PhantomPair(first.mask, second.mask, first.spacing, truth, is_exact=True)


def concentric_balls(
    shape: Sequence[int],
    *,
    radii: tuple[float, float],
    center: Sequence[float] | None = None,
    spacing: Spacing = None,
) -> PhantomPair:
    """Return two balls around one centre: the reference's radius first.

    Parameters
    ----------
    shape, center, spacing
        As in `ellipsoid`.
    radii : (float, float)
        Of the reference and the prediction, mm.

    Returns
    -------
    PhantomPair
        With r <= R, d axes: dice = 2 r^d / (r^d + R^d), iou = (r / R)^d, all distances R - r. Met
        as voxels shrink.
    """
    first, second = (ball(shape, radius=radius, center=center, spacing=spacing) for radius in radii)
    small, large = (radius ** len(shape) for radius in sorted(radii))
    gap = abs(radii[0] - radii[1])
    truth = {
        "dice": 2 * small / (small + large),
        "iou": small / large,
        **dict.fromkeys(("hd", "hd95", "assd", "masd"), gap),
        "volume_ref": first.truth["volume"],
        "volume_pred": second.truth["volume"],
    }
    return PhantomPair(first.mask, second.mask, first.spacing, truth, is_exact=False)


def _centres(shape: Sequence[int], spacing: Sequence[float]) -> list[NDArray[np.float64]]:
    """Coordinates of the voxel centres, one array per axis, ready to broadcast."""
    return [
        ((np.arange(n, dtype=np.float64) + 0.5) * h).reshape(
            [-1 if j == k else 1 for j in range(len(shape))]
        )
        for k, (n, h) in enumerate(zip(shape, spacing, strict=True))
    ]


def _center(
    shape: Sequence[int], spacing: Sequence[float], center: Sequence[float] | None
) -> tuple[float, ...]:
    if center is None:
        return tuple(n * h / 2 for n, h in zip(shape, spacing, strict=True))
    if len(center) != len(shape):
        message = f"center must have one value per axis ({len(shape)}), got {list(center)}"
        raise ShapeError(message)
    return tuple(float(c) for c in center)
