"""Random changes of patches: geometry for image and labels, appearance for the image.

Kinds, ranges and order follow nnU-Net's (Isensee et al. 2021, Nature Methods 18, supplement):
rotation and scaling, noise, blur, brightness, contrast, low resolution, gamma, flips. Four things
differ. A patch may be thin along any axis, not only along the first, as files keep their own order
of axes. Rotation and scaling act in millimetres, so that anisotropic voxels are not sheared; they
read the volume around the patch, so that no corner is empty inside it; turns by 90 degrees are
offered too. No deformation fields.

A change depends on the generator that is passed in, on nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from edgewise.errors import ConfigError

from .appearance import (
    adjust_contrast,
    adjust_gamma,
    blur,
    lower_resolution,
)
from .geometry import flipped, plane_rotations, resampled, turned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from .geometry import Matrix

    FloatArray: TypeAlias = NDArray[np.float32]
    LabelArray: TypeAlias = NDArray[np.int16] | NDArray[np.int32]

__all__ = ["AUGMENTATIONS", "Augmentation", "AugmentationName"]

AugmentationName: TypeAlias = Literal["none", "light", "full"]
Range: TypeAlias = tuple[float, float]

_FLAT: Final = 3.0  # longest side of the patch to its shortest: beyond, only turned in its plane
_SAME_SPACING: Final = 1e-3
_PROBABILITIES: Final = (
    "turn", "rotation", "scaling", "noise", "blur", "brightness", "contrast", "low_resolution",
    "gamma", "inverted_gamma",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """Which changes are made, how often and how strongly.

    Parameters
    ----------
    flip : bool, default True
        Mirror along each axis with probability 0.5.
    turn : float, default 0.0
        Probability of a turn by 90, 180 or 270 degrees in a plane whose two sides of the patch and
        spacings are equal.
    rotation : float, default 0.2
        Probability of a rotation about each axis by up to `degrees`.
    degrees : float, default 30.0
        Largest angle. Where the longest side of a 3D patch is more than 3 times its shortest, the
        rotation is about that thin axis only, by up to 180 degrees.
    scaling : float, default 0.2
        Probability of a magnification within `scales`.
    scales : (float, float), default (0.7, 1.4)
        2 shows everything twice as large.
    noise : float, default 0.1
        Probability of normal noise with a variance of up to `noise_variance`.
    noise_variance : float, default 0.1
        In squared units of the image.
    blur : float, default 0.2
        Probability of a Gaussian blur within `blur_sigmas`, for every second channel.
    blur_sigmas : (float, float), default (0.5, 1.0)
        Voxels.
    brightness, contrast : float, default 0.15
        Probability of a factor of 0.75 to 1.25 on the values, and on their distances from the mean
        of the channel (clipped to the range before).
    low_resolution : float, default 0.25
        Probability that a channel is sampled at 0.5 to 1 of its voxels per axis and back, for every
        second channel.
    gamma : float, default 0.3
        Probability of values^g on the channel scaled to [0, 1], g in [0.7, 1.5], with mean and
        deviation kept.
    inverted_gamma : float, default 0.1
        The same on the negative image.

    Raises
    ------
    ConfigError
        If a probability or a range is impossible.

    Notes
    -----
    ``"none"`` switches everything off, ``"light"`` leaves flips and noise.

    Examples
    --------
    >>> Augmentation.named("none").changes_nothing
    True
    """

    flip: bool = True
    turn: float = 0.0
    rotation: float = 0.2
    degrees: float = 30.0
    scaling: float = 0.2
    scales: Range = (0.7, 1.4)
    noise: float = 0.1
    noise_variance: float = 0.1
    blur: float = 0.2
    blur_sigmas: Range = (0.5, 1.0)
    brightness: float = 0.15
    contrast: float = 0.15
    low_resolution: float = 0.25
    gamma: float = 0.3
    inverted_gamma: float = 0.1

    def __post_init__(self) -> None:
        for name in _PROBABILITIES:
            value = getattr(self, name)
            if not 0 <= value <= 1:
                message = f"augmentation: {name} is a probability in [0, 1], got {value!r}"
                raise ConfigError(message)
        for name in ("scales", "blur_sigmas"):
            low, high = getattr(self, name)
            if not 0 < low <= high < math.inf:
                message = f"augmentation: {name} must be (low, high) with 0 < low <= high, "
                message += f"got {(low, high)}"
                raise ConfigError(message)
        if not (0 <= self.degrees <= 180 and 0 <= self.noise_variance < math.inf):
            message = "augmentation: degrees must be in [0, 180] and noise_variance at least 0, "
            message += f"got {self.degrees!r} and {self.noise_variance!r}"
            raise ConfigError(message)

    @classmethod
    def named(cls, name: AugmentationName) -> Augmentation:
        """Return one of the three ready-made sets.

        Raises
        ------
        ConfigError
            If the name is unknown.
        """
        if name not in AUGMENTATIONS:
            message = f"augmentation must be one of {', '.join(AUGMENTATIONS)}, got {name!r}"
            raise ConfigError(message)
        return AUGMENTATIONS[name]

    @property
    def changes_nothing(self) -> bool:
        """Whether patches stay as they were cut."""
        return self == AUGMENTATIONS["none"]

    def motion(
        self, rng: np.random.Generator, patch: Sequence[int], spacing: Sequence[float]
    ) -> Matrix | None:
        """Draw rotation and scaling.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of the change.
        patch : sequence of int
            Size of the patch.
        spacing : sequence of float
            Voxel size per axis, mm.

        Returns
        -------
        float64 array (axes, axes), optional
            From voxel offsets in the patch to voxel offsets in the volume, both from the middle;
            None if nothing moves.
        """
        axes = len(patch)
        matrix = np.eye(axes)
        if rng.random() < self.rotation:
            planes, limit = plane_rotations(axes), self.degrees
            if axes == 3 and max(patch) > _FLAT * min(patch):
                thin = min(range(axes), key=lambda k: patch[k])
                planes, limit = [planes[thin]], 180.0
            for plane in planes:
                angle = math.radians(rng.uniform(-limit, limit))
                matrix = matrix @ plane(angle)
        if rng.random() < self.scaling:
            matrix = matrix / rng.uniform(*self.scales)
        if np.array_equal(matrix, np.eye(axes)):
            return None
        steps = np.asarray(spacing, dtype=np.float64)
        return matrix * steps[np.newaxis, :] / steps[:, np.newaxis]

    def apply(
        self,
        image: FloatArray,
        labels: LabelArray,
        rng: np.random.Generator,
        *,
        patch: Sequence[int],
        spacing: Sequence[float],
        motion: Matrix | None = None,
    ) -> tuple[FloatArray, LabelArray]:
        """Change one patch.

        Parameters
        ----------
        image : float32 array (C, ...)
            With `motion` the larger box of `source_size`, else of the size `patch`.
        labels : int array (...)
            Of the same box; moved as the image is, by nearest neighbour.
        rng : numpy.random.Generator
            Source of the changes.
        patch : sequence of int
            Size of the result.
        spacing : sequence of float
            Voxel size per axis, mm.
        motion : float64 array, optional
            Of the method of this name.

        Returns
        -------
        image : float32 array (C, ...)
            A new array, or the given one.
        labels : int array (...)
            Of the same type.
        """
        if motion is not None:
            image, labels = resampled(image, labels, motion, patch)
        image = self._appearance(image, rng)
        if self.flip:
            chosen = [k for k in range(len(patch)) if rng.random() < 0.5]
            image, labels = flipped(image, labels, chosen)
        planes = _square_planes(patch, spacing)
        if planes and rng.random() < self.turn:
            plane = planes[int(rng.integers(len(planes)))]
            image, labels = turned(image, labels, plane, 1 + int(rng.integers(3)))
        return image, labels

    def _appearance(self, image: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Change values only, in nnU-Net's order."""
        if rng.random() < self.noise:
            deviation = math.sqrt(rng.uniform(0.0, self.noise_variance))
            noise = rng.standard_normal(image.shape, dtype=np.float32)
            image = image + np.float32(deviation) * noise
        if rng.random() < self.blur:
            image = _some_channels(image, rng, lambda c: blur(c, rng.uniform(*self.blur_sigmas)))
        if rng.random() < self.brightness:
            image = image * np.float32(rng.uniform(0.75, 1.25))
        if rng.random() < self.contrast:
            factor = rng.uniform(0.75, 1.25)
            image = np.stack([adjust_contrast(channel, factor) for channel in image])
        if rng.random() < self.low_resolution:
            image = _some_channels(image, rng, lambda c: lower_resolution(c, rng.uniform(0.5, 1.0)))
        for probability, sign in ((self.inverted_gamma, -1), (self.gamma, 1)):
            if rng.random() < probability:
                exponent = rng.uniform(0.7, 1.5)
                changed = [adjust_gamma(sign * channel, exponent) for channel in image]
                image = np.stack(changed) * np.float32(sign)
        return image


AUGMENTATIONS: Final[dict[AugmentationName, Augmentation]] = {
    "full": Augmentation(),
    "light": Augmentation(
        rotation=0.0, scaling=0.0, blur=0.0, brightness=0.0, contrast=0.0, low_resolution=0.0,
        gamma=0.0, inverted_gamma=0.0,
    ),
}  # fmt: skip
AUGMENTATIONS["none"] = replace(AUGMENTATIONS["light"], flip=False, noise=0.0)


def _some_channels(
    image: FloatArray, rng: np.random.Generator, change: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    """Change each channel with probability 0.5; a single one always."""
    chosen = [len(image) == 1 or rng.random() < 0.5 for _ in range(len(image))]
    return np.stack([change(c) if is_it else c for c, is_it in zip(image, chosen, strict=True)])


def _square_planes(patch: Sequence[int], spacing: Sequence[float]) -> list[tuple[int, int]]:
    return [
        (a, b)
        for a in range(len(patch))
        for b in range(a + 1, len(patch))
        if patch[a] == patch[b] and abs(spacing[a] / spacing[b] - 1) < _SAME_SPACING
    ]
