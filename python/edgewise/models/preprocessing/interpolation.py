"""Values between voxels: the one place that says which code interpolates.

Both grids share their outer faces: voxel i of n reads place ``(i + 0.5) * before / after - 0.5``,
values outside repeat the border (``align_corners=False``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise._extras import require
from edgewise.errors import ConfigError
from edgewise.voxels import resample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["interpolate"]

_CUBIC: Final = 3


def interpolate(image: NDArray[Any], shape: Sequence[int], *, order: int) -> NDArray[np.float32]:
    """Return one channel on another number of voxels.

    Parameters
    ----------
    image : array
        One channel.
    shape : sequence of int
        As many axes.
    order : {0, 1, 3}
        Nearest, linear, or cubic spline; cubic results stay within the extremes of the image.

    Returns
    -------
    float32 array
        Of `shape`.

    Raises
    ------
    ConfigError
        For another order.
    MissingExtraError
        For order 3 without SciPy.
    """
    if order not in (0, 1, _CUBIC):
        message = f"order must be 0, 1 or 3, got {order!r}"
        raise ConfigError(message)
    if tuple(shape) == image.shape:
        return np.asarray(image, dtype=np.float32)
    if order == _CUBIC:
        return _cubic(image, shape)
    values = np.asarray(image, dtype=np.float32)
    return resample(values, shape, order=1 if order == 1 else 0)


def _cubic(image: NDArray[Any], shape: Sequence[int]) -> NDArray[np.float32]:
    ndimage = require("scipy.ndimage", extra="scipy")
    precise = image.astype(np.float64)
    factors = [after / before for after, before in zip(shape, image.shape, strict=True)]
    out = ndimage.zoom(precise, factors, order=3, mode="nearest", grid_mode=True)
    return np.clip(out, precise.min(), precise.max()).astype(np.float32)
