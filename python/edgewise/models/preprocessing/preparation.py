"""From an image to what a network takes: axes, crop, intensities, spacing, in this order.

The order and every step are those of nnU-Net (Isensee et al., Nature Methods 18, 2021), so that
its trained networks see what they were trained on. Normalising comes before resampling, because a
resampled nonzero mask no longer fits its image.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise._arguments import as_label_map, as_spacing
from edgewise.errors import ConfigError, ShapeError
from edgewise.image import Image
from edgewise.voxels import fill_holes

from .intensities import IntensityStatistics
from .normalization import Normalization
from .prepared import Origin, Prepared
from .resampling import ResamplingRule, resample_image, resample_labels, resampled_shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from edgewise.models.plans import Plans

__all__ = ["Preprocessing", "nonzero_box", "nonzero_mask"]

_LINEAR: Final = ResamplingRule(order=1)
_RULES: Final = ("resample_image", "resample_labels", "resample_logits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """How images of a data set are prepared.

    Attributes
    ----------
    spacing : tuple of float, optional
        Of prepared images, mm, axes as prepared. One value fewer than axes: the first axis keeps
        its spacing (slices for a 2-D network). Default None: images keep theirs.
    normalization : tuple of Normalization
        One per channel, or one for all.
    crop_to_nonzero : bool, default True
        Whether to crop to the box of voxels that are not 0 in some channel.
    axes : tuple of int, optional
        Axis of the image for each axis of the prepared one. Default None: unchanged.
    reverse_images : bool, default False
        Whether an `Image` with an affine, which has its axes as files store them, first axis
        fastest, is turned to (z, y, x) first; arrays never are. nnU-Net's plans speak of (z, y, x).
    resample_image, resample_labels, resample_logits : ResamplingRule
        Defaults: linear for all; nearest between planes that lie far apart.

    See Also
    --------
    plan_preprocessing : chooses spacing and intensities for a data set.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((1, 6, 8, 8), np.float32)
    >>> image[:, 1:5, 2:6, 2:6] = np.arange(64).reshape(4, 4, 4)
    >>> preprocessing = Preprocessing(
    ...     spacing=(1, 1, 1), normalization=(Normalization(scheme="zscore"),)
    ... )
    >>> prepared = preprocessing.apply(image, spacing=(2, 1, 1))
    >>> prepared.array.shape  # four slices at 2 mm are eight at 1 mm
    (1, 8, 4, 4)
    >>> labels = prepared.restore(np.ones((8, 4, 4), np.uint8))
    >>> labels.shape, int(labels.sum())
    ((6, 8, 8), 64)
    """

    spacing: tuple[float, ...] | None = None
    normalization: tuple[Normalization, ...]
    crop_to_nonzero: bool = True
    axes: tuple[int, ...] | None = None
    reverse_images: bool = False
    resample_image: ResamplingRule = _LINEAR
    resample_labels: ResamplingRule = _LINEAR
    resample_logits: ResamplingRule = _LINEAR

    def __post_init__(self) -> None:
        if not self.normalization:
            message = "normalization needs one entry per channel, or one for all"
            raise ConfigError(message)
        if self.axes is not None and sorted(self.axes) != list(range(len(self.axes))):
            message = f"axes must be a permutation of the image's axes, got {self.axes}"
            raise ConfigError(message)
        if self.spacing is not None:
            object.__setattr__(self, "spacing", as_spacing(self.spacing, len(self.spacing)))

    def apply(
        self,
        image: NDArray[Any] | Image | Sequence[Image],
        *,
        spacing: float | Sequence[float] | None = None,
        labels: NDArray[Any] | None = None,
    ) -> Prepared:
        """Prepare an image.

        Parameters
        ----------
        image : array (C, ...), Image, or sequence of Image
            Channels first; images hold one channel each, on one grid.
        spacing : float or sequence of float
            Of an array, mm, one per spatial axis; images bring theirs.
        labels : integer array, optional
            Label map of the image, axes as the image's, prepared with it.

        Returns
        -------
        Prepared
            Its `restore` leads back.

        Raises
        ------
        ShapeError
            If channels, axes or label map do not fit.
        SpacingError
            If a spacing is missing, or not finite and positive.
        """
        channels, spacing, reverse = _channels(image, spacing)
        axes = self._axes(channels.ndim - 1, reverse=reverse and self.reverse_images)
        channels = channels.transpose(0, *(axis + 1 for axis in axes))
        spacing = tuple(spacing[axis] for axis in axes)
        if labels is not None:
            labels = _label_map(labels, channels.shape[1:], axes)
        whole = channels.shape[1:]
        inside, box = self._crop(channels)
        channels, inside = channels[(slice(None), *box)], inside[box]
        if labels is not None:
            labels = labels[box]
            inside = inside | (labels > 0)
        normalised = self._normalised(channels, inside)
        target = self._target_spacing(spacing)
        shape = resampled_shape(normalised.shape[1:], spacing, target)
        array = resample_image(
            normalised, shape, rule=self.resample_image, before=spacing, after=target
        )
        if labels is not None:
            labels = resample_labels(
                labels, shape, rule=self.resample_labels, before=spacing, after=target
            )
        return Prepared(
            array=np.ascontiguousarray(array),
            labels=None if labels is None else np.ascontiguousarray(labels),
            spacing=target,
            origin=Origin(
                axes=axes, shape=whole, box=box, spacing=spacing,
                resample_labels=self.resample_labels, resample_logits=self.resample_logits,
            ),
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return it as dictionaries, lists and numbers, for JSON."""
        found = asdict(self)
        return {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Preprocessing:
        """Return what `to_dict` wrote.

        Raises
        ------
        ConfigError
            If a key is unknown or missing.
        """
        known = {field.name for field in fields(cls)}
        if set(content) != known:
            odd = ", ".join(sorted(set(content) ^ known))
            message = f"preprocessing must have the keys {', '.join(sorted(known))}; wrong: {odd}"
            raise ConfigError(message)
        values: dict[str, Any] = dict(content)
        for rule in _RULES:
            values[rule] = ResamplingRule(**content[rule])
        values["normalization"] = tuple(_normalization(n) for n in content["normalization"])
        for key in ("spacing", "axes"):
            values[key] = None if content[key] is None else tuple(content[key])
        return cls(**values)

    @classmethod
    def from_plans(cls, plans: Plans, configuration: str) -> Preprocessing:
        """Return the preprocessing of a configuration of nnU-Net.

        Parameters
        ----------
        plans : Plans
            From `read_plans`.
        configuration : str
            Such as ``"3d_fullres"``.

        Returns
        -------
        Preprocessing
            For arrays (C, z, y, x), as SimpleITK gives them, and for images of `edgewise.read`.

        Raises
        ------
        ConfigError
            If there is no such configuration, or a normalisation is not known.
        """
        chosen = plans.configuration(configuration)
        normalization = tuple(
            Normalization.from_plans(
                name, inside_only=mask, statistics=IntensityStatistics.from_plans(channel)
            )
            for name, mask, channel in zip(
                chosen.normalization_schemes,
                chosen.use_mask_for_norm,
                plans.intensities,
                strict=True,
            )
        )
        return cls(
            spacing=chosen.spacing,
            normalization=normalization,
            axes=plans.transpose_forward,
            reverse_images=True,
            resample_image=chosen.resample_image,
            resample_labels=chosen.resample_labels,
            resample_logits=chosen.resample_logits,
        )

    def _axes(self, ndim: int, *, reverse: bool) -> tuple[int, ...]:
        axes = tuple(range(ndim)) if self.axes is None else self.axes
        if len(axes) == ndim + 1 and axes[0] == 0:  # a picture for a plan made of volumes
            axes = tuple(axis - 1 for axis in axes[1:])
        if len(axes) != ndim:
            message = f"image must have {len(axes)} spatial axes after its channels, got {ndim}"
            raise ShapeError(message)
        return tuple(ndim - 1 - axis for axis in axes) if reverse else axes

    def _crop(self, channels: NDArray[Any]) -> tuple[NDArray[np.bool_], tuple[slice, ...]]:
        inside = nonzero_mask(channels)
        if self.crop_to_nonzero:
            return inside, nonzero_box(inside)
        return inside, tuple(slice(0, n) for n in inside.shape)

    def _normalised(self, channels: NDArray[Any], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
        schemes = self.normalization
        if len(schemes) == 1:
            schemes *= len(channels)
        if len(schemes) != len(channels):
            message = f"image has {len(channels)} channels, normalization {len(schemes)} entries"
            raise ShapeError(message)
        out = np.empty(channels.shape, np.float32)
        for target, channel, scheme in zip(out, channels, schemes, strict=True):
            target[...] = scheme.apply(channel, inside)
        return out

    def _target_spacing(self, spacing: tuple[float, ...]) -> tuple[float, ...]:
        if self.spacing is None:
            return spacing
        if len(self.spacing) == len(spacing) - 1:
            return (spacing[0], *self.spacing)
        if len(self.spacing) != len(spacing):
            wanted = " x ".join(f"{value:g}" for value in self.spacing)
            message = f"image has {len(spacing)} spatial axes, the target spacing {wanted} mm has "
            message += (
                f"{len(self.spacing)}; images must have as many axes as those of the training"
            )
            raise ShapeError(message)
        return self.spacing


def nonzero_mask(channels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where some channel is not 0, holes of volumes filled.

    Parameters
    ----------
    channels : array (C, ...)
        An image. A hole of a picture is open towards its third axis, so it stays.
    """
    mask = np.asarray((channels != 0).any(axis=0))
    return fill_holes(mask) if mask.ndim > 2 else mask


def nonzero_box(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    """Return the smallest box around a mask; everything if the mask is empty."""
    box = []
    for axis in range(mask.ndim):
        others = tuple(k for k in range(mask.ndim) if k != axis)
        found = np.flatnonzero(mask.any(axis=others))
        box.append(
            slice(int(found[0]), int(found[-1]) + 1) if found.size else slice(0, mask.shape[axis])
        )
    return tuple(box)


def _normalization(content: Mapping[str, Any]) -> Normalization:
    known = content["statistics"]
    statistics = None if known is None else IntensityStatistics(**known)
    return Normalization(
        scheme=content["scheme"], inside_only=content["inside_only"], statistics=statistics
    )


def _channels(
    image: NDArray[Any] | Image | Sequence[Image], spacing: float | Sequence[float] | None
) -> tuple[NDArray[Any], tuple[float, ...], bool]:
    """Return channels, their spacing, and whether their axes are as files store them."""
    if isinstance(image, Image):
        image = (image,)
    if not isinstance(image, np.ndarray) and all(isinstance(part, Image) for part in image):
        first = image[0]
        if any(part.shape != first.shape for part in image):
            message = f"channels have shapes {', '.join(str(part.shape) for part in image)}"
            raise ShapeError(message)
        own = first.spacing if spacing is None else as_spacing(spacing, first.ndim)
        return np.stack([part.array for part in image]), own, first.affine is not None
    array = np.asarray(image)
    if array.ndim not in (3, 4):
        message = f"image must be (channels, 2 or 3 axes), got shape {array.shape}"
        raise ShapeError(message)
    return array, as_spacing(spacing, array.ndim - 1), False


def _label_map(labels: NDArray[Any], shape: tuple[int, ...], axes: tuple[int, ...]) -> NDArray[Any]:
    labels = as_label_map(labels)
    if labels.ndim == len(axes):
        labels = labels.transpose(axes)
    if labels.shape != shape:
        message = f"labels have shape {labels.shape}, the image {shape} (axes as prepared)"
        raise ShapeError(message)
    return labels
