"""How much each voxel of a tile counts where tiles overlap.

A network knows least at a tile's border, so voxels count by a Gaussian around the tile's middle
(sigma an eighth of the tile along each axis). Three definitions of it, and the constant 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

__all__ = ["BLENDS", "PRESETS", "blend_weights", "edgewise_gaussian", "monai_gaussian",
           "nnunet_gaussian"]  # fmt: skip

BLENDS: Final = ("gaussian", "constant")
PRESETS: Final = ("edgewise", "nnunet", "nnunet_half", "monai")
_SIGMA: Final = 0.125  # of the tile
_REACH: Final = 4.0  # sigmas after which SciPy's filter ends
_PEAK: Final = 10.0  # of nnU-Net's map
_FLOOR: Final = 1e-3  # of MONAI's map


def blend_weights(shape: Sequence[int], blend: str, preset: str) -> NDArray[np.float32]:
    """Return the weights of one tile.

    Parameters
    ----------
    shape : sequence of int
        Of the network's output.
    blend : {"gaussian", "constant"}
        Gaussian, or 1 everywhere.
    preset : {"edgewise", "nnunet", "nnunet_half", "monai"}
        Whose Gaussian; "nnunet_half" rounds to half precision as nnU-Net does.

    Returns
    -------
    float32 array
        Positive everywhere.

    Raises
    ------
    ConfigError
        For another word.
    """
    if blend not in BLENDS:
        message = f"blend must be one of {', '.join(BLENDS)}, got {blend!r}"
        raise ConfigError(message)
    if preset not in PRESETS:
        message = f"preset must be one of {', '.join(PRESETS)}, got {preset!r}"
        raise ConfigError(message)
    if blend == "constant":
        return np.ones(tuple(shape), dtype=np.float32)
    if preset == "nnunet":
        return nnunet_gaussian(shape, dtype=np.float32)
    if preset == "nnunet_half":
        return nnunet_gaussian(shape).astype(np.float32)
    return monai_gaussian(shape) if preset == "monai" else edgewise_gaussian(shape)


def edgewise_gaussian(shape: Sequence[int]) -> NDArray[np.float32]:
    """Return ``exp(-x^2 / (2 (T/8)^2))`` around the middle ``(T - 1)/2``, symmetric for every T.

    Parameters
    ----------
    shape : sequence of int
        Of the tile.

    Returns
    -------
    float32 array
        1 or just below it in the middle, about ``exp(-8)`` per axis in a corner: single precision
        holds it without a floor.
    """
    weights = _separable([_centred(n) for n in shape])
    return weights.astype(np.float32)


def _centred(size: int) -> NDArray[np.float64]:
    offsets = np.arange(size) - (size - 1) / 2
    return np.asarray(np.exp(-(offsets**2) / (2 * (size * _SIGMA) ** 2)))


def _separable(lines: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    product = lines[0]
    for line in lines[1:]:
        product = product[..., None] * line
    return product


def nnunet_gaussian(shape: Sequence[int], *, dtype: DTypeLike = np.float16) -> NDArray[Any]:
    """Return nnU-Net's map: a Gaussian-filtered impulse, 10 at its peak.

    The impulse lies at ``T // 2``, half a voxel behind the middle of an even tile.

    Parameters
    ----------
    shape : sequence of int
        Of the tile.
    dtype : numpy type, default float16
        nnU-Net rounds to half precision; what becomes 0 by that takes the smallest value that
        does not, which lifts corners.

    Returns
    -------
    array
        In half precision the values of nnU-Net 2.8.1, bit by bit.
    """
    weights = _separable([_filtered_impulse(n) for n in shape])
    weights = weights / (weights.max() / _PEAK)
    with np.errstate(under="ignore"):
        rounded = weights.astype(dtype)
    rounded[rounded == 0] = rounded[rounded != 0].min()
    return rounded


def _filtered_impulse(size: int) -> NDArray[np.float64]:
    """Return what SciPy's Gaussian filter makes of an impulse at ``size // 2``, zeros outside."""
    sigma = size * _SIGMA
    reach = int(_REACH * sigma + 0.5)
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 / (sigma * sigma) * offsets**2)
    kernel /= kernel.sum()
    line = np.zeros(size + 2 * reach)
    line[size // 2 : size // 2 + 2 * reach + 1] = kernel
    return line[reach : reach + size]


def monai_gaussian(shape: Sequence[int]) -> NDArray[np.float32]:
    """Return MONAI's map: symmetric, in single precision, values below 0.001 raised to it.

    Parameters
    ----------
    shape : sequence of int
        Of the tile.

    Returns
    -------
    float32 array
        The values of MONAI 1.6.1 to the last bits.
    """
    product = np.ones((), dtype=np.float32)
    for size in shape:
        offsets = np.arange(size, dtype=np.float32) - np.float32((size - 1) / 2)
        line = np.exp(offsets**2 / np.float32(-2 * (size * _SIGMA) ** 2))
        product = product[..., None] * line.astype(np.float32)
    return np.maximum(product, np.float32(max(float(product.min()), _FLOOR)))
