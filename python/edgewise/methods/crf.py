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
from edgewise._arguments import Spacing, Threads, as_label_map, as_spacing, as_threads
from edgewise.errors import ConfigError, LabelError

from .crf_arguments import (
    as_costs,
    as_image,
    as_number,
    as_probabilities,
    as_sigma,
    as_weight,
    as_whole,
    check_name,
)

__all__ = ["Method", "Normalization", "Sigma", "dense_crf", "label_probabilities"]

Sigma: TypeAlias = float | Sequence[float] | NDArray[np.floating]
Normalization: TypeAlias = Literal["symmetric", "before", "after", "none"]
Method: TypeAlias = Literal["lattice", "grid"]

# sigma by axis in voxels, by channel, weight, whether to convolve
_Gaussian: TypeAlias = tuple[list[float], list[float], float, bool]

_NORMALIZATIONS: Final = ("symmetric", "before", "after", "none")
_METHODS: Final = ("lattice", "grid")
_LEAST_CLIP: Final = 1e-30  # below it the least exponential of single precision would be larger


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
        Such as a network's softmax; any number of axes after the first. Only their ratios count: a
        voxel of zeros is undecided. Computed in single precision. Never modified.
    image : array of numbers, shape (channels, ...), optional
        The same grid, any number of channels, finite. Without it only positions count. Computed in
        single precision: a large offset is better subtracted before.
    spacing : float or sequence of float, optional
        Voxel size along each axis, in mm. Default: 1 along every axis.
    sigma : float or sequence of float, default 3.0
        Of the Gaussian of positions alone, in the unit of `spacing`; one for all axes, or one each.
    weight : float, default 3.0
        Of that Gaussian, at most 1e9; 0 leaves it out, below 0 equal labels repel each other.
    sigma_bilateral : float or sequence of float, default 80.0
        Of positions in the Gaussian of positions and image, in the unit of `spacing`.
    sigma_intensity : float or sequence of float, default 13.0
        Of the image in it, in the unit of `image`; one for all channels, or one each.
    weight_bilateral : float, default 10.0
        Of that Gaussian; 0 leaves it out.
    compatibility : "potts" or array, shape (labels, labels), default "potts"
        What two labels beside each other cost: symmetric, at most 1e9, multiplied with both
        weights. "potts": 0 for equal labels and 1 for others.
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
        Smaller probabilities count as this; at least 1e-30.
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
        If a probability is NaN or misses [0, 1] by more than 0.001.
    ConfigError
        If a sigma is not finite and positive or not one per axis or channel, a weight or
        `compatibility` not finite and at most 1e9, `image` not finite, `compatibility` not
        symmetric, `iterations` no whole number of at least 0, `clip` not between 1e-30 and 1, or a
        name unknown.
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
    axis: time and memory are linear in the voxels, the error is about 1e-3 of a probability on
    average and up to 0.06 where labels are equally likely, far more where a sigma is below a voxel
    (there, use ``method="grid"``). The features of a plane are in the order (x, y), else in that of
    the axes, then the channels; so are pydensecrf's, and the numbers are its numbers to 1e-5, where
    the number of voxels is a multiple of four (it fills up others with voxels at the origin).

    Memory beyond the result: 8 bytes a voxel and corner of its simplex (features + 1) of each
    Gaussian, 4 to 12 a voxel, and up to 84 + 8 (features + 1) a point of the lattice, 132 instead
    of 84 beyond five features; by convolution 16 a voxel. Points are fewer than voxels unless the
    sigmas are about a voxel or below the image's noise: then there are up to features + 1 a voxel.

    An interrupt (Ctrl-C) ends a long call between two of its steps.

    Examples
    --------
    One voxel of a uniform image is told by its neighbours:

    >>> inside = np.full((7, 7), 0.8)
    >>> inside[3, 3] = 0.4
    >>> found = dense_crf([1 - inside, inside], np.zeros((1, 7, 7)))
    >>> bool(found[1, 3, 3] > 0.9)
    True
    """
    given = as_probabilities(probabilities)
    shape = given.shape[1:]
    steps = np.asarray(as_spacing(spacing, len(shape)))
    check_name(normalization, "normalization", _NORMALIZATIONS)
    check_name(method, "method", _METHODS)
    least = as_number(clip, "clip")
    if not _LEAST_CLIP <= least < 1:
        message = f"clip must lie between {_LEAST_CLIP:g} and 1, got {clip}"
        raise ConfigError(message)
    weights = [as_weight(weight, "weight"), as_weight(weight_bilateral, "weight_bilateral")]
    near = as_sigma(sigma, "sigma", steps)
    gaussians: list[_Gaussian] = [(near, [], weights[0], method == "grid")]
    picture = as_image(image, shape)
    if image is not None:
        near = as_sigma(sigma_bilateral, "sigma_bilateral", steps)
        ones = np.ones(len(picture))
        alike = as_sigma(sigma_intensity, "sigma_intensity", ones, "channel")
        gaussians.append((near, alike, weights[1], False))
    return _core.dense_crf(
        given,
        picture,
        gaussians=gaussians,
        compatibility=as_costs(compatibility, len(given)),
        iterations=as_whole(iterations, "iterations", 0),
        normalization=normalization,
        include_self=bool(include_self),
        clip=least,
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
        If `classes` is no whole number of at least 2, `confidence` not between 0 and 1, or
        `unknown` no whole number.

    See Also
    --------
    dense_crf : what they are for.

    Examples
    --------
    >>> label_probabilities([0, 1, 9], 2, confidence=0.9, unknown=9)
    array([[0.9, 0.1, 0.5],
           [0.1, 0.9, 0.5]], dtype=float32)
    """
    count = as_whole(classes, "classes", 2)
    chance = as_number(confidence, "confidence")
    if not 0 < chance < 1:
        message = f"confidence must lie between 0 and 1, got {confidence}"
        raise ConfigError(message)
    if unknown is not None and not hasattr(unknown, "__index__"):
        message = f"unknown must be a whole number or None, got {unknown!r}"
        raise ConfigError(message)
    array = as_label_map(labels, allow_negative_labels=True)
    nowhere = np.zeros(array.shape, bool) if unknown is None else array == unknown
    wrong = ~nowhere & ((array < 0) | (array >= count))
    if wrong.any():
        more = "" if unknown is None else f" or {unknown}"
        message = (
            f"labels must be 0 to {count - 1}{more}, found {array[wrong].flat[0]}; "
            "unknown=... names a value that stands for no label"
        )
        raise LabelError(message)
    found = np.full((count, *array.shape), (1 - chance) / (count - 1), np.float32)
    for label in range(count):
        found[label][array == label] = chance
    found[:, nowhere] = 1 / count
    return found
