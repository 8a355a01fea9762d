"""Parameters of the fully connected CRF by random search on training cases.

No values hold for every task: Kamnitsas et al. (Medical Image Analysis 2017) tune them on part of
the training data, and so does this. Cases on which results are reported must not be among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from edgewise._arguments import as_label_map, as_spacing
from edgewise.errors import ConfigError, EdgewiseError, LabelError, ShapeError
from edgewise.metrics import dice

from .crf import dense_crf
from .crf_arguments import as_image, as_probabilities, as_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from edgewise._arguments import Spacing, Threads

__all__ = ["CrfCase", "CrfParameters", "CrfTuning", "Range", "tune_crf"]

Range: TypeAlias = tuple[float, float]

_CONTRASTS: Final = (0.02, 0.5)  # parts of the image's range


@dataclass(frozen=True, slots=True)
class CrfCase:
    """A training case.

    Attributes
    ----------
    probabilities : array, shape (labels, ...)
        What the CRF starts from.
    labels : integer array, shape (...)
        The truth: index of the first axis of `probabilities`.
    image : array, shape (channels, ...), optional
        As in `dense_crf`.
    spacing : float or sequence of float, optional
        Voxel size, in mm.
    """

    probabilities: ArrayLike
    labels: ArrayLike
    image: ArrayLike | None = None
    spacing: Spacing = None


@dataclass(frozen=True, slots=True)
class CrfParameters:
    """What is searched, in the units of `dense_crf`: ``dense_crf(p, image, **asdict(found))``."""

    sigma: float
    weight: float
    sigma_bilateral: float
    sigma_intensity: float
    weight_bilateral: float


@dataclass(frozen=True, slots=True)
class CrfTuning:
    """What came of a search.

    Attributes
    ----------
    parameters : CrfParameters
        The best of all trials, of equal ones the first.
    dice : float
        Their mean Dice.
    without : float
        The mean Dice of the probabilities as they were: no CRF is a choice, too.
    trials : tuple of (CrfParameters, float)
        All that was tried and its mean Dice, in order.
    """

    parameters: CrfParameters
    dice: float
    without: float
    trials: tuple[tuple[CrfParameters, float], ...]


def tune_crf(
    cases: Iterable[CrfCase],
    *,
    seed: int | np.random.Generator,
    trials: int = 50,
    sigma: Range = (1.0, 10.0),
    weight: Range = (0.5, 10.0),
    sigma_bilateral: Range = (3.0, 80.0),
    sigma_intensity: Range | None = None,
    weight_bilateral: Range = (0.5, 20.0),
    iterations: int = 5,
    threads: Threads = "auto",
) -> CrfTuning:
    """Return the parameters of `dense_crf` with the best mean Dice on training cases.

    Parameters
    ----------
    cases : iterable of CrfCase
        Training cases, never those on which results are reported; all are held in memory. One
        `sigma_intensity` serves all channels: bring them to one range first.
    seed : int or numpy.random.Generator
        Of the random numbers; a longer search with the same number begins with the same trials.
    trials : int, default 50
        How many sets of parameters are tried.
    sigma, weight, sigma_bilateral, sigma_intensity, weight_bilateral : (low, high)
        Where to look: logarithms are drawn uniformly, both ends positive. Default of
        `sigma_intensity`: 0.02 to 0.5 times the range of the images, from their 1st to their 99th
        percentile.
    iterations : int, default 5
        As in `dense_crf`.
    threads : int or "auto", default "auto"
        Number of threads; the result does not depend on it.

    Returns
    -------
    CrfTuning
        Mean Dice is over all cases and all labels but 0, of the most probable label of each voxel;
        a label that is neither in the truth nor in the result of a case does not count.

    Raises
    ------
    TypeError
        If a case is no `CrfCase`.
    ConfigError
        If there are no cases or no trials, a range is not positive and ascending, or no label but 0
        occurs.
    ShapeError
        If labels and probabilities of a case have different grids.
    LabelError
        If a label of the truth has no probabilities, or a probability is not in [0, 1].
    SpacingError
        If a spacing does not fit its case. Errors about one case have a note that says which.

    See Also
    --------
    dense_crf : what the parameters mean.

    Examples
    --------
    >>> truth = np.zeros((12, 12), int)
    >>> truth[3:9, 3:9] = 1
    >>> noise = np.random.default_rng(0).normal(0, 0.4, truth.shape)
    >>> inside = np.clip(truth + noise, 0.1, 0.9)
    >>> case = CrfCase([1 - inside, inside], truth, image=truth[None] * 100.0)
    >>> found = tune_crf([case], seed=0, trials=5)
    >>> found.dice > found.without
    True
    """
    held = _held(cases)
    count = as_whole(trials, "trials", 1)
    given = {
        "sigma": sigma,
        "weight": weight,
        "sigma_bilateral": sigma_bilateral,
        "sigma_intensity": _contrasts(held) if sigma_intensity is None else sigma_intensity,
        "weight_bilateral": weight_bilateral,
    }
    ranges = {name: _as_range(limits, name) for name, limits in given.items()}
    limits = np.log(np.array(list(ranges.values())))
    # one row per trial: more of them change none of the first
    drawn = np.random.default_rng(seed).random((count, len(ranges)))
    rows = np.exp(limits[:, 0] + drawn * (limits[:, 1] - limits[:, 0])).tolist()
    tried: list[tuple[CrfParameters, float]] = []
    for row in rows:
        parameters = CrfParameters(**dict(zip(ranges, row, strict=True)))
        tried.append((parameters, _score(held, parameters, iterations, threads)))
    best = max(tried, key=lambda trial: trial[1])  # the first of equal ones
    return CrfTuning(best[0], best[1], _score(held, None, iterations, threads), tuple(tried))


@dataclass(frozen=True, slots=True)
class _Held:
    """A case that was checked."""

    probabilities: NDArray[np.float32]
    labels: NDArray[Any]
    image: NDArray[np.float32] | None
    spacing: Spacing


def _held(cases: Iterable[CrfCase]) -> list[_Held]:
    """Return cases whose arrays fit each other; an error says in a note which case it was."""
    held: list[_Held] = []
    try:
        held.extend(_checked(case) for case in cases)
    except (EdgewiseError, TypeError) as error:
        error.add_note(f"in cases[{len(held)}]")
        raise
    if not held:
        message = "cases must be at least one, got none"
        raise ConfigError(message)
    return held


def _checked(case: CrfCase) -> _Held:
    if not isinstance(case, CrfCase):
        message = f"cases must be CrfCase objects, got {type(case).__name__}"
        raise TypeError(message)
    given = as_probabilities(case.probabilities)
    truth = as_label_map(case.labels, allow_negative_labels=True)
    if truth.shape != given.shape[1:]:
        message = f"labels have shape {truth.shape}, probabilities {given.shape}"
        raise ShapeError(message)
    wrong = (truth < 0) | (truth >= len(given))
    if wrong.any():
        message = (
            f"labels must be 0 to {len(given) - 1}, an index of the first axis of probabilities, "
            f"found {truth[wrong].flat[0]}"
        )
        raise LabelError(message)
    image = None if case.image is None else as_image(case.image, truth.shape)
    return _Held(given, truth, image, as_spacing(case.spacing, truth.ndim))


def _as_range(limits: Range, name: str) -> Range:
    try:
        low, high = map(float, limits)
        fine = 0 < low <= high < np.inf
    except (TypeError, ValueError):
        fine = False
    if not fine:
        message = f"{name} must be a positive, ascending range (low, high), got {limits!r}"
        raise ConfigError(message)
    return low, high


def _score(
    cases: Sequence[_Held], parameters: CrfParameters | None, iterations: int, threads: Threads
) -> float:
    """Return the mean Dice of all cases; None: of the probabilities as they are."""
    values: list[float] = []
    for case in cases:
        found = case.probabilities
        if parameters is not None:
            found = dense_crf(
                found,
                case.image,
                spacing=case.spacing,
                sigma=parameters.sigma,
                weight=parameters.weight,
                sigma_bilateral=parameters.sigma_bilateral,
                sigma_intensity=parameters.sigma_intensity,
                weight_bilateral=parameters.weight_bilateral,
                iterations=iterations,
                threads=threads,
            )
        values.extend(_dice(case.labels, found.argmax(axis=0), len(found)))
    if not values:
        message = "cases must hold a label other than 0, found none"
        raise ConfigError(message)
    return float(np.mean(values))


def _dice(truth: NDArray[Any], found: NDArray[Any], labels: int) -> list[float]:
    """Return the Dice of every label but 0 that is on either side."""
    pairs = [(truth == label, found == label) for label in range(1, labels)]
    return [float(dice(one, other)) for one, other in pairs if one.any() or other.any()]


def _contrasts(cases: Sequence[_Held]) -> Range:
    """Return where to look for `sigma_intensity`."""
    images = [case.image for case in cases if case.image is not None]
    spans = [float(np.subtract(*np.percentile(image, (99, 1)))) for image in images]
    # without images, or with uniform ones, it does not matter
    span = max(spans, default=0.0) or 1.0
    return _CONTRASTS[0] * span, _CONTRASTS[1] * span
