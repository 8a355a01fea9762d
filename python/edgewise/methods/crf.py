"""Fully connected CRF: probabilities of labels made to agree with each other and with an image.

Krähenbühl and Koltun, "Efficient inference in fully connected CRFs with Gaussian edge potentials",
NIPS 2011 (arXiv 1210.5644); in three dimensions, with positions in mm, Kamnitsas et al., "Efficient
multi-scale 3D CNN with fully connected CRF for accurate brain lesion segmentation", Medical Image
Analysis 2017. Nothing is learned here: `edgewise.methods.tune_crf` chooses parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgewise import _core
from edgewise._arguments import (
    AnyArray,
    Spacing,
    Threads,
    as_array,
    as_label_map,
    as_spacing,
    as_threads,
)
from edgewise.errors import ConfigError, LabelError, ShapeError

__all__ = ["Method", "Normalization", "Sigma", "dense_crf", "label_probabilities"]

Sigma: TypeAlias = float | Sequence[float] | NDArray[np.floating]
Normalization: TypeAlias = Literal["symmetric", "before", "after", "none"]
Method: TypeAlias = Literal["lattice", "grid"]

# sigma by axis in voxels, by channel, weight, whether to convolve
_Gaussian: TypeAlias = tuple[list[float], list[float], float, bool]

_NORMALIZATIONS: Final = ("symmetric", "before", "after", "none")
_METHODS: Final = ("lattice", "grid")
_ABOVE_ONE: Final = 1e-3  # what rounding may add to a probability


def dense_crf(
    probabilities: ArrayLike,
    image: ArrayLike | None = None,
    *,
    spacing: Spacing = None,
    sigma: Sigma = 3.0,
    weight: float = 3.0,
    sigma_bilateral: Sigma = 80.0,
    sigma_intensity: Sigma = 13.0,
    weight_bilateral: float = 10.0,
    compatibility: Literal["potts"] | ArrayLike = "potts",
    iterations: int = 5,
    normalization: Normalization = "symmetric",
    method: Method = "lattice",
    include_self: bool = True,
    clip: float = 1e-5,
    threads: Threads = "auto",
) -> NDArray[np.float32]:
    """Return probabilities of labels after mean-field inference in a fully connected CRF.

    Parameters
    ----------
    probabilities : array of numbers in [0, 1], shape (labels, ...)
        Such as a network's softmax; any number of axes after the first. Never modified.
    image : array of numbers, shape (channels, ...), optional
        The same grid, any number of channels, finite. Without it only positions count.
    spacing : float or sequence of float, optional
        Voxel size along each axis, in mm. Default: 1 along every axis.
    sigma : float or sequence of float, default 3.0
        Of the Gaussian of positions alone, in the unit of `spacing`; one for all axes, or one each.
    weight : float, default 3.0
        Of that Gaussian; 0 leaves it out.
    sigma_bilateral : float or sequence of float, default 80.0
        Of positions in the Gaussian of positions and image, in the unit of `spacing`.
    sigma_intensity : float or sequence of float, default 13.0
        Of the image in it, in the unit of `image`; one for all channels, or one each.
    weight_bilateral : float, default 10.0
        Of that Gaussian; 0 leaves it out.
    compatibility : "potts" or array, shape (labels, labels), default "potts"
        What two labels beside each other cost: symmetric, multiplied with both weights. "potts":
        0 for equal labels and 1 for others.
    iterations : int, default 5
        Updates of all voxels at once; 0 returns `probabilities`, clipped, with sum 1.
    normalization : {"symmetric", "before", "after", "none"}, default "symmetric"
        Whether each filter K is divided by what it makes of ones, n: n^-1/2 K n^-1/2, K n^-1,
        n^-1 K, or K itself, whose weights must be far smaller.
    method : {"lattice", "grid"}, default "lattice"
        How the Gaussian of positions alone is computed: on the permutohedral lattice like that of
        positions and image, or by convolution, which is exact up to tails beyond 5 sigma. The
        numbers differ.
    include_self : bool, default True
        Whether a voxel's own probabilities are part of what all voxels tell it, as in the authors'
        program. Otherwise its share, as the Gaussian has it, is subtracted.
    clip : float, default 1e-5
        Smaller probabilities count as this.
    threads : int or "auto", default "auto"
        Number of threads; the result does not depend on it.

    Returns
    -------
    array of float32, shape of `probabilities`
        The sum over the first axis is 1.

    Raises
    ------
    TypeError
        If an array does not hold numbers.
    ShapeError
        If `probabilities` has no axis but the first, `image` lies on another grid, or
        `compatibility` is not square.
    SpacingError
        If `spacing` is not finite and positive, or not one per axis.
    LabelError
        If a probability is not in [0, 1].
    ConfigError
        If a sigma is not finite and positive or not one per axis or channel, a weight, `image` or
        `compatibility` not finite, `compatibility` not symmetric, `iterations` no whole number of
        at least 0, `clip` not between 0 and 1, or a name unknown.
    ValueError
        If a sigma is so small that positions or intensities divided by it exceed about a million.

    See Also
    --------
    tune_crf : parameters from training cases.
    label_probabilities : probabilities from a label map.

    Notes
    -----
    The energy of a labelling x is the sum over voxels of ``-log p_i(x_i)`` and over pairs of
    ``mu(x_i, x_j) (weight k(i, j) + weight_bilateral k_b(i, j))``, with Gaussians
    ``exp(-|f_i - f_j|^2 / 2)`` of positions, and of positions and intensities, divided by their
    sigmas. One update is ``Q_i(a) ~ p_i(a) exp(-sum_b mu(a, b) sum_m w_m (K_m Q_b)_i)``.

    Gaussians are filtered on the permutohedral lattice (Adams, Baek, Davis, 2010) with one blur per
    axis: time and memory are linear in the voxels, the error is about 1e-3 of a probability. The
    features of a plane are in the order (x, y), else in that of the axes, then the channels; so are
    pydensecrf's, and the numbers are its numbers to 1e-5, where the number of voxels is a multiple
    of four (it fills up others with voxels at the origin).

    Memory beyond the result: 8 bytes a voxel and corner of its simplex (features + 1) of each
    Gaussian, 4 to 12 a voxel, and up to 64 + 8 (features + 1) a point of the lattice, of which
    there are fewer than voxels unless the sigmas are about a voxel; by convolution 16 a voxel.

    Examples
    --------
    One voxel of a uniform image is told by its neighbours:

    >>> inside = np.full((7, 7), 0.8)
    >>> inside[3, 3] = 0.4
    >>> found = dense_crf([1 - inside, inside], np.zeros((1, 7, 7)))
    >>> bool(found[1, 3, 3] > 0.9)
    True
    """
    given = _as_probabilities(probabilities)
    shape = given.shape[1:]
    steps = np.asarray(as_spacing(spacing, len(shape)))
    _check_name(normalization, "normalization", _NORMALIZATIONS)
    _check_name(method, "method", _METHODS)
    if not 0 < clip < 1:
        message = f"clip must lie between 0 and 1, got {clip}"
        raise ConfigError(message)
    sizes = _as_sigma(sigma, "sigma", len(shape)) / steps
    weights = [_as_weight(weight, "weight"), _as_weight(weight_bilateral, "weight_bilateral")]
    gaussians: list[_Gaussian] = [(sizes.tolist(), [], weights[0], method == "grid")]
    picture = _as_image(image, shape)
    if image is not None:
        sizes = _as_sigma(sigma_bilateral, "sigma_bilateral", len(shape)) / steps
        contrasts = _as_sigma(sigma_intensity, "sigma_intensity", len(picture))
        gaussians.append((sizes.tolist(), contrasts.tolist(), weights[1], False))
    return _core.dense_crf(
        given,
        picture,
        gaussians=gaussians,
        compatibility=_as_costs(compatibility, len(given)),
        iterations=_as_count(iterations),
        normalization=normalization,
        include_self=bool(include_self),
        clip=float(clip),
        threads=as_threads(threads),
    )


def label_probabilities(
    labels: ArrayLike, classes: int, *, confidence: float, unknown: int | None = None
) -> NDArray[np.float32]:
    """Return probabilities that a label map stands for, to start a CRF from.

    Parameters
    ----------
    labels : array of int, any number of axes
        Values 0 to ``classes - 1``, and `unknown`.
    classes : int
        How many labels there are, 0 included, `unknown` not.
    confidence : float
        Probability of the label that is there, between 0 and 1; the others share the rest equally.
    unknown : int, optional
        A value that stands for no label: all labels are equally probable there. Default: none.

    Returns
    -------
    array of float32, shape (classes, ...)

    Raises
    ------
    LabelError
        If a label is neither below `classes` nor `unknown`.
    ConfigError
        If `classes` is less than 2, or `confidence` not between 0 and 1.

    See Also
    --------
    dense_crf : what they are for.

    Examples
    --------
    >>> label_probabilities([0, 1, 9], 2, confidence=0.9, unknown=9)
    array([[0.9, 0.1, 0.5],
           [0.1, 0.9, 0.5]], dtype=float32)
    """
    if classes < 2:
        message = f"classes must be at least 2, got {classes}"
        raise ConfigError(message)
    if not 0 < confidence < 1:
        message = f"confidence must lie between 0 and 1, got {confidence}"
        raise ConfigError(message)
    array = as_label_map(labels, allow_negative_labels=unknown is not None and unknown < 0)
    nowhere = np.zeros(array.shape, bool) if unknown is None else array == unknown
    wrong = ~nowhere & ((array < 0) | (array >= classes))
    if wrong.any():
        message = f"labels must be 0 to {classes - 1}, found {array[wrong].flat[0]}"
        raise LabelError(message)
    found = np.full((classes, *array.shape), (1 - confidence) / (classes - 1), np.float32)
    for label in range(classes):
        found[label][array == label] = confidence
    found[:, nowhere] = 1 / classes
    return found


def _as_probabilities(values: ArrayLike) -> NDArray[np.float32]:
    array = as_array(values, "probabilities")
    if array.ndim < 2:
        message = (
            f"probabilities must have an axis of labels and those of the grid, got {array.shape}"
        )
        raise ShapeError(message)
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 1 + _ABOVE_ONE):
        message = (
            f"probabilities must lie in [0, 1], found {low} to {high}; "
            "take the softmax of a network's output first"
        )
        raise LabelError(message)
    return np.ascontiguousarray(array, dtype=np.float32)


def _as_image(values: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.float32]:
    if values is None:
        return np.empty((0, *shape), np.float32)
    array = as_array(values, "image")
    if array.shape[1:] != shape:
        message = (
            f"image must have shape (channels, {', '.join(map(str, shape))}), got {array.shape}; "
            "channels come first, one channel is image[None]"
        )
        raise ShapeError(message)
    if not (np.isfinite(array.min()) and np.isfinite(array.max())):
        message = "image must be finite, found NaN or infinity; numpy.nan_to_num replaces them"
        raise ConfigError(message)
    return np.ascontiguousarray(array, dtype=np.float32)


def _as_sigma(values: Sigma, name: str, count: int) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0:
        array = np.full(count, float(array))
    if array.shape != (count,):
        what = "channel" if name == "sigma_intensity" else "axis"
        message = f"{name} must be one number or one per {what} ({count}), got {array.tolist()}"
        raise ConfigError(message)
    if not (np.isfinite(array) & (array > 0)).all():
        message = f"{name} must be finite and positive, got {array.tolist()}"
        raise ConfigError(message)
    return array


def _as_weight(value: float, name: str) -> float:
    if not np.isfinite(value):
        message = f"{name} must be finite, got {value}"
        raise ConfigError(message)
    return float(value)


def _as_costs(values: Literal["potts"] | ArrayLike, labels: int) -> list[float] | None:
    if isinstance(values, str):
        _check_name(values, "compatibility", ("potts",))
        return None
    array: AnyArray = np.asarray(values, dtype=np.float64)
    if array.shape != (labels, labels):
        message = f"compatibility must have shape ({labels}, {labels}), got {array.shape}"
        raise ShapeError(message)
    if not np.isfinite(array).all() or not np.array_equal(array, array.T):
        message = f"compatibility must be finite and symmetric, got {array.tolist()}"
        raise ConfigError(message)
    return [float(cost) for cost in array.flat]


def _as_count(iterations: int) -> int:
    whole = hasattr(iterations, "__index__") and not isinstance(iterations, bool)
    if not whole or iterations < 0:
        message = f"iterations must be a whole number of at least 0, got {iterations!r}"
        raise ConfigError(message)
    return int(iterations)


def _check_name(name: str, argument: str, names: tuple[str, ...]) -> None:
    if name not in names:
        message = f"{argument} must be one of {', '.join(names)}, got {name!r}"
        raise ConfigError(message)
