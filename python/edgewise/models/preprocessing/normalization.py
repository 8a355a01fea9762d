"""Intensities of one channel onto a common scale.

Schemes and their numbers are those of nnU-Net (Isensee et al., Nature Methods 18, 2021) but for
``"window"``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import numpy as np

from edgewise.errors import ConfigError, InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .intensities import IntensityStatistics

__all__ = ["Normalization", "Scheme"]

Scheme: TypeAlias = Literal["zscore", "ct", "window", "minmax", "rgb", "none"]
_SMALLEST: Final = 1e-8  # what is divided by is never below
_NEEDS_STATISTICS: Final = ("ct", "window")
_NNUNET: Final[dict[str, Scheme]] = {
    "ZScoreNormalization": "zscore",
    "CTNormalization": "ct",
    "NoNormalization": "none",
    "RescaleTo01Normalization": "minmax",
    "RGBTo01Normalization": "rgb",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalization:
    """How one channel is normalised.

    Attributes
    ----------
    scheme : str
        - ``"zscore"``: less the image's mean, by its standard deviation.
        - ``"ct"``: clipped to the statistics' percentiles 0.5 and 99.5, less their mean, by their
          standard deviation; for units that mean the same in every image.
        - ``"window"``: clipped to the same percentiles, these onto 0 and 1.
        - ``"minmax"``: the image's own extremes onto 0 and 1.
        - ``"rgb"``: by 255.
        - ``"none"``: as it is.
    inside_only : bool, default False
        For ``"zscore"``: whether only voxels inside the nonzero mask count and change.
    statistics : IntensityStatistics, optional
        For ``"ct"`` and ``"window"``.

    Raises
    ------
    ConfigError
        For an unknown scheme, or one that needs statistics and has none.
    """

    scheme: Scheme
    inside_only: bool = False
    statistics: IntensityStatistics | None = None

    def __post_init__(self) -> None:
        if self.scheme not in get_args(Scheme):
            message = f"scheme must be one of {', '.join(get_args(Scheme))}, got {self.scheme!r}"
            raise ConfigError(message)
        if self.scheme in _NEEDS_STATISTICS and self.statistics is None:
            message = f"scheme {self.scheme!r} needs statistics of the foreground"
            raise ConfigError(message)

    @classmethod
    def from_plans(
        cls, name: str, *, inside_only: bool, statistics: IntensityStatistics | None
    ) -> Normalization:
        """Return the scheme that nnU-Net's class of this name applies."""
        if name not in _NNUNET:
            message = f"normalisation {name!r} is not known; known are {', '.join(_NNUNET)}"
            raise ConfigError(message)
        return cls(scheme=_NNUNET[name], inside_only=inside_only, statistics=statistics)

    def apply(self, channel: NDArray[Any], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return the normalised channel.

        Parameters
        ----------
        channel : array
            Intensities of one channel.
        inside : bool array
            The nonzero mask; read only with `inside_only`.

        Returns
        -------
        float32 array
            A new one.

        Raises
        ------
        InputError
            For ``"rgb"``, if an intensity is outside 0 to 255.
        """
        image = np.array(channel, dtype=np.float32)
        if self.scheme == "zscore":
            return _zscore(image, inside if self.inside_only else None)
        if self.scheme == "minmax":
            image -= image.min()
            image /= max(float(image.max()), _SMALLEST)
        elif self.scheme == "rgb":
            _check_colour(image)
            image /= 255.0
        elif self.statistics is not None and self.scheme in _NEEDS_STATISTICS:
            return _clipped(image, self.statistics, self.scheme)
        return image


def _zscore(image: NDArray[np.float32], inside: NDArray[np.bool_] | None) -> NDArray[np.float32]:
    values = image if inside is None else image[inside]
    if values.size == 0:
        return image
    mean = float(values.mean(dtype=np.float64))
    scale = max(float(values.std(dtype=np.float64)), _SMALLEST)
    if inside is None:
        image -= np.float32(mean)
        image /= np.float32(scale)
    else:
        image[inside] = (values - np.float32(mean)) / np.float32(scale)
    return image


def _clipped(
    image: NDArray[np.float32], known: IntensityStatistics, scheme: Scheme
) -> NDArray[np.float32]:
    np.clip(image, known.lower, known.upper, out=image)
    zero, one = known.mean, known.mean + known.std
    if scheme == "window":
        zero, one = known.lower, known.upper
    image -= np.float32(zero)
    image /= np.float32(max(one - zero, _SMALLEST))
    return image


def _check_colour(image: NDArray[np.float32]) -> None:
    low, high = float(image.min()), float(image.max())
    if low < 0 or high > 255:
        message = f"scheme 'rgb' takes intensities from 0 to 255, the image has {low:g} to {high:g}"
        raise InputError(message, code="bad_intensities")
